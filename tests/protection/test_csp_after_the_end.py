"""CSP subscriptions whose own relationship has ended."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from portal.foundation import clock
from relationships.actors import Actor
from relationships.protection import ENDED_ONCE
from relationships.services.relationships import end_relationship
from subscriptions.enums import SubscriptionStatus
from subscriptions.models import SeatEntry, Subscription
from subscriptions.protection import (
    CSP_NEEDS_RELATIONSHIP,
    FORWARD,
    MANAGED,
    SEATS_BY_ENTRIES,
)
from subscriptions.services import clock as subscription_clock
from subscriptions.services import lifecycle

from .. import stories
from ..factories import OfferFactory
from . import attacks, rows

pytestmark = pytest.mark.django_db

MOMENT = datetime(2030, 1, 1, tzinfo=UTC)
VALUES = {
    "offer_id": OfferFactory,
    "product_name": lambda: "Another product",
    "term": lambda: "P3Y",
    "billing_plan": lambda: "annual",
    "started_at": lambda: MOMENT,
    "commitment_ends_at": lambda: MOMENT,
    "auto_renews": lambda: True,
    "friendly_name": lambda: "Mine",
    "external_id": lambda: "elsewhere-9",
    "recorded_at": lambda: MOMENT,
    "por_correction_reason": lambda: "Because",
    "stated_by_customer": lambda: True,
}


@pytest.mark.parametrize(
    "attack",
    [attacks.save, attacks.queryset_update, attacks.bulk_update],
)
def test_managed_columns_stay_when_changed_by_model_after_the_end(ended, attack):
    # A CSP row never supersedes, and its seats have tests of their own.
    assert set(VALUES) == set(MANAGED) - {"supersedes_id", "quantity"}
    for column, value in VALUES.items():
        row = Subscription.objects.get(pk=ended.pk)
        field = Subscription._meta.get_field(column).name
        with rows.unchanged(ended), rows.refused_in_words(CSP_NEEDS_RELATIONSHIP):
            attack(row, {field: value()})


def test_row_stays_when_saved_as_it_is_after_the_end(ended):
    with rows.unchanged(ended), rows.refused_in_words(CSP_NEEDS_RELATIONSHIP):
        ended.save()


def test_seats_stay_when_an_entry_is_added_after_the_end(ended):
    entry = ended.seat_entries.get()
    refusal = rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP)
    with rows.unchanged(ended, entry), refusal:
        rows.insert(SeatEntry, rows.copied(entry, change=3))
    with (
        rows.unchanged(ended, entry),
        rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP, SEATS_BY_ENTRIES),
    ):
        attacks.sql_update(ended, {"quantity": 99})


def test_csp_subscription_is_refused_when_ordered_under_an_ended_relationship(ended):
    with rows.unchanged(ended), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
        rows.insert(Subscription, rows.copied(ended, quantity=0))


@pytest.mark.parametrize("status", SubscriptionStatus.values)
def test_status_only_moves_forward_when_the_relationship_has_ended(ended, status):
    forward = FORWARD.index(status) > FORWARD.index("suspended")
    if forward:
        attacks.sql_update(ended, {"status": status})
        assert rows.stored(ended)["status"] == status
        return
    with rows.unchanged(ended), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
        attacks.sql_update(ended, {"status": status})


def test_status_never_moves_back_when_time_has_moved_it_after_the_end(ended):
    for here in FORWARD[2:]:
        attacks.sql_update(ended, {"status": here})
        for back in FORWARD[: FORWARD.index(here) + 1]:
            with rows.unchanged(ended), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
                attacks.sql_update(ended, {"status": back})


def test_clock_moves_a_suspended_subscription_to_its_end_after_the_end(ended):
    end = ended.commitment_ends_at
    for moment, status in (
        (end - timedelta(seconds=1), "suspended"),
        (end, "disabled"),
        (end + timedelta(days=120, seconds=-1), "disabled"),
        (end + timedelta(days=120), "deleted"),
        (end + timedelta(days=4000), "deleted"),
    ):
        with clock.at(moment):
            subscription_clock.run(actor=Actor.clock())
        assert rows.stored(ended)["status"] == status
    history = ended.status_entries.order_by("at", "id").values_list("status", flat=True)
    assert list(history) == ["active", "suspended", "disabled", "deleted"]


@pytest.fixture
def back_again(ended, sales, admin):
    """The same partner with a new relationship; the old row is under the old one."""
    return stories.relationship(sales, admin)


def test_partner_manages_its_old_rows_when_it_comes_back(ended, sales, back_again):
    lifecycle.rename(ended, actor=sales, friendly_name="Mine again")
    lifecycle.reactivate(ended, actor=sales)
    lifecycle.change_seats(ended, actor=sales, quantity=7, shown=5)
    stored = Subscription.objects.get(pk=ended.pk)
    assert (stored.friendly_name, stored.status, stored.quantity) == (
        "Mine again",
        "active",
        7,
    )
    assert stored.relationship != back_again


def test_row_stays_when_another_partner_has_the_active_relationship(ended, admin):
    other = stories.staff()
    stories.relationship(other, admin)
    with rows.unchanged(ended), rows.refused_in_words(CSP_NEEDS_RELATIONSHIP):
        attacks.queryset_update(ended, {"friendly_name": "Theirs"})
    with rows.unchanged(ended), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
        attacks.sql_update(ended, {"status": "active"})
    attacks.sql_update(ended, {"status": "disabled"})
    assert rows.stored(ended)["status"] == "disabled"


def test_row_stays_when_its_partner_has_only_another_customer(ended, sales):
    stories.relationship(sales, stories.tenant())
    with rows.unchanged(ended), rows.refused_in_words(CSP_NEEDS_RELATIONSHIP):
        attacks.queryset_update(ended, {"friendly_name": "Mine"})
    with rows.unchanged(ended), rows.refused_by_guard(CSP_NEEDS_RELATIONSHIP):
        attacks.sql_update(ended, {"status": "active"})


def test_new_relationship_stays_active_when_an_old_row_is_active_again(
    ended, sales, back_again
):
    lifecycle.reactivate(ended, actor=sales)
    with rows.unchanged(back_again), rows.refused_by_guard(ENDED_ONCE):
        attacks.sql_update(back_again, {"ended_at": clock.now()})
    with rows.unchanged(back_again), pytest.raises(ValidationError) as caught:
        end_relationship(back_again, actor=sales, reason="They asked for it.")
    assert caught.value.code == "ended_once"
    assert str(ended) in caught.value.messages[0]


def test_new_relationship_ends_when_the_old_rows_sleep(ended, sales, back_again):
    end_relationship(back_again, actor=sales, reason="They asked for it.")
    assert rows.stored(back_again)["ended_at"] is not None
