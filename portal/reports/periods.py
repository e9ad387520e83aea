"""Spans of whole UTC days. A day ends where the next one begins, at midnight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST = 60  # months
INSTANT = timedelta(microseconds=1)  # no stored moment is more exact
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)  # days that a report may name


class Span(models.TextChoices):
    """The periods that are offered by name; each ends today."""

    MONTH = "month", gettext_lazy("This month")
    QUARTER = "3-months", gettext_lazy("Last 3 months")
    HALF = "6-months", gettext_lazy("Last 6 months")
    YEAR = "12-months", gettext_lazy("Last 12 months")
    TWO_YEARS = "24-months", gettext_lazy("Last 24 months")


MONTHS = {Span.MONTH: 1, Span.QUARTER: 3, Span.HALF: 6, Span.YEAR: 12}


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both included."""

    first: date
    last: date

    @classmethod
    def until(cls, today: date, span: str) -> Period:
        """The calendar months of that span; the last one as far as it has come."""
        back = MONTHS.get(Span(span), 24) - 1
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        return cls(date(year, month + 1, 1), today)

    @property
    def start(self) -> datetime:
        return start_of(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return start_of(self.last + timedelta(days=1))

    @property
    def words(self) -> str:
        first, last = (date_format(day, "j F Y") for day in (self.first, self.last))
        if first == last:
            return first
        return _("%(first)s to %(last)s") % {"first": first, "last": last}

    def months(self) -> list[Period]:
        """Its calendar months; the first and the last as far as they belong to it."""
        return list(self._months())

    def _months(self) -> Iterator[Period]:
        first = self.first
        while first <= self.last:
            following = first_of_next_month(first)
            yield Period(first, min(following - timedelta(days=1), self.last))
            first = following

    @property
    def month(self) -> str:
        """What a part of one month is called: the month, and its days if not all."""
        name = date_format(self.first, "F Y")
        whole = self.first.day == 1 and first_of_next_month(self.last) == (
            self.last + timedelta(days=1)
        )
        if whole:
            return name
        days = {"first": self.first.day, "last": self.last.day, "month": name}
        return _("%(first)s–%(last)s %(month)s") % days


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def first_of_next_month(day: date) -> date:
    year, month = divmod(day.year * 12 + day.month, 12)
    return date(year, month + 1, 1)


def count_months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1
