import uuid
from datetime import timedelta
from functools import partial

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import ActivityRecord, ResellerRelationship
from relationships.services.relationships import end_relationship
from subscriptions.models import Order, SeatEntry, StatusEntry, Subscription
from subscriptions.services import clock as subscription_clock
from subscriptions.services import lifecycle
from subscriptions.services.ordering import LineRequest, place_order

from .. import stories
from ..factories import OfferFactory
from .running import codes, race, refused, succeeded

pytestmark = pytest.mark.django_db(transaction=True)

BOTH_WAYS = 3  # rounds, so that now one and now the other is first


@pytest.fixture
def sales():
    return stories.staff(role="admin_agent")


@pytest.fixture
def relationship(sales, admin):
    return stories.relationship(sales, admin)


@pytest.fixture
def csp(sales, relationship):
    return stories.csp_subscription(sales, relationship.customer)


def orders(customer, sales, offer, key):
    lines = [LineRequest(offer, 5)]
    return partial(place_order, customer, actor=sales, lines=lines, request_key=key)


def ends(relationship, sales):
    return partial(end_relationship, relationship, actor=sales, reason="Asked to.")


def assert_no_active_one_without_a_relationship():
    active = Subscription.objects.csp().active()
    assert not active.filter(relationship__ended_at__isnull=False).exists()


@pytest.mark.parametrize("_round", range(BOTH_WAYS))
def test_order_or_end_of_the_relationship_comes_first(sales, relationship, _round):
    offer = OfferFactory()
    outcomes = race(
        orders(relationship.customer, sales, offer, uuid.uuid4()),
        ends(relationship, sales),
    )
    (code,) = codes(outcomes)
    assert code in {"csp_needs_relationship", "ended_once"}
    assert Order.objects.count() == (code == "ended_once")
    relationship.refresh_from_db()
    assert relationship.is_active == (code == "ended_once")
    assert_no_active_one_without_a_relationship()


def test_reactivation_or_end_of_the_relationship_comes_first(sales, csp):
    lifecycle.suspend(csp, actor=sales)
    outcomes = race(
        partial(lifecycle.reactivate, csp, actor=sales), ends(csp.relationship, sales)
    )
    assert len(succeeded(outcomes)) == 1
    assert_no_active_one_without_a_relationship()


def test_relationship_ends_once_when_two_end_it(sales, relationship):
    outcomes = race(ends(relationship, sales), ends(relationship, sales))
    assert len(succeeded(outcomes)) == len(refused(outcomes)) == 1
    told = ActivityRecord.objects.filter(operation=Operation.END_RELATIONSHIP)
    assert told.count() == 1


def test_two_clicks_are_one_order_when_they_have_the_same_key(sales, relationship):
    key = uuid.uuid4()
    order = orders(relationship.customer, sales, OfferFactory(), key)
    outcomes = race(order, order)
    assert outcomes == [Order.objects.get()] * 2
    assert Subscription.objects.get().quantity == 5
    assert SeatEntry.objects.count() == 1


def test_one_seat_change_is_made_when_two_saw_the_same_number(sales, csp):
    change = partial(lifecycle.change_seats, csp, actor=sales, shown=5)
    outcomes = race(partial(change, quantity=8), partial(change, quantity=9))
    assert codes(outcomes) == ["seats_changed_meanwhile"]
    (changed,) = succeeded(outcomes)
    csp.refresh_from_db()
    assert csp.quantity == changed.quantity in {8, 9}
    assert csp.seat_entries.count() == 2


def test_time_moves_everything_once_when_two_clocks_run(sales, relationship):
    rows = [
        stories.csp_subscription(sales, relationship.customer) for _number in range(3)
    ]
    lifecycle.suspend(rows[0], actor=sales)
    open_ones = [stories.sent_invitation(sales) for _number in range(3)]
    later = rows[0].commitment_ends_at + timedelta(days=31)

    def run_clock():
        with clock.at(later):
            return subscription_clock.run(actor=Actor.clock())

    first, second = race(run_clock, run_clock)
    assert first["invitations"] + second["invitations"] == len(open_ones)
    assert first["subscriptions"] + second["subscriptions"] == len(rows)
    expiries = ActivityRecord.objects.filter(operation=Operation.EXPIRE_INVITATION)
    assert expiries.count() == len(open_ones)
    moved = StatusEntry.objects.filter(status="disabled", subscription=rows[0])
    assert moved.count() == 1
    assert [row.terms.count() for row in rows] == [1, 2, 2]
    assert ResellerRelationship.objects.get().is_active
