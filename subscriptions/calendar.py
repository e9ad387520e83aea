"""Terms on the calendar, in UTC."""

import calendar
from datetime import datetime

from .enums import TERM_MONTHS, Term


def add_months(start: datetime, months: int) -> datetime:
    """The same day and time `months` later, clipped to the end of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last_day))


def term_end(first_start: datetime, term: Term, number: int) -> datetime:
    """When term `number` (from 1) ends: counted from the first start.

    31 January, 28 February, 31 March: clipping once does not shorten later terms.
    """
    return add_months(first_start, TERM_MONTHS[term] * number)
