"""What `relationships` knows of a customer's subscriptions: two reverse calls.

`customer.subscriptions.snapshot_existing()` tells what the customer has from other
channels; `relationship.subscriptions.active()` tells what keeps a relationship from
ending. The app `subscriptions` provides both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class ExistingSnapshot:
    """The existing subscriptions of one customer at one moment, ready to be kept.

    `rows` are JSON objects, one a subscription, sorted by id, with the fields of list
    `version`; `fingerprint` is the version, a colon and SHA-256 (hex) of their
    canonical JSON.
    """

    version: int
    rows: list[dict[str, Any]]
    fingerprint: str

    @property
    def count(self) -> int:
        return len(self.rows)

    def as_json(self) -> dict[str, Any]:
        return {"version": self.version, "rows": self.rows}


class CustomerSubscriptions(Protocol):
    def snapshot_existing(self) -> ExistingSnapshot: ...


class Blocker(Protocol):
    """A subscription that keeps a relationship from ending."""

    @property
    def how_to_stop(self) -> str: ...

    def get_absolute_url(self) -> str: ...


class RelationshipSubscriptions(Protocol):
    def active(self) -> Any: ...
