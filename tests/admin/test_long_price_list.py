"""An order from a price list of hundreds of offers, without a script."""

import re
from typing import Any

import pytest

from portal.customers.cart import MOST_LINES, SHOWN
from subscriptions.models import Offer, Order, Product

from .. import stories
from ..factories import ProductFactory
from .office import desk, everything, messages, text, url

pytestmark = pytest.mark.django_db

OFFERS = 600
KEY = "5a3c1f8e-0000-4000-8000-000000000007"


@pytest.fixture
def staff():
    return stories.staff()


@pytest.fixture
def client(staff):
    return desk(staff)


@pytest.fixture
def customer(staff):
    admin = stories.tenant()
    stories.relationship(staff, admin)
    return admin.customer


@pytest.fixture(autouse=True)
def _price_list():
    products = Product.objects.bulk_create(
        ProductFactory.build(product_id=f"CFQ{n:03d}", title=f"Product {n:03d}")
        for n in range(OFFERS)
    )
    Offer.objects.bulk_create(
        Offer(
            product=product,
            term="P1Y",
            billing_plan="monthly",
            currency="USD",
            unit_price="4.00",
        )
        for product in products
    )


def offer(number: int) -> Offer:
    return Offer.objects.get(product__title=f"Product {number:03d}")


def fields(page: Any) -> dict[str, str]:
    """What a browser without scripts sends with the page's form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", text(page)):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if attributes.get("type") != "checkbox" and "name" in attributes:
            found[attributes["name"]] = attributes.get("value", "")
    return found


def titles(page: Any) -> list[str]:
    return [str(row["offer"].product) for row in page.context["form"].found_rows]


def chosen(page: Any) -> dict[str, str]:
    rows = page.context["form"].chosen_rows
    return {str(row["offer"].product): row["seats"].value() for row in rows}


def test_page_shows_some_and_tells_how_many_there_are(client, customer):
    page = client.get(url(customer, "order"))
    assert len(titles(page)) == SHOWN
    assert f"Offers 1 to {SHOWN} of {OFFERS}." in text(page)
    assert len(fields(page)) < 2 * SHOWN + 10


def test_chosen_ones_stay_from_page_to_page_and_are_ordered(client, customer):
    address = url(customer, "order")
    page = client.get(address)
    sent = {**fields(page), f"seats-{offer(3).pk}": "2", "show": "2"}
    before = everything()
    page = client.post(address, sent)
    assert titles(page)[0] == f"Product {SHOWN:03d}"
    assert chosen(page) == {"Product 003": "2"}
    sent = {**fields(page), "q": "cfq59", "show": "1"}
    page = client.post(address, sent)
    assert titles(page) == [f"Product {n}" for n in range(590, 600)]
    sent = {**fields(page), f"seats-{offer(599).pk}": "7"}
    sent[f"name-{offer(599).pk}"] = "Last"
    review = client.post(address, sent)
    assert everything() == before
    answer = client.post(address, {**fields(review), "place": "1"}, follow=True)
    assert messages(answer) == ["Ordered: 2 subscriptions."]
    lines = Order.objects.get().lines.order_by("pk")
    assert [(line.offer, line.quantity) for line in lines] == [
        (offer(3), 2),
        (offer(599), 7),
    ]
    assert lines[1].subscription.friendly_name == "Last"


def test_chosen_one_is_not_offered_twice(client, customer):
    data = {f"seats-{offer(1).pk}": "2", "show": "1", "q": ""}
    page = client.post(url(customer, "order"), data)
    assert "Product 001" not in titles(page)
    assert len(titles(page)) == SHOWN - 1


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("product 042", 1),
        ("1 YEAR, monthly 042", 1),
        ("CFQ59", 10),
        ("3 years", 0),
        ("042\0", 1),
        ("o " * 3000, OFFERS),
    ],
)
def test_search_finds_product_id_term_and_billing(client, customer, words, count):
    page = client.post(url(customer, "order"), {"show": "1", "q": words})
    assert page.context["form"].page.paginator.count == count


@pytest.mark.parametrize(("page", "first"), [("junk", 0), ("0", 575), ("99", 575)])
def test_page_that_is_not_there_is_the_nearest(client, customer, page, first):
    page = client.post(url(customer, "order"), {"show": page, "q": ""})
    assert titles(page)[0] == f"Product {first:03d}"


def test_order_that_is_full_offers_no_more(client, customer):
    rows = Offer.objects.order_by("pk")[:MOST_LINES]
    data = {f"seats-{row.pk}": "1" for row in rows} | {"request_key": KEY}
    page = client.post(url(customer, "order"), {**data, "show": "1"})
    assert titles(page) == []
    assert f"An order has no more than {MOST_LINES} offers" in text(page)
    assert len(chosen(page)) == MOST_LINES
    assert client.post(url(customer, "order"), data).context["groups"]


@pytest.mark.parametrize("junk", ["x", "9" * 30, "٣", "-1", ""])
def test_id_that_is_nobodys_is_refused(client, customer, junk):
    before = everything()
    page = client.post(
        url(customer, "order"),
        {"request_key": KEY, f"seats-{junk}": "1"},
    )
    assert page.context["form"].non_field_errors() == [
        "An offer you chose is no longer sold at this price. Choose again."
    ]
    assert everything() == before
