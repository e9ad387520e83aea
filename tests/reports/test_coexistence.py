from collections import Counter, defaultdict

import pytest
from hypothesis import strategies as st

from subscriptions.models import ProductAlias, Subscription
from subscriptions.services.lifecycle import suspend
from subscriptions.services.observations import retract_observation
from tests import stories
from tests.factories import OfferFactory, ProductFactory

from .asking import ask, rows
from .histories import for_every

pytestmark = pytest.mark.django_db

TITLES = ("Mail", "Office")
NAMES = ("Mail", "MAIL", "Post", "Office", "Unknown")  # "Post" is an alias of Mail

statements = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["advisor", "direct", "volume"]),
        "product_name": st.sampled_from(NAMES),
        "quantity": st.integers(1, 50),
        "external_id": st.sampled_from(["a", "b"]),
        "status": st.sampled_from(["active", "active", "suspended", "expired"]),
    }
)
bought = st.tuples(st.sampled_from(TITLES), st.integers(1, 20), st.booleans())
customers = st.tuples(
    st.lists(bought, max_size=2), st.lists(statements, max_size=4), st.booleans()
)


def play(sales, wanted):
    products = {title: ProductFactory(title=title) for title in TITLES}
    ProductAlias.objects.create(product=products["Mail"], name="Post")
    offers = {
        title: OfferFactory(product=product) for title, product in products.items()
    }
    for orders, said, is_retracted in wanted:
        admin = stories.tenant()
        stories.relationship(sales, admin)
        for title, seats, is_suspended in orders:
            row = stories.csp_subscription(sales, admin.customer, offers[title], seats)
            if is_suspended:
                suspend(row, actor=sales)
        found = [stories.observation(admin.customer, **values) for values in said]
        if found and is_retracted:
            newest = Subscription.objects.existing().filter(superseded_by=None)
            wrong = newest.filter(customer=admin.customer).latest("recorded_at")
            operator = stories.operator()
            retract_observation(wrong, actor=operator, reason="Wrong")


def in_use():
    """Row by row: the newest word of each, not retracted, active or suspended."""
    every = list(Subscription.objects.select_related("customer"))
    superseded = {row.supersedes_id for row in every}
    return [
        row
        for row in every
        if row.status in ("active", "suspended")
        and row.pk not in superseded
        and not hasattr(row, "retraction")
    ]


def title_of(row):
    known = {"mail": "Mail", "post": "Mail", "office": "Office"}
    return known.get(row.product_name.lower(), row.product_name)


def figures_of(found):
    csp, others = (sum(each[kind] for each in found) for kind in ("csp", "other"))
    return (len(found), csp, others)


@for_every(st.lists(customers, max_size=3))
def test_coexistence_is_told_as_counting_row_by_row_tells(wanted):
    sales = stories.staff()
    play(sales, wanted)
    seats, by_product = defaultdict(Counter), defaultdict(Counter)
    twice = defaultdict(Counter)
    for row in in_use():
        kind = "csp" if row.is_csp else "other"
        seats[row.customer][kind] += row.quantity
        by_product[title_of(row)][row.channel] += row.quantity
        twice[row.customer, title_of(row)][kind] += row.quantity
    figures = ("customers", "csp_seats", "other_seats")
    assert rows("coexistence", sales, *figures) == [
        figures_of([each for each in seats.values() if set(each) == kind])
        for kind in ({"csp", "other"}, {"csp"}, {"other"})
    ]
    found = ask("coexistence", sales, show="seats")
    channels = ("csp", "advisor", "direct", "volume")
    assert {
        row["product"]: [row[channel] for channel in channels] for row in found.rows
    } == {
        title: [counts[channel] for channel in channels]
        for title, counts in by_product.items()
    }
    names = ("customer", "offer__product__title", "csp_seats", "other_seats")
    assert set(rows("coexistence", sales, *names, show="twice")) == {
        (customer.pk, title, counts["csp"], counts["other"])
        for (customer, title), counts in twice.items()
        if set(counts) == {"csp", "other"}
    }


@pytest.fixture
def customer(sales):
    """With ten seats of CSP, and twenty and thirty of other channels."""
    admin = stories.tenant()
    stories.relationship(sales, admin)
    offer = OfferFactory(product__title="Mail")
    stories.csp_subscription(sales, admin.customer, offer, 10)
    stories.observation(admin.customer, channel="direct", quantity=20)
    stories.observation(
        admin.customer, channel="volume", product_name="mail", quantity=30
    )
    return admin.customer


@pytest.mark.parametrize(
    ("filters", "seats"),
    [
        ({}, (10, 50)),
        ({"channel": "direct"}, (10, 20)),
        ({"channel": "csp"}, (10, 0)),
        ({"country": "DE"}, (10, 50)),
    ],
)
def test_filters_take_their_own_only(sales, customer, filters, seats):
    [total] = ask("coexistence", sales, **filters).totals
    assert (total["csp_seats"], total["other_seats"]) == seats


def test_product_filter_knows_a_product_by_its_names_elsewhere(sales, customer):
    offer = customer.subscriptions.csp().get().offer
    ProductAlias.objects.create(product=offer.product, name="Office 365 E3")
    [total] = ask("coexistence", sales, product=offer.product.pk).totals
    assert (total["csp_seats"], total["other_seats"]) == (10, 50)


def test_partner_filter_takes_what_that_partner_sees(sales, customer):
    other = stories.staff()
    stories.relationship(other, stories.tenant())
    operator = stories.operator()
    [own] = ask("coexistence", operator, partner=sales.partner.pk).totals
    [foreign] = ask("coexistence", operator, partner=other.partner.pk).totals
    assert (own["customers"], foreign["customers"]) == (1, 0)
