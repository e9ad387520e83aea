"""Snapshots of existing subscriptions and their fingerprints (rule `terms_untouched`).

A fingerprint is the version of the list of fields, a colon, and SHA-256 (hex) over the
canonical JSON of the rows: sorted by id, keys sorted, no white space, UTC times with
microseconds, null and empty distinct.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portal.foundation.among import Among
from relationships.existing import ExistingSnapshot

VERSION = 1

# A version's list is never changed: a new list is a new version.
FIELDS: dict[int, tuple[str, ...]] = {
    1: (
        "id",
        "customer_id",
        "channel",
        "product_name",
        "quantity",
        "status",
        "term",
        "billing_plan",
        "started_at",
        "commitment_ends_at",
        "auto_renews",
        "friendly_name",
        "external_id",
        "partner_of_record_id",
        "por_name",
        "por_mpn_id",
        "recorded_at",
        "supersedes_id",
    )
}


@dataclass(frozen=True)
class Verification:
    """What re-reading a relationship's existing subscriptions found.

    Fingerprints: `expected` from the start, `kept` of the snapshot as it is stored now,
    `found` of the rows themselves.
    """

    count: int
    expected: str
    kept: str
    found: str

    @property
    def is_intact(self) -> bool:
        return self.expected == self.kept == self.found

    @property
    def has_nothing_to_verify(self) -> bool:
        return self.count == 0


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, UUID):
        return str(value)
    return value


def _rows(subscriptions: Any, version: int) -> list[dict[str, Any]]:
    return _plain_rows(subscriptions.order_by().values(*FIELDS[version]))


def _plain_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return sorted(plain, key=lambda row: row["id"])


def fingerprint(rows: Iterable[dict[str, Any]], version: int) -> str:
    canonical = json.dumps(
        list(rows), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return f"{version}:{hashlib.sha256(canonical.encode()).hexdigest()}"


def take_snapshot(subscriptions: Any) -> ExistingSnapshot:
    """The rows of this queryset as they are now."""
    rows = _rows(subscriptions, VERSION)
    return ExistingSnapshot(VERSION, rows, fingerprint(rows, VERSION))


def snapshot_of(values: Iterable[dict[str, Any]]) -> ExistingSnapshot:
    """The same of rows that are about to be stored: their columns, by name."""
    rows = _plain_rows({name: row[name] for name in FIELDS[VERSION]} for row in values)
    return ExistingSnapshot(VERSION, rows, fingerprint(rows, VERSION))


def verify(relationship: Any) -> Verification:
    """Re-read the very rows of the relationship's snapshot; later ones are let be."""
    [verification] = verify_all([relationship])
    return verification


def verify_all(relationships: Sequence[Any]) -> list[Verification]:
    """The same of many, in their order; one query for each version of the list."""
    by_version: dict[int, list[str]] = {}
    for snapshot in (each.existing_snapshot for each in relationships):
        ids = by_version.setdefault(snapshot["version"], [])
        ids += [row["id"] for row in snapshot["rows"]]
    stored = {version: _stored(ids, version) for version, ids in by_version.items()}
    return [_verified(each, stored) for each in relationships]


def _stored(ids: list[str], version: int) -> dict[str, dict[str, Any]]:
    from .models import Subscription

    found = Subscription.objects.filter(Among("id", map(UUID, ids)))
    return {row["id"]: row for row in _rows(found, version)}


def _verified(
    relationship: Any, stored: dict[int, dict[str, dict[str, Any]]]
) -> Verification:
    snapshot = relationship.existing_snapshot
    version, rows = snapshot["version"], snapshot["rows"]
    found = stored[version]
    ids = sorted(row["id"] for row in rows if row["id"] in found)
    return Verification(
        count=relationship.existing_count,
        expected=relationship.existing_fingerprint,
        kept=fingerprint(rows, version),
        found=fingerprint((found[pk] for pk in ids), version),
    )
