"""Asking a report as a page does, and what its answer is made of."""

from typing import Any

from portal.reports.all import REPORTS
from portal.reports.columns import Result
from portal.reports.queries import FilterForm
from relationships.actors import Actor


def ask(slug: str, actor: Actor, **filters: Any) -> Result:
    report = REPORTS[slug]
    given = {name: str(value) for name, value in filters.items()}
    return report.run(FilterForm(given, report=report, actor=actor).query())


def rows(slug: str, actor: Actor, *names: str, **filters: Any) -> list[tuple[Any, ...]]:
    """These columns of each row, as they are read from the database."""
    return [
        tuple(row.get(name) for name in names)
        for row in ask(slug, actor, **filters).rows
    ]


def total(slug: str, actor: Actor, **filters: Any) -> dict[str, Any]:
    [row] = ask(slug, actor, **filters).totals
    return dict(row)
