import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import InvitationStatus
from relationships.models import Invitation
from relationships.services import invitations
from relationships.services.partners import sign_in_by_partner_link
from relationships.services.relationships import end_relationship

from .. import stories
from ..factories import AdvisorFactory, CustomerFactory, PartnerFactory
from .support import DAY, NOON, codes, denied, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def sales():
    return stories.staff(PartnerFactory(name="Fabrikam"))


def test_invitation_is_a_draft_with_the_finished_text(sales, settings):
    settings.INVITATION_DAYS = 14
    made = stories.invitation(
        sales,
        recipient_email=" ann@contoso.example ",
        customer_domain=" Contoso.Example ",
        reference=" PO 7 ",
    )
    stored = Invitation.objects.get(pk=made.pk)
    assert stored.status == InvitationStatus.DRAFT
    assert stored.recipient_email == "ann@contoso.example"
    assert stored.customer_domain == "contoso.example"
    assert stored.reference == "PO 7"
    assert stored.expires_at == NOON + 14 * DAY
    assert stored.created_by == sales.user
    assert stored.created_at == NOON
    assert stored.link_generation == 1
    assert "Fabrikam" in stored.subject
    assert "Fabrikam" in stored.body


@pytest.mark.parametrize(
    "expires_at",
    [NOON, NOON - DAY, NOON + 365 * DAY + timedelta(microseconds=1)],
)
def test_expiry_is_refused_when_past_or_more_than_a_year_ahead(sales, expires_at):
    with refused("expiry") as caught:
        stories.invitation(sales, expires_at=expires_at)
    assert "expires_at" in caught.value.error_dict


@pytest.mark.parametrize("ahead", [timedelta(microseconds=1), 365 * DAY])
def test_expiry_is_taken_when_within_a_year(sales, ahead):
    made = stories.invitation(sales, expires_at=NOON + ahead)
    assert made.expires_at == NOON + ahead


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient_email", "ann at contoso"),
        ("customer_domain", "https://contoso.example/x"),
        ("customer_domain", "contoso"),
        ("reference", "x" * 101),
    ],
)
def test_bad_value_is_refused_by_its_field(sales, field, value):
    with pytest.raises(ValidationError) as caught:
        stories.invitation(sales, **{field: value})
    assert set(caught.value.error_dict) == {field}
    assert not Invitation.objects.exists()


def test_advisor_asks_for_no_reseller_relationship():
    advisor = stories.staff(AdvisorFactory())
    with denied(PermissionDenied):
        stories.invitation(advisor)


def test_domain_binds_to_the_tenant_that_is_known_by_it(sales):
    customer = CustomerFactory(primary_domain="contoso.example")
    made = stories.invitation(sales, customer_domain="contoso.example")
    assert made.is_bound
    assert made.customer_tenant_id == customer.tenant_id


def test_domain_binds_without_a_tenant_when_none_is_known(sales):
    made = stories.invitation(sales, customer_domain="contoso.example")
    assert made.is_bound
    assert made.customer_tenant_id is None


def test_invitation_is_unbound_without_a_domain(sales):
    CustomerFactory(primary_domain="contoso.example")
    made = stories.invitation(sales, recipient_email="ann@contoso.example")
    assert not made.is_bound


@pytest.mark.parametrize(
    "values",
    [
        {"customer_domain": "contoso.example"},
        {"recipient_email": "Ann@CONTOSO.example"},
        {"recipient_email": "x@y.example", "customer_domain": "contoso.example"},
    ],
)
def test_own_customer_is_already_linked(sales, values):
    customer = CustomerFactory(primary_domain="contoso.example")
    stories.relationship(sales, stories.tenant(customer))
    with refused("already_linked") as caught:
        stories.invitation(sales, **values)
    assert caught.value.params == {"customer": customer}


def test_own_customer_is_not_linked_any_more_when_the_relationship_ended(sales):
    agent = stories.staff(sales.partner, "admin_agent")
    customer = CustomerFactory(primary_domain="contoso.example")
    relationship = stories.relationship(sales, stories.tenant(customer))
    end_relationship(relationship, actor=agent, reason="It was asked for.")
    made = stories.invitation(sales, customer_domain="contoso.example")
    assert made.status == InvitationStatus.DRAFT


def test_partner_link_invitation_is_not_renewed_when_its_tenant_is_linked(sales):
    admin = stories.tenant()
    tracked = sign_in_by_partner_link(sales.partner, actor=admin)
    invitations.withdraw_invitation(tracked, actor=sales)
    stories.relationship(sales, admin)
    with refused("already_linked"):
        invitations.renew_invitation(tracked, actor=sales)


def shapes(actor: Actor, **values: str) -> list[str]:
    """The SQL, without its values, that asking for a relationship takes."""
    with CaptureQueriesContext(connection) as queries:
        made = stories.invitation(actor, **values)
    assert made.status == InvitationStatus.DRAFT
    values_in_sql = re.compile(
        r"'(?:[^']|'')*'(?:::\w+)?|\bs?[0-9a-fx_]*\d[0-9a-fx_]*\b|NULL"
    )
    return [values_in_sql.sub("?", query["sql"]) for query in queries]


def test_nothing_is_told_about_another_partners_customer(sales):
    foreign = CustomerFactory(primary_domain="contoso.example")
    stories.relationship(stories.staff(), stories.tenant(foreign))
    known = shapes(sales, customer_domain="contoso.example")
    unknown = shapes(sales, customer_domain="nobody.example")
    assert known == unknown
    by_address = shapes(sales, recipient_email="ann@contoso.example")
    assert by_address == shapes(sales, recipient_email="ann@nobody.example")


def test_second_open_invitation_for_an_address_and_domain_is_refused(sales):
    values = {
        "recipient_email": "ann@contoso.example",
        "customer_domain": "contoso.example",
    }
    first = stories.invitation(sales, **values)
    with refused("already_invited") as caught:
        stories.invitation(
            sales, **{**values, "recipient_email": "ANN@Contoso.example"}
        )
    assert caught.value.params["invitation"] == first


def test_address_may_be_invited_for_another_domain_or_by_another_partner(sales):
    address = "ann@contoso.example"
    stories.invitation(sales, recipient_email=address)
    stories.invitation(
        sales, recipient_email=address, customer_domain="contoso.example"
    )
    stories.invitation(stories.staff(), recipient_email=address)
    assert Invitation.objects.filter(recipient_email=address).count() == 3


def test_many_invitations_without_an_address_may_be_open(sales):
    for _ in range(2):
        stories.invitation(sales)
    assert Invitation.objects.open().count() == 2


def test_overdue_invitation_does_not_block_a_new_one_though_stored_open(sales):
    address = "ann@contoso.example"
    first = stories.sent_invitation(
        sales, recipient_email=address, expires_at=NOON + DAY
    )
    with clock.at(NOON + DAY):
        second = stories.invitation(sales, recipient_email=address.upper())
    first.refresh_from_db()
    assert first.status == InvitationStatus.EXPIRED
    assert second.status == InvitationStatus.DRAFT


def test_overdue_invitation_without_an_address_is_left_to_the_clock(sales):
    first = stories.sent_invitation(sales, expires_at=NOON + DAY)
    with clock.at(NOON + DAY):
        stories.invitation(sales)
    first.refresh_from_db()
    assert first.status == InvitationStatus.SENT


def test_database_refuses_a_second_open_one_when_the_service_is_passed_by(sales):
    address = "ann@contoso.example"
    first = stories.invitation(sales, recipient_email=address)
    second = Invitation(
        partner=sales.partner,
        recipient_email=address.upper(),
        subject="x",
        body="x",
        expires_at=NOON + DAY,
    )
    with pytest.raises(IntegrityError):
        Invitation.objects.bulk_create([second])
    with pytest.raises(ValidationError) as caught:
        second.save()
    assert "invitation_one_open_per_address_and_domain" not in codes(caught.value)
    assert list(Invitation.objects.all()) == [first]


def test_partner_name_may_be_as_long_as_its_column():
    sales = stories.staff(PartnerFactory(name="F" * 200))
    made = stories.invitation(sales)
    assert len(made.subject) == 200
