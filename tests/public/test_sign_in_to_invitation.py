import pytest
from django.contrib.auth.signals import user_logged_in

from portal.foundation.countries import country_name
from relationships.actors import Actor
from relationships.models import TenantSignIn
from relationships.services.invitations import withdraw_invitation
from relationships.services.partners import sign_in_by_partner_link
from tests import stories
from tests.factories import (
    CustomerFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)

from .visitor import PASSWORD, Visitor, everything_stored, path_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation(sales):
    return stories.sent_invitation(sales)


def _bound_to(customer, sales):
    return stories.sent_invitation(sales, customer_domain=customer.primary_domain)


def test_landing_names_partner_and_what_happens_when_nobody_is_signed_in(sales):
    partner = sales.partner
    partner.contact_phone = "+49 30 23125 014"
    partner.save()
    invitation = stories.sent_invitation(sales, customer_domain="fabula.example")
    page = text_of(Visitor().get(path_of(invitation)))
    for words in (
        f"{partner.name} asks to become your reseller",
        "Invitation for fabula.example",
        country_name(partner.country),
        partner.mpn_id,
        partner.contact_email,
        partner.contact_phone,
        "Global administrator",
        f">{invitation.expires_at:%-d %b %Y, %H:%M} UTC</time>",
        "Signing in decides nothing",
    ):
        assert words in page


def test_landing_names_both_roles_when_billing_administrators_may_accept(
    settings, invitation
):
    settings.ACCEPTING_ROLES = ["global_administrator", "billing_administrator"]
    page = text_of(Visitor().get(path_of(invitation)))
    assert "Global administrator or Billing administrator" in page


def test_sign_in_leads_to_the_invitation_screen_and_is_noted(invitation):
    admin = stories.tenant()
    visitor = Visitor()
    page = text_of(visitor.sign_in(path_of(invitation), admin))
    assert "What accepting does not do" in page
    invitation.refresh_from_db()
    assert (invitation.status, invitation.customer) == ("signed_in", admin.customer)
    noted = TenantSignIn.objects.get()
    assert (noted.user, noted.role, noted.how) == (
        admin.user,
        "global_administrator",
        "local_account",
    )
    assert visitor.session["acts_as"] == admin.key


@pytest.mark.parametrize("known", [True, False])
def test_sign_in_says_the_same_when_the_password_is_wrong(invitation, known):
    admin = stories.tenant()
    visitor = Visitor()
    path = path_of(invitation)
    login = admin.user.login if known else "nobody@people.example"
    answer = visitor.submit(path, f"{path}sign-in/", login=login, password="wrong")
    assert "do not belong together" in text_of(answer)
    assert 'name="password"' in text_of(answer)
    assert not visitor.session.get("_auth_user_id")
    assert not TenantSignIn.objects.exists()


def test_sign_in_is_refused_when_the_form_has_no_key(invitation):
    admin = stories.tenant()
    credentials = {"login": admin.user.login, "password": PASSWORD}
    answer = Visitor().post(f"{path_of(invitation)}sign-in/", credentials)
    assert answer.status_code == 403
    assert not TenantSignIn.objects.exists()


def test_sign_in_is_refused_when_the_account_has_no_tenant(invitation):
    visitor = Visitor()
    answer = visitor.sign_in(path_of(invitation), stories.staff())
    assert "belongs to no tenant" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")


def test_sign_in_is_refused_when_local_tenant_sign_in_is_off(settings, invitation):
    admin = stories.tenant()
    settings.LOCAL_TENANT_SIGN_IN = False
    visitor = Visitor()
    path = path_of(invitation)
    page = text_of(visitor.get(path))
    assert "No way to sign in to a tenant is set up" in page
    assert 'name="password"' not in page
    visitor.handler.enforce_csrf_checks = False
    credentials = {"login": admin.user.login, "password": PASSWORD}
    answer = visitor.post(f"{path}sign-in/", credentials)
    assert "No way to sign in to a tenant is set up" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")
    assert not TenantSignIn.objects.exists()


def test_sign_in_picks_the_invited_tenant_when_the_person_has_two(sales):
    user = UserFactory()
    memberships = TenantMembershipFactory.create_batch(2, user=user)
    invited = Actor.tenant(memberships[1])
    invitation = _bound_to(invited.customer, sales)
    visitor = Visitor()
    page = text_of(visitor.sign_in(path_of(invitation), invited))
    assert f"{invited.organisation} · you are" in page
    assert visitor.session["acts_as"] == invited.key


def test_sign_in_lets_the_person_choose_when_it_has_two_tenants(invitation):
    user = UserFactory()
    first, second = map(
        Actor.tenant, TenantMembershipFactory.create_batch(2, user=user)
    )
    visitor = Visitor()
    path = path_of(invitation)
    page = text_of(visitor.sign_in(path, first))
    for tenant in (first, second):
        assert f"Continue as {user} of {tenant.organisation}" in page
    assert not TenantSignIn.objects.exists()
    visitor.submit(path, f"{path}sign-in/", customer=second.customer.pk)
    assert TenantSignIn.objects.get().customer == second.customer
    assert f"{second.organisation} · you are" in text_of(visitor.get(path))


def test_sign_in_takes_the_tenant_when_the_person_is_staff_elsewhere_too(invitation):
    admin = stories.tenant()
    StaffMembershipFactory(user=admin.user)
    page = text_of(Visitor().sign_in(path_of(invitation), admin))
    assert f"{admin.organisation} · you are" in page


def test_landing_offers_to_continue_when_somebody_is_signed_in(invitation):
    admin = stories.tenant()
    visitor = Visitor().acting_as(admin)
    path = path_of(invitation)
    page = text_of(visitor.get(path))
    assert f"Continue as {admin.user} of {admin.organisation}" in page
    assert "Switch account" in page
    assert not TenantSignIn.objects.exists()
    answer = visitor.submit(path, f"{path}sign-in/", customer=admin.customer.pk)
    assert answer.url == path
    assert TenantSignIn.objects.get().user == admin.user
    assert "Your decision" in text_of(visitor.get(path))


def test_continuing_keeps_how_the_person_had_signed_in(invitation):
    admin = stories.tenant()
    visitor = Visitor().acting_as(admin)
    session = visitor.session
    session["signed_in_by"] = "openid_connect"
    session["signed_in_tenant"] = str(admin.customer.tenant_id)
    session.save()
    path = path_of(invitation)
    visitor.submit(path, f"{path}sign-in/", customer=admin.customer.pk)
    assert TenantSignIn.objects.get().how == "openid_connect"


def test_continuing_changes_nothing_when_the_tenant_is_not_ones_own(invitation):
    admin, stranger = stories.tenant(), stories.tenant()
    visitor = Visitor().acting_as(admin)
    path = path_of(invitation)
    visitor.get(path)
    before = everything_stored()
    for foreign in (stranger.customer.pk, "", "nonsense"):
        answer = visitor.submit(path, f"{path}sign-in/", customer=foreign)
        assert answer.url == path
    assert everything_stored() == before
    assert visitor.session["acts_as"] == admin.key


def test_everybody_signs_in_for_oneself_when_a_colleague_has_already(sales):
    admin = stories.tenant()
    colleague = stories.tenant(admin.customer)
    invitation = stories.signed_in_invitation(sales, admin)
    path = path_of(invitation)
    visitor = Visitor().acting_as(colleague)
    assert "Continue as" in text_of(visitor.get(path))
    before = everything_stored()
    assert visitor.submit(path, f"{path}accept/", agreed="on").url == path
    assert visitor.submit(path, f"{path}decline/").url == path
    assert everything_stored() == before
    visitor.submit(path, f"{path}sign-in/", customer=colleague.customer.pk)
    assert "Your decision" in text_of(visitor.get(path))


def test_sign_in_is_not_noted_when_the_invitation_is_withdrawn_meanwhile(
    sales, invitation
):
    def withdraw(**signal):
        withdraw_invitation(invitation, actor=sales)

    user_logged_in.connect(withdraw)
    try:
        page = text_of(Visitor().sign_in(path_of(invitation), stories.tenant()))
    finally:
        user_logged_in.disconnect(withdraw)
    assert "not possible while the invitation is withdrawn" in page
    assert "This invitation was withdrawn" in page
    assert not TenantSignIn.objects.exists()


def test_wrong_tenant_is_told_who_is_signed_in_and_how_to_switch(sales):
    invited = CustomerFactory(primary_domain="fabula.example", company_name="Fabula")
    invitation = _bound_to(invited, sales)
    other = stories.tenant()
    visitor = Visitor()
    path = path_of(invitation)
    page = text_of(visitor.sign_in(path, other))
    assert "Another tenant was invited" in page
    assert f"{other.user} of {other.organisation}" in page
    assert "fabula.example" in page
    assert "Fabula" not in page
    assert str(invited.tenant_id) not in page
    assert not TenantSignIn.objects.exists()
    invitation.refresh_from_db()
    assert (invitation.status, invitation.customer) == ("opened", None)
    assert visitor.submit(path, "/sign-out/", next=path).url == path
    assert "Sign in to your tenant" in text_of(visitor.get(path))


def test_wrong_tenant_is_told_no_name_when_the_invitation_has_no_domain(sales):
    invited, other = stories.tenant(), stories.tenant()
    invitation = sign_in_by_partner_link(sales.partner, actor=invited)
    page = text_of(Visitor().sign_in(path_of(invitation), other))
    assert "This invitation is for another tenant." in page
    assert invited.organisation not in page
    assert invited.customer.primary_domain not in page


def test_wrong_tenant_is_offered_ones_own_invited_one(sales):
    user = UserFactory()
    wrong, right = map(Actor.tenant, TenantMembershipFactory.create_batch(2, user=user))
    invitation = _bound_to(right.customer, sales)
    visitor = Visitor().acting_as(wrong)
    path = path_of(invitation)
    page = text_of(visitor.get(path))
    assert "Another tenant was invited" in page
    assert f"Continue as {user} of {right.organisation}" in page
    assert f"Continue as {user} of {wrong.organisation}" not in page
    visitor.submit(path, f"{path}sign-in/", customer=right.customer.pk)
    assert f"{right.organisation} · you are" in text_of(visitor.get(path))


def test_wrong_tenant_changes_nothing_when_it_goes_on_all_the_same(sales):
    invitation = _bound_to(CustomerFactory(), sales)
    other = stories.tenant()
    visitor = Visitor().acting_as(other)
    path = path_of(invitation)
    visitor.get(path)
    before = everything_stored()
    visitor.submit(path, f"{path}sign-in/", customer=other.customer.pk)
    for verb in ("accept", "decline", "existing"):
        assert visitor.submit(path, f"{path}{verb}/", agreed="on").url == path
    assert everything_stored() == before
