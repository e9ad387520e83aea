import pytest
from django.urls import reverse

from portal.admin_site.search import find
from relationships.actors import Actor
from tests import stories
from tests.factories import CustomerFactory, PartnerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales():
    return stories.staff()


@pytest.fixture
def admin():
    customer = CustomerFactory(company_name="Lindgren", primary_domain="lind.example")
    return stories.tenant(customer)


def labels(term, actor):
    return [hit.label for hit in find(term, actor)]


@pytest.mark.parametrize("term", ["lindgren", "lind.example", "LIND.EXAMPLE"])
def test_search_finds_customer_by_name_and_domain_when_related(sales, admin, term):
    stories.relationship(sales, admin)
    hit = find(term, sales)[0]
    assert (hit.label, hit.detail, hit.is_exact) == ("Lindgren", "lind.example", True)


def test_search_finds_customer_by_tenant_id(sales, admin):
    stories.relationship(sales, admin)
    assert labels(str(admin.customer.tenant_id), sales) == ["Lindgren"]


def test_search_by_domain_finds_nothing_before_the_relationship(sales, admin):
    stories.signed_in_invitation(sales, admin)
    assert labels("lind.example", sales) == []
    hit = next(hit for hit in find("lindgren", sales) if hit.kind == "Customer")
    assert hit.detail == ""


def test_search_shows_the_exact_hit_first(sales, admin):
    relationship = stories.relationship(sales, admin)
    first = stories.csp_subscription(sales, relationship.customer)
    stories.observation(
        relationship.customer, product_name="A longer Lindgren", external_id="x-77"
    )
    assert first.product_name in labels(first.product_name, sales)
    assert labels("lindgren", sales)[0] == "Lindgren"
    assert find("X-77", sales)[0].is_exact


def test_search_finds_invitation_by_reference_address_and_id(sales):
    invitation = stories.invitation(
        sales, recipient_email="it@lind.example", reference="Fair 7"
    )
    for term in ("fair 7", "it@lind.example", str(invitation.pk)):
        hit = find(term, sales)[0]
        assert (hit.kind, hit.is_exact) == ("Invitation", True)


def test_search_keeps_addresses_from_roles_without_personal_data(sales):
    stories.invitation(sales, recipient_email="it@lind.example")
    viewer = stories.staff(sales.partner, "report_viewer")
    assert labels("it@lind.example", viewer) == []


def test_search_finds_nothing_of_another_partner(sales, admin):
    relationship = stories.relationship(sales, admin, reference="Fair 7")
    subscription = stories.csp_subscription(sales, relationship.customer)
    other = stories.staff(PartnerFactory())
    for term in ("Lindgren", "Fair 7", subscription.product_name, str(subscription.pk)):
        assert labels(term, other) == []


def test_search_finds_nothing_for_a_role_that_may_see_nothing(admin):
    assert find("Lindgren", Actor.visitor()) == []


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("", "Type a name"),
        ("nowhere", "Nothing of yours"),
        ("Fair 7", "Search: Fair 7"),
    ],
)
def test_search_page_says_what_it_found(client, sales, term, told):
    stories.invitation(sales, reference="Fair 7")
    client.force_login(sales.user)
    response = client.get(reverse("admin:search"), {"q": term})
    assert told in response.content.decode()
