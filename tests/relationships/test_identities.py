import uuid
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from portal.accounts.models import Identity, User
from relationships.enums import TenantRole
from relationships.models import ActivityRecord, Customer, TenantMembership
from relationships.services.identities import (
    ProvedIdentity,
    link_identity,
    partner_of_tenant,
    person_of,
    sign_in_to_tenant,
    state_company,
    unlink_identity,
)
from relationships.services.tenants import anonymise_person
from tests import stories
from tests.factories import CustomerFactory, PartnerFactory, UserFactory

pytestmark = pytest.mark.django_db


def proof_of(tenant_id=None, **values):
    return ProvedIdentity(
        **{
            "issuer": "https://login.example/v2.0",
            "tenant_id": tenant_id or uuid.uuid4(),
            "object_id": str(uuid.uuid4()),
            "full_name": "Ada Admin",
            "email": "ada@fabula.example",
            "role": TenantRole.GLOBAL_ADMINISTRATOR,
            **values,
        }
    )


def test_sign_in_is_nothing_when_the_tenant_is_not_known():
    assert sign_in_to_tenant(proof_of()) is None
    assert not User.objects.exists()


def test_sign_in_is_refused_when_no_role_was_told():
    proof = proof_of(CustomerFactory().tenant_id, role=None)
    with pytest.raises(PermissionDenied):
        sign_in_to_tenant(proof)
    assert not User.objects.exists()
    assert not TenantMembership.objects.exists()


def test_company_is_refused_when_no_role_was_told():
    with pytest.raises(PermissionDenied):
        state_company(proof_of(role=None), company_name="Fabula", country="DE")
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("company_name", "country"), [("", "DE"), (" ", "DE"), ("Fabula", "Germany")]
)
def test_company_is_refused_when_it_is_not_right(company_name, country):
    with pytest.raises(ValidationError):
        state_company(proof_of(), company_name=company_name, country=country)
    assert not Customer.objects.exists()
    assert not User.objects.exists()


def test_company_stays_the_colleagues_when_the_colleague_was_quicker():
    proof = proof_of()
    CustomerFactory(tenant_id=proof.tenant_id, company_name="First")
    membership = state_company(proof, company_name="Second", country="DE")
    assert membership.customer.company_name == "First"
    assert Customer.objects.count() == 1
    assert not ActivityRecord.objects.filter(operation="state_company").exists()


def test_sign_in_name_is_another_when_a_local_account_has_it_already():
    customer = CustomerFactory()
    proof = proof_of(customer.tenant_id)
    local = UserFactory(login=f"{proof.object_id}@{proof.tenant_id}")
    user = sign_in_to_tenant(proof).user
    assert user != local
    assert user.login.endswith(f"@{customer.tenant_id}")
    assert user.login != local.login


def test_people_of_two_issuers_are_two_when_all_else_is_the_same():
    proof = proof_of(CustomerFactory().tenant_id)
    other = replace(proof, issuer="https://other.example")
    first, second = sign_in_to_tenant(proof), sign_in_to_tenant(other)
    assert first.user != second.user
    assert person_of(proof) == first.user
    assert person_of(other) == second.user


def test_person_is_a_new_one_when_the_former_was_anonymised():
    proof = proof_of(CustomerFactory().tenant_id)
    former = sign_in_to_tenant(proof).user
    anonymise_person(former, actor=stories.operator(), reason="Asked for it")
    assert person_of(proof) is None
    user = sign_in_to_tenant(proof).user
    assert user != former
    former.refresh_from_db()
    assert not former.is_active
    assert "Ada" not in former.full_name


def test_nothing_is_written_when_nothing_has_changed():
    proof = proof_of(CustomerFactory().tenant_id)
    sign_in_to_tenant(proof)
    before = list(ActivityRecord.objects.values())
    assert sign_in_to_tenant(proof) == TenantMembership.objects.get()
    assert list(ActivityRecord.objects.values()) == before


def test_partner_is_found_by_its_tenant():
    partner = PartnerFactory()
    assert partner_of_tenant(partner.tenant_id) == partner
    assert partner_of_tenant(uuid.uuid4()) is None


def test_identity_is_linked_to_staff_of_that_tenant():
    staff = stories.staff()
    proof = proof_of(staff.partner.tenant_id, role=None)
    identity = link_identity(proof, actor=staff)
    assert identity.user == staff.user
    assert person_of(proof) == staff.user


@pytest.mark.parametrize("who", [stories.tenant, stories.operator])
def test_identity_is_not_linked_when_the_person_is_no_staff(who):
    actor = who()
    with pytest.raises(PermissionDenied):
        link_identity(proof_of(), actor=actor)
    assert not Identity.objects.exists()


def test_identity_is_not_linked_when_it_is_of_another_tenant():
    with pytest.raises(ValidationError) as refused:
        link_identity(proof_of(), actor=stories.staff())
    assert refused.value.code == "other_tenant"
    assert not Identity.objects.exists()


def test_identity_is_not_linked_when_it_is_somebodys():
    staff = stories.staff()
    proof = proof_of(staff.partner.tenant_id)
    link_identity(proof, actor=staff)
    with pytest.raises(ValidationError) as refused:
        link_identity(proof, actor=stories.staff(staff.partner))
    assert refused.value.code == "taken"
    assert Identity.objects.get().user == staff.user


def test_link_is_taken_away_by_its_owner_alone():
    staff = stories.staff()
    identity = link_identity(proof_of(staff.partner.tenant_id), actor=staff)
    with pytest.raises(PermissionDenied):
        unlink_identity(identity, actor=stories.staff(staff.partner))
    assert Identity.objects.get() == identity
    generation = staff.user.session_generation
    unlink_identity(identity, actor=staff)
    assert not Identity.objects.exists()
    assert staff.user.session_generation == generation + 1
