"""What a report's table is made of, and how a page or a file writes a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from itertools import groupby
from typing import Any

from django.utils.formats import date_format, number_format

from portal.foundation.admin import Words
from portal.foundation.exports import Cell

Row = Mapping[str, Any]


class Kind(Enum):
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DAYS = "days"  # a span, in days and tenths
    DAY = "day"
    MOMENT = "moment"
    BADGE = "badge"
    CODE = "code"


MOST_NAMED = 4  # columns of one definition; of more the first and the last
NUMERIC = {Kind.NUMBER, Kind.MONEY, Kind.DAYS}
PLACES = {Kind.MONEY: 2, Kind.DAYS: 1}  # digits, on a page and in a file alike


@dataclass(frozen=True)
class Column:
    """One figure or name of each row.

    `definition` says in words what is counted. `restricted` is the group of columns
    (`roles.Column`) that it belongs to. `labels` has words for stored values, `badges`
    their shapes, `url` the way on from a row; `read` makes a figure of what is stored,
    `missing` stands where nothing is.
    """

    name: str
    label: Words
    definition: Words = ""
    kind: Kind = Kind.TEXT
    restricted: str = ""
    labels: Mapping[Any, Any] = field(default_factory=dict)
    badges: Mapping[Any, str] = field(default_factory=dict)
    url: Callable[[Row], str] | None = None
    read: Callable[[Any], Any] | None = None
    missing: Words = ""

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def is_code(self) -> bool:
        return self.kind == Kind.CODE

    def value(self, row: Row) -> Any:
        value = row.get(self.name)
        if value is None:
            return str(self.missing) if self.missing else None
        if self.labels:
            return str(self.labels.get(value, value))
        value = self.read(value) if self.read else value
        return round(value, PLACES[self.kind]) if self.kind in PLACES else value

    def in_file(self, row: Row) -> Cell:
        value = self.value(row)
        if value is None or self.is_numeric or isinstance(value, date):
            return value
        return str(value)

    def on_page(self, row: Row) -> Shown:
        value = self.value(row)
        return Shown(
            column=self,
            text="" if value is None else self._text(value),
            moment=value if isinstance(value, datetime) else None,
            badge=self.badges.get(row.get(self.name), ""),
            url=self.url(row) if self.url and value is not None else "",
        )

    def _text(self, value: Any) -> str:
        if self.is_numeric:
            return number_format(value, PLACES.get(self.kind, 0), force_grouping=True)
        if self.kind == Kind.DAY:
            return date_format(value, "j M Y")
        return str(value)


@dataclass(frozen=True)
class Shown:
    """A cell of the page."""

    column: Column
    text: str
    moment: datetime | None = None
    badge: str = ""
    url: str = ""


def _together(columns: list[Column]) -> str:
    labels = [str(column.label) for column in columns]
    if len(labels) > MOST_NAMED:
        return f"{labels[0]} – {labels[-1]}"
    return ", ".join(labels)


def number(value: Any) -> str:
    return number_format(value, 0, force_grouping=True)


@dataclass(frozen=True)
class Result:
    """A report's answer: `rows` is a list of mappings or a queryset of `values()`.

    `totals` stand under the table. The first column names the row.
    """

    columns: Sequence[Column]
    rows: Any
    totals: Sequence[Row] = ()
    pictures: Sequence[Any] = ()
    summary: str = ""

    @property
    def defined(self) -> list[tuple[str, Words]]:
        """What is defined, and how; columns of one definition together."""
        known = [column for column in self.columns if column.definition]
        grouped = groupby(known, key=lambda column: column.definition)
        return [(_together(list(of)), definition) for definition, of in grouped]

    def rows_of_file(self, rows: Iterable[Row]) -> Iterable[list[Cell]]:
        """As on the page: without a row there are no totals."""
        row = None
        for row in rows:
            yield [column.in_file(row) for column in self.columns]
        for total in self.totals if row is not None else ():
            yield [column.in_file(total) for column in self.columns]
