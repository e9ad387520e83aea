"""Seats go within the window of the day they were added, the newest first."""

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord
from subscriptions.models import Offer, Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle
from subscriptions.services.possibilities import Verb, judge
from subscriptions.services.seats import current_term, reducible_seats

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import DAY, NOON, denied, operations, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

INSTANT = timedelta(microseconds=1)


def change(subscription, actor, quantity):
    shown = Subscription.objects.get(pk=subscription.pk).quantity
    return lifecycle.change_seats(
        subscription, actor=actor, quantity=quantity, shown=shown
    )


def ledger(subscription):
    entries = subscription.seat_entries.order_by("pk")
    return [(entry.change, entry.reduces_id) for entry in entries]


def what_can_go(subscription):
    found = reducible_seats(subscription, current_term(subscription))
    return [(each.seats, each.until) for each in found]


def test_seats_of_the_order_can_go_until_the_window_closes(sales, subscription):
    first = subscription.seat_entries.get()
    with clock.at(NOON + 7 * DAY - INSTANT), operations() as told:
        assert change(subscription, sales, 2).quantity == 2
    assert ledger(subscription) == [(5, None), (-3, first.pk)]
    assert told == [Operation.CHANGE_SEATS]
    record = ActivityRecord.objects.latest("pk")
    assert (record.old_value, record.new_value) == ({"quantity": 5}, {"quantity": 2})
    with clock.at(NOON + 7 * DAY), refused("seats_not_reducible") as caught:
        change(subscription, sales, 1)
    assert "within 7 days of the moment" in caught.value.messages[0]


def test_newest_entries_give_first_and_each_is_named(sales, subscription):
    with clock.at(NOON + DAY):
        change(subscription, sales, 8)
    with clock.at(NOON + 2 * DAY):
        change(subscription, sales, 9)
        change(subscription, sales, 3)
    first, second, third = subscription.seat_entries.filter(change__gt=0)
    assert ledger(subscription)[3:] == [
        (-1, third.pk),
        (-3, second.pk),
        (-2, first.pk),
    ]
    with clock.at(NOON + 2 * DAY):
        assert what_can_go(subscription) == [(3, NOON + 7 * DAY)]


def test_older_entries_stay_whole_when_the_newest_has_enough(sales, subscription):
    change(subscription, sales, 8)
    change(subscription, sales, 7)
    second = subscription.seat_entries.filter(change__gt=0).latest("pk")
    assert ledger(subscription)[2:] == [(-1, second.pk)]
    assert [seats for seats, _until in what_can_go(subscription)] == [2, 5]


def test_only_what_was_added_lately_can_go(sales, subscription):
    with clock.at(NOON + 10 * DAY):
        change(subscription, sales, 8)
        assert what_can_go(subscription) == [(3, NOON + 17 * DAY)]
        with refused("seats_not_reducible") as caught:
            change(subscription, sales, 4)
        assert caught.value.messages == ["3 seats at most can be taken away now."]
        assert change(subscription, sales, 5).quantity == 5
        assert what_can_go(subscription) == []
        with refused("seats_not_reducible"):
            change(subscription, sales, 4)


def test_a_renewal_opens_the_window_for_every_seat(sales, subscription):
    end = subscription.commitment_ends_at
    with clock.at(end - INSTANT):
        assert judge(Verb.TAKE_SEATS, subscription).since == end
    with clock.at(end + DAY):
        assert change(subscription, sales, 1).quantity == 1
    with clock.at(end + 7 * DAY):
        assert what_can_go(subscription) == []
        renewed = Subscription.objects.get(pk=subscription.pk)
        since = judge(Verb.TAKE_SEATS, renewed).since
        assert since == renewed.commitment_ends_at == NOON.replace(year=2028)


def test_a_seat_goes_at_the_price_of_the_current_term(sales, subscription):
    Offer.objects.update(is_available=False)
    product = subscription.offer.product
    OfferFactory(product=product, unit_price="12.00")
    with clock.at(subscription.commitment_ends_at):
        change(subscription, sales, 4)
    assert subscription.seat_entries.latest("pk").unit_price == Decimal("12.00")


def test_no_date_is_named_when_nothing_renews(sales, subscription):
    lifecycle.set_auto_renew(subscription, actor=sales, auto_renews=False)
    subscription.refresh_from_db()
    with clock.at(NOON + 8 * DAY):
        assert judge(Verb.TAKE_SEATS, subscription).since is None


def test_window_is_a_setting(settings, sales, admin):
    settings.REDUCTION_WINDOW_DAYS = 1
    subscription = stories.csp_subscription(sales, admin.customer)
    with clock.at(NOON + DAY), refused("seats_not_reducible") as caught:
        change(subscription, sales, 4)
    assert "within 1 day of the moment" in caught.value.messages[0]


def test_fewer_than_the_minimum_are_refused(sales, admin):
    offer = OfferFactory(minimum_seats=4)
    subscription = stories.csp_subscription(sales, admin.customer, offer)
    with refused("seat_limits"):
        change(subscription, sales, 3)
    assert change(subscription, sales, 4).quantity == 4


def test_seats_stay_when_it_is_suspended(sales, subscription):
    lifecycle.suspend(subscription, actor=sales)
    with denied(TransitionNotAllowed):
        change(subscription, sales, 4)


def test_seats_stay_when_somebody_changed_them_meanwhile(sales, subscription):
    change(subscription, sales, 6)
    with denied(TransitionNotAllowed) as caught:
        lifecycle.change_seats(subscription, actor=sales, quantity=4, shown=5)
    assert caught.value.code == "seats_changed_meanwhile"


def test_what_was_taken_stays_taken_when_it_renews(sales, subscription):
    change(subscription, sales, 3)
    with clock.at(subscription.commitment_ends_at):
        moving.run(actor=Actor.clock())
        assert Subscription.objects.get(pk=subscription.pk).quantity == 3
        assert [seats for seats, _until in what_can_go(subscription)] == [3]
