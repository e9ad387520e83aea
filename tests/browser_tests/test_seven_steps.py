"""The seven steps, by two people in two browsers that share nothing."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from playwright.sync_api import Page, expect

from relationships.actors import Actor
from relationships.models import ResellerRelationship
from subscriptions.models import Offer, Subscription

from .. import stories
from ..factories import (
    CustomerFactory,
    OfferFactory,
    PartnerFactory,
    ProductFactory,
)
from . import people
from .conftest import OpenBrowser
from .watching import Watch

PARTNER = "Blue Harbour Cloud"
CUSTOMER = "Lindgren Logistics"
DOMAIN = "lindgren.example"
ADDRESS = f"it@{DOMAIN}"
PROMISES = (
    "impact or change any of your existing subscriptions",
    f"transition your existing subscriptions to {PARTNER}",
    "change the terms of, or your obligations for, any existing subscription",
    f"allow {PARTNER} to change any Advisor Partner of Record information",
    "enable multiple CSP transacting partners to sell to you",
)


@pytest.fixture
def offers() -> list[Offer]:
    return [
        OfferFactory(
            product=ProductFactory(title=title),
            term=term,
            billing_plan="monthly",
            unit_price=price,
        )
        for title, term, price in (
            ("Microsoft 365 E3", "P1Y", "36.00"),
            ("Power BI Pro", "P1M", "10.00"),
        )
    ]


def test_seven_steps_are_walked_when_customer_accepts_and_partner_orders(
    open_browser: OpenBrowser, watch: Watch, offers: list[Offer]
):
    sales = stories.staff(PartnerFactory(name=PARTNER))
    admin = stories.tenant(
        CustomerFactory(company_name=CUSTOMER, primary_domain=DOMAIN)
    )
    stories.observation(
        admin.customer, channel="advisor", por_name="Old Mill", por_mpn_id="4711000"
    )
    stories.observation(admin.customer, product_name="Visio Plan 2", quantity=3)
    before = rows_of(admin.customer)
    staff, customer = open_browser(), open_browser()

    staff.goto("/")
    watch.look(staff, "home")
    staff.get_by_role("link", name="Sign in").click()
    expect(staff.get_by_label("Password")).to_be_visible()
    watch.look(staff, "sign-in")
    people.sign_in(staff, sales)
    expect(staff.get_by_role("heading", name="Overview")).to_be_visible()
    watch.look(staff, "front-page")
    ask_for_relationship(staff, watch)
    link = copy_text_and_link(staff, watch)
    send_from_here(staff, watch)

    assert people.link_in_mail(ADDRESS) == link
    sign_in_to_tenant(customer, watch, admin)
    read_invitation(customer, watch)
    add_what_is_missing(customer, watch)
    accept(customer, watch, admin)

    find_in_customer_list(staff, watch, admin)
    order(staff, watch, offers)
    manage(staff, watch)
    all_seven_are_done(staff, watch)

    assert rows_of(admin.customer)[:2] == before
    assert verified() == "1 verified unchanged, 0 with nothing to verify, 0 different."


def rows_of(customer: Any) -> list[dict[str, Any]]:
    """Every column of what other channels have, the oldest first."""
    rows = Subscription.objects.filter(customer=customer).existing()
    return list(rows.order_by("recorded_at").values())


def verified() -> str:
    said = StringIO()
    call_command("verify_existing", stdout=said)
    return said.getvalue().strip()


def ask_for_relationship(page: Page, watch: Watch) -> None:
    """Step 1."""
    people.follow_quick_link(page)
    people.fill(page, Recipients=ADDRESS, Customer_domain=DOMAIN, Your_reference="L-1")
    watch.look(page, "request")
    page.get_by_role("button", name="Create link and e-mail text").click()


def copy_text_and_link(page: Page, watch: Watch) -> str:
    """Step 2."""
    expect(page.get_by_role("heading", name=ADDRESS)).to_be_visible()
    text = page.get_by_label("E-mail text").input_value()
    link = people.invitation_link(page)
    for line in (PARTNER, DOMAIN, link, *PROMISES):
        assert line in text
    watch.look(page, "finished-text")
    buttons = page.get_by_role("button", name=re.compile("Copy|Copied"))
    expect(buttons).to_have_text(["Copy e-mail text", "Copy link"])
    assert people.copied(page, buttons.first) == text
    assert people.copied(page, buttons.last) == link
    mailto = page.get_by_role("link", name="Open in e-mail").get_attribute("href")
    assert mailto.startswith(f"mailto:{ADDRESS}?subject=")
    return link


def send_from_here(page: Page, watch: Watch) -> None:
    """Step 3: with a greeting of one's own, after a text that lost its link."""
    text = page.get_by_label("E-mail text")
    written = text.input_value()
    text.fill("Please open the link.")
    page.get_by_role("button", name="Send from here").click()
    expect(page.get_by_text("The invitation's link has to stay")).to_be_visible()
    watch.look(page, "text-without-link")
    assert mail.outbox == []
    text.fill(written.replace("Hello,", "Dear Ms Lindgren,"))
    page.get_by_role("button", name="Send from here").click()
    expect(page.get_by_text(f"Sent to {ADDRESS}")).to_be_visible()
    watch.look(page, "sent")
    assert [letter.to for letter in mail.outbox] == [[ADDRESS]]
    assert "Dear Ms Lindgren," in mail.outbox[0].body


def sign_in_to_tenant(page: Page, watch: Watch, admin: Actor) -> None:
    """Step 4: out of the e-mail."""
    page.goto(people.link_in_mail(ADDRESS))
    expect(page.get_by_text(f"Invitation for {DOMAIN}")).to_be_visible()
    watch.look(page, "prompted-to-sign-in")
    people.sign_in(page, admin)


def read_invitation(page: Page, watch: Watch) -> None:
    """Step 5: who asks, what it may do and may not, what stays as it is."""
    expect(page.get_by_text("you are Global administrator")).to_be_visible()
    watch.look(page, "invitation")
    partner = page.get_by_role("region", name="Partner", exact=True)
    expect(partner).to_contain_text("MPN ID")
    promises = page.get_by_role("region", name="What accepting does not do")
    expect(promises.get_by_role("listitem")).to_have_text(
        [f"Does not {promise}." for promise in PROMISES]
    )
    rows = page.get_by_role("row").filter(has_text="Stays unchanged")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="Office 365 E3")).to_contain_text("4711000")
    expect(rows.filter(has_text="Visio Plan 2")).to_contain_text("None recorded")


def add_what_is_missing(page: Page, watch: Watch) -> None:
    """Step 5: the portal did not know of it."""
    people.state_existing(page, "Project Plan 3")
    watch.look(page, "added-what-was-missing")


def accept(page: Page, watch: Watch, admin: Actor) -> None:
    """Steps 5 and 6: not without the agreement; then there is a receipt."""
    page.get_by_role("button", name=f"Accept {PARTNER}").click()
    expect(page.get_by_text("Confirm the customer agreement")).to_be_visible()
    assert not ResellerRelationship.objects.exists()
    watch.look(page, "agreement-missing")
    people.accept(page, PARTNER)
    heading = f"{CUSTOMER} accepted {PARTNER} as its reseller"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    watch.look(page, "receipt")
    relationship = ResellerRelationship.objects.get()
    receipt = page.get_by_role("region", name="Receipt")
    expect(receipt).to_contain_text(relationship.existing_fingerprint)
    expect(receipt).to_contain_text(f"{admin.user}, Global administrator")
    expect(page.get_by_role("main")).to_contain_text("Project Plan 3")
    page.get_by_role("link", name="My partners").click()
    expect(page.get_by_role("row").filter(has_text=PARTNER)).to_contain_text("Active")
    watch.look(page, "my-partners")


def find_in_customer_list(page: Page, watch: Watch, admin: Actor) -> None:
    """Step 6: at once."""
    page.get_by_role("navigation", name="Main").get_by_text("Customers").click()
    row = page.get_by_role("row").filter(has_text=CUSTOMER)
    expect(row).to_contain_text(DOMAIN)
    expect(row).to_contain_text(str(admin.customer.tenant_id))
    expect(row).to_contain_text("Active")
    watch.look(page, "customer-list")
    row.get_by_role("link", name=CUSTOMER).click()


def order(page: Page, watch: Watch, offers: list[Offer]) -> None:
    """Step 7: choose, review, place."""
    expect(page.get_by_role("heading", name="verified unchanged")).to_be_visible()
    watch.look(page, "customer-page")
    page.get_by_role("link", name="Order CSP subscriptions").click()
    for offer, seats in zip(offers, ("10", "5"), strict=True):
        page.get_by_label(f"Seats: {offer}").fill(seats)
    page.get_by_label(f"Friendly name: {offers[1]}").fill("Controlling")
    watch.look(page, "offers")
    page.get_by_role("button", name="Review the order").first.click()
    lines = page.get_by_role("row")
    expect(lines.filter(has_text="Microsoft 365 E3")).to_contain_text("USD 360.00")
    expect(lines.filter(has_text="Microsoft 365 E3")).to_contain_text("USD 4,320.00")
    expect(lines.filter(has_text="Power BI Pro")).to_contain_text("USD 50.00")
    expect(lines.filter(has_text="First bill")).to_contain_text("USD 410.00")
    watch.look(page, "review")
    assert not Subscription.objects.csp().exists()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("Ordered: 2 subscriptions.")).to_be_visible()
    watch.look(page, "ordered")
    table = page.get_by_role("region", name="Subscriptions", exact=True).first
    for name in ("Microsoft 365 E3", "Controlling"):
        expect(table.get_by_role("row").filter(has_text=name)).to_contain_text("CSP")
    kept = table.get_by_role("row").filter(has_text="Stays unchanged")
    expect(kept).to_have_count(3)


def manage(page: Page, watch: Watch) -> None:
    """Step 7: seats up, suspend, reactivate, a name of one's own."""
    name = re.compile("Change seats ?: Microsoft 365 E3")
    page.get_by_role("link", name=name).click()
    page.get_by_label("Seats in all").fill("12")
    watch.look(page, "add-seats")
    page.get_by_role("button", name="Change seats").click()
    row = page.get_by_role("row").filter(has_text="Microsoft 365 E3").first
    expect(row.get_by_role("cell", name="12", exact=True)).to_be_visible()
    open_subscription(page, "Microsoft 365 E3")
    watch.look(page, "subscription")
    people.confirm(page, "Suspend")
    expect(row).to_contain_text("Suspended")
    watch.look(page, "suspended")
    people.confirm(page, "Reactivate")
    expect(row).to_contain_text("Active")
    open_subscription(page, "Microsoft 365 E3")
    page.get_by_role("link", name="Friendly name").click()
    page.get_by_label("Friendly name").fill("Office staff")
    page.get_by_role("button", name="Friendly name").click()
    expect(page.get_by_role("link", name="Office staff", exact=True)).to_be_visible()
    watch.look(page, "renamed")
    managed = Subscription.objects.get(friendly_name="Office staff")
    assert (managed.quantity, managed.status) == (12, "active")
    assert [entry.change for entry in managed.seat_entries.all()] == [10, 2]


def open_subscription(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def all_seven_are_done(page: Page, watch: Watch) -> None:
    page.get_by_role("link", name=ADDRESS).first.click()
    steps = page.get_by_role("region", name="Progress")
    expect(steps.get_by_role("listitem")).to_have_count(7)
    expect(steps.get_by_role("listitem").filter(has_text="Done:")).to_have_count(7)
    expect(steps).to_contain_text("all seven steps have happened")
    watch.look(page, "all-seven-done")
