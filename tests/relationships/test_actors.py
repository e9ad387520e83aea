import itertools

import pytest
from django.core.exceptions import PermissionDenied

from portal.foundation import clock
from relationships import roles
from relationships.actors import Actor, actors_of
from relationships.enums import StaffRole, TenantRole
from relationships.roles import Action, Column

from .. import stories
from ..factories import (
    CustomerFactory,
    PartnerFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)
from .support import DAY, EVERY_ROLE, NOON, actor_as

pytestmark = pytest.mark.django_db

SHAPES = {
    **{role: {"user", "partner"} for role in StaffRole.values},
    **{role: {"user", "customer"} for role in TenantRole.values},
    roles.OPERATOR: {"user"},
    roles.CLOCK: set(),
    roles.VISITOR: set(),
}


@pytest.mark.parametrize("role", [*EVERY_ROLE, "nobody"])
def test_actor_is_refused_when_it_acts_for_more_or_less_than_its_role(role):
    whole = {
        "user": UserFactory(),
        "partner": PartnerFactory(),
        "customer": CustomerFactory(),
    }
    for size in range(4):
        for names in itertools.combinations(whole, size):
            given = {name: whole[name] for name in names}
            if set(names) == SHAPES.get(role):
                assert Actor(role, **given).role == role
            else:
                with pytest.raises(ValueError, match=f"Nobody acts as {role}"):
                    Actor(role, **given)


def test_operator_is_refused_when_the_person_is_no_superuser():
    with pytest.raises(PermissionDenied):
        Actor.operator(UserFactory(is_staff=True))


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_actor_has_a_key_a_label_and_an_organisation(role):
    partner, customer = PartnerFactory(name="Fabrikam"), CustomerFactory()
    actor = actor_as(role, partner=partner, customer=customer)
    expected = {
        roles.OPERATOR: ("operator", "Operator", "Platform"),
        roles.CLOCK: ("clock", "By time", "Platform"),
        roles.VISITOR: ("visitor", "Not signed in", "Platform"),
    }
    if actor.is_staff:
        told = (f"partner:{partner.pk}", StaffRole(role).label, "Fabrikam")
    elif actor.is_tenant:
        told = (f"customer:{customer.pk}", TenantRole(role).label, str(customer))
    else:
        told = expected[role]
    assert (actor.key, actor.role_label, actor.organisation) == told
    assert actor.is_operator == (role == roles.OPERATOR)


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_actor_is_for_its_own_only(role):
    partner, customer = PartnerFactory(), CustomerFactory()
    actor = actor_as(role, partner=partner, customer=customer)
    own = actor.is_for(partner_id=partner.pk, customer_id=customer.pk)
    other = actor.is_for(
        partner_id=PartnerFactory().pk, customer_id=CustomerFactory().pk
    )
    assert own == (role != roles.VISITOR)
    assert other == (role in (roles.OPERATOR, roles.CLOCK))


def test_require_says_which_role_lacks_the_right():
    viewer = stories.staff(role="report_viewer")
    with pytest.raises(PermissionDenied, match="Report viewer"):
        viewer.require(Action.INVITE)


def test_may_asks_the_object_whose_it_is():
    sales, other = stories.staff(), stories.staff()
    invitation = stories.invitation(sales)
    assert sales.may(Action.INVITE, invitation)
    assert not other.may(Action.INVITE, invitation)
    assert other.may(Action.INVITE)
    assert sales.may(Action.INVITE, UserFactory())  # an object of nobody's


def test_may_see_follows_the_column_table():
    assert stories.staff(role="sales_agent").may_see(Column.REVENUE)
    assert not stories.staff(role="helpdesk_agent").may_see(Column.REVENUE)


def test_actors_of_names_every_capacity_operator_first():
    user = UserFactory(is_superuser=True, is_staff=True)
    partners = [StaffMembershipFactory(user=user).partner for _ in range(2)]
    tenants = [TenantMembershipFactory(user=user).customer for _ in range(2)]
    StaffMembershipFactory()
    actors = actors_of(user)
    assert actors[0].role == roles.OPERATOR
    assert {actor.partner for actor in actors if actor.is_staff} == set(partners)
    assert {actor.customer for actor in actors if actor.is_tenant} == set(tenants)
    assert len({actor.key for actor in actors}) == len(actors) == 5


def test_actors_of_leaves_out_a_membership_when_it_has_expired():
    membership = StaffMembershipFactory(expires_at=NOON)
    with clock.at(NOON - DAY):
        assert membership.is_current
        assert [a.partner for a in actors_of(membership.user)] == [membership.partner]
    with clock.at(NOON):
        assert not membership.is_current
        assert actors_of(membership.user) == []


def test_actors_of_is_empty_when_the_person_belongs_nowhere():
    assert actors_of(UserFactory()) == []
