"""The life of CSP subscriptions at the back office's desk."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.foundation import clock
from subscriptions.models import ScheduledChange, Subscription

from .. import stories
from ..factories import OfferFactory, PartnerFactory, ProductFactory
from . import people
from .conftest import OpenBrowser
from .watching import Watch


@pytest.fixture
def sales() -> Any:
    return stories.staff(PartnerFactory(name="Fabrikam"), "admin_agent")


@pytest.fixture
def bought_earlier(sales: Any) -> Subscription:
    """Ten seats of Mail; their window is over."""
    with clock.at(clock.now() - timedelta(days=10)):
        admin = stories.tenant()
        stories.relationship(sales, admin)
        offer = OfferFactory(product=ProductFactory(title="Mail"))
        return stories.csp_subscription(sales, admin.customer, offer, quantity=10)


def test_subscription_is_ordered_grows_shrinks_by_schedule_and_is_suspended(
    open_browser: OpenBrowser,
    watch: Watch,
    sales: Any,
    bought_earlier: Subscription,
):
    OfferFactory(product=ProductFactory(title="Office"))
    page = open_browser()
    people.to_back_office(page, sales)
    order(page, watch, bought_earlier)
    seats_go_up_and_down(page, watch)
    seats_stay_and_are_scheduled(page, watch, bought_earlier)
    suspending_drops_the_schedule(page, watch, bought_earlier)


def order(page: Page, watch: Watch, beside: Subscription) -> None:
    page.goto(beside.customer.get_absolute_url())
    page.get_by_role("link", name="Order CSP subscriptions").click()
    watch.look(page, "order")
    page.get_by_label("Seats: Office").fill("4")
    page.get_by_role("button", name="Review the order").first.click()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("Ordered: 1 subscription.")).to_be_visible()


def seats_go_up_and_down(page: Page, watch: Watch) -> None:
    """Within the window both ways are open."""
    for seats in ("6", "3"):
        page.get_by_role("link", name="Change seats : Office").click()
        page.get_by_label("Seats in all").fill(seats)
        watch.look(page, f"seats-to-{seats}")
        page.get_by_role("button", name="Change seats").click()
        expect(page.get_by_text("Seats changed: Office.")).to_be_visible()
    bought = Subscription.objects.get(product_name="Office")
    assert [entry.change for entry in bought.seat_entries.all()] == [4, 2, -2, -1]


def seats_stay_and_are_scheduled(page: Page, watch: Watch, row: Subscription) -> None:
    page.goto(row.get_absolute_url())
    cancel = page.get_by_role("button", name="Cancel the subscription")
    expect(cancel).to_be_disabled()
    expect(cancel).to_have_accessible_description(re.compile("within 7 days"))
    watch.look(page, "what-is-possible")
    page.get_by_role("link", name="Change seats").click()
    page.get_by_label("Seats in all").fill("4")
    page.get_by_role("button", name="Change seats").click()
    refusal = page.get_by_text("No seat can be taken away now").first
    expect(refusal).to_be_visible()
    watch.look(page, "seats-refused")
    page.get_by_role("link", name="Schedule it for the renewal").click()
    page.get_by_label("Seats from the renewal on").fill("4")
    watch.look(page, "schedule")
    page.get_by_role("button", name="Schedule a change").click()
    expect(page.get_by_text("The change is scheduled: Mail.")).to_be_visible()
    page.goto(row.get_absolute_url())
    expect(page.get_by_text("then with 4 seats of Mail")).to_be_visible()
    watch.look(page, "scheduled")
    assert ScheduledChange.objects.get().quantity == 4


def suspending_drops_the_schedule(page: Page, watch: Watch, row: Subscription) -> None:
    people.confirm(page, "Suspend")
    expect(page.get_by_text("Suspended: Mail.")).to_be_visible()
    page.goto(row.get_absolute_url())
    expect(page.get_by_role("button", name="Change seats")).to_be_disabled()
    watch.look(page, "suspended")
    row.refresh_from_db()
    assert (row.status, row.auto_renews, row.quantity) == ("suspended", False, 10)
    assert not ScheduledChange.objects.exists()
