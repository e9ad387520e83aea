"""The lights before an order, the attestation, and the history of orders."""

from typing import Any

import pytest

from portal.foundation import clock
from relationships.models import CountryMarket, CustomerAgreement
from relationships.services.tenants import correct_customer, provision_customer
from subscriptions.models import Order

from .. import stories
from ..factories import OfferFactory, ProductFactory
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db

ADDRESS = {
    "address_line1": "Main street 1",
    "address_city": "Bonn",
    "address_postal_code": "53111",
}
SIGNER = {
    "first_name": "Ada",
    "last_name": "Lindgren",
    "email": "ada@new.example",
    "accepted_on": "2026-01-31",
}


@pytest.fixture
def staff():
    return stories.staff(role="sales_agent")


@pytest.fixture
def client(staff):
    return desk(staff)


@pytest.fixture
def admin(staff):
    admin = stories.tenant()
    stories.relationship(staff, admin)
    return admin


@pytest.fixture
def customer(admin):
    return admin.customer


@pytest.fixture
def provisioned(staff):
    return provision_customer(
        actor=staff, company_name="New", stated_domain="new.example", country="DE"
    )


@pytest.fixture
def offer():
    return OfferFactory(product=ProductFactory(title="Mail"))


def lights(client: Any, customer: Any) -> list[Any]:
    return list(client.get(url(customer, "order")).context["lights"])


def kinds(client: Any, customer: Any) -> list[str]:
    return [light.kind for light in lights(client, customer)]


def cart(offer, **values):
    key = "5a3c1f8e-0000-4000-8000-000000000009"
    return {"request_key": key, f"seats-{offer.pk}": "3", **values}


class TestLights:
    def test_are_all_green_when_everything_is_in_order(
        self, client, staff, admin, customer, offer
    ):
        correct_customer(customer, actor=staff, **ADDRESS)
        assert kinds(client, customer) == ["ok"] * 5
        page = client.get(url(customer, "order"))
        assert "Everything is ready for an order" in text(page)
        assert f"{admin.user} accepted the Microsoft Customer Agreement" in text(page)

    def test_lead_to_what_mends_them(self, client, provisioned):
        assert kinds(client, provisioned) == ["ok", "ok", "bad", "warn", "ok"]
        page = text(client.get(url(provisioned, "order")))
        assert "Before you order" in page
        assert f'href="{url(provisioned, "attest")}"' in page
        assert f'href="{url(provisioned)}?edit=1"' in page

    def test_tell_of_another_market(self, client, customer):
        CountryMarket.objects.filter(pk="DE").update(market="Elsewhere")
        customer.country = "FR"
        customer.save()
        light = lights(client, customer)[1]
        assert light.kind == "bad"
        assert light.way == url(customer)
        assert "you cannot order" in light.text

    def test_of_another_market_stops_the_order(self, client, customer, offer):
        customer.country = "US"
        customer.save()
        before = everything()
        page = client.post(url(customer, "order"), cart(offer, place="1"))
        [sentence] = page.context["form"].non_field_errors()
        assert "sells in another market" in sentence
        assert everything() == before

    def test_tell_what_the_customer_has_by_another_channel(
        self, client, customer, offer
    ):
        stories.observation(customer, product_name="Mail")
        light = lights(client, customer)[4]
        assert light.kind == "warn"
        assert "1 subscription of such products by another channel: Mail." in light.text

    def test_tell_who_attested(self, client, staff, provisioned):
        client.post(url(provisioned, "attest"), SIGNER)
        light = lights(client, provisioned)[2]
        assert light.kind == "ok"
        assert "Ada Lindgren accepted the" in light.text
        assert f"31 January 2026, as {staff.user} attests." in light.text


class TestAttesting:
    def test_is_kept_and_leads_to_the_order(self, client, provisioned, offer):
        assert "You attest that this person" in text(
            client.get(url(provisioned, "attest"))
        )
        answer = client.post(url(provisioned, "attest"), SIGNER, follow=True)
        assert answer.redirect_chain == [(url(provisioned, "order"), 302)]
        assert messages(answer) == ["The agreement is attested."]
        assert CustomerAgreement.objects.get().signer_last_name == "Lindgren"
        client.post(url(provisioned, "order"), cart(offer, place="1"))
        assert Order.objects.count() == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [("accepted_on", "2999-01-01"), ("email", "junk"), ("first_name", " ")],
    )
    def test_is_refused_beside_the_field(self, client, provisioned, name, value):
        before = everything()
        page = client.post(url(provisioned, "attest"), {**SIGNER, name: value})
        assert list(page.context["form"].errors) == [name]
        assert everything() == before

    def test_is_denied_for_somebody_elses_customer(self, client, offer):
        visitor = stories.tenant()
        stories.signed_in_invitation(stories.staff(), visitor)
        before = everything()
        assert client.post(url(visitor.customer, "attest"), SIGNER).status_code == 404
        assert everything() == before

    def test_order_without_it_says_so(self, client, provisioned, offer):
        before = everything()
        page = client.post(url(provisioned, "order"), cart(offer, place="1"))
        assert "has not accepted the customer agreement" in text(page)
        assert everything() == before


class TestOverlap:
    @pytest.fixture
    def _existing(self, customer):
        stories.observation(customer, product_name="Mail", quantity=12)

    @pytest.mark.usefixtures("_existing")
    def test_is_asked_about_and_ordered_when_acknowledged(
        self, client, customer, offer
    ):
        review = client.post(url(customer, "order"), cart(offer))
        assert "would pay twice" in text(review)
        assert "Nothing is ordered yet" not in text(review)
        before = everything()
        again = client.post(url(customer, "order"), cart(offer, place="1"))
        assert "Nothing is ordered yet: acknowledge" in text(again)
        assert everything() == before
        data = cart(offer, place="1", acknowledges_overlap="on")
        answer = client.post(url(customer, "order"), data, follow=True)
        assert messages(answer) == ["Ordered: 1 subscription."]

    def test_is_not_asked_about_when_there_is_none(self, client, customer, offer):
        review = client.post(url(customer, "order"), cart(offer))
        assert "would pay twice" not in text(review)


class TestLooking:
    def test_keeps_what_was_typed(self, client, customer, offer):
        other = OfferFactory(product=ProductFactory(title="Office"))
        OfferFactory(product=ProductFactory(title="Visio"))
        typed = cart(offer, show="1", q="off", **{f"name-{offer.pk}": "All"})
        before = everything()
        page = client.post(url(customer, "order"), typed)
        [chosen] = page.context["form"].chosen_rows
        [found] = page.context["form"].found_rows
        assert (chosen["offer"], found["offer"]) == (offer, other)
        assert chosen["seats"].value() == "3"
        assert chosen["name"].value() == "All"
        assert page.context["form"]["request_key"].value() == typed["request_key"]
        assert everything() == before

    def test_judges_nothing_yet(self, client, customer, offer):
        data = {f"seats-{offer.pk}": "many", "show": "1", "q": ""}
        page = client.post(url(customer, "order"), data)
        assert "errornote" not in text(page)
        assert "many" in text(page)


class TestHistory:
    def test_of_one_customer_is_a_link_away(self, client, staff, customer, offer):
        stories.csp_subscription(staff, customer, offer)
        other = stories.tenant()
        stories.relationship(staff, other)
        stories.csp_subscription(staff, other.customer)
        own = Order.objects.get(customer=customer)
        address = f"{list_url(Order)}?customer={customer.pk}"
        assert address in text(client.get(url(customer)))
        page = client.get(address)
        assert list(page.context["cl"].result_list) == [own]
        assert "5 × Mail, 1 year, monthly" in text(page)
        assert client.get(list_url(Order)).context["cl"].result_count == 2

    def test_filter_by_junk_or_anothers_customer_is_none(self, client, staff, customer):
        stories.csp_subscription(staff, customer)
        foreign = stories.tenant().customer
        for value in ("junk", foreign.pk):
            page = client.get(list_url(Order), {"customer": value}, follow=True)
            assert page.status_code == 200
            assert str(foreign) not in text(page)


def test_attestation_of_a_day_counts_in_utc(client, provisioned):
    moment = clock.now().replace(year=2026, month=1, day=31, hour=23)
    with clock.at(moment):
        client.post(url(provisioned, "attest"), SIGNER)
    assert CustomerAgreement.objects.get().accepted_at.day == 31
