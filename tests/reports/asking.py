"""Asking a report as a page does, and what its answer is made of."""

import csv
import io
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


def address(slug: str, kind: str = "") -> str:
    return f"/admin/reports/{slug}/{kind}/" if kind else f"/admin/reports/{slug}/"


def lines(answer: Any) -> list[list[str]]:
    """Of a CSV file."""
    content = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(content)))


def choices_of(slug: str, actor: Actor) -> list[dict[str, str]]:
    """Each value of each filter that the report has for itself."""
    return [{}] + [
        {name: value}
        for name, choice in REPORTS[slug].choices(actor).items()
        for value, _label in choice.options
    ]
