"""One statement of another channel, recorded by the operator."""

from datetime import UTC, datetime

import pytest

from relationships.models import Customer
from subscriptions.models import ExistingSubscription, Subscription

from .. import stories
from ..factories import CustomerFactory
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db

ADD = "/admin/subscriptions/existingsubscription/add/"


@pytest.fixture
def customer() -> Customer:
    return CustomerFactory()


@pytest.fixture
def said(customer):
    return {
        "tenant": str(customer.tenant_id),
        "channel": "direct",
        "product_name": "Office 365 E3",
        "quantity": "25",
        "external_id": "A-1",
        "status": "suspended",
        "term": "P1Y",
        "commitment_ends_at": "2027-03-01",
        "auto_renews": "yes",
        "por_mpn_id": "1234567",
    }


def test_form_is_reached_from_the_customer_and_from_the_list(operator, customer):
    address = f"{ADD}?tenant={customer.tenant_id}"
    assert address in text(operator.get(url(customer)))
    assert str(customer.tenant_id) in text(operator.get(address))
    assert ADD in text(operator.get(list_url(ExistingSubscription)))


def test_statement_is_recorded_as_it_is_said(operator, customer, said):
    answer = operator.post(ADD, said, follow=True)
    row = customer.subscriptions.get()
    assert answer.redirect_chain[-1][0] == row.get_absolute_url()
    assert messages(answer) == ["Recorded: Office 365 E3."]
    assert (row.quantity, row.status, row.term) == (25, "suspended", "P1Y")
    assert row.commitment_ends_at == datetime(2027, 3, 1, tzinfo=UTC)
    assert (row.auto_renews, row.started_at, row.por_mpn_id) == (True, None, "1234567")
    assert not row.stated_by_customer


def test_shorter_statement_supersedes_and_carries_the_rest(operator, customer, said):
    operator.post(ADD, said)
    short = {name: said[name] for name in ("channel", "product_name", "external_id")}
    operator.post(ADD, {**short, "tenant": customer.primary_domain, "quantity": "30"})
    row = customer.subscriptions.current().get()
    assert (row.quantity, row.supersedes.quantity) == (30, 25)
    assert (row.status, row.term, row.auto_renews) == ("suspended", "P1Y", True)


def test_repeated_statement_records_nothing(operator, customer, said):
    operator.post(ADD, said, follow=True)
    rows = list(Subscription.objects.values())
    answer = operator.post(ADD, said, follow=True)
    assert messages(answer) == ["Recorded before: Office 365 E3."]
    assert list(Subscription.objects.values()) == rows


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"tenant": "nobody.example"}, "tenant", "Unknown tenant."),
        ({"channel": "csp"}, "channel", "Select a valid choice"),
        ({"quantity": "-1"}, "quantity", "greater than or equal to 0"),
        ({"product_name": " "}, "product_name", "This field is required."),
        ({"commitment_ends_at": "soon"}, "commitment_ends_at", "Enter a valid date."),
        ({"por_mpn_id": "12x4"}, "por_mpn_id", "An MPN ID has digits only"),
    ],
)
def test_statement_is_refused_at_its_field(operator, said, change, field, words):
    before = everything()
    page = operator.post(ADD, {**said, **change})
    assert words in str(page.context["form"].errors[field])
    assert everything() == before


def test_other_partner_of_record_is_refused_above_the_form(operator, customer, said):
    stories.observation(customer, external_id="A-1", por_mpn_id="7777777")
    before = everything()
    page = operator.post(ADD, said)
    assert "another Partner of Record" in str(page.context["form"].non_field_errors())
    assert everything() == before


def test_staff_records_nothing(customer, said):
    agent = stories.staff(role="admin_agent")
    stories.relationship(agent, stories.tenant(customer))
    client = desk(agent)
    before = everything()
    assert client.get(ADD).status_code == client.post(ADD, said).status_code == 403
    assert everything() == before
    assert ADD not in text(client.get(url(customer)))
