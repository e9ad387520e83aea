"""Whatever happens to a CSP subscription, its history adds up."""

import itertools
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from subscriptions.calendar import add_months
from subscriptions.models import Subscription
from subscriptions.services import clock as moving
from subscriptions.services import lifecycle

from .. import stories
from ..factories import OfferFactory
from ..relationships.support import NOON

pytestmark = pytest.mark.django_db

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 50)),
        st.tuples(st.sampled_from(["suspend", "reactivate", "run"]), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 70)),
    ),
    max_size=10,
)


@given(STEPS)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_seats_terms_and_statuses_add_up_after_any_history(steps):
    with transaction.atomic():
        with clock.at(NOON):
            sales, admin = stories.staff(), stories.tenant()
            stories.relationship(sales, admin)
            made = stories.csp_subscription(
                sales, admin.customer, OfferFactory(term="P1M", maximum_seats=None)
            )
        moment = NOON
        for step, number in steps:
            moment += timedelta(days=number if step == "wait" else 0, seconds=1)
            with clock.at(moment):
                _do(step, number, made, sales)
        _check(Subscription.objects.get(pk=made.pk))
        transaction.set_rollback(True)


def _do(step, number, made, sales):
    subscription = Subscription.objects.get(pk=made.pk)
    shown = subscription.quantity
    calls = {
        "add": lambda: lifecycle.change_seats(
            subscription, actor=sales, quantity=shown + number, shown=shown
        ),
        "suspend": lambda: lifecycle.suspend(subscription, actor=sales),
        "reactivate": lambda: lifecycle.reactivate(subscription, actor=sales),
        "run": lambda: moving.run(actor=Actor.clock()),
        "wait": lambda: None,
    }
    try:
        calls[step]()
    except TransitionNotAllowed:
        subscription.refresh_from_db()
        assert subscription.quantity == shown


def _check(subscription):
    seats = subscription.seat_entries.aggregate(sum=Sum("change"))["sum"]
    assert subscription.quantity == seats
    terms = list(subscription.terms.order_by("number"))
    assert terms[0].starts_at == subscription.started_at
    assert terms[-1].ends_at == subscription.commitment_ends_at
    for number, term in enumerate(terms, start=1):
        assert term.number == number
        assert term.ends_at == add_months(subscription.started_at, number)
    for before, after in itertools.pairwise(terms):
        assert before.ends_at == after.starts_at
    statuses = list(subscription.status_entries.order_by("pk"))
    assert statuses[-1].status == subscription.status
    moments = [entry.at for entry in statuses]
    assert moments == sorted(moments)
    for before, after in itertools.pairwise(statuses):
        assert before.status != after.status
