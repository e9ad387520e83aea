"""The portal's one clock. Services ask it for the time and never the system."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    """The time, aware and in UTC: the one set by `at`, otherwise the system's."""
    return _moment.get() or timezone.now()


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Let all in this block happen at `moment` (aware), for history and tests."""
    if timezone.is_naive(moment):
        raise ValueError("The moment needs a time zone.")
    token = _moment.set(moment)
    try:
        yield moment
    finally:
        _moment.reset(token)
