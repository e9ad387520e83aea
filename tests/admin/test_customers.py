"""The customer list, and a customer's page."""

from datetime import timedelta
from typing import Any

import pytest

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import ActivityRecord, Customer
from subscriptions.models import ProductAlias
from subscriptions.services import lifecycle

from .. import stories
from ..factories import OfferFactory, ProductFactory
from .office import desk, list_url, text, url

pytestmark = pytest.mark.django_db

ADD = "/admin/relationships/customer/add/"


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


def rows(client: Any, **query: str) -> dict[str, Any]:
    answer = client.get(list_url(Customer), query)
    return {row.company_name: row for row in answer.context["cl"].result_list}


class TestList:
    def test_has_the_reference_systems_columns(self, client, customer):
        page = client.get(list_url(customer))
        assert page.context["cl"].list_display == [
            "company_name",
            "tenant_id",
            "domain",
            "relationship",
            "channels",
            "seats",
        ]
        for cell in (
            "Contoso",
            str(customer.tenant_id),
            "contoso.example",
            '<span class="badge ok">Active</span>',
            '<span class="badge mine">CSP<span class="visually-hidden">,</span></span> '
            '<span class="badge tag">Direct<',
            '<td class="field-seats">32</td>',
        ):
            assert cell in text(page)

    def test_tells_the_strongest_tie(self, client, customer, visitor, former, advised):
        found = rows(client)
        assert set(found) == {"Contoso", "Visitor", "Former", "Advised"}
        page = text(client.get(list_url(customer)))
        for name, badge in {
            "Contoso": "Active",
            "Visitor": "Signed in",
            "Former": "Ended",
            "Advised": "Advisor",
        }.items():
            row = page[page.index(f">{name}<") :]
            assert f">{badge}</span>" in row[: row.index("</tr>")], name

    def test_operator_sees_whether_anybody_has_a_relationship(
        self, operator, customer, advised, former
    ):
        page = text(operator.get(list_url(customer)))
        assert page.count(">None</span>") == 1
        assert page.count(">Active</span>") == 1
        assert page.count(">Ended</span>") == 1

    def test_hides_the_domain_until_the_relationship_is_active(
        self, client, customer, visitor, former, advised
    ):
        domains = {name: row.shown_domain for name, row in rows(client).items()}
        assert domains == {
            "Contoso": "contoso.example",
            "Visitor": None,
            "Former": None,
            "Advised": None,
        }
        assert "hidden.example" not in text(client.get(list_url(customer)))

    def test_searches_by_name_domain_and_tenant_id(self, client, customer, visitor):
        tenant = str(customer.tenant_id)
        for term in (
            "conto",
            "CONTOSO.EX",
            tenant,
            tenant.replace("-", ""),
            tenant.upper(),
            tenant[:13],
            f"  {tenant[:6]} ",
        ):
            assert set(rows(client, q=term)) == {"Contoso"}, term
        assert set(rows(client, q="")) == {"Contoso", "Visitor"}
        assert rows(client, q=tenant + "0") == {}
        assert rows(client, q="nobody") == {}

    def test_search_by_a_hidden_domain_finds_nothing(self, client, visitor, operator):
        assert rows(client, q="hidden.example") == {}
        assert set(rows(operator, q="hidden.example")) == {"Visitor"}
        assert set(rows(client, q=str(visitor.tenant_id))) == {"Visitor"}

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({"relationship": "active"}, {"Contoso"}),
            ({"relationship": "ended"}, {"Former"}),
            ({"relationship": "none"}, {"Visitor", "Advised"}),
            ({"relationship": "junk"}, {"Contoso", "Former", "Visitor", "Advised"}),
            ({"channel": "csp"}, {"Contoso"}),
            ({"channel": "advisor"}, {"Advised"}),
            ({"channel": "volume"}, set()),
            ({"channel": "junk"}, {"Contoso", "Former", "Visitor", "Advised"}),
        ],
    )
    def test_filters(self, client, customer, visitor, former, advised, query, names):
        assert set(rows(client, **query)) == names


class TestPage:
    def test_of_an_active_customer_shows_everything(self, client, customer, staff):
        page = client.get(url(customer))
        assert page.context["state"]["label"] == "Active"
        for words in (
            "contoso.example",
            "1 existing subscription, verified unchanged just now",
            "Office 365 E3",
            "Direct from Microsoft",
            "Stays unchanged",
            "Contact and billing address",
            "Relationship established",
            "Order CSP subscriptions",
            "Change seats",
            "End relationship",
        ):
            assert words in text(page), words
        assert page.context["orders"][0].placed_by == staff.user

    def test_of_a_visitor_shows_name_and_tenant_only(self, client, visitor):
        page = client.get(url(visitor))
        assert page.context["state"]["label"] == "Signed in"
        assert "There is no reseller relationship." in text(page)
        for words in ("hidden.example", "Office 365 E3", "Contact and billing", "· DE"):
            assert words not in text(page), words
        for link in ("?edit=1", "/order/"):
            assert link not in text(page), link
        assert len(page.context["invitations"]) == 1

    def test_of_a_former_customer_shows_the_end(self, client, former):
        page = client.get(url(former))
        assert page.context["state"]["label"] == "Ended"
        assert "They moved" in text(page)
        assert former.primary_domain not in text(page)
        assert "Existing subscriptions: nothing to verify" in text(page)
        assert "End relationship" not in text(page)

    def test_of_an_advised_customer_shows_the_rows_of_its_advisor(
        self, client, advised, staff
    ):
        stories.observation(advised, product_name="Somebody else's")
        page = client.get(url(advised))
        assert page.context["state"]["label"] == "Advisor"
        assert [row.product_name for row in page.context["existing"]] == [
            "Office 365 E3"
        ]

    def test_of_anybody_is_whole_for_the_operator(self, operator, customer, visitor):
        page = operator.get(url(customer))
        assert "contoso.example" in text(page)
        assert url(customer, "order") not in text(page)
        page = operator.get(url(visitor))
        assert page.context["state"]["label"] == "None"
        assert "hidden.example" in text(page)

    def test_says_when_the_name_is_the_customers_own_word(self, operator, customer):
        Customer.objects.filter(pk=customer.pk).update(stated_by_customer=True)
        assert "stated by the customer" in text(operator.get(url(customer)))

    def test_counts_seats_per_product_and_warns_of_paying_twice(
        self, client, customer, staff
    ):
        product = ProductFactory(title="Microsoft 365 E3")
        ProductAlias.objects.create(product=product, name="M365 e3 (direct)")
        stories.observation(customer, product_name="M365 E3 (Direct)", quantity=4)
        stories.observation(customer, product_name="Gone", status="disabled")
        offer = OfferFactory(product=product)
        stories.csp_subscription(staff, customer, offer, quantity=6)
        page = client.get(url(customer))
        seats = {row.title: row for row in page.context["seats"]}
        assert seats["Microsoft 365 E3"].cells == [6, 0, 4, 0]
        assert seats["Microsoft 365 E3"].total == 10
        assert "Gone" not in seats
        assert [title for title, row in seats.items() if row.is_paid_twice] == [
            "Microsoft 365 E3"
        ]
        assert text(page).count("Paid more than once") == 1
        assert "Paid more than once: CSP, Direct from Microsoft" in text(page)

    def test_product_of_two_channels_is_paid_twice_without_csp_too(
        self, client, customer
    ):
        for channel in ("direct", "volume"):
            stories.observation(customer, product_name="Visio", channel=channel)
        stories.observation(customer, product_name="Project", channel="volume")
        stories.observation(customer, product_name="Project", channel="volume")
        page = client.get(url(customer))
        twice = [row.title for row in page.context["seats"] if row.is_paid_twice]
        assert twice == ["Visio"]
        assert "Paid more than once: Direct from Microsoft, Volume licensing" in text(
            page
        )

    def test_name_outside_the_catalogue_can_be_given_its_product(
        self, client, customer
    ):
        product = ProductFactory(title="Microsoft 365 E3")
        stories.observation(customer, product_name="SPE_E3 & more")
        link = "/admin/subscriptions/productalias/add/?name=SPE_E3%20%26%20more"
        assert f'href="{link}"' in text(client.get(url(customer)))
        form = client.get(link).context["adminform"].form
        assert form.initial == {"name": "SPE_E3 & more"}
        client.post(link, {**form.initial, "product": product.pk})
        (told,) = ActivityRecord.objects.filter(operation=Operation.ADD_RECORD)
        assert told.resource_type == "productalias"
        page = client.get(url(customer))
        assert "Microsoft 365 E3" in [row.title for row in page.context["seats"]]
        assert link not in text(page)

    def test_name_that_stands_for_a_product_already_is_refused(self, client):
        alias = ProductAlias.objects.create(product=ProductFactory(), name="SPE_E3")
        other = ProductFactory()
        add = "/admin/subscriptions/productalias/add/"
        page = client.post(add, {"name": "spe_e3", "product": other.pk})
        assert "stands for a product already" in text(page)
        assert ProductAlias.objects.get() == alias

    def test_suggests_csp_for_what_ends_soon_elsewhere(self, client, customer):
        ProductFactory(title="Visio Plan 2")
        near, far = (clock.now() + timedelta(days=days) for days in (89, 91))
        ends = {"near": near, "far": far, "past": clock.now() - timedelta(days=1)}
        for name, moment in ends.items():
            stories.observation(
                *(customer,),
                product_name="Visio Plan 2",
                external_id=name,
                commitment_ends_at=moment,
            )
        stories.observation(customer, product_name="Unknown", commitment_ends_at=near)
        page = client.get(url(customer))
        assert [row.external_id for row, _title in page.context["ending"]] == ["near"]
        order = url(customer, "order") + "?q=Visio%20Plan%202"
        assert text(page).count(order) == 1

    def test_suspended_one_offers_reactivation(self, client, customer, staff):
        (row,) = customer.subscriptions.csp()
        lifecycle.suspend(row, actor=staff)
        page = text(client.get(url(customer)))
        assert f"/cspsubscription/{row.pk}/reactivate/" in page
        assert f"/cspsubscription/{row.pk}/seats/" not in page
