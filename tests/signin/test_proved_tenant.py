import uuid

import pytest

from portal.signin.sessions import possible_actors
from relationships.actors import Actor
from relationships.enums import SignInHow
from tests.factories import (
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

OPENID = SignInHow.OPENID_CONNECT


@pytest.fixture
def user():
    """Somebody who is operator, staff and tenant people, all at once."""
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def staff(user):
    return Actor.staff(StaffMembershipFactory(user=user))


@pytest.fixture
def tenant(user):
    return Actor.tenant(TenantMembershipFactory(user=user))


def test_person_acts_for_the_tenant_alone_when_openid_has_proved_it(
    user, staff, tenant
):
    assert possible_actors(user, OPENID, tenant.customer.tenant_id) == [tenant]


def test_person_acts_as_staff_alone_when_openid_has_proved_the_partners_tenant(
    user, staff, tenant
):
    assert possible_actors(user, OPENID, staff.partner.tenant_id) == [staff]


@pytest.mark.parametrize("tenant_id", [None, uuid.uuid4()])
def test_person_acts_as_nobody_when_openid_has_proved_another_tenant(
    user, staff, tenant, tenant_id
):
    assert possible_actors(user, OPENID, tenant_id) == []


def test_person_acts_as_all_when_the_account_is_local(user, staff, tenant, settings):
    settings.LOCAL_TENANT_SIGN_IN = True
    actors = possible_actors(user, SignInHow.LOCAL_ACCOUNT)
    assert actors == [Actor.operator(user), staff, tenant]
