from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from portal.foundation import clock
from subscriptions.models import Offer, RenewalDecision, Subscription
from subscriptions.services import lifecycle
from subscriptions.services.clock import run
from subscriptions.services.possibilities import Verb, possibilities
from subscriptions.services.renewals import ask as ask_about_renewals
from subscriptions.services.renewals import decide
from tests import stories
from tests.factories import OfferFactory

from .asking import ask, rows
from .histories import NOW, for_every

pytestmark = pytest.mark.django_db

LONGEST = ("P3Y", "annual")
NAMES = ("pk", "decision", "decide_by", "quantity", "at_stake")

orders = st.fixed_dictionaries(
    {
        "days_ago": st.integers(0, 400),
        "terms": st.sampled_from(
            [
                ("P1Y", "monthly"),
                ("P1Y", "annual"),
                ("P1M", "monthly"),
                ("P3Y", "annual"),
            ]
        ),
        "seats": st.integers(1, 9),
        "then": st.sampled_from(["", "", "no renewal", "suspend", "schedule"]),
    }
)


def play(sales, customer, wanted):
    offers: dict[tuple[str, str], Offer] = {}
    for order in sorted(wanted, key=lambda order: -order["days_ago"]):
        term, plan = order["terms"]
        offer = offers.setdefault(
            order["terms"], OfferFactory(term=term, billing_plan=plan)
        )
        with clock.at(NOW - timedelta(days=order["days_ago"])):
            row = stories.csp_subscription(sales, customer, offer, order["seats"])
            if order["then"] == "no renewal":
                lifecycle.set_auto_renew(row, actor=sales, auto_renews=False)
            if order["then"] == "suspend":
                lifecycle.suspend(row, actor=sales)
    run(actor=stories.Actor.clock())
    for order, row in zip(wanted, Subscription.objects.csp(), strict=False):
        if order["then"] == "schedule" and row.status == "active" and row.auto_renews:
            lifecycle.schedule_change(row, actor=sales, quantity=99, offer=row.offer)


def judged(row, sales, days):
    """What needs a decision, by what a person could do with this row now."""
    may = {
        verb for verb, found in possibilities(row, sales).items() if found.is_allowed
    }
    latest, term = NOW + timedelta(days=days), row.terms.latest("number")
    is_near = row.commitment_ends_at <= latest
    periods = {"P1Ymonthly": 12, "P1Yannual": 1, "P3Yannual": 3, "P1Mmonthly": 1}
    money = row.quantity * term.unit_price * periods[row.term + row.billing_plan]
    if is_near and Verb.START_RENEWING in may:
        return ("ends", row.commitment_ends_at, money)
    if row.term == "P1M":
        return None
    if is_near and Verb.STOP_RENEWING in may and Verb.DROP_CHANGE not in may:
        return ("renews", row.commitment_ends_at, money)
    until = term.reducible_until
    is_fresh = Verb.CANCEL in may and row.status == "active" and term.number > 1
    return ("renewed", until, money) if is_fresh and until <= latest else None


@for_every(st.lists(orders, max_size=5), st.sampled_from((7, 30, 60, 90)))
def test_renewals_are_those_on_which_a_person_can_decide(wanted, days):
    sales, admin = stories.staff(), stories.tenant()
    with clock.at(NOW - timedelta(days=401)):
        stories.relationship(sales, admin)
    play(sales, admin.customer, wanted)
    expected = {
        (row.pk, *answer[:2], row.quantity, answer[2])
        for row in Subscription.objects.csp()
        if (answer := judged(row, sales, days)) is not None
    }
    found = rows("renewals", sales, *NAMES, within=days)
    assert set(found) == expected
    assert len(found) == len(expected)
    totals = ask("renewals", sales, within=days).totals
    assert totals[0]["quantity"] == sum(row[3] for row in expected)
    money = Counter({"USD": sum(row[4] for row in expected)})
    assert {row["terms__currency"]: row["at_stake"] for row in totals[1:]} == +money


@pytest.fixture
def sales():
    return stories.staff(role="admin_agent")


def yearly(sales, **values):
    """A subscription of a new customer."""
    admin = stories.tenant()
    stories.relationship(sales, admin)
    return stories.csp_subscription(sales, admin.customer, OfferFactory(**values))


def test_renewal_is_listed_from_its_day_to_its_last_moment(sales):
    row = yearly(sales)
    before = row.commitment_ends_at - timedelta(days=30)
    instant = timedelta(microseconds=1)
    for moment, is_listed in (
        (before - instant, False),
        (before, True),
        (row.commitment_ends_at - instant, True),
        (row.commitment_ends_at, False),
    ):
        with clock.at(moment):
            assert bool(rows("renewals", sales, "pk")) == is_listed, moment


def test_renewal_is_decided_when_somebody_has_answered(sales):
    row = yearly(sales)
    with clock.at(row.commitment_ends_at - timedelta(days=20)):
        ask_about_renewals(digest=0)
        assert rows("renewals", sales, "pk") == [(row.pk,)]
        decide(RenewalDecision.objects.get(), actor=sales, answer="renew")
        assert rows("renewals", sales, "pk") == []


def test_currencies_are_never_added(sales):
    yearly(sales, unit_price="10.00")
    other = stories.staff()
    other.partner.currency = "EUR"
    other.partner.save()
    yearly(other, unit_price="7.00", currency="EUR")
    with clock.at(clock.now() + timedelta(days=360)):
        totals = ask("renewals", stories.operator()).totals
    told = [(row.get("terms__currency"), row.get("at_stake")) for row in totals]
    assert told == [(None, None), ("EUR", Decimal(420)), ("USD", Decimal(600))]


def test_viewer_without_revenue_has_one_total_and_no_money(sales):
    row = yearly(sales)
    viewer = stories.staff(sales.partner, "report_viewer")
    with clock.at(row.commitment_ends_at - timedelta(days=1)):
        result = ask("renewals", viewer)
        assert len(result.totals) == 1
    labels = {str(column.label) for column in result.columns}
    assert labels.isdisjoint({"Currency", "At stake, list price"})


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"decision": "renews"}, 1),
        ({"decision": "ends"}, 0),
        ({"within": "7"}, 0),
    ],
)
def test_filters_take_their_own_only(sales, filters, count):
    row = yearly(sales)
    with clock.at(row.commitment_ends_at - timedelta(days=8)):
        assert len(rows("renewals", sales, "pk", **filters)) == count
