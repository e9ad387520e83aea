"""What a wrong observation superseded holds again once that is retracted.

Rows never change, and the end of a chain is what holds: so the earlier word is recorded
once more, as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from portal.foundation.bulk import insert_rows

from ..models import Subscription
from ..protection import PARTNER_OF_RECORD
from .observing import Statement

AT_ONCE = 1000  # rows
AS_IT_WAS = (
    "customer",
    "partner_of_record",
    "stated_by_customer",
    *(field.name for field in fields(Statement)),
)
COLUMNS = ("id", "recorded_at", "supersedes", "por_correction_reason")


def restore_earlier(retracted: Sequence[UUID], *, at: datetime, reason: str) -> int:
    """Record anew what these rows superseded; how many there were.

    Each is the end of its chain. What was retracted before them is no earlier word.
    """
    count = 0
    for start in range(0, len(retracted), AT_ONCE):
        earlier = _earlier(retracted[start : start + AT_ONCE])
        rows = list(_anew(earlier, at, reason))
        insert_rows(Subscription, (*COLUMNS, *AS_IT_WAS), rows)
        count += len(earlier)
    return count


def _earlier(ends: Sequence[UUID]) -> dict[UUID, UUID]:
    """By the end of a chain: the last row before it that nobody retracted."""
    links = Subscription.objects.filter(supersedes__isnull=False)
    found = dict(links.filter(pk__in=ends).values_list("pk", "supersedes"))
    while wrong := _retracted(found.values()):
        steps = {end: wrong.get(row, row) for end, row in found.items()}
        found = {end: row for end, row in steps.items() if row is not None}
    return found


def _retracted(rows: Any) -> dict[UUID, UUID | None]:
    """Those of the rows that are, with what each superseded."""
    found = Subscription.objects.filter(pk__in=rows, retraction__isnull=False)
    return dict(found.values_list("pk", "supersedes"))


def _anew(
    earlier: dict[UUID, UUID], at: datetime, reason: str
) -> Iterator[tuple[Any, ...]]:
    meta: Any = Subscription._meta
    names = [meta.get_field(name).attname for name in AS_IT_WAS]
    rows = Subscription.objects.in_bulk([*earlier, *earlier.values()])
    for end, before in earlier.items():
        row = rows[before]
        is_same = _partner_of_record(row) == _partner_of_record(rows[end])
        said = (getattr(row, name) for name in names)
        yield (uuid4(), at, end, "" if is_same else reason, *said)


def _partner_of_record(row: Subscription) -> list[Any]:
    return [getattr(row, name) for name in PARTNER_OF_RECORD]
