"""What every report is: a question that is asked with filters and answered in rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from django.utils.translation import gettext as _

from portal.foundation.admin import Words
from portal.foundation.exports import CHUNK, Table
from relationships.actors import Actor

from .columns import Result, Row
from .queries import Query

SHOWN = 100  # rows of a page
LAST_PAGE = 100_000


@dataclass(frozen=True)
class Page:
    """Some rows of a report; nobody has counted all of them."""

    rows: list[Row]
    number: int
    has_next: bool

    @property
    def begin(self) -> int:
        return (self.number - 1) * SHOWN + 1

    @property
    def end(self) -> int:
        return (self.number - 1) * SHOWN + len(self.rows)


@dataclass(frozen=True)
class Choice:
    """A filter that one report has for itself; the first option is the default."""

    label: Words
    options: Sequence[tuple[str, Words]]


class Report:
    """One report. Its rows are scoped by `visible_to`; `run` hides what a role may
    not see."""

    slug: str
    title: Words
    about: Words
    filters: tuple[str, ...] = ()

    def choices(self, actor: Actor) -> dict[str, Choice]:
        return {}

    @property
    def defaults(self) -> Mapping[str, str]:
        return {}

    def result(self, query: Query) -> Result:
        raise NotImplementedError

    def run(self, query: Query) -> Result:
        result = self.result(query)
        seen = [
            column
            for column in result.columns
            if not column.restricted or query.actor.may_see(column.restricted)
        ]
        return replace(result, columns=seen)

    def table(self, query: Query) -> Table:
        """All rows, for a file: read while it is written."""
        result = self.run(query)
        rows = result.rows
        if hasattr(rows, "iterator"):
            rows = rows.iterator(chunk_size=CHUNK)
        heads = [str(column.label) for column in result.columns]
        told = ((_("Report"), str(self.title)), (_("Told"), _utc(query)), *query.words)
        return Table(self.slug, heads, result.rows_of_file(rows), notes=told)

    def page(self, result: Result, number: Any) -> Page:
        """Its rows are read, one more tells whether there is another page."""
        number = int(number) if str(number).isdecimal() else 1
        number = min(max(number, 1), LAST_PAGE)
        begin = (number - 1) * SHOWN
        rows = list(result.rows[begin : begin + SHOWN + 1])
        return Page(rows[:SHOWN], number, has_next=len(rows) > SHOWN)


def _utc(query: Query) -> str:
    return f"{query.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
