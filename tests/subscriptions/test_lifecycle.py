from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from relationships.services.relationships import end_relationship
from subscriptions.models import Offer, Subscription
from subscriptions.services import lifecycle

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def stored(subscription):
    return Subscription.objects.get(pk=subscription.pk)


def change(subscription, actor, quantity, shown=5):
    return lifecycle.change_seats(
        subscription, actor=actor, quantity=quantity, shown=shown
    )


def test_seats_are_added_by_an_entry_with_its_own_window(sales, subscription):
    with clock.at(NOON + DAY), operations() as told:
        changed = change(subscription, sales, 8)
    assert changed.quantity == stored(subscription).quantity == 8
    entry = subscription.seat_entries.latest("pk")
    assert (entry.change, entry.at) == (3, NOON + DAY)
    assert entry.reducible_until == NOON + 8 * DAY
    assert entry.unit_price == Decimal("10.00")
    assert told == [Operation.CHANGE_SEATS]
    record = ActivityRecord.objects.latest("pk")
    assert (record.old_value, record.new_value) == ({"quantity": 5}, {"quantity": 8})


def test_second_click_adds_no_second_time(sales, subscription):
    change(subscription, sales, 8)
    with unchanged():
        assert change(subscription, sales, 8).quantity == 8


def test_seats_are_refused_when_somebody_changed_them_meanwhile(sales, subscription):
    change(subscription, sales, 6)
    with denied(TransitionNotAllowed) as caught:
        change(subscription, sales, 8, shown=5)
    assert caught.value.code == "seats_changed_meanwhile"
    assert "there are 6 now" in str(caught.value)


def test_seats_are_refused_above_the_maximum(sales, subscription):
    with refused("seat_limits"):
        change(subscription, sales, 301)


def test_seats_of_a_suspended_one_do_not_change(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    with denied(TransitionNotAllowed):
        change(subscription, sales, 8)


def test_suspending_stops_the_renewal_and_is_told(sales, subscription):
    with clock.at(NOON + DAY), operations() as told:
        lifecycle.suspend(subscription, actor=sales)
    suspended = stored(subscription)
    assert (suspended.status, suspended.auto_renews) == ("suspended", False)
    entry = subscription.status_entries.latest("pk")
    assert (entry.status, entry.at) == ("suspended", NOON + DAY)
    assert told == [Operation.SUSPEND]
    record = ActivityRecord.objects.latest("pk")
    assert record.old_value == {"status": "active", "auto_renews": True}
    assert record.new_value == {"status": "suspended", "auto_renews": False}


def test_reactivated_one_is_active_within_its_term_and_does_not_renew(
    sales, subscription
):
    lifecycle.suspend(subscription, actor=sales)
    with operations() as told:
        lifecycle.reactivate(subscription, actor=sales)
    active = stored(subscription)
    assert (active.status, active.auto_renews) == ("active", False)
    assert active.commitment_ends_at == subscription.commitment_ends_at
    assert told == [Operation.REACTIVATE]


def test_suspended_one_is_not_reactivated_when_its_term_has_ended(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    with clock.at(subscription.commitment_ends_at), denied(TransitionNotAllowed):
        lifecycle.reactivate(subscription, actor=sales)


def test_friendly_name_is_given_and_taken_away(sales, subscription):
    with operations() as told:
        lifecycle.rename(subscription, actor=sales, friendly_name=" Head office ")
    assert str(stored(subscription)) == "Head office"
    assert told == [Operation.RENAME]
    with unchanged():
        lifecycle.rename(subscription, actor=sales, friendly_name="Head office")
    lifecycle.rename(subscription, actor=sales, friendly_name="")
    assert str(stored(subscription)) == subscription.product_name


def test_long_friendly_name_is_refused(sales, subscription):
    with refused("max_length"):
        lifecycle.rename(subscription, actor=sales, friendly_name="x" * 101)


VERBS = [
    lambda subscription, actor: change(subscription, actor, 8),
    lambda subscription, actor: lifecycle.suspend(subscription, actor=actor),
    lambda subscription, actor: lifecycle.reactivate(subscription, actor=actor),
    lambda subscription, actor: lifecycle.rename(
        subscription, actor=actor, friendly_name="X"
    ),
    lambda subscription, actor: lifecycle.cancel(subscription, actor=actor),
    lambda subscription, actor: lifecycle.set_auto_renew(
        subscription, actor=actor, auto_renews=False
    ),
    lambda subscription, actor: lifecycle.schedule_change(
        subscription, actor=actor, quantity=2, offer=subscription.offer
    ),
    lambda subscription, actor: lifecycle.drop_scheduled_change(
        subscription, actor=actor
    ),
]


@pytest.mark.parametrize("verb", VERBS)
def test_existing_subscription_is_not_managed_by_anybody(sales, admin, verb):
    existing = stories.observation(admin.customer)
    with refused("existing_untouched"):
        verb(existing, sales)


@pytest.mark.parametrize("verb", VERBS)
def test_existing_subscription_is_not_managed_when_it_poses_as_csp(sales, admin, verb):
    existing = stories.observation(admin.customer)
    existing.channel = "csp"
    with denied(PermissionDenied):
        verb(existing, sales)


@pytest.mark.parametrize("verb", VERBS)
def test_former_partner_manages_nothing(sales, admin, subscription, verb):
    lifecycle.suspend(subscription, actor=sales)
    agent = stories.staff(sales.partner, "admin_agent")
    end_relationship(admin.customer.active_relationship, actor=agent, reason="x")
    with refused("csp_needs_relationship"):
        verb(subscription, sales)
    stories.relationship(stories.staff(), admin)
    with refused("csp_needs_relationship"):
        verb(subscription, sales)


@pytest.mark.parametrize("verb", VERBS)
def test_next_partner_does_not_manage_the_former_ones(sales, admin, subscription, verb):
    lifecycle.suspend(subscription, actor=sales)
    agent = stories.staff(sales.partner, "admin_agent")
    end_relationship(admin.customer.active_relationship, actor=agent, reason="x")
    rival = stories.staff()
    stories.relationship(rival, admin)
    with denied(PermissionDenied):
        verb(subscription, rival)


def test_partner_that_is_accepted_again_manages_its_earlier_ones(
    sales, admin, subscription
):
    lifecycle.suspend(subscription, actor=sales)
    agent = stories.staff(sales.partner, "admin_agent")
    end_relationship(admin.customer.active_relationship, actor=agent, reason="x")
    stories.relationship(sales, admin)
    lifecycle.reactivate(subscription, actor=sales)
    assert stored(subscription).status == "active"


# The clock may not have come by yet


def test_seats_after_the_terms_end_have_the_price_of_the_new_term(sales, subscription):
    old = subscription.offer
    Offer.objects.update(is_available=False)
    new = OfferFactory(product=old.product, unit_price="12.00")
    end = subscription.commitment_ends_at
    with clock.at(end + DAY):
        change(subscription, sales, 8)
    assert stored(subscription).offer == new
    assert [term.starts_at for term in subscription.terms.all()] == [NOON, end]
    entry = subscription.seat_entries.latest("pk")
    assert (entry.at, entry.unit_price) == (end + DAY, Decimal("12.00"))


def test_suspending_after_the_terms_end_follows_the_renewal(sales, subscription):
    end = subscription.commitment_ends_at
    with clock.at(end + DAY), operations() as told:
        lifecycle.suspend(subscription, actor=sales)
    assert told == [Operation.RENEW_SUBSCRIPTION, Operation.SUSPEND]
    assert stored(subscription).commitment_ends_at > end + DAY
    records = ActivityRecord.objects.about(subscription)[:2]
    assert [record.at for record in records] == [end + DAY, end]


def test_ended_one_is_not_suspended_though_it_is_stored_active(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    lifecycle.reactivate(subscription, actor=sales)
    with clock.at(subscription.commitment_ends_at), denied(TransitionNotAllowed):
        lifecycle.suspend(subscription, actor=sales)
