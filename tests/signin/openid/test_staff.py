"""Staff signs in by an account of the partner's own tenant, once it is linked."""

import pytest

from portal.accounts.models import Identity, User
from relationships.actors import Actor
from relationships.models import ActivityRecord, StaffMembership
from tests import stories
from tests.factories import (
    CustomerFactory,
    PartnerFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)
from tests.public.visitor import PASSWORD, Visitor, everything_stored, path_of, text_of

from .faulty import person
from .walking import START, come_back, sign_in

pytestmark = pytest.mark.django_db

LINKED = "/account/openid/"
LINK = "/account/openid/link/"
CONFIRM = "/account/openid/confirm/"


@pytest.fixture
def account(sales):
    """What the partner's tenant says of this member of staff; roles do not matter."""
    told = person(tid=str(sales.partner.tenant_id), name="Sam Sales")
    del told["wids"]
    return told


@pytest.fixture
def visitor(sales):
    return Visitor().acting_as(sales)


@pytest.fixture
def linked(provider, sales, account):
    return Identity.objects.create(
        user=sales.user,
        issuer=provider.issuer_of(account["tid"]),
        tenant_id=account["tid"],
        object_id=account["oid"],
    )


def test_account_is_linked_when_both_sides_have_been_shown(
    provider, visitor, sales, account
):
    assert "None yet." in text_of(visitor.get(LINKED))
    page = text_of(sign_in(visitor, provider, account, start=LINK))
    assert "Link this account?" in page
    assert "Sam Sales" in page
    assert f"acts here as {sales.user} of {sales.partner}" in page
    assert not Identity.objects.exists()
    assert visitor.submit(CONFIRM).url == LINKED
    identity = Identity.objects.get()
    assert (identity.user, str(identity.tenant_id), identity.object_id) == (
        sales.user,
        account["tid"],
        account["oid"],
    )
    page = text_of(visitor.get(LINKED))
    assert str(identity) in page
    assert "Linked. From now on you can sign in with it." in page
    told = ActivityRecord.objects.get(operation="add_record")
    assert (told.actor, told.partner, told.resource_type) == (
        sales.user,
        sales.partner,
        "identity",
    )


def test_staff_signs_in_when_the_account_is_linked(provider, sales, account, linked):
    visitor = Visitor()
    page = text_of(sign_in(visitor, provider, account, start=START))
    assert "Overview" in page
    assert visitor.session["acts_as"] == Actor.staff(StaffMembership.objects.get()).key
    sales.user.refresh_from_db()
    assert sales.user.full_name != "Sam Sales"  # the local account is its owner's
    assert sales.user.sign_ins.get().how == "openid_connect"


def test_staff_acts_for_that_partner_alone_when_it_has_two(
    provider, sales, account, linked
):
    StaffMembershipFactory(user=sales.user)
    sales.user.is_superuser = True
    sales.user.save()
    visitor = Visitor()
    sign_in(visitor, provider, account, start=START)
    assert visitor.session["acts_as"] == sales.key
    page = text_of(visitor.get("/admin/act-as/"))
    assert page.count('name="actor"') == 1


def test_staff_goes_on_to_next(provider, account, linked):
    target = "/admin/relationships/customer/"
    assert come_back(Visitor(), provider, account, target, START).url == target


def test_staff_is_told_how_to_link_when_the_account_is_not(provider, account):
    visitor, before = Visitor(), everything_stored()
    answer = come_back(visitor, provider, account, start=START)
    assert answer.status_code == 403
    page = text_of(answer)
    assert "This account is not linked yet" in page
    assert "link it under “Sign in with Microsoft”" in page
    assert everything_stored() == before
    assert not Identity.objects.exists()
    assert not visitor.session.get("_auth_user_id")


def test_staff_stays_out_when_the_membership_has_ended(
    provider, sales, account, linked
):
    StaffMembership.objects.all().delete()
    visitor = Visitor()
    answer = come_back(visitor, provider, account, start=START)
    assert "This account is not linked yet" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")


def test_staff_stays_out_when_the_account_is_switched_off(
    provider, sales, account, linked
):
    User.objects.filter(pk=sales.user.pk).update(is_active=False)
    visitor = Visitor()
    answer = come_back(visitor, provider, account, start=START)
    assert "Your access is switched off" in text_of(answer)
    assert not visitor.session.get("_auth_user_id")


def test_linked_account_opens_no_other_partner(provider, sales, account, linked):
    """A membership at another partner is not proved by this tenant's account."""
    other = PartnerFactory()
    StaffMembership.objects.all().delete()
    StaffMembershipFactory(user=sales.user, partner=other)
    visitor = Visitor()
    answer = come_back(visitor, provider, account, start=START)
    assert answer.status_code == 403
    assert not visitor.session.get("_auth_user_id")


def test_account_of_another_tenant_is_not_linked(provider, visitor):
    sign_in(visitor, provider, person(), start=LINK)
    before = everything_stored()
    answer = visitor.submit(CONFIRM)
    assert answer.status_code == 403
    assert "This account cannot be linked" in text_of(answer)
    assert not Identity.objects.exists()
    assert everything_stored() == before


def test_account_of_somebody_else_is_not_linked(provider, visitor, sales, account):
    colleague = stories.staff(sales.partner)
    Identity.objects.create(
        user=colleague.user,
        issuer=provider.issuer_of(account["tid"]),
        tenant_id=account["tid"],
        object_id=account["oid"],
    )
    sign_in(visitor, provider, account, start=LINK)
    answer = visitor.submit(CONFIRM)
    assert "This account cannot be linked" in text_of(answer)
    assert Identity.objects.get().user == colleague.user


def test_nothing_is_linked_when_the_form_has_no_key(provider, visitor, account):
    sign_in(visitor, provider, account, start=LINK)
    assert visitor.post(CONFIRM).status_code == 403
    assert not Identity.objects.exists()


def test_nothing_is_linked_when_nothing_was_proved(provider, visitor):
    assert visitor.get(CONFIRM).url == LINKED
    assert visitor.submit(LINKED, CONFIRM).url == LINKED
    assert not Identity.objects.exists()


def test_link_is_confirmed_once(provider, visitor, account):
    sign_in(visitor, provider, account, start=LINK)
    visitor.submit(CONFIRM)
    assert visitor.submit(LINKED, CONFIRM).url == LINKED
    assert Identity.objects.count() == 1


def test_link_is_taken_away_and_ends_other_sessions(
    provider, visitor, sales, account, linked
):
    elsewhere = Visitor()
    sign_in(elsewhere, provider, account, start=START)
    assert elsewhere.get("/admin/").status_code == 200
    visitor.submit(LINKED, identity=str(linked.pk))
    assert not Identity.objects.exists()
    assert elsewhere.get("/admin/").status_code == 302
    assert "No longer linked." in text_of(visitor.get(LINKED))
    told = ActivityRecord.objects.get(operation="delete_record")
    assert (told.actor, told.resource_id) == (sales.user, str(linked.pk))
    answer = come_back(Visitor(), provider, account, start=START)
    assert "This account is not linked yet" in text_of(answer)


@pytest.mark.parametrize("identity", ["", "nonsense", "0", "99999999999999999999"])
def test_no_link_is_taken_away_when_it_is_not_ones_own(
    provider, visitor, sales, identity
):
    colleague = stories.staff(sales.partner)
    foreign = Identity.objects.create(
        user=colleague.user,
        issuer=provider.issuer,
        tenant_id=sales.partner.tenant_id,
        object_id="foreign",
    )
    for wanted in (identity, str(foreign.pk)):
        assert visitor.submit(LINKED, identity=wanted).url == LINKED
    assert Identity.objects.get() == foreign


@pytest.mark.parametrize("page", [LINKED, LINK, CONFIRM])
def test_pages_of_linking_are_for_staff_alone(provider, page):
    assert Visitor().get(page).url.startswith("/sign-in/?next=")
    for stranger in (stories.tenant(), stories.operator()):
        assert Visitor().acting_as(stranger).get(page).status_code == 403


@pytest.mark.parametrize("page", [LINKED, LINK, CONFIRM])
def test_pages_of_linking_are_unknown_when_no_provider_is_set_up(
    visitor, settings, page
):
    settings.OIDC_ISSUER = ""
    assert visitor.get(page).status_code == 404


@pytest.mark.parametrize("page", [LINKED, LINK, CONFIRM])
def test_pages_of_linking_want_a_password_session(provider, account, linked, page):
    """What a stolen session of the provider could otherwise make lasting."""
    visitor = Visitor()
    sign_in(visitor, provider, account, start=START)
    assert visitor.get(page).url == "/account/"


def test_linking_leads_to_a_page_when_the_provider_fails(provider, visitor):
    provider.fault = "discovery:down"
    answer = visitor.get(LINK)
    assert answer.status_code == 502
    assert f'href="{LINK}"' in text_of(answer)


def test_password_still_signs_in_when_an_account_is_linked(provider, sales, linked):
    visitor = Visitor()
    login = {"login": sales.user.login, "password": PASSWORD}
    assert visitor.submit("/sign-in/", **login).url == "/"
    assert visitor.get("/").url == "/admin/"


def test_partners_own_tenant_can_be_a_customer_too(provider, sales, account, linked):
    """Of another partner: by its link, staff comes as people of the tenant."""
    customer = CustomerFactory(tenant_id=sales.partner.tenant_id)
    path = path_of(stories.sent_invitation(stories.staff()))
    visitor = Visitor()
    ada = {**account, "wids": ["62e90394-69f5-4237-9190-012177145e10"]}
    assert "Your decision" in text_of(sign_in(visitor, provider, ada, path))
    assert visitor.session["acts_as"] == f"customer:{customer.pk}"
    sign_in(visitor, provider, ada, start=START)
    assert visitor.session["acts_as"] == sales.key


def test_people_of_a_partners_tenant_come_as_customer_when_it_is_one(provider, sales):
    customer = CustomerFactory(tenant_id=sales.partner.tenant_id)
    visitor = Visitor()
    page = sign_in(visitor, provider, person(tid=str(customer.tenant_id)), start=START)
    assert "My partners" in text_of(page)


def test_local_tenant_people_do_not_link_by_being_in_the_same_tenant(provider):
    """An address or a tenant shared with a local account makes nobody that account."""
    user = UserFactory(email="ada@fabula.example")
    membership = TenantMembershipFactory(user=user)
    ada = person(tid=str(membership.customer.tenant_id))
    visitor = Visitor()
    sign_in(visitor, provider, ada, start=START)
    assert visitor.session["_auth_user_id"] != str(user.pk)
