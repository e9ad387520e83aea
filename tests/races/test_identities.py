"""Two people of one tenant, and one person twice, at the same instant."""

import uuid
from dataclasses import replace
from functools import partial

import pytest

from portal.accounts.models import Identity, User
from relationships.enums import TenantRole
from relationships.models import ActivityRecord, Customer, TenantMembership
from relationships.services.identities import (
    ProvedIdentity,
    link_identity,
    sign_in_to_tenant,
    state_company,
)

from .. import stories
from ..factories import CustomerFactory
from .running import codes, race, refused, succeeded

pytestmark = pytest.mark.django_db(transaction=True)

ADA = ProvedIdentity(
    issuer="https://login.example/v2.0",
    tenant_id=uuid.UUID(int=1),
    object_id="ada",
    full_name="Ada",
    email="",
    role=TenantRole.GLOBAL_ADMINISTRATOR,
)
BO = replace(ADA, object_id="bo", full_name="Bo")


def test_one_customer_is_made_when_two_people_state_the_company_at_once():
    state = partial(state_company, country="DE")
    outcomes = race(
        partial(state, ADA, company_name="Fabula"),
        partial(state, BO, company_name="Fabula Inc."),
        partial(state, ADA, company_name="Fabula"),
    )
    assert refused(outcomes) == []
    customer = Customer.objects.get()
    assert {row.customer for row in outcomes} == {customer}
    assert TenantMembership.objects.count() == Identity.objects.count() == 2
    assert ActivityRecord.objects.filter(operation="state_company").count() == 1


def test_one_person_is_made_when_it_signs_in_twice_at_once():
    customer = CustomerFactory(tenant_id=ADA.tenant_id)
    outcomes = race(*[partial(sign_in_to_tenant, ADA)] * 4)
    assert set(succeeded(outcomes)) == {TenantMembership.objects.get(customer=customer)}
    assert len(outcomes) == 4
    assert Identity.objects.get().user == User.objects.get()


def test_one_of_two_links_an_account_when_both_want_it_at_once():
    first = stories.staff()
    second = stories.staff(first.partner)
    proof = replace(ADA, tenant_id=first.partner.tenant_id)
    outcomes = race(
        partial(link_identity, proof, actor=first),
        partial(link_identity, proof, actor=second),
    )
    assert succeeded(outcomes) == [Identity.objects.get()]
    assert codes(outcomes) == ["taken"]
    assert ActivityRecord.objects.filter(operation="add_record").count() == 1
