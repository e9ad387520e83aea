import pytest

from relationships.actors import Actor
from tests import stories
from tests.factories import (
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)

from .visitor import Visitor, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_tenants() -> list[Actor]:
    """One person's."""
    user = UserFactory()
    memberships = TenantMembershipFactory.create_batch(2, user=user)
    return [Actor.tenant(membership) for membership in memberships]


def test_choice_lists_own_tenants_and_keeps_the_chosen_one(two_tenants):
    stranger = stories.tenant()
    first, second = two_tenants
    visitor = Visitor()
    visitor.force_login(first.user)
    page = text_of(visitor.get("/my/act-as/"))
    assert first.organisation in page
    assert second.organisation in page
    assert stranger.organisation not in page
    answer = visitor.submit("/my/act-as/", customer=second.customer.pk)
    assert answer.url == "/"
    assert f"{second.organisation} · you are" in text_of(visitor.get("/my/"))


def test_choice_goes_on_to_next_when_it_is_on_this_portal(two_tenants):
    visitor = Visitor()
    visitor.force_login(two_tenants[0].user)
    assert visitor.get("/my/").url == "/my/act-as/?next=/my/"
    chosen = two_tenants[0].customer.pk
    answer = visitor.submit(
        "/my/act-as/?next=/my/", "/my/act-as/", customer=chosen, next="/my/"
    )
    assert answer.url == "/my/"
    answer = visitor.submit("/my/act-as/", customer=chosen, next="//evil.example/")
    assert answer.url == "/"


def test_choice_changes_nothing_when_the_tenant_is_not_ones_own(two_tenants):
    stranger = stories.tenant()
    visitor = Visitor().acting_as(two_tenants[0])
    for foreign in (stranger.customer.pk, "", "nonsense"):
        answer = visitor.submit("/my/act-as/", customer=foreign)
        assert answer.status_code == 200
    assert visitor.session["acts_as"] == two_tenants[0].key


def test_choice_changes_nothing_when_it_is_only_opened(two_tenants):
    visitor = Visitor().acting_as(two_tenants[0])
    visitor.get("/my/act-as/", {"customer": two_tenants[1].customer.pk})
    assert visitor.session["acts_as"] == two_tenants[0].key


def test_choice_points_to_the_back_office_when_the_person_is_staff_too(two_tenants):
    visitor = Visitor().acting_as(two_tenants[0])
    assert "/admin/act-as/" not in text_of(visitor.get("/my/act-as/"))
    StaffMembershipFactory(user=two_tenants[0].user)
    assert "/admin/act-as/" in text_of(visitor.get("/my/act-as/"))


def test_choice_asks_to_sign_in_when_nobody_is():
    assert Visitor().get("/my/act-as/").url == "/sign-in/?next=/my/act-as/"


def test_choice_leads_home_when_there_is_no_tenant():
    assert Visitor().acting_as(stories.staff()).get("/my/act-as/").url == "/"


def test_tenant_is_out_of_reach_when_local_tenant_sign_in_is_off(settings, two_tenants):
    visitor = Visitor().acting_as(two_tenants[0])
    assert visitor.get("/my/").status_code == 200
    settings.LOCAL_TENANT_SIGN_IN = False
    assert visitor.get("/my/").url == "/"
    assert visitor.get("/my/act-as/").url == "/"


def test_tenant_is_reached_when_another_way_than_a_local_account_was_used(
    settings, two_tenants
):
    settings.LOCAL_TENANT_SIGN_IN = False
    visitor = Visitor().acting_as(two_tenants[0])
    session = visitor.session
    session["signed_in_by"] = "openid_connect"
    session["signed_in_tenant"] = str(two_tenants[0].customer.tenant_id)
    session.save()
    assert visitor.get("/my/").status_code == 200
