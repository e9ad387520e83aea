"""The clock beside people, and beside itself."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections, transaction
from django.db.models import Sum

from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import Customer, ResellerRelationship
from relationships.services.relationships import end_relationship
from subscriptions.models import ScheduledChange, SeatEntry, SubscriptionTerm
from subscriptions.services import clock as subscription_clock
from subscriptions.services import lifecycle
from subscriptions.services.ordering import LineRequest, place_order

from .. import stories
from .running import PATIENCE, codes, race, refused, succeeded

pytestmark = pytest.mark.django_db(transaction=True)

BOTH_WAYS = 3


@pytest.fixture
def sales():
    return stories.staff(role="admin_agent")


def bought(sales):
    admin = stories.tenant()
    stories.relationship(sales, admin)
    return stories.csp_subscription(sales, admin.customer)


@pytest.fixture
def csp(sales):
    return bought(sales)


def at(moment, act):
    with clock.at(moment):
        return act()


def clock_at(moment):
    run = partial(subscription_clock.run, actor=Actor.clock())
    return partial(at, moment, run)


@pytest.mark.parametrize("seats", [8, 2])
@pytest.mark.parametrize("_round", range(BOTH_WAYS))
def test_seats_change_once_and_it_renews_once_whoever_comes_first(
    sales, csp, seats, _round
):
    end = csp.commitment_ends_at
    change = partial(lifecycle.change_seats, csp, actor=sales, quantity=seats, shown=5)
    outcomes = race(partial(at, end, change), clock_at(end), clock_at(end))
    assert len(succeeded(outcomes)) == 3
    csp.refresh_from_db()
    assert csp.quantity == seats
    assert csp.seat_entries.aggregate(sum=Sum("change"))["sum"] == seats
    assert [term.number for term in csp.terms.all()] == [1, 2]
    # The price of the new term: the change came after the renewal, either way.
    assert csp.seat_entries.latest("pk").at == end


@pytest.mark.parametrize("_round", range(BOTH_WAYS))
def test_scheduled_change_is_applied_once_when_two_clocks_run(sales, csp, _round):
    lifecycle.schedule_change(csp, actor=sales, quantity=2, offer=csp.offer)
    end = csp.commitment_ends_at
    first, second = race(clock_at(end), clock_at(end))
    assert first["subscriptions"] + second["subscriptions"] == 1
    csp.refresh_from_db()
    assert csp.quantity == 2
    assert csp.seat_entries.count() == csp.terms.count() == 2
    assert not ScheduledChange.objects.exists()


def test_scheduling_or_suspending_comes_first(sales, csp):
    outcomes = race(
        partial(
            lifecycle.schedule_change, csp, actor=sales, quantity=2, offer=csp.offer
        ),
        partial(lifecycle.suspend, csp, actor=sales),
    )
    assert csp in succeeded(outcomes)
    csp.refresh_from_db()
    assert csp.status == "suspended"
    assert not ScheduledChange.objects.exists()


def test_seats_of_one_entry_go_once_when_two_take_them(sales, csp):
    take = partial(lifecycle.change_seats, csp, actor=sales, shown=5)
    outcomes = race(partial(take, quantity=2), partial(take, quantity=1))
    assert len(succeeded(outcomes)) == 1
    csp.refresh_from_db()
    assert csp.quantity in {1, 2}
    assert SeatEntry.objects.filter(change__lt=0).count() == 1


def elsewhere(act):
    """What `act` returns on a connection of its own, while this one waits."""

    def run():
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(PATIENCE)


def test_clock_passes_by_who_is_held_and_moves_the_others(sales, csp):
    other = bought(sales)
    later = max(csp.commitment_ends_at, other.commitment_ends_at) + timedelta(days=1)
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=csp.customer_id)
        assert elsewhere(clock_at(later))["subscriptions"] == 1
    assert SubscriptionTerm.objects.filter(subscription=other).count() == 2
    assert SubscriptionTerm.objects.filter(subscription=csp).count() == 1
    assert clock_at(later)()["subscriptions"] == 1
    assert SubscriptionTerm.objects.filter(subscription=csp).count() == 2
    assert connection.in_atomic_block is False


@pytest.mark.parametrize("_round", range(BOTH_WAYS))
@pytest.mark.parametrize("status", ["expired", "disabled"])
def test_term_ends_once_whether_its_relationship_ends_before_or_after(
    sales, csp, status, _round
):
    lifecycle.suspend(csp, actor=sales)
    if status == "expired":
        lifecycle.reactivate(csp, actor=sales)
    end = csp.commitment_ends_at
    ending = partial(end_relationship, csp.relationship, actor=sales, reason="Asked.")
    moved, ended = race(clock_at(end), partial(at, end, ending))
    assert refused([moved, ended]) == []
    # Whoever comes first has moved it, the other finds it moved.
    assert clock_at(end)()["subscriptions"] == 0
    csp.refresh_from_db()
    assert csp.status == status
    assert csp.status_entries.filter(status=status, at=end).count() == 1
    assert not ResellerRelationship.objects.get().is_active


@pytest.mark.parametrize("_round", range(BOTH_WAYS))
def test_relationship_does_not_end_while_a_renewal_runs(sales, csp, _round):
    end = csp.commitment_ends_at
    ending = partial(end_relationship, csp.relationship, actor=sales, reason="Asked.")
    moved, ended = race(clock_at(end), partial(at, end, ending))
    # Whoever is held is passed by: the next run makes up for it.
    assert moved["subscriptions"] + clock_at(end)()["subscriptions"] == 1
    assert codes([ended]) == ["ended_once"]
    assert [term.number for term in csp.terms.all()] == [1, 2]
    assert ResellerRelationship.objects.get().is_active


@pytest.mark.parametrize("_round", range(BOTH_WAYS))
def test_customer_orders_once_and_renews_once_at_the_same_moment(sales, csp, _round):
    end = csp.commitment_ends_at
    order = partial(
        place_order,
        csp.customer,
        actor=sales,
        lines=[LineRequest(csp.offer, 7)],
        request_key=uuid.uuid4(),
    )
    placed, moved = race(partial(at, end, order), clock_at(end))
    assert refused([placed, moved]) == []
    # Whoever holds the customer is passed by: the next run makes up for it.
    assert moved["subscriptions"] + clock_at(end)()["subscriptions"] == 1
    assert csp.terms.count() == 2
    assert placed.lines.get().subscription.quantity == 7
