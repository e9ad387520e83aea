"""The ledger of seats and scheduled changes, written past the services."""

from datetime import timedelta

import pytest

from subscriptions.models import ScheduledChange, SeatEntry
from subscriptions.protection import (
    SCHEDULED_CHANGE_NEEDS_RENEWAL,
    SEATS_NOT_REDUCIBLE,
)
from subscriptions.services import lifecycle

from .. import stories
from . import attacks, rows

pytestmark = pytest.mark.django_db


def schedule(csp, sales):
    lifecycle.schedule_change(csp, actor=sales, quantity=2, offer=csp.offer)
    return ScheduledChange.objects.get()


@pytest.fixture
def entry(csp):
    return csp.seat_entries.get()


def test_reduction_is_refused_when_its_entry_has_no_such_seats(csp, entry):
    rows.insert(SeatEntry, rows.copied(entry, change=-4, reduces=entry))
    more = rows.copied(entry, change=-2, reduces=entry)
    with rows.unchanged(csp, entry), rows.refused_by_guard(SEATS_NOT_REDUCIBLE):
        rows.insert(SeatEntry, more)


def test_reduction_is_refused_when_its_entry_is_anothers(csp, entry, sales):
    other = stories.csp_subscription(sales, csp.customer).seat_entries.get()
    with rows.unchanged(csp, entry), rows.refused_by_guard(SEATS_NOT_REDUCIBLE):
        rows.insert(SeatEntry, rows.copied(entry, change=-1, reduces=other))


def test_reduction_is_refused_when_the_window_is_over(csp, entry):
    late = rows.copied(entry, change=-1, reduces=entry, at=entry.reducible_until)
    with rows.unchanged(csp, entry), rows.refused_by_guard(SEATS_NOT_REDUCIBLE):
        rows.insert(SeatEntry, late)
    just = entry.reducible_until - timedelta(microseconds=1)
    rows.insert(SeatEntry, rows.copied(entry, change=-1, reduces=entry, at=just))
    assert rows.stored(csp)["quantity"] == 4


def test_reduction_is_refused_in_words_by_the_model(csp, entry):
    late = entry.reducible_until + timedelta(days=1)
    values = {"change": -1, "at": late, "reduces": entry, "unit_price": 1}
    with rows.unchanged(csp, entry), rows.refused_in_words(SEATS_NOT_REDUCIBLE):
        SeatEntry.objects.create(subscription=csp, **values)


@pytest.mark.parametrize("changes", [{"auto_renews": False}, {"status": "suspended"}])
def test_subscription_keeps_renewing_when_a_change_is_scheduled(csp, sales, changes):
    change = schedule(csp, sales)
    for attack in (attacks.save, attacks.queryset_update, attacks.bulk_update):
        csp.refresh_from_db()
        refusal = rows.refused_in_words(SCHEDULED_CHANGE_NEEDS_RENEWAL)
        with rows.unchanged(csp, change), refusal:
            attack(csp, changes)
    refusal = rows.refused_by_guard(SCHEDULED_CHANGE_NEEDS_RENEWAL)
    with rows.unchanged(csp, change), refusal:
        attacks.sql_update(csp, changes)


@pytest.mark.parametrize("state", ["off", "suspended", "existing"])
def test_change_is_refused_when_nothing_renews(csp, sales, advised, state):
    columns = rows.copied(schedule(csp, sales))
    target = csp
    if state == "off":
        lifecycle.set_auto_renew(csp, actor=sales, auto_renews=False)
    elif state == "suspended":
        lifecycle.suspend(csp, actor=sales)
    else:
        lifecycle.drop_scheduled_change(csp, actor=sales)
        target = advised
    columns |= rows.in_columns(ScheduledChange, {"subscription": target})
    with rows.unchanged(csp), rows.refused_by_guard(SCHEDULED_CHANGE_NEEDS_RENEWAL):
        rows.insert(ScheduledChange, columns)
    assert not ScheduledChange.objects.exists()


def test_change_is_not_moved_to_one_that_does_not_renew(csp, sales):
    change = schedule(csp, sales)
    other = stories.csp_subscription(sales, csp.customer)
    lifecycle.suspend(other, actor=sales)
    refusal = rows.refused_by_guard(SCHEDULED_CHANGE_NEEDS_RENEWAL)
    with rows.unchanged(change), refusal:
        attacks.sql_update(change, {"subscription": other})
    with rows.unchanged(change), rows.refused_by_database():
        attacks.sql_update(change, {"quantity": 0})
