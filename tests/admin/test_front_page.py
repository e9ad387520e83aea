"""What the front page says of an office whose every row is known."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.html import escape

from portal.foundation import clock, guards
from relationships.enums import CaseKind
from relationships.services.cases import open_case
from relationships.services.relationships import end_relationship
from subscriptions.models import LastVerification, Subscription
from subscriptions.services.upkeep import verify_existing
from tests import stories
from tests.factories import OfferFactory

from .office import desk, text

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with clock.at(NOW):
        yield


@pytest.fixture
def sales():
    return stories.staff(role="admin_agent")


@pytest.fixture
def other():
    return stories.staff(role="admin_agent")


def ago(**span):
    return clock.at(NOW - timedelta(**span))


def front(actor):
    return desk(actor).get("/admin/").context


def needs(actor):
    return [(need.label, need.what, need.detail) for need in front(actor)["needs"]]


def tiles(actor):
    return {tile.title: tile for tile in front(actor)["tiles"]}


def shares(tile):
    return {part.label: part.value for part in tile.parts}


def break_fingerprint(actor):
    """As somebody could who owns the database; the customer that it hits."""
    admin = stories.tenant()
    observation = stories.observation(admin.customer)
    stories.relationship(actor, admin)
    with guards.lifted():
        rows = Subscription._base_manager.filter(pk=observation.pk)
        rows.update(quantity=observation.quantity + 1)
    verify_existing()
    return admin.customer


class TestNeeds:
    def test_nothing_waits_when_all_is_fresh(self, sales):
        stories.invitation(sales)
        stories.sent_invitation(sales)
        stories.signed_in_invitation(sales, stories.tenant())
        assert needs(sales) == []
        assert "Nothing waits for you." in text(desk(sales).get("/admin/"))

    def test_fingerprint_that_differs_comes_first(self, sales, other):
        customer = break_fingerprint(sales)
        break_fingerprint(other)
        stories.invitation(sales)
        assert needs(sales) == [
            (
                "Fingerprint differs",
                str(customer),
                "An existing subscription is not as it was found",
            )
        ]

    def test_cases_come_first_and_the_oldest_on_top(self, sales):
        admin = stories.tenant()
        invitation = stories.sent_invitation(sales, recipient_email="it@a.example")
        conflict = CaseKind.ONE_TRANSACTING_PARTNER
        with ago(days=1):
            open_case(CaseKind.NEW_LINK, invitation, actor=admin)
        with ago(days=2):
            open_case(conflict, invitation, actor=admin, customer=admin.customer)
        with ago(days=8):
            stories.sent_invitation(sales, recipient_email="it@b.example")
        assert needs(sales) == [
            ("Conflict", str(admin.customer), str(conflict.label)),
            ("New link asked", "it@a.example", "Asks for a new link"),
            ("Not opened", "Not opened for more than 7 days", "it@b.example"),
        ]

    def test_more_cases_than_fit_are_a_number(self, sales):
        for number in range(10):
            invitation = stories.sent_invitation(sales, reference=f"No {number}")
            open_case(CaseKind.NEW_LINK, invitation, actor=stories.tenant())
        told = needs(sales)
        assert len(told) == 9
        assert told[-1][:2] == ("More", "2 more cases")

    def test_sent_invitation_shows_when_it_expires_soon(self, sales):
        soon, later = NOW + timedelta(days=7), NOW + timedelta(days=8)
        stories.sent_invitation(sales, recipient_email="a@a.example", expires_at=soon)
        stories.sent_invitation(sales, recipient_email="b@b.example", expires_at=later)
        stories.invitation(sales, recipient_email="c@c.example", expires_at=soon)
        assert needs(sales) == [("Expires soon", "a@a.example", "Sent")]

    def test_drafts_and_silent_customers_are_named_up_to_three(self, sales):
        silent = [stories.tenant() for _number in range(2)]
        for second, name in enumerate("abcde"):
            with ago(days=4, seconds=-second):
                stories.invitation(sales, recipient_email=f"{name}@draft.example")
        for second, admin in enumerate(silent):
            with ago(days=4, seconds=-second):
                stories.signed_in_invitation(sales, admin)
        names = ", ".join(str(admin.customer) for admin in silent)
        draft = "a@draft.example, b@draft.example, c@draft.example and 2 more"
        assert needs(sales) == [
            ("Not answered", "Signed in and not answered for more than 3 days", names),
            ("Not sent", "Drafts of more than 2 days", draft),
        ]

    def test_other_partners_rows_are_not_told(self, sales):
        with ago(days=9):
            stories.sent_invitation(stories.staff())
        assert needs(sales) == []

    def test_report_viewer_has_no_list(self, sales):
        viewer = stories.staff(sales.partner, role="report_viewer")
        assert front(viewer)["needs"] is None


class TestTiles:
    def test_open_invitations_are_counted_by_state(self, sales):
        stories.invitation(sales)
        stories.sent_invitation(sales, reference="a")
        soon = NOW + timedelta(days=3)
        stories.sent_invitation(sales, reference="b", expires_at=soon)
        tile = tiles(sales)["Open invitations"]
        assert (tile.value, tile.delta) == ("3", "1 expires within 7 days")
        assert shares(tile) == {
            "Signed in": "0",
            "Opened": "0",
            "Sent": "2",
            "Draft": "1",
        }
        assert [part.width for part in tile.parts] == [0, 0, 66.67, 33.33]

    def test_relationships_are_counted_at_the_start_of_each_month(self, sales):
        with ago(days=100):
            lost, _kept = [stories.relationship(sales, stories.tenant()) for _ in "ab"]
        with ago(days=40):
            end_relationship(lost, actor=sales, reason="They moved")
        with ago(days=2):
            stories.relationship(sales, stories.tenant())
        tile = tiles(sales)["Active relationships"]
        assert (tile.value, tile.delta) == ("2", "+1 this month")
        assert tile.text.endswith(": 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 1, 2")
        assert tile.span == ("December 2025", "today")

    def test_seats_are_those_that_the_partner_may_see(self, sales):
        ours, theirs = stories.tenant(), stories.tenant()
        stories.relationship(sales, ours)
        stories.csp_subscription(sales, ours.customer, quantity=40)
        stories.observation(ours.customer, quantity=1_200, channel="volume")
        stories.observation(theirs.customer, quantity=9)
        tile = tiles(sales)["Seats by channel"]
        assert (tile.value, tile.delta) == ("1,240", "in 1 tenant")
        assert shares(tile) == {
            "CSP, managed by you": "40",
            "Advisor": "0",
            "Direct from Microsoft": "0",
            "Volume licensing": "1,200",
        }

    def test_value_is_of_one_month_whatever_the_billing_plan(self, sales):
        admin = stories.tenant()
        stories.relationship(sales, admin)
        monthly = OfferFactory(unit_price="12.50", product__title="Mail")
        annual = OfferFactory(
            unit_price="240.00", billing_plan="annual", product__title="Office"
        )
        stories.csp_subscription(sales, admin.customer, monthly, quantity=4)
        stories.csp_subscription(sales, admin.customer, annual, quantity=10)
        tile = tiles(sales)["Monthly list value"]
        assert tile.value == "USD 250"
        assert shares(tile) == {"Office": "200", "Mail": "50"}

    def test_products_beyond_the_third_are_one_share(self, sales):
        admin = stories.tenant()
        stories.relationship(sales, admin)
        for number in range(1, 6):
            offer = OfferFactory(unit_price="10", product__title=f"Product {number}")
            stories.csp_subscription(sales, admin.customer, offer, quantity=number)
        assert shares(tiles(sales)["Monthly list value"]) == {
            "Product 5": "50",
            "Product 4": "40",
            "Product 3": "30",
            "All others": "30",
        }

    def test_every_tile_says_what_it_counts(self, sales):
        page = desk(sales).get("/admin/")
        shown = page.context["tiles"]
        assert len(shown) == 4
        for tile in shown:
            assert tile.about
            assert f'<p class="quiet about">{escape(tile.about)}</p>' in text(page)

    def test_value_tile_says_where_to_begin_without_csp_subscriptions(self, sales):
        tile = tiles(sales)["Monthly list value"]
        assert (tile.value, tile.parts) == ("–", [])
        assert "Order the first one" in tile.empty
        admin = stories.tenant()
        stories.relationship(sales, admin)
        stories.csp_subscription(sales, admin.customer)
        assert tiles(sales)["Monthly list value"].empty == ""

    def test_report_viewer_sees_seats_and_no_money(self, sales):
        admin = stories.tenant()
        stories.relationship(sales, admin)
        stories.csp_subscription(sales, admin.customer)
        viewer = stories.staff(sales.partner, role="report_viewer")
        assert set(tiles(viewer)) == {"Active relationships", "Seats by channel"}

    def test_currencies_have_a_tile_each_when_the_operator_looks(self):
        for currency in ("USD", "EUR"):
            partner = stories.staff().partner
            partner.currency = currency
            partner.save()
            admin, sales = stories.tenant(), stories.staff(partner)
            stories.relationship(sales, admin)
            offer = OfferFactory(currency=currency, unit_price="10")
            stories.csp_subscription(sales, admin.customer, offer)
        values = [tile.value for tile in front(stories.operator())["tiles"]]
        assert values[-2:] == ["EUR 50", "USD 50"]


class TestIntegrity:
    def test_nothing_is_said_before_something_was_verified(self, sales):
        stories.relationship(sales, stories.tenant())
        assert front(sales)["integrity"]["at"] is None
        assert 'id="integrity"' not in desk(sales).get("/admin/").content.decode()

    def test_last_results_are_counted_each_relationship_once(self, sales, other):
        stories.relationship(sales, stories.tenant())
        with ago(days=2):
            break_fingerprint(sales)
        break_fingerprint(other)
        told = {"unchanged": 0, "nothing": 1, "different": 1, "at": NOW}
        assert front(sales)["integrity"] == told
        page = text(desk(sales).get("/admin/"))
        assert "1 with nothing to verify; <strong>1 different</strong>." in page

    def test_result_is_replaced_when_it_is_verified_again(self, sales):
        admin = stories.tenant()
        stories.observation(admin.customer)
        with ago(days=1):
            relationship = stories.relationship(sales, admin)
            verify_existing()
        first = LastVerification.objects.get(relationship=relationship)
        verify_existing()
        last = LastVerification.objects.get(relationship=relationship)
        assert (first.result, last.result) == ("unchanged", "unchanged")
        assert (first.verified_at, last.verified_at) == (NOW - timedelta(days=1), NOW)
