"""A domain is bound to its tenant by the provider's public discovery document."""

import uuid

import pytest

from relationships import directory
from relationships.models import ActivityRecord, Customer, Invitation
from tests.factories import CustomerFactory
from tests.public.visitor import Visitor, path_of, text_of

from .faulty import DISCOVERY, person
from .walking import sign_in

pytestmark = pytest.mark.django_db

REQUEST = "/admin/request-reseller-relationship/"
DOMAIN = "fabula.example"


@pytest.fixture
def visitor(sales):
    return Visitor().acting_as(sales)


def request_relationship(visitor, **fields):
    shown = visitor.get(REQUEST)
    form = {name: value or "" for name, value in shown.context["form"].initial.items()}
    hidden = {field.html_name: field.value() or "" for field in shown.context["form"]}
    posted = {**form, **hidden, "customer_domain": DOMAIN, **fields}
    answer = visitor.submit(REQUEST, **posted)
    assert answer.status_code == 302, text_of(answer)
    return text_of(visitor.get(answer.url))


def test_invitation_is_bound_when_the_directory_knows_the_domain(provider, visitor):
    tenant_id = str(uuid.uuid4())
    provider.domains[DOMAIN] = tenant_id
    page = request_relationship(visitor)
    invitation = Invitation.objects.get()
    assert str(invitation.customer_tenant_id) == tenant_id
    assert "No tenant has the domain" not in page
    assert "could not be looked up" not in page


def test_invitations_are_bound_at_once_when_there_are_many(provider, visitor):
    provider.domains[DOMAIN] = tenant_id = str(uuid.uuid4())
    addresses = "a@fabula.example\nb@fabula.example"
    request_relationship(visitor, recipients=addresses)
    bound = Invitation.objects.values_list("customer_tenant_id", flat=True)
    assert [str(found) for found in bound] == [tenant_id, tenant_id]
    assert provider.asked[f"/{DOMAIN}{DISCOVERY}"] == 1


def test_staff_is_told_when_no_tenant_has_the_domain(provider, visitor):
    page = request_relationship(visitor)
    assert "No tenant has the domain fabula.example" in page
    assert Invitation.objects.get().customer_tenant_id is None


@pytest.mark.parametrize(
    "fault", ["domain:down", "domain:redirect", "domain:no json", "domain:empty"]
)
def test_invitation_is_made_all_the_same_when_the_directory_fails(
    provider, visitor, fault
):
    provider.fault = fault
    page = request_relationship(visitor)
    assert "could not be looked up now" in page
    assert Invitation.objects.get().customer_domain == DOMAIN


def test_invitation_is_made_all_the_same_when_the_directory_is_slow(
    provider, visitor, settings
):
    settings.OIDC_TIMEOUT = 0.2
    provider.fault = "domain:slow"
    assert "could not be looked up now" in request_relationship(visitor)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("fault", ["", "domain:down"])
def test_page_says_the_same_whether_the_portal_knows_the_domain_or_not(
    provider, visitor, fault, is_known
):
    CustomerFactory(primary_domain=DOMAIN if is_known else "other.example")
    provider.fault = fault
    page = request_relationship(visitor)
    told = "could not be looked up now" if fault else "No tenant has the domain"
    assert told in page


def test_no_directory_is_asked_when_there_is_no_domain(provider, visitor):
    request_relationship(visitor, customer_domain="")
    assert not provider.asked


def test_no_directory_is_asked_when_the_provider_has_none(visitor, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    page = request_relationship(visitor)
    assert "could not be looked up" not in page
    assert Invitation.objects.get().customer_tenant_id is None
    with pytest.raises(directory.NoAnswer):
        directory.tenant_of(DOMAIN)


@pytest.mark.parametrize(
    "issuer", ["https://evil.example/{}/v2.0", "{}", "https://evil.example/", 7]
)
def test_directory_is_not_believed_when_it_names_another_issuer(
    provider, monkeypatch, issuer
):
    named = issuer.format(uuid.uuid4()) if isinstance(issuer, str) else issuer
    answer = (200, {"issuer": named})
    monkeypatch.setattr(provider, "_discovery_of_domain", lambda domain: answer)
    with pytest.raises(directory.NoAnswer):
        directory.tenant_of(DOMAIN)


def test_bound_tenant_accepts_and_its_domain_is_verified(provider, visitor, sales):
    ada = person()
    provider.domains[DOMAIN] = ada["tid"]
    request_relationship(visitor)
    customer = CustomerFactory(tenant_id=ada["tid"], primary_domain=None)
    path = path_of(Invitation.objects.get())
    page = text_of(sign_in(Visitor(), provider, ada, path))
    assert "Your decision" in page
    customer.refresh_from_db()
    assert customer.primary_domain == DOMAIN
    told = ActivityRecord.objects.get(operation="verify_domain")
    assert (told.customer, told.new_value) == (customer, {"how": "directory"})


def test_domain_stays_unverified_when_another_customer_has_it(provider, visitor):
    ada = person()
    provider.domains[DOMAIN] = ada["tid"]
    CustomerFactory(primary_domain=DOMAIN)
    customer = CustomerFactory(tenant_id=ada["tid"], primary_domain=None)
    request_relationship(visitor)
    path = path_of(Invitation.objects.get())
    assert "Your decision" in text_of(sign_in(Visitor(), provider, ada, path))
    customer.refresh_from_db()
    assert customer.primary_domain is None


def test_domain_stays_as_it_is_when_the_customer_has_another(provider, visitor):
    ada = person()
    provider.domains[DOMAIN] = ada["tid"]
    customer = CustomerFactory(tenant_id=ada["tid"], primary_domain="own.example")
    request_relationship(visitor)
    path = path_of(Invitation.objects.get())
    assert "Your decision" in text_of(sign_in(Visitor(), provider, ada, path))
    customer.refresh_from_db()
    assert customer.primary_domain == "own.example"


def test_invitation_is_bound_at_sign_in_when_the_directory_answers_only_then(
    provider, visitor
):
    ada = person()
    provider.fault = "domain:down"
    request_relationship(visitor)
    provider.fault = ""
    provider.domains[DOMAIN] = ada["tid"]
    customer = CustomerFactory(tenant_id=ada["tid"], primary_domain=None)
    invitation = Invitation.objects.get()
    page = text_of(sign_in(Visitor(), provider, ada, path_of(invitation)))
    assert "Your decision" in page
    invitation.refresh_from_db()
    assert invitation.customer_tenant_id == customer.tenant_id


def test_directory_is_asked_once_when_it_has_bound_the_invitation(provider, visitor):
    provider.domains[DOMAIN] = str(uuid.uuid4())
    request_relationship(visitor)
    path = path_of(Invitation.objects.get())
    newcomer = Visitor()
    sign_in(newcomer, provider, person(), path)
    newcomer.get(path)
    assert provider.asked[f"/{DOMAIN}{DISCOVERY}"] == 1


def test_newcomer_of_the_bound_tenant_gets_its_domain_verified(provider, visitor):
    ada, newcomer = person(), Visitor()
    provider.fault = "domain:down"
    request_relationship(visitor)
    provider.fault = ""
    provider.domains[DOMAIN] = ada["tid"]
    path = path_of(Invitation.objects.get())
    sign_in(newcomer, provider, ada, path)
    company = f"/sign-in/company/?next={path}"
    newcomer.submit(company, company_name="Fabula", country="DE")
    assert "Your decision" in text_of(newcomer.get(path))
    assert Customer.objects.get().primary_domain == DOMAIN


def test_tenant_of_another_domain_is_told_so_when_the_directory_knows_better(
    provider, visitor
):
    provider.domains[DOMAIN] = str(uuid.uuid4())
    request_relationship(visitor)
    path = path_of(Invitation.objects.get())
    page = text_of(sign_in(Visitor(), provider, person(), path))
    assert "Another tenant was invited" in page
    assert not Customer.objects.exists()
