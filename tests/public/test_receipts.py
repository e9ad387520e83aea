import uuid
from datetime import UTC, datetime

import pytest

from portal.foundation import clock
from relationships.models import ResellerRelationship
from relationships.services.relationships import end_relationship
from relationships.services.tenants import provision_customer
from tests import stories
from tests.factories import TenantMembershipFactory

from .visitor import Visitor, text_of

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 2, 3, 14, 5, 6, tzinfo=UTC)


@pytest.fixture
def relationship(admin):
    stories.observation(
        admin.customer,
        channel="advisor",
        product_name="Microsoft 365 E3",
        quantity=210,
        external_id="e3",
        por_name="Brightwater Advisory",
        por_mpn_id="4455667",
        commitment_ends_at=datetime(2028, 6, 30, tzinfo=UTC),
    )
    sales = stories.staff()
    with clock.at(MOMENT):
        return stories.relationship(sales, admin)


def _path(relationship):
    return f"/my/receipts/{relationship.pk}/"


def test_receipt_tells_all_that_was_agreed_and_found(relationship, admin):
    page = text_of(Visitor().acting_as(admin).get(_path(relationship)))
    for words in (
        f"{admin.organisation} accepted {relationship.partner.name} as its reseller",
        str(relationship.pk),
        f"{admin.user}, Global administrator",
        "local account",
        "3 February 2026, 14:05:06 UTC",
        "Microsoft Customer Agreement, 2026-01",
        relationship.partner.mpn_id,
        relationship.existing_fingerprint,
        "Microsoft 365 E3",
        "Brightwater Advisory (MPN 4455667)",
        "30 June 2028",
        "210",
        "1, listed below",
    ):
        assert words in page


def test_receipt_stays_as_it_was_when_things_went_on(relationship, admin, settings):
    stories.observation(
        admin.customer,
        channel="advisor",
        external_id="e3",
        quantity=999,
        product_name="Renamed product",
    )
    stories.observation(admin.customer, product_name="Later one")
    settings.AGREEMENT_VERSION = "2030-01"
    end_relationship(
        relationship,
        actor=stories.staff(relationship.partner, role="admin_agent"),
        reason="test",
    )
    stories.relationship(stories.staff(), admin)
    page = text_of(Visitor().acting_as(admin).get(_path(relationship)))
    assert ">210<" in page
    assert "999" not in page
    assert "Later one" not in page
    assert "Microsoft Customer Agreement, 2026-01" in page
    assert "<dt>Ended</dt>" in page


def test_receipt_claims_nothing_when_nothing_was_found():
    admin = stories.tenant()
    relationship = stories.relationship(stories.staff(), admin)
    page = text_of(Visitor().acting_as(admin).get(_path(relationship)))
    assert "None was recorded here at that moment." in page
    assert "of an empty list" in page
    assert "listed below" not in page


def test_receipt_says_so_when_the_partner_set_up_the_tenant():
    sales = stories.staff()
    customer = provision_customer(
        actor=sales,
        company_name="New Tenant",
        stated_domain="new-tenant.example",
        country="DE",
    )
    admin = stories.tenant(customer)
    relationship = ResellerRelationship.objects.get()
    page = text_of(Visitor().acting_as(admin).get(_path(relationship)))
    assert f"{sales.partner.name} set up your tenant as your reseller" in page
    assert "Accepted by" not in page
    assert "Agreed to" not in page


@pytest.mark.parametrize("role", ["user", "billing_administrator"])
def test_receipt_is_shown_to_everybody_of_that_tenant(relationship, admin, role):
    colleague = stories.tenant(admin.customer, role=role)
    answer = Visitor().acting_as(colleague).get(_path(relationship))
    assert answer.status_code == 200


@pytest.mark.parametrize("debug", [True, False])
def test_receipt_is_not_found_when_the_tenant_is_another(
    settings, relationship, admin, debug
):
    settings.DEBUG = debug
    stranger = Visitor().acting_as(stories.tenant())
    foreign = stranger.get(_path(relationship))
    unknown = stranger.get(f"/my/receipts/{uuid.uuid4()}/")
    assert foreign.status_code == unknown.status_code == 404
    assert text_of(foreign) == text_of(unknown)
    assert relationship.partner.name not in text_of(foreign)


def test_receipt_is_not_found_when_the_person_acts_for_its_other_tenant(
    relationship, admin
):
    other = TenantMembershipFactory(user=admin.user)
    visitor = Visitor().acting_as(admin)
    assert visitor.get(_path(relationship)).status_code == 200
    visitor.submit("/my/act-as/", customer=other.customer_id)
    assert visitor.get(_path(relationship)).status_code == 404


def test_receipt_asks_to_sign_in_when_nobody_is(relationship):
    path = _path(relationship)
    assert Visitor().get(path).url == f"/sign-in/?next={path}"


def test_receipt_is_not_for_the_partners_staff(relationship):
    staff = stories.staff(relationship.partner)
    assert Visitor().acting_as(staff).get(_path(relationship)).url == "/"
