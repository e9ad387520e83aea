"""Terms on the calendar, in UTC."""

import calendar
from datetime import datetime

from .enums import TERM_MONTHS, Term


def add_months(start: datetime, months: int) -> datetime:
    """The same day and time `months` later, clipped to the end of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last_day))


def next_term_end(first_start: datetime, last_end: datetime, term: Term) -> datetime:
    """When the term ends that begins at `last_end`: counted from the first start.

    31 January, 28 February, 31 March: clipping once does not shorten later terms, and
    a term of another length goes on from the same day of the month.
    """
    years, months = last_end.year - first_start.year, last_end.month - first_start.month
    return add_months(first_start, 12 * years + months + TERM_MONTHS[term])
