import uuid

import pytest

from relationships import directory
from relationships.models import ActivityRecord
from relationships.services.binding import Binding, bind_to_tenants
from relationships.services.invitations import sign_in_to_invitation
from tests import stories
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db

DOMAIN = "fabula.example"
TENANT = uuid.uuid4()


class Book:
    """A directory that knows one domain, or answers nothing."""

    def __init__(self, answers=True):
        self.answers = answers

    def is_there(self):
        return True

    def tenant_of(self, domain):
        if not self.answers:
            raise directory.NoAnswer("closed")
        return TENANT if domain == DOMAIN else None


@pytest.fixture
def book():
    """Registered for one test; the portal's own is back afterwards."""
    own = list(directory._registered)
    book = Book()
    directory.register(book)
    yield book
    directory._registered[:] = own


def test_invitation_is_bound_to_the_tenant_of_its_domain(book, sales):
    invitation = stories.invitation(sales, customer_domain=DOMAIN)
    assert bind_to_tenants([invitation]) == Binding.BOUND
    assert invitation.customer_tenant_id == TENANT
    invitation.refresh_from_db()
    assert invitation.customer_tenant_id == TENANT


def test_directory_is_believed_when_the_portal_knows_another_tenant(book, sales):
    CustomerFactory(primary_domain=DOMAIN)
    invitation = stories.invitation(sales, customer_domain=DOMAIN)
    bind_to_tenants([invitation])
    invitation.refresh_from_db()
    assert invitation.customer_tenant_id == TENANT


@pytest.mark.parametrize(
    ("domain", "answers", "said"),
    [
        ("", True, Binding.NOT_ASKED),
        ("nobodys.example", True, Binding.UNKNOWN),
        (DOMAIN, False, Binding.UNREACHABLE),
    ],
)
def test_invitation_stays_as_it_is_when_the_directory_gives_no_tenant(
    book, sales, domain, answers, said
):
    book.answers = answers
    invitation = stories.invitation(sales, customer_domain=domain)
    assert bind_to_tenants([invitation]) == said
    invitation.refresh_from_db()
    assert invitation.customer_tenant_id is None


def test_nothing_is_asked_when_there_is_no_invitation(book):
    assert bind_to_tenants([]) == Binding.NOT_ASKED


def test_nothing_is_asked_when_no_directory_is_registered(sales):
    own = list(directory._registered)
    directory._registered.clear()
    try:
        invitation = stories.invitation(sales, customer_domain=DOMAIN)
        assert bind_to_tenants([invitation]) == Binding.NOT_ASKED
    finally:
        directory._registered[:] = own


def test_invitation_stays_the_tenants_that_has_signed_in(book, sales):
    customer = CustomerFactory(primary_domain=DOMAIN)
    invitation = stories.signed_in_invitation(
        sales, stories.tenant(customer), customer_domain=DOMAIN
    )
    assert bind_to_tenants([invitation]) == Binding.BOUND
    invitation.refresh_from_db()
    assert invitation.customer_tenant_id == customer.tenant_id


def test_domain_is_verified_when_the_tenant_that_has_it_signs_in(book, sales):
    customer = CustomerFactory(tenant_id=TENANT, primary_domain=None)
    invitation = stories.sent_invitation(sales, customer_domain=DOMAIN)
    bind_to_tenants([invitation])
    sign_in_to_invitation(invitation, actor=stories.tenant(customer))
    customer.refresh_from_db()
    assert customer.primary_domain == DOMAIN
    assert ActivityRecord.objects.filter(operation="verify_domain").count() == 1


def test_domain_is_not_verified_when_the_invitation_has_none(book, sales):
    customer = CustomerFactory(tenant_id=TENANT, primary_domain=None)
    invitation = stories.sent_invitation(sales)
    sign_in_to_invitation(invitation, actor=stories.tenant(customer))
    customer.refresh_from_db()
    assert customer.primary_domain is None


def test_domain_stays_another_customers_when_that_one_has_it(book, sales):
    CustomerFactory(primary_domain=DOMAIN)
    customer = CustomerFactory(tenant_id=TENANT, primary_domain=None)
    invitation = stories.sent_invitation(sales, customer_domain=DOMAIN)
    bind_to_tenants([invitation])
    sign_in_to_invitation(invitation, actor=stories.tenant(customer))
    customer.refresh_from_db()
    assert customer.primary_domain is None
