"""What keeps an order back: no agreement, or the same by another channel."""

import uuid

import pytest

from relationships.services.agreements import attest_agreement
from relationships.services.tenants import provision_customer
from subscriptions.models import Order, ProductAlias
from subscriptions.services.observations import Statement, record_observation
from subscriptions.services.ordering import LineRequest, place_order
from subscriptions.services.overlaps import overlaps

from .. import stories
from ..factories import OfferFactory, ProductFactory
from ..relationships.support import NOON, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def offer():
    product = ProductFactory(title="Office 365 E3")
    ProductAlias.objects.create(product=product, name="ENTERPRISEPACK")
    return OfferFactory(product=product)


def order(customer, actor, offer, **values):
    lines = [LineRequest(offer, 3)]
    return place_order(
        customer, actor=actor, lines=lines, request_key=uuid.uuid4(), **values
    )


def test_order_is_refused_until_the_agreement_is_attested(sales, offer):
    customer = provision_customer(
        actor=sales, company_name="New", stated_domain="new.example", country="DE"
    )
    with refused("agreement_missing"):
        order(customer, sales, offer)
    attest_agreement(
        customer,
        actor=sales,
        first_name="Ada",
        last_name="Lindgren",
        email="ada@new.example",
        accepted_on=NOON.date(),
    )
    assert order(customer, sales, offer) == Order.objects.get()


@pytest.mark.parametrize("name", ["Office 365 E3", "office 365 e3", "EnterprisePack"])
def test_order_of_the_same_is_refused_until_that_is_acknowledged(
    sales, admin, offer, name
):
    existing = stories.observation(admin.customer, product_name=name)
    with refused("overlap") as caught:
        order(admin.customer, sales, offer)
    assert name in caught.value.messages[0]
    assert order(admin.customer, sales, offer, acknowledges_overlap=True)
    assert overlaps(admin.customer, [offer.product]) == [existing]


def test_nothing_overlaps_when_it_is_superseded_expired_or_another_product(
    sales, admin, offer
):
    stories.observation(admin.customer, product_name="Visio")
    stories.observation(admin.customer, product_name="Office 365 E3", status="expired")
    values = {"channel": "direct", "quantity": 1, "external_id": "one"}
    for name in ("Office 365 E3", "Another"):
        statement = Statement(product_name=name, **values)
        record_observation(
            admin.customer, actor=stories.operator(), statement=statement
        )
    assert overlaps(admin.customer, [offer.product]) == []
    assert order(admin.customer, sales, offer)


def test_nothing_overlaps_with_another_customers(sales, admin, offer):
    stories.observation(stories.tenant().customer, product_name="Office 365 E3")
    assert overlaps(admin.customer, [offer.product]) == []
