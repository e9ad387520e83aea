"""The customer list, a customer's page, correcting and adding customers."""

import re
from datetime import timedelta
from typing import Any

import pytest

from portal.foundation import clock
from portal.foundation.countries import country_name
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import ActivityRecord, Customer
from relationships.services.relationships import end_relationship
from subscriptions.models import ProductAlias, Subscription
from subscriptions.services import lifecycle

from .. import stories
from ..factories import CustomerFactory, OfferFactory, ProductFactory
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db

ADD = "/admin/relationships/customer/add/"


@pytest.fixture
def staff() -> Actor:
    return stories.staff(role="admin_agent")


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


@pytest.fixture
def customer(staff: Actor) -> Customer:
    """One with an active relationship."""
    admin = stories.tenant(
        CustomerFactory(company_name="Contoso", primary_domain="contoso.example")
    )
    stories.observation(admin.customer, quantity=25)
    stories.relationship(staff, admin)
    stories.csp_subscription(staff, admin.customer, quantity=7)
    return admin.customer


@pytest.fixture
def visitor(staff: Actor) -> Customer:
    """One that has only signed in."""
    admin = stories.tenant(
        CustomerFactory(company_name="Visitor", primary_domain="hidden.example")
    )
    stories.observation(admin.customer)
    stories.signed_in_invitation(staff, admin)
    return admin.customer


@pytest.fixture
def former(staff: Actor) -> Customer:
    admin = stories.tenant(CustomerFactory(company_name="Former"))
    relationship = stories.relationship(staff, admin)
    end_relationship(relationship, actor=staff, reason="They moved")
    return admin.customer


@pytest.fixture
def advised(staff: Actor) -> Customer:
    """One that this partner only advises."""
    advised = CustomerFactory(company_name="Advised")
    stories.observation(advised, channel="advisor", por_mpn_id=staff.partner.mpn_id)
    return advised


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
            "CSP, Direct from Microsoft",
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


class TestCorrecting:
    values = {"contact_name": "New Contact", "contact_email": "new@contoso.example"}

    def test_contact_is_one_record_and_leaves_the_statements(self, client, customer):
        Customer.objects.filter(pk=customer.pk).update(stated_by_customer=True)
        count = ActivityRecord.objects.count()
        answer = client.post(
            url(customer), {**self.values, "company_name": "Forged"}, follow=True
        )
        assert answer.redirect_chain == [(url(customer), 302)]
        assert len(messages(answer)) == 1
        customer.refresh_from_db()
        assert customer.contact_name == "New Contact"
        assert customer.company_name == "Contoso"
        assert customer.stated_by_customer
        record = ActivityRecord.objects.first()
        assert ActivityRecord.objects.count() == count + 1
        assert record.operation == "correct_customer"
        assert record.new_value == {"fields": ["contact_email", "contact_name"]}

    def test_operator_corrects_the_name_which_is_stated_no_more(
        self, operator, customer
    ):
        Customer.objects.filter(pk=customer.pk).update(stated_by_customer=True)
        data = {
            "company_name": "Contoso Ltd",
            "country": "DE",
            "primary_domain": "contoso.example",
        }
        assert operator.post(url(customer), data).status_code == 302
        customer.refresh_from_db()
        assert customer.company_name == "Contoso Ltd"
        assert not customer.stated_by_customer

    def test_operator_is_told_when_a_domain_is_taken(self, operator, customer, visitor):
        data = {
            "company_name": "x",
            "country": "DE",
            "primary_domain": "hidden.example",
        }
        before = everything()
        answer = operator.post(url(customer), data)
        assert list(answer.context["adminform"].form.errors) == ["primary_domain"]
        assert everything() == before

    def test_form_is_for_those_who_may_correct(self, client, staff, customer):
        page = client.get(url(customer) + "?edit=1")
        form = page.context["adminform"].form
        assert "contact_name" in form.fields
        assert "company_name" not in form.fields
        assert country_name(customer.country) in text(page)

    def test_form_is_refused_and_leaks_nothing_where_it_is_not_allowed(
        self, client, staff, customer, visitor, former, advised
    ):
        for row in (visitor, former, advised):
            Customer.objects.filter(pk=row.pk).update(contact_name="Secret Person")
        viewer = desk(stories.staff(staff.partner, "report_viewer"))
        before = everything()
        pairs = [(client, visitor), (client, former), (client, advised)]
        for person, row in [*pairs, (viewer, customer)]:
            page = person.get(url(row) + "?edit=1")
            assert "adminform" not in page.context
            assert "Secret Person" not in text(page)
            assert person.post(url(row), self.values).status_code == 403
        assert everything() == before

    def test_saving_nothing_new_writes_nothing(self, client, customer):
        before = everything()
        assert client.post(url(customer), {}).status_code == 302
        assert everything() == before


D = "known-elsewhere.example"
# The form's key, numbers and times differ from page to page.
WITHOUT_SECRETS = re.compile(r'value="[A-Za-z0-9]{64}"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+')


class TestAdding:
    values = {
        "company_name": "Fabrikam",
        "stated_domain": "Fabrikam.Example",
        "country": "de",
        "contact_name": "A Contact",
        "address_city": "Berlin",
    }

    def test_new_customer_has_its_page_and_relationship_at_once(self, client, staff):
        answer = client.post(ADD, self.values, follow=True)
        made = Customer.objects.get()
        assert answer.redirect_chain == [(url(made), 302)]
        assert messages(answer) == ["Fabrikam is your customer now."]
        assert (made.primary_domain, made.country) == (None, "DE")
        assert made.domain == "fabrikam.example"
        assert "fabrikam.example (not verified)" in text(answer)
        assert made.origin == "provisioned"
        assert made.address_city == "Berlin"
        assert made.active_relationship.partner == staff.partner
        assert "Provisioned by the partner" in text(answer)
        assert "Order the first one" in text(answer)

    def test_domain_that_is_known_elsewhere_makes_no_difference(
        self, client, visitor, staff
    ):
        other = stories.staff()
        stories.relationship(other, stories.tenant(CustomerFactory(primary_domain=D)))
        told = []
        for domain in (D, "hidden.example", "never-heard-of.example"):
            answer = client.post(ADD, {**self.values, "stated_domain": domain})
            assert answer.status_code == 302
            page = text(client.get(answer.url))
            made = Customer.objects.get(stated_domain=domain)
            for own in (domain, str(made.pk), str(made.tenant_id)):
                page = page.replace(own, "")
            told.append(WITHOUT_SECRETS.sub("", page))
        assert told[0] == told[1] == told[2]

    def test_domain_of_an_own_customer_is_refused(self, client, customer):
        before = everything()
        values = {**self.values, "stated_domain": customer.primary_domain.upper()}
        errors = client.post(ADD, values).context["form"].errors
        told = f"{customer} in your customer list has this domain already."
        assert errors == {"stated_domain": [told]}
        assert everything() == before

    def test_second_click_adds_nothing_more(self, client):
        client.post(ADD, self.values)
        before = everything()
        assert client.post(ADD, self.values).status_code == 200
        assert everything() == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("country", "US"),
            ("country", "d"),
            ("country", ""),
            ("country", "12"),
            ("stated_domain", "no dots"),
            ("stated_domain", ""),
            ("company_name", " "),
            ("contact_email", "junk"),
            ("company_name", "x" * 201),
        ],
    )
    def test_bad_input_is_told_beside_its_field_and_kept(self, client, field, value):
        before = everything()
        page = client.post(ADD, {**self.values, field: value})
        assert list(page.context["form"].errors) == [field]
        assert "A Contact" in text(page)
        assert everything() == before

    def test_page_leads_those_with_a_tenant_to_the_invitation(self, client):
        before = everything()
        page = text(client.get(ADD))
        assert "/admin/request-reseller-relationship/" in page
        assert everything() == before


class TestEnding:
    def test_blockers_are_named_and_nothing_ends(self, client, customer):
        relationship = customer.active_relationship
        before = everything()
        page = text(client.get(url(relationship, "end")))
        assert "1 active subscription has to be stopped first" in page
        assert "or cancel it until" in page
        assert Subscription.objects.csp().get().get_absolute_url() in page
        answer = client.post(url(relationship, "end"), {"reason": "We part"})
        assert "Suspend these CSP subscriptions first" in text(answer)
        assert "We part" in text(answer)
        assert everything() == before

    def test_reason_is_needed(self, client, customer):
        before = everything()
        answer = client.post(url(customer.active_relationship, "end"), {"reason": " "})
        assert answer.context["form"].errors == {"reason": ["This field is required."]}
        assert everything() == before

    def test_ends_once(self, client, staff):
        relationship = stories.relationship(staff, stories.tenant())
        page = text(client.get(url(relationship, "end")))
        assert "nothing keeps it from ending" in page
        answer = client.post(
            url(relationship, "end"), {"reason": "We part"}, follow=True
        )
        assert messages(answer) == [f"Ended: {relationship}."]
        before = everything()
        again = client.post(url(relationship, "end"), {"reason": "Again"})
        assert "This relationship has ended already." in text(again)
        assert everything() == before
        for state, count in {"active": 0, "ended": 1, "junk": 1}.items():
            page = client.get(list_url(relationship), {"state": state})
            assert page.context["cl"].result_count == count
