"""Step 7: choose offers, review what they cost, order."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from relationships.actors import Actor
from relationships.models import Customer
from relationships.services.relationships import end_relationship
from subscriptions.models import Offer, Order, Subscription

from .. import stories
from ..factories import OfferFactory, ProductFactory
from .office import desk, everything, messages, text, url

pytestmark = pytest.mark.django_db

KEY = "5a3c1f8e-0000-4000-8000-000000000007"


@pytest.fixture
def staff() -> Actor:
    return stories.staff(role="sales_agent")


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


@pytest.fixture
def customer(staff: Actor) -> Customer:
    admin = stories.tenant()
    stories.observation(admin.customer)
    stories.relationship(staff, admin)
    return admin.customer


@pytest.fixture
def mail() -> Offer:
    """A year, billed by the month: twelve periods."""
    product = ProductFactory(title="Mail")
    return OfferFactory(product=product, unit_price="4.25", maximum_seats=50)


@pytest.fixture
def office() -> Offer:
    product = ProductFactory(title="Office")
    return OfferFactory(
        product=product,
        billing_plan="annual",
        unit_price="100.10",
        minimum_seats=5,
        maximum_seats=None,
    )


def cart(*lines: tuple[Offer, Any], **values: Any) -> dict[str, Any]:
    seats = {f"seats-{offer.pk}": number for offer, number in lines}
    return {"request_key": KEY, **seats, **values}


def refused(client: Any, customer: Customer, data: dict[str, Any]) -> Any:
    """What the form says; nothing was ordered, whichever button was clicked."""
    before = everything()
    for button in ({}, {"place": "1"}):
        page = client.post(url(customer, "order"), {**data, **button})
        assert page.status_code == 200
        assert "hidden" not in page.context
    assert everything() == before
    return page


def offered(page: Any) -> list[Offer]:
    form = page.context["form"]
    return [row["offer"] for row in form.chosen_rows + form.found_rows]


def test_page_offers_what_is_available_in_the_partners_currency(
    client, customer, mail, office
):
    OfferFactory(product=ProductFactory(title="Euros"), currency="EUR")
    OfferFactory(product=ProductFactory(title="Retired"), is_available=False)
    page = client.get(url(customer, "order"))
    assert offered(page) == [mail, office]
    assert "1–50" in text(page)
    assert "5 or more" in text(page)


def test_page_shows_the_offers_that_are_looked_for(client, customer, mail, office):
    page = client.get(url(customer, "order") + "?q=OFF")
    assert offered(page) == [office]
    page = client.get(url(customer, "order") + "?q=nothing")
    assert offered(page) == []
    assert "No other offer has these words." in text(page)


def test_page_says_so_when_there_is_no_offer(client, customer):
    assert "The operator imports the catalogue." in text(
        client.get(url(customer, "order"))
    )


def test_review_tells_price_per_period_and_total_over_the_terms(
    client, customer, mail, office
):
    before = everything()
    data = cart((mail, 3), (office, 5), **{f"name-{mail.pk}": "Everybody"})
    page = client.post(url(customer, "order"), data)
    prices = {
        group.terms: (group.first_bill, group.total) for group in page.context["groups"]
    }
    assert prices == {
        "1 year, monthly": (Decimal("12.75"), Decimal("153.00")),
        "1 year, annual": (Decimal("500.50"), Decimal("500.50")),
    }
    assert page.context["first_bill"] == Decimal("513.25")
    assert page.context["total"] == Decimal("653.50")
    for words in ("USD 12.75", "USD 153.00", "USD 653.50", "Everybody", "list prices"):
        assert words in text(page)
    assert everything() == before


def test_review_adds_up_only_what_runs_for_the_same_term(client, customer, mail):
    other = OfferFactory(product=ProductFactory(title="Desk"), unit_price="1.00")
    month = OfferFactory(product=mail.product, term="P1M", unit_price="6.00")
    page = client.post(url(customer, "order"), cart((mail, 3), (month, 2), (other, 1)))
    groups = {group.terms: group for group in page.context["groups"]}
    assert groups["1 year, monthly"].first_bill == Decimal("13.75")
    assert groups["1 year, monthly"].total == Decimal("165.00")
    assert groups["1 month, monthly"].total == Decimal("12.00")
    assert page.context["first_bill"] == Decimal("25.75")
    assert page.context["total"] is None
    assert "Together, 1 year, monthly" in text(page)
    assert "The terms differ" in text(page)
    assert "177.00" not in text(page)


def test_placing_orders_what_was_reviewed_beside_what_exists(
    client, customer, mail, office, staff
):
    data = cart((mail, 3), (office, 5), **{f"name-{mail.pk}": "Everybody"})
    review = client.post(url(customer, "order"), data)
    hidden = dict(review.context["hidden"])
    answer = client.post(url(customer, "order"), {**hidden, "place": "1"}, follow=True)
    assert answer.redirect_chain == [(url(customer), 302)]
    assert messages(answer) == ["Ordered: 2 subscriptions."]
    order = Order.objects.get()
    assert str(order.request_key) == KEY
    assert order.placed_by == staff.user
    told = [(line.offer, line.quantity) for line in order.lines.all()]
    assert told == [(mail, 3), (office, 5)]
    assert Subscription.objects.csp().get(offer=mail).friendly_name == "Everybody"
    assert "Everybody" in text(answer)
    assert "Office 365 E3" in text(answer)


def test_second_click_is_the_same_order(client, customer, mail):
    data = cart((mail, 3), place="1")
    client.post(url(customer, "order"), data)
    before = everything()
    answer = client.post(url(customer, "order"), data, follow=True)
    assert messages(answer)[-1] == "Ordered: 1 subscription."
    assert everything() == before


def test_going_back_to_change_keeps_what_was_typed(client, customer, mail, office):
    data = cart((mail, 3), change="1", **{f"name-{mail.pk}": "Everybody"})
    before = everything()
    page = client.post(url(customer, "order") + "?q=office", data)
    [row] = page.context["form"].chosen_rows
    assert row["offer"] == mail
    assert row["seats"].value() == "3"
    assert row["name"].value() == "Everybody"
    assert offered(page) == [mail, office]
    assert KEY in text(page)
    assert everything() == before


def test_seats_outside_the_limits_are_refused_beside_the_field(
    client, customer, mail, office
):
    page = refused(client, customer, cart((mail, 51), (office, 4)))
    assert page.context["form"].errors == {
        f"seats-{mail.pk}": [f"{mail} takes from 1 to 50 seats."],
        f"seats-{office.pk}": [f"{office} takes at least 5 seats."],
    }
    assert "takes from 1 to 50 seats." in text(page)


@pytest.mark.parametrize("junk", ["-1", "many", "1.5", "9" * 30, "2147483648", "1x"])
def test_junk_numbers_are_refused_beside_the_field(client, customer, office, junk):
    page = refused(client, customer, cart((office, junk)))
    assert list(page.context["form"].errors) == [f"seats-{office.pk}"]
    assert junk in text(page)


@pytest.mark.parametrize("seats", ["", "0"])
def test_nothing_chosen_is_refused(client, customer, mail, seats):
    page = refused(client, customer, cart((mail, seats)))
    assert page.context["form"].non_field_errors() == [
        "Give the seats of at least one offer."
    ]


def test_a_name_that_is_too_long_is_refused_beside_the_field(client, customer, mail):
    data = cart((mail, 3), **{f"name-{mail.pk}": "x" * 101})
    page = refused(client, customer, data)
    assert list(page.context["form"].errors) == [f"name-{mail.pk}"]


@pytest.mark.parametrize("key", ["", "junk", "0" * 500])
def test_form_without_its_key_is_refused_and_gets_a_new_one(
    client, customer, mail, key
):
    page = refused(client, customer, cart((mail, 3), request_key=key))
    assert page.context["form"].non_field_errors() == [
        "This form was incomplete. Review it once more."
    ]
    fresh = page.context["form"]["request_key"].value()
    assert uuid.UUID(fresh)
    client.post(url(customer, "order"), cart((mail, 3), request_key=fresh, place="1"))
    assert Order.objects.count() == 1


def test_an_offer_that_went_meanwhile_is_refused_and_not_left_out(
    client, customer, mail, office
):
    data = cart((mail, 3), (office, 5))
    client.post(url(customer, "order"), data)
    office.is_available = False
    office.save()
    page = refused(client, customer, data)
    assert page.context["form"].non_field_errors() == [
        "An offer you chose is no longer sold at this price. Choose again."
    ]


def test_ordering_is_refused_without_an_active_relationship(
    client, staff, customer, mail
):
    agent = stories.staff(staff.partner, "admin_agent")
    end_relationship(customer.active_relationship, actor=agent, reason="Done")
    visitor = stories.tenant()
    stories.signed_in_invitation(staff, visitor)
    before = everything()
    for row in (customer, visitor.customer):
        for answer in (
            client.get(url(row, "order")),
            client.post(url(row, "order"), cart((mail, 3), place="1")),
        ):
            assert answer.status_code == 403
            assert "active reseller relationship with that very customer" in text(
                answer
            )
    assert everything() == before


def test_the_key_of_another_partners_order_orders_nothing(client, customer, mail):
    other = stories.staff()
    admin = stories.tenant()
    stories.relationship(other, admin)
    order = stories.csp_subscription(other, admin.customer).order_line.order
    before = everything()
    data = cart((mail, 3), request_key=str(order.request_key), place="1")
    assert client.post(url(customer, "order"), data).status_code == 403
    assert everything() == before


def test_an_offer_of_another_currency_cannot_be_forged_in(client, customer):
    euros = OfferFactory(currency="EUR")
    refused(client, customer, cart((euros, 3)))


def test_the_key_of_another_customers_order_is_refused_in_words(
    client, customer, mail, staff
):
    elsewhere = stories.tenant()
    stories.relationship(staff, elsewhere)
    order = stories.csp_subscription(staff, elsewhere.customer).order_line.order
    before = everything()
    data = cart((mail, 3), request_key=str(order.request_key), place="1")
    page = client.post(url(customer, "order"), data)
    assert page.context["form"].non_field_errors() == [
        "This order was placed for another customer. Start a new one."
    ]
    assert everything() == before


def test_key_of_an_order_of_other_lines_orders_nothing_and_is_renewed(
    client, customer, mail
):
    client.post(url(customer, "order"), cart((mail, 3), place="1"))
    before = everything()
    page = client.post(url(customer, "order"), cart((mail, 4), place="1"))
    [sentence] = page.context["form"].non_field_errors()
    assert sentence.startswith("This form has ordered something else already")
    assert everything() == before
    fresh = page.context["form"]["request_key"].value()
    assert fresh != KEY
    client.post(url(customer, "order"), cart((mail, 4), request_key=fresh, place="1"))
    assert Order.objects.count() == 2
