import pytest
from django.urls import reverse

from portal.admin_site.search import SHOWN, find
from relationships.actors import Actor
from subscriptions.services.lifecycle import cancel, rename
from subscriptions.services.observations import retract_observation
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
    hit = find(str(admin.customer.tenant_id), sales)[0]
    assert (hit.kind, hit.label, hit.is_exact) == ("Customer", "Lindgren", True)


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


def test_search_finds_what_a_tenant_has_by_its_id_or_name(sales, admin):
    relationship = stories.relationship(sales, admin)
    subscription = stories.csp_subscription(sales, relationship.customer)
    for term in (str(admin.customer.tenant_id), "lindgren"):
        kinds = {hit.kind for hit in find(term, sales)}
        assert kinds == {"Customer", "Invitation", "Subscription"}
        assert str(subscription) in labels(term, sales)


def test_search_finds_no_invitation_by_a_tenant_that_has_not_signed_in(sales, admin):
    stories.sent_invitation(sales, customer_domain="lind.example")
    assert labels(str(admin.customer.tenant_id), sales) == []


def test_names_of_customer_and_product_are_exact(sales, admin):
    relationship = stories.relationship(sales, admin)
    subscription = stories.csp_subscription(sales, relationship.customer)
    hit = find(subscription.product_name.upper(), sales)[0]
    assert (hit.kind, hit.is_exact) == ("Subscription", True)
    hits = find("LINDGREN", sales)
    assert {hit.kind for hit in hits if hit.is_exact} == {"Customer", "Invitation"}


def test_search_shows_the_current_first_and_says_what_became_of_the_others(
    client, sales, admin
):
    relationship = stories.relationship(sales, admin)
    customer = relationship.customer
    old = stories.observation(customer, product_name="A Mail", external_id="m-1")
    stories.observation(customer, product_name="B Mail", external_id="m-1")
    wrong = stories.observation(customer, product_name="C Mail", external_id="m-2")
    retract_observation(wrong, actor=stories.operator(), reason="A wrong import.")
    sold = stories.csp_subscription(sales, customer)
    rename(sold, actor=sales, friendly_name="D Mail")
    cancel(sold, actor=sales)
    found = [(hit.label, hit.past) for hit in find("mail", sales)]
    assert found == [
        ("B Mail", ""),
        ("A Mail", "Superseded"),
        ("C Mail", "Retracted"),
        ("D Mail", "Deleted"),
    ]
    assert find(str(old.pk), sales)[0].past == "Superseded"
    client.force_login(sales.user)
    page = client.get(reverse("admin:search"), {"q": "mail"}).content.decode()
    assert '<span class="badge off">Retracted</span>' in page


def test_search_leads_to_all_when_more_is_found_than_shown(client, sales):
    for number in range(SHOWN):
        stories.invitation(sales, reference=f"Fair {number}")
    client.force_login(sales.user)
    everything = '<a href="/admin/relationships/invitation/?q=fair">Invitations</a>'
    page = client.get(reverse("admin:search"), {"q": "fair"}).content.decode()
    assert everything not in page
    stories.invitation(sales, reference="Fair of all")
    page = client.get(reverse("admin:search"), {"q": "fair"}).content.decode()
    assert everything in page
    assert len(find("fair", sales)) == SHOWN


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
