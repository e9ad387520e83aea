import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.foundation import guards
from subscriptions.models import Subscription
from subscriptions.services.observations import retract_observation
from subscriptions.snapshots import FIELDS, VERSION, fingerprint, take_snapshot, verify

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory
from . import attacks, rows
from .values import another_value

pytestmark = pytest.mark.django_db

HALF_PAST = datetime(2026, 3, 1, 12, 30, 0, 250, tzinfo=UTC)


def test_fingerprint_is_the_version_and_sha256_of_canonical_json():
    row = {"id": "b", "name": "Ä", "at": None, "empty": ""}
    text = '[{"at":null,"empty":"","id":"b","name":"Ä"}]'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert fingerprint([row], 1) == f"1:{expected}"
    assert fingerprint([], 2) == f"2:{hashlib.sha256(b'[]').hexdigest()}"


def test_fingerprint_tells_null_and_empty_apart():
    assert fingerprint([{"name": None}], 1) != fingerprint([{"name": ""}], 1)


def test_snapshot_has_the_fields_of_its_version_and_of_each_subscription(advised):
    snapshot = take_snapshot(Subscription.objects.all())
    (row,) = snapshot.rows
    assert snapshot.version == VERSION
    assert snapshot.count == 1
    assert list(row) == list(FIELDS[VERSION])
    assert row["id"] == str(advised.pk)
    assert row["started_at"] == "2026-01-31T00:00:00.000000Z"
    assert row["supersedes_id"] is None
    assert snapshot.as_json() == {"version": VERSION, "rows": [row]}
    json.dumps(snapshot.as_json())


def test_snapshot_tells_utc_microseconds_when_the_zone_was_another(customer):
    east = HALF_PAST.astimezone(timezone(timedelta(hours=9)))
    stories.observation(customer, started_at=east)
    (row,) = take_snapshot(Subscription.objects.all()).rows
    assert row["started_at"] == "2026-03-01T12:30:00.000250Z"


def test_snapshot_keeps_null_and_empty_distinct(bare):
    (row,) = take_snapshot(Subscription.objects.all()).rows
    assert row["external_id"] is None
    assert row["auto_renews"] is None
    assert row["por_name"] == ""


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_snapshot_is_sorted_by_id_when_rows_came_in_another_order(customer, order):
    for number in order:
        Subscription.objects.create(
            id=uuid.UUID(int=number),
            customer=customer,
            channel="direct",
            product_name=f"Product {4 - number}",
            recorded_at=HALF_PAST,
        )
    snapshot = take_snapshot(Subscription.objects.order_by("product_name"))
    assert [row["id"][-1] for row in snapshot.rows] == ["1", "2", "3"]
    backwards = Subscription.objects.order_by("-recorded_at", "-id")
    assert take_snapshot(backwards).fingerprint == snapshot.fingerprint


def test_snapshot_at_acceptance_holds_what_is_current_of_other_channels(
    customer, statement, sales, admin
):
    first = stories.observation(customer, **statement)
    current = stories.observation(customer, **statement | {"quantity": 30})
    wrong = stories.observation(customer)
    retract_observation(wrong, actor=stories.operator(), reason="A wrong import.")
    stories.observation(stories.tenant().customer)
    relationship = stories.relationship(sales, admin)
    (row,) = relationship.existing_snapshot["rows"]
    assert row["id"] == str(current.pk)
    assert row["supersedes_id"] == str(first.pk)
    assert relationship.existing_count == 1


def test_fingerprint_verifies_when_more_was_recorded_later(
    advised, bare, statement, relationship, sales
):
    stories.observation(advised.customer)
    stories.observation(advised.customer, **statement | {"quantity": 30})
    retract_observation(bare, actor=stories.operator(), reason="A wrong import.")
    stories.csp_subscription(sales, advised.customer)
    relationship.refresh_from_db()
    verification = verify(relationship)
    assert verification.is_intact
    assert verification.count == 2
    assert not verification.has_nothing_to_verify


def test_nothing_to_verify_is_told_apart_when_nothing_was_found(relationship):
    verification = verify(relationship)
    assert verification.is_intact
    assert verification.has_nothing_to_verify


# What another value has to be for the constraints, which stay on.
FITTING = {
    "customer_id": lambda: CustomerFactory().pk,
    "channel": lambda: "direct",
    "partner_of_record_id": lambda: AdvisorFactory().pk,
    "supersedes_id": lambda: stories.observation(CustomerFactory()).pk,
}


def test_verification_notices_when_a_column_was_changed_behind_the_guards(
    subtests, advised, relationship
):
    for column in FIELDS[VERSION][1:]:
        field = Subscription._meta.get_field(column)
        was = rows.stored(advised)[column]
        if column in FITTING:
            new = field.get_db_prep_save(FITTING[column](), connection)
        else:
            new = another_value(field, was)
        with subtests.test(column=column):
            with guards.lifted():
                rows.set_column(advised, column, new)
            assert not verify(relationship).is_intact
            with guards.lifted():
                rows.set_column(advised, column, was)
            assert verify(relationship).is_intact


def test_verification_notices_when_a_row_was_taken_away_behind_the_guards(
    advised, bare, relationship
):
    with guards.lifted():
        attacks.sql_delete(bare)
    relationship.refresh_from_db()
    assert not verify(relationship).is_intact


def test_verification_notices_when_the_snapshot_itself_was_changed(
    advised, relationship
):
    relationship.existing_snapshot["rows"][0]["quantity"] = 99
    with guards.lifted():
        attacks.sql_update(
            relationship, {"existing_snapshot": relationship.existing_snapshot}
        )
    relationship.refresh_from_db()
    assert not verify(relationship).is_intact


def test_verify_existing_counts_what_has_nothing_to_verify_apart(
    advised, relationship, capsys
):
    stories.relationship(stories.staff(), stories.tenant())
    call_command("verify_existing")
    out = capsys.readouterr().out
    assert out == "1 verified unchanged, 1 with nothing to verify, 0 different.\n"


def test_verify_existing_names_the_relationship_when_a_row_differs(
    advised, relationship, capsys
):
    other = stories.relationship(stories.staff(), stories.tenant())
    with guards.lifted():
        rows.update(advised, quantity=99)
    with pytest.raises(CommandError) as caught:
        call_command("verify_existing")
    out = capsys.readouterr().out
    assert out == "0 verified unchanged, 1 with nothing to verify, 1 different.\n"
    assert caught.value.returncode == 1
    assert str(relationship.pk) in str(caught.value)
    assert str(other.pk) not in str(caught.value)
