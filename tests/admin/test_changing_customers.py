"""Customers are corrected, added, and let go."""

import re
from typing import Any

import pytest

from portal.foundation.countries import country_name
from relationships.actors import Actor
from relationships.models import ActivityRecord, Customer
from subscriptions.models import Subscription

from .. import stories
from ..factories import CustomerFactory
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db

ADD = "/admin/relationships/customer/add/"


@pytest.fixture
def client(staff: Actor) -> Any:
    return desk(staff)


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
