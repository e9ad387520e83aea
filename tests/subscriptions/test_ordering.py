import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from relationships.enums import Operation
from relationships.models import ActivityRecord
from relationships.services.partners import correct_partner
from relationships.services.relationships import end_relationship
from relationships.services.tenants import correct_customer
from subscriptions.models import Offer, Order, OrderLine, Subscription
from subscriptions.services.lifecycle import rename, suspend
from subscriptions.services.ordering import LineRequest, place_order

from .. import stories
from ..factories import OfferFactory, PartnerFactory, ProductFactory
from ..relationships.support import DAY, NOON, denied, operations, refused, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def customer(sales):
    admin = stories.tenant()
    stories.relationship(sales, admin)
    return admin.customer


def order(customer, actor, *lines, key=None):
    return place_order(
        customer, actor=actor, lines=list(lines), request_key=key or uuid.uuid4()
    )


def test_order_makes_the_subscription_with_term_seats_and_status(sales, customer):
    offer = OfferFactory(
        product=ProductFactory(title="Office 365 E3"),
        term="P1Y",
        billing_plan="monthly",
        unit_price="23.10",
    )
    with operations() as told:
        placed = order(customer, sales, LineRequest(offer, 7, " Head office "))
    assert told == [Operation.CREATE_ORDER]
    (line,) = OrderLine.objects.all()
    made = Subscription.objects.get(pk=line.subscription.pk)
    assert made.is_csp
    assert made.relationship == customer.active_relationship
    assert made.seller == sales.partner
    assert (made.offer, made.product_name) == (offer, "Office 365 E3")
    assert (made.quantity, made.status) == (7, "active")
    assert (made.term, made.billing_plan) == ("P1Y", "monthly")
    assert made.started_at == made.recorded_at == NOON
    assert made.commitment_ends_at == NOON.replace(year=2027)
    assert made.auto_renews is True
    assert made.friendly_name == str(made) == "Head office"
    (term,) = made.terms.all()
    assert (term.number, term.offer, term.unit_price) == (1, offer, Decimal("23.10"))
    assert (term.starts_at, term.ends_at) == (NOON, NOON.replace(year=2027))
    (entry,) = made.seat_entries.all()
    assert (entry.change, entry.at, entry.reduces) == (7, NOON, None)
    assert entry.reducible_until == NOON + 7 * DAY
    assert [s.status for s in made.status_entries.all()] == ["active"]
    assert (placed.placed_by, placed.placed_at) == (sales.user, NOON)
    assert (line.quantity, line.currency) == (7, "USD")
    assert line.price_per_period == Decimal("161.70")


def test_order_takes_several_lines_and_tells_them_without_prices(sales, customer):
    offers = [OfferFactory(), OfferFactory()]
    order(customer, sales, *(LineRequest(offer, 3) for offer in offers))
    assert Subscription.objects.csp().count() == 2
    record = ActivityRecord.objects.latest("pk")
    assert record.new_value == {
        "lines": [{"offer": offer.pk, "quantity": 3} for offer in offers]
    }


def test_existing_subscriptions_stay_as_they_were(sales, customer):
    existing = stories.observation(customer)
    before = Subscription.objects.values().get(pk=existing.pk)
    order(customer, sales, LineRequest(OfferFactory(), 1))
    assert Subscription.objects.values().get(pk=existing.pk) == before


def test_same_request_is_the_same_order(sales, customer):
    key, line = uuid.uuid4(), LineRequest(OfferFactory(), 1)
    first = order(customer, sales, line, key=key)
    colleague = stories.staff(sales.partner)
    with clock.at(NOON + DAY), unchanged():
        assert order(customer, sales, line, key=key) == first
        assert order(customer, colleague, line, key=key) == first


def test_request_key_of_other_lines_is_refused(sales, customer):
    key, offer = uuid.uuid4(), OfferFactory()
    order(customer, sales, LineRequest(offer, 1), key=key)
    others = (
        [LineRequest(offer, 2)],
        [LineRequest(OfferFactory(), 1)],
        [LineRequest(offer, 1), LineRequest(offer, 1)],
        [],
    )
    for lines in others:
        with refused("request_key") as caught:
            order(customer, sales, *lines, key=key)
        assert "nothing was ordered now" in caught.value.messages[0]


def test_renamed_subscription_does_not_make_it_another_request(sales, customer):
    key, line = uuid.uuid4(), LineRequest(OfferFactory(), 1, "Office")
    first = order(customer, sales, line, key=key)
    rename(Subscription.objects.csp().get(), actor=sales, friendly_name="Shop")
    with unchanged():
        assert order(customer, sales, line, key=key) == first


def test_same_request_is_the_same_order_though_the_relationship_ended(sales, customer):
    key, line = uuid.uuid4(), LineRequest(OfferFactory(), 1)
    first = order(customer, sales, line, key=key)
    suspend(Subscription.objects.csp().get(), actor=sales)
    agent = stories.staff(sales.partner, "admin_agent")
    end_relationship(customer.active_relationship, actor=agent, reason="x")
    with unchanged():
        assert order(customer, sales, line, key=key) == first


def test_another_partners_request_key_is_denied(sales, customer):
    key, line = uuid.uuid4(), LineRequest(OfferFactory(), 1)
    order(customer, sales, line, key=key)
    foreign = stories.staff()
    with denied(PermissionDenied):
        order(customer, foreign, line, key=key)


def test_request_key_of_another_customers_order_is_refused(sales, customer):
    key, line = uuid.uuid4(), LineRequest(OfferFactory(), 1)
    order(customer, sales, line, key=key)
    other = stories.tenant()
    stories.relationship(sales, other)
    with refused("request_key"):
        order(other.customer, sales, line, key=key)


@pytest.mark.parametrize("seats", [-1, 0, 4, 301])
def test_seats_outside_the_limits_are_refused(sales, customer, seats):
    offer = OfferFactory(minimum_seats=5, maximum_seats=300)
    with refused("seat_limits") as caught:
        order(customer, sales, LineRequest(offer, seats))
    assert caught.value.messages == [f"{offer} takes from 5 to 300 seats."]


@pytest.mark.parametrize("seats", [5, 300])
def test_seats_at_the_limits_are_taken(sales, customer, seats):
    offer = OfferFactory(minimum_seats=5, maximum_seats=300)
    order(customer, sales, LineRequest(offer, seats))
    assert Subscription.objects.csp().get().quantity == seats


def test_offer_without_a_maximum_takes_any_number_from_the_minimum(sales, customer):
    offer = OfferFactory(minimum_seats=2, maximum_seats=None)
    with refused("seat_limits") as caught:
        order(customer, sales, LineRequest(offer, 1))
    assert caught.value.messages == [f"{offer} takes at least 2 seats."]
    order(customer, sales, LineRequest(offer, 1_000_000))
    assert Subscription.objects.csp().get().quantity == 1_000_000


def test_one_bad_line_stops_the_whole_order(sales, customer):
    good, bad = LineRequest(OfferFactory(), 1), LineRequest(OfferFactory(), 0)
    with refused("seat_limits"):
        order(customer, sales, good, bad)


def test_order_without_lines_is_refused(sales, customer):
    with refused("no_lines"):
        order(customer, sales)


def test_offer_that_is_not_sold_any_more_is_refused(sales, customer):
    line = LineRequest(OfferFactory(), 1)
    Offer.objects.update(is_available=False)
    assert line.offer.is_available  # what the form had read
    with refused("offer"):
        order(customer, sales, line)


def test_offer_in_another_currency_is_refused(sales, customer):
    line = LineRequest(OfferFactory(currency="EUR"), 1)
    with refused("offer") as caught:
        order(customer, sales, line)
    assert caught.value.messages == [f"{line.offer} is not sold in your currency."]


def test_long_friendly_name_is_refused_by_its_field(sales, customer):
    line = LineRequest(OfferFactory(), 1, "x" * 101)
    with refused("max_length"):
        order(customer, sales, line)


def test_order_needs_an_active_relationship_of_the_same_partner(sales, customer):
    line = LineRequest(OfferFactory(), 1)
    stranger, nobodys = stories.staff(), stories.tenant().customer
    with refused("csp_needs_relationship"):
        order(customer, stranger, line)
    with refused("csp_needs_relationship"):
        order(nobodys, sales, line)


def test_order_across_markets_is_refused_unless_the_setting_allows_it(
    sales, customer, settings
):
    line = LineRequest(OfferFactory(), 1)
    correct_customer(customer, actor=stories.operator(), country="US")
    with refused("region"):
        order(customer, sales, line)
    settings.MARKETS_MUST_MATCH = False
    assert order(customer, sales, line).lines.count() == 1


def test_order_is_denied_when_the_partner_is_an_advisor_by_now(sales, customer):
    line = LineRequest(OfferFactory(), 1)
    correct_partner(
        sales.partner,
        actor=stories.operator(),
        reason="It left the programme.",
        is_csp_transacting=False,
        is_advisor=True,
    )
    advisor = stories.staff(sales.partner)
    with denied(PermissionDenied):
        order(customer, advisor, line)


@pytest.mark.parametrize(
    ("term", "billing_plan", "period", "whole"),
    [
        ("P1M", "monthly", "30.00", "30.00"),
        ("P1Y", "monthly", "30.00", "360.00"),
        ("P1Y", "annual", "30.00", "30.00"),
        ("P3Y", "monthly", "30.00", "1080.00"),
        ("P3Y", "annual", "30.00", "90.00"),
        ("P3Y", "triennial", "30.00", "30.00"),
    ],
)
def test_price_is_of_one_seat_and_one_billing_period(term, billing_plan, period, whole):
    offer = Offer(term=term, billing_plan=billing_plan, unit_price=Decimal("10.00"))
    assert offer.price_per_period(3) == Decimal(period)
    assert offer.price_per_term(3) == Decimal(whole)


def test_rows_of_an_order_are_called_what_people_call_them(sales, customer):
    offer = OfferFactory(product=ProductFactory(title="Office"))
    placed = order(customer, sales, LineRequest(offer, 3))
    line = placed.lines.get()
    subscription = line.subscription
    assert str(placed) == f"{customer}, 2026-03-02"
    assert str(line) == "Office, 1 year, monthly, 3"
    assert str(subscription.terms.get()) == "Office, 1"
    assert str(subscription.seat_entries.get()) == "Office, +3"
    assert str(subscription.status_entries.get()) == "Office, Active"


def test_order_belongs_to_its_partner_and_its_customer(sales, customer):
    placed = order(customer, sales, LineRequest(OfferFactory(), 1))
    assert placed.belongs_to(sales)
    assert placed.belongs_to(stories.tenant(customer))
    assert not placed.belongs_to(stories.staff())
    assert not placed.belongs_to(stories.tenant())


def test_reduction_window_is_a_setting(sales, customer, settings):
    settings.REDUCTION_WINDOW_DAYS = 3
    order(customer, sales, LineRequest(OfferFactory(), 1))
    entry = Subscription.objects.csp().get().seat_entries.get()
    assert entry.reducible_until == NOON + timedelta(days=3)


def test_partner_of_another_currency_orders_in_its_own():
    sales = stories.staff(PartnerFactory(currency="EUR"))
    admin = stories.tenant()
    stories.relationship(sales, admin)
    order(admin.customer, sales, LineRequest(OfferFactory(currency="EUR"), 1))
    assert OrderLine.objects.get().currency == "EUR"
    assert Order.objects.count() == 1
