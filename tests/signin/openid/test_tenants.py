"""Who somebody is, once the provider has proved it."""

import uuid
from datetime import timedelta

import pytest
import time_machine

from portal.accounts.models import Identity, User
from portal.foundation import clock
from relationships.models import (
    ActivityRecord,
    Customer,
    TenantMembership,
    TenantSignIn,
)
from tests import stories
from tests.factories import CustomerFactory
from tests.public.visitor import Visitor, everything_stored, path_of, text_of

from . import faulty
from .faulty import person
from .walking import come_back, sign_in, to_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(sales):
    return path_of(stories.sent_invitation(sales))


def claims_of(customer, **claims):
    return person(tid=str(customer.tenant_id), **claims)


def test_person_is_made_and_signed_in_when_the_tenant_is_known(provider, path):
    customer = CustomerFactory()
    ada = claims_of(customer)
    visitor = Visitor()
    page = text_of(sign_in(visitor, provider, ada, path))
    assert "Your decision" in page
    assert f"{customer.company_name} · you are Global administrator" in page
    identity = Identity.objects.get()
    assert (identity.issuer, str(identity.tenant_id), identity.object_id) == (
        provider.issuer_of(ada["tid"]),
        ada["tid"],
        ada["oid"],
    )
    user = identity.user
    assert user.login == f"{ada['oid']}@{ada['tid']}"
    assert (user.full_name, user.email) == ("Ada Admin", "ada@fabula.example")
    assert not user.has_usable_password()
    assert not user.is_staff
    noted = TenantSignIn.objects.get()
    assert (noted.user, noted.customer, noted.how) == (
        user,
        customer,
        "openid_connect",
    )


def test_person_is_the_same_when_name_and_address_have_changed(provider, path):
    customer = CustomerFactory()
    ada = claims_of(customer)
    sign_in(Visitor(), provider, ada, path)
    married = {**ada, "name": "Ada Lovelace", "email": "lovelace@fabula.example"}
    page = text_of(sign_in(Visitor(), provider, married, path))
    assert "Ada Lovelace" in page
    user = User.objects.get(identities__isnull=False)
    assert (user.full_name, user.email) == ("Ada Lovelace", "lovelace@fabula.example")


def test_people_are_two_when_they_share_an_e_mail_address(provider, path):
    local = stories.tenant()
    local.user.email = "ada@fabula.example"
    local.user.save()
    for _ in range(2):
        sign_in(Visitor(), provider, claims_of(local.customer), path)
    assert User.objects.filter(email="ada@fabula.example").count() == 3
    assert Identity.objects.count() == 2
    assert not local.user.identities.exists()


def test_person_has_two_identities_when_it_administers_two_tenants(provider, path):
    oid = str(uuid.uuid4())
    first, second = CustomerFactory.create_batch(2)
    visitor = Visitor()
    for customer in (first, second):
        page = text_of(sign_in(visitor, provider, claims_of(customer, oid=oid), path))
        assert f"{customer.company_name} · you are" in page
    users = [identity.user for identity in Identity.objects.order_by("pk")]
    assert len(set(users)) == 2
    assert [user.tenant_memberships.get().customer for user in users] == [first, second]
    assert "Signed in as" in text_of(visitor.get("/my/"))
    assert first.company_name not in text_of(visitor.get("/my/"))


@pytest.mark.parametrize(
    ("wids", "role"),
    [
        ([faulty.GLOBAL_ADMINISTRATOR], "global_administrator"),
        ([faulty.GLOBAL_ADMINISTRATOR.upper()], "global_administrator"),
        (
            [faulty.BILLING_ADMINISTRATOR, faulty.GLOBAL_ADMINISTRATOR],
            "global_administrator",
        ),
        ([faulty.BILLING_ADMINISTRATOR], "billing_administrator"),
        ([faulty.ORDINARY_USER], "user"),
        ([], "user"),
        (["nonsense", 7, None], "user"),
    ],
)
def test_role_is_what_the_directory_says(provider, path, wids, role):
    customer = CustomerFactory()
    sign_in(Visitor(), provider, claims_of(customer, wids=wids), path)
    assert TenantMembership.objects.get(customer=customer).role == role


def test_role_is_gone_here_when_it_is_gone_there(provider, path):
    customer = CustomerFactory()
    ada = claims_of(customer)
    sign_in(Visitor(), provider, ada, path)
    former = {**ada, "wids": [faulty.ORDINARY_USER]}
    visitor = Visitor()
    page = text_of(sign_in(visitor, provider, former, path))
    assert "Somebody else in your tenant has to answer" in page
    assert TenantMembership.objects.get().role == "user"
    told = ActivityRecord.objects.filter(operation="change_tenant_role").order_by("pk")
    assert [(row.old_value, row.new_value) for row in told] == [
        ({}, {"role": "global_administrator"}),
        ({"role": "global_administrator"}, {"role": "user"}),
    ]
    before = everything_stored()
    visitor.submit(path, f"{path}accept/", agreed="on")
    assert everything_stored() == before


def test_role_is_told_once_when_it_stays_the_same(provider, path):
    ada = claims_of(CustomerFactory())
    for _ in range(2):
        sign_in(Visitor(), provider, ada, path)
    told = ActivityRecord.objects.filter(operation="change_tenant_role")
    assert told.count() == 1


def test_receipt_names_the_provider_when_it_was_used(provider, path):
    customer = CustomerFactory()
    visitor = Visitor()
    sign_in(visitor, provider, claims_of(customer), path)
    answer = visitor.submit(path, f"{path}accept/", agreed="on")
    page = text_of(visitor.get(answer.url))
    assert "Signed in with</dt><dd>Microsoft Entra ID" in page
    assert "Ada Admin, Global administrator" in page


def test_session_is_another_persons_when_another_one_signs_in(provider, path):
    first, second = CustomerFactory.create_batch(2)
    visitor = Visitor()
    sign_in(visitor, provider, claims_of(first), path)
    before = visitor.session.session_key
    sign_in(visitor, provider, claims_of(second, name="Bo"), path)
    assert visitor.session.session_key != before
    assert visitor.session["signed_in_tenant"] == str(second.tenant_id)


def test_session_ends_after_hours_when_it_is_used_until_then(provider, path, settings):
    settings.OIDC_SESSION_HOURS = 2
    visitor = Visitor()
    sign_in(visitor, provider, claims_of(CustomerFactory()), path)
    end = clock.now() + timedelta(hours=2)
    with time_machine.travel(end - timedelta(minutes=1)):
        to_provider(visitor)  # which the session keeps
        assert visitor.get("/my/").status_code == 200
    with time_machine.travel(end + timedelta(seconds=1)):
        assert visitor.get("/my/").url == "/sign-in/?next=/my/"


def test_invitation_of_another_tenant_tells_so_when_the_tenant_is_known(
    provider, sales
):
    invited, other = CustomerFactory.create_batch(2)
    path = path_of(
        stories.sent_invitation(sales, customer_domain=invited.primary_domain)
    )
    page = text_of(sign_in(Visitor(), provider, claims_of(other), path))
    assert "Another tenant was invited" in page
    assert not TenantSignIn.objects.exists()


def test_person_without_a_name_is_shown_by_what_there_is(provider, path):
    customer = CustomerFactory()
    nameless = claims_of(customer, name=" \n", preferred_username="ada@fabula.example")
    sign_in(Visitor(), provider, nameless, path)
    oid = str(uuid.uuid4())
    unknown = claims_of(customer, oid=oid, name=None, preferred_username=7, email="?")
    sign_in(Visitor(), provider, unknown, path)
    people = User.objects.filter(identities__isnull=False).order_by("pk")
    assert [(user.full_name, user.email) for user in people] == [
        ("ada@fabula.example", "ada@fabula.example"),
        (oid, ""),
    ]


def test_sign_in_names_stay_apart_when_object_ids_differ_in_case(
    provider, path, settings
):
    settings.OIDC_OBJECT_CLAIM = "sub"
    customer = CustomerFactory()
    for sub in ("abc", "ABC", "a" * 255):
        sign_in(Visitor(), provider, claims_of(customer, sub=sub), path)
    logins = User.objects.filter(identities__isnull=False).values_list("login")
    assert len(set(logins)) == 3
    assert ("abc@" + str(customer.tenant_id),) in logins


def test_account_that_was_switched_off_stays_out(provider, path):
    customer = CustomerFactory()
    ada = claims_of(customer)
    sign_in(Visitor(), provider, ada, path)
    User.objects.filter(identities__isnull=False).update(is_active=False)
    before = everything_stored()
    visitor = Visitor()
    answer = come_back(visitor, provider, {**ada, "wids": []}, path)
    assert answer.status_code == 403
    assert "Your access is switched off" in text_of(answer)
    assert everything_stored() == before
    assert not visitor.session.get("_auth_user_id")


def test_partner_link_gives_an_own_invitation_when_openid_signs_in(provider, sales):
    customer = CustomerFactory()
    visitor = Visitor()
    link = path_of(sales.partner)
    page = sign_in(visitor, provider, claims_of(customer), link)
    assert "Your decision" in text_of(page)
    noted = TenantSignIn.objects.get()
    assert (noted.customer, noted.how) == (customer, "openid_connect")
    assert Customer.objects.count() == 1
