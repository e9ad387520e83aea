"""One change at the next renewal, and what drops it."""

from decimal import Decimal

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from subscriptions.models import Offer, ScheduledChange, Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import (
    DAY,
    NOON,
    denied,
    operations,
    refused,
    unchanged,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def stored(subscription):
    return Subscription.objects.get(pk=subscription.pk)


def schedule(subscription, actor, quantity=2, offer=None):
    offer = offer or subscription.offer
    return lifecycle.schedule_change(
        subscription, actor=actor, quantity=quantity, offer=offer
    )


def renew(subscription):
    with clock.at(subscription.commitment_ends_at):
        moving.run(actor=Actor.clock())
    return stored(subscription)


def test_change_is_kept_with_person_and_moment_and_changes_nothing_yet(
    sales, subscription
):
    with operations() as told:
        schedule(subscription, sales, 2)
    change = ScheduledChange.objects.get()
    assert (change.quantity, change.offer) == (2, subscription.offer)
    assert (change.scheduled_at, change.scheduled_by) == (NOON, sales.user)
    assert str(change) == f"2 × {subscription.offer}"
    assert stored(subscription).quantity == 5
    assert told == [Operation.SCHEDULE_CHANGE]
    values = {"offer": subscription.offer.pk, "quantity": 2}
    assert ActivityRecord.objects.latest("pk").new_value == values


def test_second_click_schedules_nothing_more(sales, subscription):
    schedule(subscription, sales, 2)
    with unchanged():
        schedule(subscription, sales, 2)


def test_another_change_replaces_the_first(sales, subscription):
    schedule(subscription, sales, 2)
    schedule(subscription, sales, 9)
    assert ScheduledChange.objects.get().quantity == 9
    old = {"offer": subscription.offer.pk, "quantity": 2}
    assert ActivityRecord.objects.latest("pk").old_value == old


def test_renewal_takes_seats_away_though_their_window_is_over(sales, subscription):
    schedule(subscription, sales, 2)
    end = subscription.commitment_ends_at
    renewed = renew(subscription)
    assert renewed.quantity == 2
    taken = subscription.seat_entries.latest("pk")
    assert (taken.change, taken.at) == (-3, end)
    assert taken.reduces == subscription.seat_entries.earliest("pk")
    assert not ScheduledChange.objects.exists()


def test_renewal_adds_seats_with_the_window_of_the_new_term(sales, subscription):
    schedule(subscription, sales, 9)
    assert renew(subscription).quantity == 9
    added = subscription.seat_entries.latest("pk")
    term = subscription.terms.get(number=2)
    assert (added.change, added.at) == (4, subscription.commitment_ends_at)
    assert added.reducible_until == term.reducible_until == term.starts_at + 7 * DAY


def test_renewal_takes_seats_away_when_there_is_no_window_at_all(
    settings, sales, subscription
):
    schedule(subscription, sales, 2)
    settings.REDUCTION_WINDOW_DAYS = 0
    assert renew(subscription).quantity == 2


def test_renewal_changes_product_term_and_billing_plan(sales, subscription):
    other = OfferFactory(term="P3Y", billing_plan="annual", unit_price="99.00")
    schedule(subscription, sales, 5, other)
    end = subscription.commitment_ends_at
    renewed = renew(subscription)
    assert renewed.offer == other
    assert renewed.product_name == other.product.title
    assert (renewed.term, renewed.billing_plan) == ("P3Y", "annual")
    assert renewed.commitment_ends_at == NOON.replace(year=2030)
    term = renewed.terms.get(number=2)
    assert (term.offer, term.unit_price) == (other, Decimal("99.00"))
    assert (term.starts_at, term.ends_at) == (end, NOON.replace(year=2030))
    values = {"term": 2, "offer": other.pk, "quantity": 5}
    assert ActivityRecord.objects.latest("pk").new_value == values


def test_renewal_takes_the_price_of_its_day_for_the_scheduled_offer(
    sales, subscription
):
    other = OfferFactory(billing_plan="annual", unit_price="99.00")
    schedule(subscription, sales, 5, other)
    Offer.objects.filter(pk=other.pk).update(is_available=False)
    dearer = OfferFactory(
        product=other.product, billing_plan="annual", unit_price="101.00"
    )
    assert renew(subscription).offer == dearer


def test_later_renewals_are_as_they_are(sales, subscription):
    schedule(subscription, sales, 2)
    renewed = renew(subscription)
    assert renew(renewed).quantity == 2
    assert subscription.seat_entries.count() == 2


# What drops it


def more_seats(subscription, actor):
    lifecycle.change_seats(subscription, actor=actor, quantity=8, shown=5)


def fewer_seats(subscription, actor):
    lifecycle.change_seats(subscription, actor=actor, quantity=4, shown=5)


def no_renewal(subscription, actor):
    lifecycle.set_auto_renew(subscription, actor=actor, auto_renews=False)


def suspend(subscription, actor):
    lifecycle.suspend(subscription, actor=actor)


def cancel(subscription, actor):
    lifecycle.cancel(subscription, actor=actor)


def drop(subscription, actor):
    lifecycle.drop_scheduled_change(subscription, actor=actor)


@pytest.mark.parametrize(
    "event", [more_seats, fewer_seats, no_renewal, suspend, cancel, drop]
)
def test_change_is_dropped_and_that_is_told(sales, subscription, event):
    schedule(subscription, sales, 2)
    with operations() as told:
        event(subscription, sales)
    assert not ScheduledChange.objects.exists()
    assert told[0] == Operation.DROP_SCHEDULED_CHANGE
    record = ActivityRecord.objects.about(subscription).get(operation=told[0])
    assert record.old_value == {"offer": subscription.offer.pk, "quantity": 2}


def test_change_stays_when_it_is_renamed(sales, subscription):
    schedule(subscription, sales, 2)
    lifecycle.rename(subscription, actor=sales, friendly_name="Mail")
    assert ScheduledChange.objects.get().quantity == 2


def test_dropping_is_refused_when_nothing_is_scheduled(sales, subscription):
    with denied(TransitionNotAllowed):
        drop(subscription, sales)


# What is refused


def test_change_is_refused_when_it_does_not_renew(sales, subscription):
    no_renewal(subscription, sales)
    with refused("scheduled_change_needs_renewal"):
        schedule(subscription, sales)


def test_change_is_refused_when_it_is_not_active(sales, subscription):
    suspend(subscription, sales)
    with denied(TransitionNotAllowed):
        schedule(subscription, sales)


def test_change_of_nothing_is_refused(sales, subscription):
    with refused("changes_nothing"):
        schedule(subscription, sales, 5)


@pytest.mark.parametrize("quantity", [0, 301])
def test_change_outside_the_offers_limits_is_refused(sales, subscription, quantity):
    with refused("seat_limits"):
        schedule(subscription, sales, quantity)


def test_change_to_a_retired_offer_is_refused(sales, subscription):
    retired = OfferFactory(is_available=False)
    with refused("offer") as caught:
        schedule(subscription, sales, 5, retired)
    assert "no longer sold" in caught.value.messages[0]


def test_change_to_an_offer_in_another_currency_is_refused(sales, subscription):
    euros = OfferFactory(currency="EUR")
    with refused("offer") as caught:
        schedule(subscription, sales, 5, euros)
    assert "not sold in your currency" in caught.value.messages[0]


def test_seats_change_at_the_renewal_though_the_own_offer_is_retired(
    sales, subscription
):
    Offer.objects.update(is_available=False)
    schedule(subscription, sales, 2)
    assert renew(subscription).quantity == 2


def test_only_its_partner_sees_it(sales, subscription):
    schedule(subscription, sales, 2)
    change = ScheduledChange.objects.get()
    assert ScheduledChange.objects.visible_to(sales).get() == change
    assert change.belongs_to(sales)
    rival = stories.staff()
    assert not ScheduledChange.objects.visible_to(rival).exists()
    assert not change.belongs_to(rival)
