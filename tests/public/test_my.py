from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.foundation import clock
from relationships.services.relationships import end_relationship
from subscriptions.services.lifecycle import suspend
from subscriptions.services.observations import retract_observation
from tests import stories
from tests.factories import OfferFactory, ProductFactory, TenantMembershipFactory

from .visitor import Visitor, path_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(admin):
    return Visitor().acting_as(admin)


def _end(relationship):
    agent = stories.staff(relationship.partner, role="admin_agent")
    return end_relationship(relationship, actor=agent, reason="test")


def test_my_lists_partners_with_since_until_and_receipt(visitor, admin):
    with clock.at(datetime(2026, 1, 5, tzinfo=UTC)):
        former = stories.relationship(stories.staff(), admin)
    with clock.at(datetime(2026, 2, 6, tzinfo=UTC)):
        _end(former)
    present = stories.relationship(stories.staff(), admin)
    page = text_of(visitor.get("/my/"))
    for relationship in (former, present):
        assert relationship.partner.name in page
        assert relationship.partner.contact_email in page
        assert f"/my/receipts/{relationship.pk}/" in page
    assert "5 January 2026" in page
    assert "6 February 2026" in page
    assert page.count(">Active</td>") == 1
    assert page.count(">Ended</td>") == 1


def test_my_says_so_when_there_is_nothing(visitor):
    page = text_of(visitor.get("/my/"))
    assert "Your tenant has no reseller relationship, and had none." in page
    assert "No subscription is recorded here." in page
    assert "wait for an answer" not in page


def test_my_shows_subscriptions_of_all_channels(visitor, admin):
    sales = stories.staff()
    stories.relationship(sales, admin)
    offer = OfferFactory(product=ProductFactory(title="Teams Premium"))
    stories.csp_subscription(sales, admin.customer, offer, quantity=17)
    stories.observation(
        admin.customer,
        channel="advisor",
        product_name="Power BI Pro",
        por_name="Brightwater",
        por_mpn_id="4455667",
    )
    page = text_of(visitor.get("/my/"))
    for words in ("Teams Premium", "CSP", ">17<", "Power BI Pro", "Advisor"):
        assert words in page
    assert "Brightwater (MPN 4455667)" in page
    assert "earlier statement" not in page


def test_my_keeps_what_was_said_before(visitor, admin):
    with clock.at(datetime(2026, 3, 1, tzinfo=UTC)):
        stories.observation(admin.customer, external_id="a", quantity=11)
    with clock.at(datetime(2026, 4, 1, tzinfo=UTC)):
        wrong = stories.observation(admin.customer, external_id="a", quantity=12)
    operator = stories.operator()
    retract_observation(wrong, actor=operator, reason="wrong file", restores=False)
    stories.observation(admin.customer, external_id="a", quantity=13)
    page = text_of(visitor.get("/my/"))
    assert page.count('scope="row"') == 1
    assert ">13<" in page
    assert "2 earlier statements" in page
    assert "Recorded 1 March 2026: 11 seats" in page
    assert "Recorded 1 April 2026: 12 seats" in page
    assert page.count("(taken back)") == 1
    assert page.index("12 seats") < page.index("11 seats")


def test_my_lists_open_invitations_that_the_tenant_signed_in_to(visitor, admin):
    colleague = stories.tenant(admin.customer)
    waiting = stories.signed_in_invitation(stories.staff(), colleague)
    untouched = stories.sent_invitation(
        stories.staff(), customer_domain=admin.customer.primary_domain
    )
    with clock.at(clock.now() - timedelta(days=90)):
        overdue = stories.signed_in_invitation(stories.staff(), admin)
    page = text_of(visitor.get("/my/"))
    assert path_of(waiting) in page
    assert waiting.partner.name in page
    assert untouched.partner.name not in page
    assert overdue.partner.name not in page


def test_my_shows_nothing_of_another_tenant(visitor):
    stranger = stories.tenant()
    sales = stories.staff()
    relationship = stories.relationship(sales, stranger)
    stories.observation(stranger.customer, product_name="Foreign product")
    waiting = stories.signed_in_invitation(stories.staff(), stranger)
    page = text_of(visitor.get("/my/"))
    for words in (
        stranger.organisation,
        relationship.partner.name,
        "Foreign product",
        waiting.partner.name,
    ):
        assert words not in page


def test_my_offers_to_switch_when_the_person_has_several_organisations(visitor, admin):
    assert "/my/act-as/" not in text_of(visitor.get("/my/"))
    TenantMembershipFactory(user=admin.user)
    assert "/my/act-as/" in text_of(visitor.get("/my/"))


def test_my_asks_to_sign_in_when_nobody_is():
    assert Visitor().get("/my/").url == "/sign-in/?next=/my/"


def test_my_leads_staff_home():
    assert Visitor().acting_as(stories.staff()).get("/my/").url == "/"


def test_my_changes_nothing_when_it_is_posted_to(visitor):
    assert visitor.submit("/my/act-as/", "/my/").status_code == 405


def _fill(admin, number):
    for _ in range(number):
        sales = stories.staff()
        relationship = stories.relationship(sales, admin)
        _end(relationship)
        stories.signed_in_invitation(stories.staff(), admin)
        for quantity in (1, 2):
            stories.observation(
                admin.customer, external_id=str(sales.user.pk), quantity=quantity
            )


def _queries(visitor, path):
    visitor.get(path)  # a first visit is counted in a row of its own
    with CaptureQueriesContext(connection) as queries:
        assert visitor.get(path).status_code == 200
    return len(queries)


def test_my_asks_the_database_as_often_when_there_are_thirty_rows(visitor, admin):
    _fill(admin, 3)
    few = _queries(visitor, "/my/")
    _fill(admin, 27)
    assert _queries(visitor, "/my/") == few


def test_screen_asks_the_database_as_often_when_there_are_thirty_rows(visitor, admin):
    path = path_of(stories.signed_in_invitation(stories.staff(), admin))
    for _ in range(3):
        stories.observation(admin.customer)
    few = _queries(visitor, path)
    for _ in range(27):
        stories.observation(admin.customer)
    assert _queries(visitor, path) == few


def test_receipt_asks_the_database_as_often_when_there_are_thirty_rows(visitor, admin):
    counts = []
    for number in (3, 27):
        for _ in range(number):
            stories.observation(admin.customer)
        relationship = stories.relationship(stories.staff(), admin)
        counts.append(_queries(visitor, f"/my/receipts/{relationship.pk}/"))
        _end(relationship)
    assert counts[0] == counts[1]


def test_my_leads_to_the_partner_that_can_change_a_csp_subscription(visitor, admin):
    sales = stories.staff()
    relationship = stories.relationship(sales, admin)
    stories.observation(admin.customer)
    subscription = stories.csp_subscription(sales, admin.customer)
    link = f'href="mailto:{sales.partner.contact_email}?subject='
    assert text_of(visitor.get("/my/")).count(link) == 1
    suspend(subscription, actor=sales)
    _end(relationship)
    assert link not in text_of(visitor.get("/my/"))
