from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import strategies as st

from portal.foundation import clock
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from subscriptions.enums import BILLING_MONTHS
from subscriptions.models import Offer, Subscription
from subscriptions.services import lifecycle
from subscriptions.services.clock import run
from tests import stories
from tests.factories import OfferFactory

from .asking import ask
from .histories import BEGIN, EDGES, for_every

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
DAYS = 45
TERMS = (("P1M", "monthly"), ("P1Y", "monthly"), ("P1Y", "annual"))
TURNED = {
    "suspend": lifecycle.suspend,
    "reactivate": lifecycle.reactivate,
    "cancel": lifecycle.cancel,
}
steps = st.lists(
    st.tuples(
        st.integers(0, DAYS - 1),
        st.sampled_from(EDGES),
        st.sampled_from(("order", "order", "seats", "price", "no renewal", *TURNED)),
        st.integers(0, 2),
    ),
    max_size=8,
).map(sorted)


class Office:
    """A partner with one customer. `seen` is what it had at the end of each day."""

    def __init__(self):
        self.agent, self.admin = stories.staff(role="admin_agent"), stories.tenant()
        self.rows, self.seen = [], {}
        self.offers = [
            OfferFactory(term=term, billing_plan=plan, unit_price=f"{7 + number}.35")
            for number, (term, plan) in enumerate(TERMS)
        ]

    def live(self, wanted):
        """Day by day. What time moves is moved in time; then somebody looks."""
        with clock.at(BEGIN - DAY):
            stories.relationship(self.agent, self.admin)
        for day in range(DAYS):
            for at, edge, verb, number in wanted:
                if at == day:
                    with clock.at(BEGIN + day * DAY + edge), suppress(*REFUSALS):
                        self.act(verb, number)
            with clock.at(BEGIN + (day + 1) * DAY - timedelta(microseconds=1)):
                if self.rows:
                    run(actor=Actor.clock())
                self.seen[(BEGIN + day * DAY).date()] = self.look()

    def act(self, verb, number):
        if verb == "order":
            customer, offer = self.admin.customer, self.offers[number]
            row = stories.csp_subscription(self.agent, customer, offer, 3 + number)
            self.rows.append(row.pk)
        elif verb == "price":
            self.offers[number] = dearer(self.offers[number])
        elif self.rows:
            row = Subscription.objects.get(pk=self.rows[number % len(self.rows)])
            self.change(row, verb, number)

    def change(self, row, verb, number):
        if verb == "seats":
            seats = max(1, row.quantity + (4, -2, 1)[number])
            given = {"quantity": seats, "shown": row.quantity}
            lifecycle.change_seats(row, actor=self.agent, **given)
        elif verb == "no renewal":
            lifecycle.set_auto_renew(row, actor=self.agent, auto_renews=False)
        else:
            TURNED[verb](row, actor=self.agent)

    def look(self):
        """Seats and money of each product, as the subscriptions are at this moment."""
        seats, money = Counter(), Counter()
        for row in Subscription.objects.csp().select_related("offer__product"):
            if row.status in ("active", "suspended"):
                months = BILLING_MONTHS[row.billing_plan]
                title = row.offer.product.title
                seats[title] += row.quantity
                money[title] += row.quantity * row.offer.unit_price / months
        return seats, money


REFUSALS = (TransitionNotAllowed, ValidationError)


def dearer(offer):
    Offer.objects.filter(pk=offer.pk).update(is_available=False)
    return OfferFactory(
        product=offer.product,
        term=offer.term,
        billing_plan=offer.billing_plan,
        unit_price=Decimal(offer.unit_price) + 1,
    )


def told(result, name):
    """By its name, what the report says of each row on the last day."""
    figure = result.columns[-1]
    return {row[name]: figure.value(row) for row in result.rows}


def to_the_cent(money):
    return Decimal(money).quantize(Decimal("0.01"), ROUND_HALF_UP)


PRODUCT = "subscription__terms__offer__product__title"


@for_every(steps, st.lists(st.integers(0, DAYS - 1), min_size=3, max_size=3))
def test_any_past_day_is_told_as_it_was_seen_then(wanted, days):
    office = Office()
    office.live(wanted)
    for day in days:
        date = (BEGIN + day * DAY).date()
        seats, money = office.seen[date]
        given = {"first": date, "last": date, "by": "product"}
        found = told(ask("value", office.agent, show="seats", **given), PRODUCT)
        assert found == dict(seats)
        found = told(ask("value", office.agent, **given), PRODUCT)
        assert found == {name: to_the_cent(money[name]) for name in money}
    each_month_is_told_as_it_was_seen(office, max(31, *days))


def each_month_is_told_as_it_was_seen(office, days):
    """At its end, in a column of its own."""
    ends = [(BEGIN + 30 * DAY).date(), (BEGIN + days * DAY).date()]
    given = {"first": BEGIN.date(), "last": ends[-1], "by": "product"}
    for show, of in (("seats", 0), ("value", 1)):
        result = ask("value", office.agent, show=show, **given)
        for end, column in zip(ends, result.columns[-2:], strict=True):
            found = {row[PRODUCT]: column.value(row) for row in result.rows}
            seen = office.seen[end][of]
            assert +Counter(found) == +Counter(
                {name: to_the_cent(seen[name]) for name in seen}
            )


def bought(agent, moment, **offer):
    with clock.at(moment):
        admin = stories.tenant()
        stories.relationship(agent, admin)
        return stories.csp_subscription(agent, admin.customer, OfferFactory(**offer))


def test_months_of_a_period_have_a_column_each_and_their_end(agent):
    bought(agent, BEGIN + 30 * DAY + timedelta(hours=23))  # the last hour of January
    result = ask("value", agent, first="2026-01-10", last="2026-03-05", show="seats")
    labels = [str(column.label) for column in result.columns]
    assert labels == ["CSP subscriptions", "31 Jan 2026", "28 Feb 2026", "5 Mar 2026"]
    assert [result.rows[0][f"day_{n}"] for n in range(3)] == [5, 5, 5]
    before = ask("value", agent, first="2026-01-30", last="2026-01-30", show="seats")
    assert before.rows[0]["day_0"] == 0


def test_moment_on_the_border_belongs_to_the_day_that_begins(agent):
    row = bought(agent, BEGIN + 5 * DAY)
    with clock.at(BEGIN + 7 * DAY):
        lifecycle.cancel(row, actor=agent)
    seats = []
    for day in ("2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"):
        result = ask("value", agent, first=day, last=day, show="seats")
        seats.append(result.rows[0]["day_0"])
    assert seats == [0, 5, 5, 0]


def test_currencies_have_a_row_and_a_picture_each(agent):
    bought(agent, BEGIN, unit_price="10.00")
    other = stories.staff()
    other.partner.currency = "EUR"
    other.partner.save()
    bought(other, BEGIN, unit_price="7.00", currency="EUR")
    day = {"first": "2026-01-01", "last": "2026-01-01"}
    result = ask("value", stories.operator(), **day)
    assert told(result, "subscription__terms__currency") == {
        "EUR": Decimal("35.00"),
        "USD": Decimal("50.00"),
    }
    titles = [picture.title for picture in result.pictures]
    assert titles == ["Monthly list value, EUR", "Monthly list value, USD"]


@pytest.mark.parametrize("by", ["customer", "term", "product"])
def test_rows_add_up_to_their_total(agent, by):
    for number in range(3):
        bought(
            agent, BEGIN, unit_price=f"{number}.10", term=("P1M", "P1Y", "P1Y")[number]
        )
    result = ask("value", agent, first="2026-01-01", last="2026-01-02", by=by)
    assert len(result.rows) == {"customer": 3, "term": 2, "product": 3}[by]
    [total] = result.totals
    assert total["day_0"] == sum(row["day_0"] for row in result.rows)


def test_viewer_without_revenue_is_told_seats_whatever_the_address_says(agent):
    bought(agent, BEGIN)
    viewer = stories.staff(agent.partner, "report_viewer")
    given = {"first": "2026-01-01", "last": "2026-01-01", "show": "value"}
    result = ask("value", viewer, **given)
    assert result.rows == [{"what": "All", "day_0": 5}]


def test_filters_take_their_own_only(agent):
    row, _other = bought(agent, BEGIN), bought(agent, BEGIN)
    given = {"first": "2026-01-01", "last": "2026-01-01", "show": "seats"}
    for filters, seats in (
        ({}, 10),
        ({"product": row.offer.product.pk}, 5),
    ):
        assert ask("value", agent, **given, **filters).rows[0]["day_0"] == seats
