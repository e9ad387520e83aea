"""What people do in more than one of these tests."""

import re
from typing import Any

from django.core import mail
from playwright.sync_api import Locator, Page, expect

from relationships.actors import Actor

PASSWORD = "correct horse"  # as tests.factories.UserFactory sets it


def sign_in(page: Page, actor: Actor) -> None:
    """At the form that the page shows."""
    assert actor.user is not None
    page.get_by_label("E-mail address").fill(actor.user.login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def to_back_office(page: Page, actor: Actor) -> None:
    page.goto("/admin/")
    sign_in(page, actor)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def follow_quick_link(page: Page) -> None:
    """Step 1: the first of the Quick links."""
    links = page.get_by_role("navigation", name="Quick links").get_by_role("link")
    expect(links.first).to_have_text("Request reseller relationship")
    links.first.click()


def request_relationship(page: Page, **fields: str) -> None:
    """Steps 1 and 2, up to the finished text; fields by their labels."""
    follow_quick_link(page)
    fill(page, **fields)
    page.get_by_role("button", name="Create link and e-mail text").click()


def fill(page: Page, **fields: Any) -> None:
    """Fields by their labels, with _ for a space."""
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(str(value))


def invitation_link(page: Page) -> str:
    """As the invitation's page shows it to staff."""
    shown = page.get_by_role("region", name="Invitation URL").locator("code")
    return shown.inner_text().strip()


def copied(page: Page, button: Locator) -> str:
    """What is on the clipboard once this button has been clicked."""
    button.click()
    expect(button).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()")).replace("\r\n", "\n")


def link_in_mail(address: str) -> str:
    """The invitation's link out of the newest e-mail to this address."""
    letter = [letter for letter in mail.outbox if letter.to == [address]][-1]
    found = re.search(r"\S+/invitations/\S+", str(letter.body))
    assert found is not None
    return found.group()


def accept(page: Page, partner: str) -> None:
    page.get_by_label("I have read").check()
    page.get_by_role("button", name=f"Accept {partner} as reseller").click()


def state_existing(page: Page, product: str) -> None:
    """The form for a subscription that the portal does not know yet."""
    page.get_by_text("Add a subscription that is missing here").click()
    page.get_by_label("Bought").first.select_option("volume")
    fill(page, Product=product, Seats=7)
    page.get_by_role("button", name="Add to the list").click()
    added = page.get_by_role("row").filter(has_text=product)
    expect(added).to_contain_text("Stays unchanged")
    expect(added).to_contain_text("stated by you")


def confirm(page: Page, button: str) -> None:
    """Follow a workflow button of the back office, and confirm."""
    page.get_by_role("link", name=button).click()
    page.get_by_role("button", name=button).click()


def come_to_rest(page: Page) -> None:
    """Until nothing is on its way any more: a second click's answer comes later."""
    page.wait_for_load_state("networkidle")
