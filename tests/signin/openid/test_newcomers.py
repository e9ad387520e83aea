"""The first person of a tenant that nobody has come from before."""

import uuid
from datetime import timedelta

import pytest

from portal.accounts.models import Identity, User
from portal.foundation import clock
from relationships.models import (
    ActivityRecord,
    Customer,
    TenantMembership,
    TenantSignIn,
)
from relationships.services.identities import ProvedIdentity, state_company
from relationships.services.invitations import withdraw_invitation
from tests import stories
from tests.factories import CustomerFactory
from tests.public.visitor import Visitor, everything_stored, path_of, text_of

from . import faulty
from .faulty import person
from .walking import FOR_TENANT, START, come_back, sign_in

pytestmark = pytest.mark.django_db

COMPANY = "/sign-in/company/"
STATED = {"company_name": "Fabula", "country": "de"}


@pytest.fixture
def invitation(sales):
    return stories.sent_invitation(sales)


@pytest.fixture
def path(invitation):
    return path_of(invitation)


def company_page(path):
    return f"{COMPANY}?next={path.replace('/', '%2F')}"


def test_newcomer_is_asked_for_the_company_and_goes_on_to_the_invitation(
    provider, path
):
    ada, visitor = person(), Visitor()
    page = text_of(sign_in(visitor, provider, ada, path))
    assert "What is your company called?" in page
    assert "stated by the customer" in page
    assert "Ada Admin" in page
    assert "Global administrator" in page
    assert ada["tid"] in page
    assert not Customer.objects.exists()
    assert not User.objects.filter(identities__isnull=False).exists()
    answer = visitor.submit(company_page(path), **STATED)
    assert answer.url == path
    page = text_of(visitor.get(path))
    assert "Fabula · you are Global administrator" in page
    assert "Your decision" in page
    customer = Customer.objects.get()
    assert (str(customer.tenant_id), customer.company_name, customer.country) == (
        ada["tid"],
        "Fabula",
        "DE",
    )
    assert customer.origin == "existing_tenant"
    assert customer.stated_by_customer
    assert customer.primary_domain is None
    assert TenantSignIn.objects.get().how == "openid_connect"
    told = ActivityRecord.objects.get(operation="state_company")
    assert (told.actor, told.customer) == (Identity.objects.get().user, customer)
    assert told.new_value == {"origin": "existing_tenant", "country": "DE"}


def test_staff_sees_that_the_customer_said_it(provider, sales, path):
    visitor = Visitor()
    sign_in(visitor, provider, person(), path)
    visitor.submit(company_page(path), **STATED)
    visitor.get(path)
    visitor.submit(path, f"{path}accept/", agreed="on")
    customer = Customer.objects.get()
    staff = Visitor().acting_as(sales)
    page = text_of(staff.get(customer.get_absolute_url()))
    assert "stated by the customer" in page


def test_newcomer_comes_by_the_partner_link_to_an_own_invitation(provider, sales):
    link, visitor = path_of(sales.partner), Visitor()
    page = text_of(sign_in(visitor, provider, person(), link))
    assert "What is your company called?" in page
    answer = visitor.submit(company_page(link), **STATED)
    page = text_of(visitor.get(answer.url, follow=True))
    assert "Your decision" in page
    assert TenantSignIn.objects.get().customer.company_name == "Fabula"


def test_newcomer_who_may_not_accept_is_told_so(provider, path):
    visitor = Visitor()
    sign_in(visitor, provider, person(wids=[faulty.ORDINARY_USER]), path)
    visitor.submit(company_page(path), **STATED)
    page = text_of(visitor.get(path))
    assert "Somebody else in your tenant has to answer" in page


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"company_name": "", "country": "DE"}, "This field is required."),
        ({"company_name": "Fabula", "country": "D"}, "two capital letters"),
        ({"company_name": "Fabula", "country": "49"}, "two capital letters"),
        ({"company_name": "x" * 201, "country": "DE"}, "at most 200 characters"),
        ({"company_name": "Fab\x00ula", "country": "DE"}, "Null characters"),
    ],
)
def test_company_is_asked_for_again_when_it_is_not_right(provider, path, stated, words):
    visitor = Visitor()
    sign_in(visitor, provider, person(), path)
    before = everything_stored()
    answer = visitor.submit(company_page(path), **stated)
    assert words in text_of(answer)
    assert everything_stored() == before


def test_newcomer_keeps_the_colleagues_words_when_the_colleague_was_quicker(
    provider, path
):
    ada, bo = person(), person(name="Bo")
    bo["tid"] = ada["tid"]
    first, second = Visitor(), Visitor()
    for visitor, who in ((first, ada), (second, bo)):
        sign_in(visitor, provider, who, path)
    first.submit(company_page(path), **STATED)
    second.submit(company_page(path), company_name="Another", country="FR")
    customer = Customer.objects.get()
    assert (customer.company_name, customer.country) == ("Fabula", "DE")
    assert TenantMembership.objects.filter(customer=customer).count() == 2
    assert ActivityRecord.objects.filter(operation="state_company").count() == 1
    assert "Fabula · you are" in text_of(second.get(path))


def test_company_page_goes_on_when_nobody_has_come(path):
    visitor, before = Visitor(), everything_stored()
    assert visitor.get(company_page(path)).url == path
    assert visitor.submit("/sign-in/", company_page(path), **STATED).url == path
    assert visitor.get(COMPANY).url == "/"
    assert everything_stored() == before


def test_company_page_is_closed_when_the_proof_is_an_hour_old(provider, path):
    visitor = Visitor()
    sign_in(visitor, provider, person(), path)
    with clock.at(clock.now() + timedelta(minutes=61)):
        assert visitor.get(company_page(path)).url == path
        assert "Sign in to your tenant" in text_of(visitor.get(path))


def test_newcomer_is_no_longer_one_when_somebody_else_signs_in(provider, path):
    visitor, colleague = Visitor(), stories.tenant()
    sign_in(visitor, provider, person(), path)
    known = person(tid=str(colleague.customer.tenant_id))
    assert "Your decision" in text_of(sign_in(visitor, provider, known, path))
    assert visitor.get(company_page(path)).url == path


def test_newcomer_ends_the_session_of_whoever_was_signed_in(provider, path):
    visitor = Visitor().acting_as(stories.tenant())
    sign_in(visitor, provider, person(), path)
    assert not visitor.session.get("_auth_user_id")
    assert visitor.get("/my/").url == "/sign-in/?next=/my/"


def test_newcomer_is_told_when_another_tenant_was_invited(provider, sales):
    invited = CustomerFactory(primary_domain="fabula.example")
    path = path_of(stories.sent_invitation(sales, customer_domain="fabula.example"))
    Visitor().get(path)
    ada, visitor, before = person(), Visitor(), everything_stored()
    page = text_of(sign_in(visitor, provider, ada, path))
    assert "Another tenant was invited" in page
    assert f"You have signed in as Ada Admin of the tenant {ada['tid']}." in page
    assert "fabula.example" in page
    assert str(invited.tenant_id) not in page
    assert everything_stored() == before
    assert visitor.submit(path, "/sign-out/", next=path).url == path
    assert "Sign in to your tenant" in text_of(visitor.get(path))


def test_newcomer_is_told_when_the_invitation_has_closed_meanwhile(
    provider, sales, invitation, path
):
    withdraw_invitation(invitation, actor=sales)
    page = text_of(sign_in(Visitor(), provider, person(), path))
    assert "This invitation was withdrawn" in page


def test_stranger_is_sent_to_the_invitation_when_it_comes_by_the_front_door(provider):
    visitor, before = Visitor(), everything_stored()
    answer = come_back(visitor, provider, person(), start=START)
    assert answer.status_code == 403
    page = text_of(answer)
    assert "Your tenant is not known here yet" in page
    assert "Open the invitation that you got" in page
    assert everything_stored() == before
    assert not User.objects.exists()


@pytest.mark.parametrize("next_url", ["", "/my/", "/invitations/", "/nowhere/"])
def test_stranger_is_sent_to_the_invitation_when_it_comes_by_no_link(
    provider, next_url
):
    assert_strange(provider, next_url)


@pytest.mark.parametrize("linked", ["invitation", "partner"])
def test_stranger_is_sent_to_the_invitation_when_the_link_is_forged(
    provider, invitation, linked
):
    genuine = path_of(invitation if linked == "invitation" else invitation.partner)
    forged = genuine.swapcase().replace("INVITATIONS", "invitations")
    assert_strange(provider, forged.replace("PARTNERS", "partners"))
    swapped = {"invitations": "partners", "partners": "invitations"}
    kind = genuine.split("/")[1]
    assert_strange(provider, genuine.replace(kind, swapped[kind]))


def assert_strange(provider, next_url):
    visitor, before = Visitor(), everything_stored()
    answer = come_back(visitor, provider, person(), next_url, FOR_TENANT)
    assert answer.status_code == 403
    assert "Open the invitation that you got" in text_of(answer)
    assert visitor.submit("/sign-in/", company_page(next_url), **STATED).url
    assert everything_stored() == before
    assert not User.objects.filter(identities__isnull=False).exists()


def test_company_is_not_taken_when_the_page_is_left_for_another_one(provider, path):
    visitor = Visitor()
    sign_in(visitor, provider, person(), path)
    before = everything_stored()
    answer = visitor.submit(company_page(path), company_page("/my/"), **STATED)
    assert answer.url == "/my/"
    assert everything_stored() == before


def test_person_of_a_known_tenant_comes_by_the_front_door_to_its_own_pages(provider):
    customer = CustomerFactory()
    ada = person(tid=str(customer.tenant_id))
    page = text_of(sign_in(Visitor(), provider, ada, start=START))
    assert "My partners" in page
    assert customer.company_name in page


def test_front_door_goes_on_to_next(provider):
    customer = CustomerFactory()
    ada = person(tid=str(customer.tenant_id))
    assert come_back(Visitor(), provider, ada, "/my/", START).url == "/my/"


def test_front_door_tells_when_roles_are_missing(provider):
    provider.fault = "no wids"
    ada = person(tid=str(CustomerFactory().tenant_id))
    answer = come_back(Visitor(), provider, ada, start=START)
    assert answer.status_code == 403
    assert "did not say which roles you have" in text_of(answer)


def test_company_keeps_its_name_when_the_service_is_asked_twice():
    proof = ProvedIdentity(
        issuer="https://login.example/v2.0",
        tenant_id=uuid.uuid4(),
        object_id="ada",
        full_name="Ada",
        email="",
        role="global_administrator",
    )
    first = state_company(proof, company_name=" Fabula ", country="de")
    second = state_company(proof, company_name="Another", country="FR")
    assert first == second
    assert first.customer.company_name == "Fabula"
