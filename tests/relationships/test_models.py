import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from relationships.actors import Actor
from relationships.models import (
    ActivityRecord,
    CountryMarket,
    Customer,
    CustomerAgreement,
    Invitation,
    Partner,
    StaffMembership,
    TenantMembership,
    TenantSignIn,
)

from .. import stories
from ..factories import (
    CustomerFactory,
    PartnerFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)
from .support import NOON, unchanged

pytestmark = pytest.mark.django_db


def test_rows_are_called_what_people_call_them():
    sales = stories.staff(PartnerFactory(name="Fabrikam"))
    admin = stories.tenant(CustomerFactory(company_name="Contoso"))
    sales.user.full_name, admin.user.full_name = "Sam", "Ann"
    sales.user.save()
    admin.user.save()
    relationship = stories.relationship(sales, admin)
    assert str(relationship) == "Fabrikam – Contoso"
    assert str(StaffMembership.objects.get()) == "Sam, Sales agent, Fabrikam"
    assert str(TenantMembership.objects.get()) == "Ann, Global administrator, Contoso"
    assert str(TenantSignIn.objects.get()) == "Ann, Contoso"
    record = ActivityRecord.objects.latest("pk")
    assert str(record) == f"Relationship established, {record.at:%Y-%m-%d %H:%M} UTC"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"recipient_email": "a@b.example", "reference": "PO 7"}, "a@b.example"),
        ({"reference": "PO 7", "customer_domain": "b.example"}, "PO 7"),
        ({"customer_domain": "b.example"}, "b.example"),
        ({}, "Invitation without an address"),
    ],
)
def test_invitation_is_called_by_the_best_that_is_known(values, name):
    assert str(stories.invitation(stories.staff(), **values)) == name


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            {"status": "signed_in"},
            {"status": "accepted"},
            "status Signed in → Accepted",
        ),
        ({"status": "sent"}, {"status": "sent"}, ""),
        ({}, {"status": "draft"}, "status Draft"),
        (
            {"friendly_name": ""},
            {"friendly_name": "Berlin"},
            "friendly name – → Berlin",
        ),
        ({"friendly_name": "Berlin"}, {}, "friendly name Berlin → –"),
        (
            {"quantity": 25, "auto_renews": True},
            {"quantity": 30, "auto_renews": False},
            "seats 25 → 30, auto-renew Yes → No",
        ),
        ({}, {"lines": [{"offer": 1, "quantity": 5}, {"quantity": 7}]}, "seats 5, 7"),
        ({"offer": 1}, {"offer": 2, "case": 3, "supersedes": None}, ""),
        (
            {"country": "DE"},
            {"fields": ["contact_name", "country"], "country": "FR"},
            "country DE → FR, fields Contact name",
        ),
        ({}, {"reminders_sent": 2}, "reminders sent 2"),
        ({}, {}, ""),
    ],
)
def test_record_tells_what_changed(before, after, told):
    assert ActivityRecord(old_value=before, new_value=after).changes == told


def test_record_tells_what_changed_in_the_readers_language():
    record = ActivityRecord(old_value={"quantity": 25}, new_value={"quantity": 30})
    with translation.override("de"):
        assert record.changes == "Lizenzen 25 → 30"


def test_relationship_shows_the_start_of_its_fingerprint():
    relationship = stories.relationship(stories.staff(), stories.tenant())
    assert relationship.existing_fingerprint.startswith("1:")
    assert relationship.existing_fingerprint.startswith(relationship.short_fingerprint)
    assert len(relationship.short_fingerprint) == 14


def test_acceptance_is_one_moment_though_the_clock_goes_on():
    relationship = stories.relationship(stories.staff(), stories.tenant())
    agreement = CustomerAgreement.objects.get()
    assert relationship.invitation.accepted_at == relationship.established_at
    assert agreement.accepted_at == relationship.established_at


def test_activity_names_nobody_and_no_address():
    admin = stories.tenant()
    sales = stories.staff()
    stories.relationship(sales, admin, recipient_email=admin.user.email)
    for record in ActivityRecord.objects.all():
        told = f"{record.old_value} {record.new_value} {record.reason}"
        for person in (admin.user, sales.user):
            assert person.email not in told
            assert person.full_name not in told


@pytest.mark.parametrize(
    ("domain", "stored"),
    [(" Contoso.Example ", "contoso.example"), ("", None), ("  ", None), (None, None)],
)
def test_domain_is_lower_case_or_null(domain, stored):
    customer = CustomerFactory(primary_domain=domain)
    assert Customer.objects.get(pk=customer.pk).primary_domain == stored


def test_many_customers_have_no_verified_domain():
    CustomerFactory.create_batch(2, primary_domain=None)
    assert Customer.objects.filter(primary_domain=None).count() == 2


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("relationships_customer", "primary_domain", "Contoso.Example"),
        ("relationships_customer", "country", "de"),
        ("relationships_customer", "origin", "found"),
        ("relationships_partner", "mpn_id", "12a4"),
        ("relationships_partner", "country", "d1"),
        ("relationships_invitation", "status", "lost"),
        ("relationships_invitation", "status", "accepted"),
        ("relationships_invitation", "status", "declined"),
        ("relationships_staffmembership", "role", "boss"),
        ("relationships_tenantmembership", "role", "boss"),
    ],
)
def test_database_itself_refuses_a_value_that_cannot_be(table, column, value):
    sales = stories.staff()
    stories.invitation(sales)
    stories.tenant()
    statement = f'UPDATE {table} SET "{column}" = %s'
    with unchanged(), pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement, [value])


def test_person_has_one_role_at_a_partner_and_in_a_tenant():
    staff, member = StaffMembershipFactory(), TenantMembershipFactory()
    with pytest.raises(ValidationError, match="has a role there already"):
        StaffMembershipFactory(user=staff.user, partner=staff.partner)
    with pytest.raises(ValidationError, match="has a role there already"):
        TenantMembershipFactory(user=member.user, customer=member.customer)


def test_membership_lets_a_person_into_the_back_office():
    user = UserFactory()
    assert not user.is_staff
    StaffMembershipFactory(user=user)
    user.refresh_from_db()
    assert user.is_staff
    StaffMembershipFactory(user=user)
    assert user.staff_memberships.count() == 2


def test_membership_belongs_to_its_partner():
    membership = StaffMembershipFactory()
    assert membership.belongs_to(stories.staff(membership.partner))
    assert not membership.belongs_to(stories.staff())


def test_relationship_belongs_to_both_its_sides():
    sales, admin = stories.staff(), stories.tenant()
    relationship = stories.relationship(sales, admin)
    assert relationship.belongs_to(sales)
    assert relationship.belongs_to(admin)
    assert not relationship.belongs_to(stories.staff())
    assert not relationship.belongs_to(stories.tenant())
    assert not relationship.belongs_to(Actor.visitor())


@pytest.mark.parametrize("model", [Customer, Invitation])
def test_object_knows_its_page_in_the_back_office(model):
    sales, admin = stories.staff(), stories.tenant()
    stories.relationship(sales, admin)
    row = model.objects.get()
    assert row.get_absolute_url().startswith("/admin/")
    assert str(row.pk) in row.get_absolute_url()


def test_market_of_a_country_is_the_tables_or_itself():
    assert CountryMarket.market_of("DE") == CountryMarket.market_of("CH") == "Europe"
    assert CountryMarket.market_of("XX") == "XX"


def test_partner_sells_in_dollars_unless_told_otherwise():
    assert Partner().currency == "USD"


def test_relationship_does_not_end_before_its_start():
    relationship = stories.relationship(stories.staff(), stories.tenant())
    relationship.ended_at = NOON.replace(year=2000)
    with unchanged(), pytest.raises(ValidationError, match="cannot end before"):
        relationship.save()
