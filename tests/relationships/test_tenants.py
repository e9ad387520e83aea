import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections

from portal.foundation import clock
from relationships.enums import CustomerOrigin, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Customer, OutgoingEmail
from relationships.services.relationships import end_relationship
from relationships.services.tenants import (
    anonymise_person,
    correct_customer,
    provision_customer,
)

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory, PartnerFactory
from .support import NOON, codes, denied, operations, refused, unchanged

pytestmark = pytest.mark.django_db

NEW = {
    "company_name": " Contoso ",
    "stated_domain": " Contoso.Example ",
    "country": " de ",
}


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(country="DE"))


def stored(customer):
    return Customer.objects.get(pk=customer.pk)


def test_added_customer_has_the_relationship_at_once(sales):
    with clock.at(NOON), operations() as told:
        made = provision_customer(
            actor=sales, **NEW, contact_email="ann@contoso.example"
        )
    customer = stored(made)
    assert customer.company_name == "Contoso"
    assert (customer.primary_domain, customer.domain) == (None, "contoso.example")
    assert customer.country == "DE"
    assert customer.contact_email == "ann@contoso.example"
    assert customer.origin == CustomerOrigin.PROVISIONED
    relationship = customer.active_relationship
    assert relationship.partner == sales.partner
    assert relationship.origin == "provisioned"
    assert relationship.invitation is None
    assert relationship.established_at == NOON
    assert relationship.existing_count == 0
    assert told == [Operation.ADD_CUSTOMER, Operation.ESTABLISH_RELATIONSHIP]


def test_domain_of_another_partners_customer_is_no_obstacle(sales):
    elsewhere = CustomerFactory(primary_domain="contoso.example")
    stories.relationship(stories.staff(), stories.tenant(elsewhere))
    made = provision_customer(actor=sales, **NEW)
    assert made.domain == elsewhere.domain


@pytest.mark.parametrize("field", ["primary_domain", "stated_domain"])
def test_domain_of_an_own_customer_is_refused(sales, field):
    customer = CustomerFactory(**{"primary_domain": None, field: "contoso.example"})
    stories.relationship(sales, stories.tenant(customer))
    with refused("already_linked") as caught:
        provision_customer(actor=sales, **NEW)
    told = f"{customer} in your customer list has this domain already."
    assert caught.value.message_dict == {"stated_domain": [told]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stated_domain", "contoso"),
        ("country", "Germany"),
        ("company_name", " "),
        ("contact_email", "ann"),
    ],
)
def test_bad_value_is_refused_by_its_field(sales, field, value):
    with unchanged(), pytest.raises(ValidationError) as caught:
        provision_customer(actor=sales, **{**NEW, field: value})
    assert set(caught.value.error_dict) == {field}


def test_customer_in_another_market_is_not_added(sales):
    with refused("region"):
        provision_customer(actor=sales, **{**NEW, "country": "US"})


def test_advisor_adds_no_customers():
    advisor = stories.staff(AdvisorFactory())
    with denied(PermissionDenied):
        provision_customer(actor=advisor, **NEW)


@pytest.mark.django_db(transaction=True)
def test_customer_is_added_once_when_two_add_it_at_the_same_instant(sales):
    outcome = []

    def add():
        try:
            outcome.append(provision_customer(actor=sales, **NEW).domain)
        except ValidationError as error:
            outcome.append(codes(error))
        finally:
            connections.close_all()

    both = [threading.Thread(target=add) for _number in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(outcome) == 2
    assert "contoso.example" in outcome
    assert {"already_linked"} in outcome
    assert Customer.objects.count() == 1


@pytest.fixture
def customer(sales):
    customer = CustomerFactory(stated_by_customer=True, primary_domain=None)
    stories.relationship(sales, stories.tenant(customer))
    return customer


def test_staff_corrects_contact_and_address(sales, customer):
    with operations() as told:
        correct_customer(
            customer, actor=sales, contact_name=" Ann ", address_city="Bonn"
        )
    assert stored(customer).contact_name == "Ann"
    assert stored(customer).address_city == "Bonn"
    assert stored(customer).stated_by_customer
    assert told == [Operation.CORRECT_CUSTOMER]
    record = ActivityRecord.objects.latest("pk")
    assert record.new_value == {"fields": ["address_city", "contact_name"]}
    assert record.partner == sales.partner


@pytest.mark.parametrize(
    ("field", "value"),
    [("company_name", "X"), ("country", "FR"), ("primary_domain", "x.example")],
)
def test_staff_does_not_correct_what_the_customer_stated(sales, customer, field, value):
    with denied(PermissionDenied):
        correct_customer(customer, actor=sales, **{field: value})


def test_staff_may_send_statements_along_unchanged(sales, customer):
    correct_customer(
        customer,
        actor=sales,
        company_name=customer.company_name,
        primary_domain="",
        contact_name="Ann",
    )
    assert stored(customer).contact_name == "Ann"
    assert stored(customer).stated_by_customer


@pytest.mark.parametrize(
    ("field", "value", "stated"),
    [
        ("company_name", "X", False),
        ("country", "FR", False),
        ("primary_domain", " X.Example ", True),
    ],
)
def test_operator_corrects_statements(customer, field, value, stated):
    operator = stories.operator()
    correct_customer(customer, actor=operator, **{field: value})
    corrected = stored(customer)
    assert getattr(corrected, field) == (
        "x.example" if field == "primary_domain" else value
    )
    assert corrected.stated_by_customer is stated


def test_correction_that_changes_nothing_is_not_told(sales, customer):
    with unchanged():
        correct_customer(customer, actor=sales, contact_name="", address_city=" ")


def test_other_fields_are_not_corrected(customer):
    operator = stories.operator()
    with unchanged(), pytest.raises(ValueError, match="Only contact"):
        correct_customer(customer, actor=operator, origin="provisioned")


def test_domain_is_verified_for_one_customer_only(customer):
    CustomerFactory(primary_domain="contoso.example")
    operator = stories.operator()
    with refused("unique"):
        correct_customer(customer, actor=operator, primary_domain="contoso.example")


def test_former_partner_corrects_nothing(sales, customer):
    agent = stories.staff(sales.partner, "admin_agent")
    end_relationship(customer.active_relationship, actor=agent, reason="x")
    with denied(PermissionDenied):
        correct_customer(customer, actor=sales, contact_name="Ann")


def test_anonymised_person_has_no_name_address_or_way_in(sales):
    admin = stories.tenant()
    user = admin.user
    user.identities.create(
        issuer="https://login.example", tenant_id=admin.customer.tenant_id, object_id=1
    )
    relationship = stories.relationship(sales, admin)
    old = (user.login, user.full_name, user.email)
    with operations() as told:
        anonymise_person(user, actor=stories.operator(), reason="It was asked for.")
    user.refresh_from_db()
    assert told == [Operation.ANONYMISE_PERSON]
    assert user.full_name == "Anonymised person"
    assert user.login.startswith("anonymised-")
    assert user.email == ""
    assert not user.is_active
    assert not user.has_usable_password()
    assert not user.identities.exists()
    assert not user.tenant_memberships.exists()
    assert relationship.invitation.accepted_by == user
    for text in old:
        emails = OutgoingEmail.objects.all()
        assert not any(text in (e.recipient + e.subject + e.text) for e in emails)
    assert OutgoingEmail.objects.count() == 2


def test_anonymised_staff_is_no_staff_any_more(sales):
    operator = stories.operator()
    anonymise_person(sales.user, actor=operator, reason="It left.")
    sales.user.refresh_from_db()
    assert not sales.user.is_staff
    assert not sales.user.staff_memberships.exists()


def test_person_without_an_address_is_anonymised_alone(sales):
    sales.user.email = ""
    sales.user.save()
    stories.relationship(sales, stories.tenant())
    before = list(OutgoingEmail.objects.values())
    anonymise_person(sales.user, actor=stories.operator(), reason="It left.")
    assert list(OutgoingEmail.objects.values()) == before


def test_anonymising_takes_a_reason(sales):
    operator = stories.operator()
    with refused("reason"):
        anonymise_person(sales.user, actor=operator, reason="  ")


def test_person_is_anonymised_once():
    operator = stories.operator()
    person = stories.staff().user
    once = anonymise_person(person, actor=operator, reason="Asked for it")
    with pytest.raises(TransitionNotAllowed, match="anonymised already"):
        anonymise_person(person, actor=operator, reason="Again")
    person.refresh_from_db()
    assert person.login == once.login
