import pytest
from django.contrib.auth.signals import user_logged_in

from relationships.models import Invitation, TenantSignIn
from relationships.services.partners import renew_partner_link, stop_partner_link
from tests import stories
from tests.factories import TenantMembershipFactory

from .visitor import Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(sales):
    return path_of(sales.partner)


def test_link_names_the_partner_and_makes_nothing_when_it_is_opened(sales, path):
    page = text_of(Visitor().get(path))
    for words in (
        sales.partner.name,
        sales.partner.mpn_id,
        sales.partner.contact_email,
    ):
        assert words in page
    assert "Sign in to your tenant" in page
    assert not Invitation.objects.exists()


def test_link_leads_to_ones_own_invitation_when_a_tenant_signs_in(sales, path):
    admin = stories.tenant()
    visitor = Visitor()
    page = visitor.sign_in(path, admin)
    invitation = Invitation.objects.get()
    assert page.request["PATH_INFO"] == path_of(invitation)
    assert "Your decision" in text_of(page)
    assert (invitation.partner, invitation.customer) == (sales.partner, admin.customer)
    assert invitation.created_by is None
    assert TenantSignIn.objects.get().how == "local_account"


def test_link_leads_to_the_same_invitation_when_the_tenant_comes_again(path):
    admin = stories.tenant()
    first = Visitor().sign_in(path, admin)
    visitor = Visitor().acting_as(admin)
    assert f"Continue as {admin.user}" in text_of(visitor.get(path))
    again = visitor.submit(path, f"{path}sign-in/", customer=admin.customer.pk)
    assert again.url == first.request["PATH_INFO"]
    assert Invitation.objects.count() == 1


def test_link_lets_the_person_choose_when_it_has_two_tenants(path):
    admin = stories.tenant()
    TenantMembershipFactory(user=admin.user)
    page = text_of(Visitor().sign_in(path, admin))
    assert page.count("Continue as") == 2
    assert not Invitation.objects.exists()


def test_link_refuses_a_wrong_password(path):
    visitor = Visitor()
    answer = visitor.sign_in(path, stories.tenant(), password="wrong")
    assert "do not belong together" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("before_sign_in", [True, False])
def test_link_says_so_when_the_customer_is_linked_already(sales, path, before_sign_in):
    admin = stories.tenant()
    relationship = stories.relationship(sales, admin)
    if before_sign_in:
        page = text_of(Visitor().acting_as(admin).get(path))
    else:
        page = text_of(Visitor().sign_in(path, admin))
    assert f"{sales.partner.name} is your reseller already" in page
    assert f"/my/receipts/{relationship.pk}/" in page
    assert Invitation.objects.count() == 1


def test_link_leads_to_the_obstacle_when_the_customer_has_another_partner(path):
    admin = stories.tenant()
    stories.relationship(stories.staff(), admin)
    page = text_of(Visitor().sign_in(path, admin))
    assert "Your tenant already has a CSP transacting partner" in page


@pytest.mark.parametrize("change", [stop_partner_link, renew_partner_link])
def test_link_is_no_longer_in_use_when_it_was_stopped_or_renewed(sales, path, change):
    partner = change(sales.partner, actor=sales)
    admin = stories.tenant()
    visitor = Visitor()
    page = text_of(visitor.get(path))
    assert "This link is no longer in use" in page
    assert partner.contact_email in page
    before = everything_stored()
    visitor.acting_as(admin)
    answer = visitor.submit(path, f"{path}sign-in/", customer=admin.customer.pk)
    assert answer.url == path
    assert everything_stored() == before


def test_link_works_again_when_it_was_renewed_after_a_stop(sales, path):
    stop_partner_link(sales.partner, actor=sales)
    renewed = renew_partner_link(sales.partner, actor=sales)
    assert "Sign in to your tenant" in text_of(Visitor().get(path_of(renewed)))
    assert path_of(renewed) != path


def test_link_is_no_longer_in_use_when_the_partner_stopped_selling(sales, path):
    partner = sales.partner
    partner.is_csp_transacting, partner.is_advisor = False, True
    partner.save()
    assert "This link is no longer in use" in text_of(Visitor().get(path))


def test_link_tells_staff_that_it_is_a_look(sales, path):
    page = text_of(Visitor().acting_as(sales).get(path))
    assert f"You see this as staff of {sales.partner.name}." in page


def test_link_does_nothing_when_sign_in_is_only_opened(path):
    admin = stories.tenant()
    answer = (
        Visitor().acting_as(admin).get(f"{path}sign-in/?customer={admin.customer.pk}")
    )
    assert answer.url == path
    assert not Invitation.objects.exists()


def test_link_says_why_not_when_it_is_stopped_while_a_tenant_signs_in(sales, path):
    def stop(**signal):
        stop_partner_link(sales.partner, actor=sales)

    user_logged_in.connect(stop)
    try:
        page = text_of(Visitor().sign_in(path, stories.tenant()))
    finally:
        user_logged_in.disconnect(stop)
    assert "This partner link was stopped." in page
    assert "This link is no longer in use" in page
    assert not Invitation.objects.exists()
