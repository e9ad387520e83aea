"""On paper, in colours of one's own choice, and in browsers of some years ago."""

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from playwright.sync_api import Page, expect

from relationships.models import ResellerRelationship

from .. import stories
from . import people
from .conftest import OpenBrowser

BORDER = """(element) => {
  const {borderTopStyle, borderTopWidth} = getComputedStyle(element);
  return borderTopStyle === "none" ? 0 : parseFloat(borderTopWidth);
}"""
PAINT = "(element) => getComputedStyle(element, '::before').backgroundColor"
SHEET = re.compile(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]")
PRINTED = 1032  # CSS pixels of A4, lying, less 12 mm on each side
CUT = "(element) => element.scrollWidth - element.clientWidth"
PLAIN = re.compile(r"--([a-z-]+): (#[0-9a-f]+);")
PAIR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]+), #[0-9a-f]+\);")


def relationship_with_existing(count: int) -> tuple[Any, ResellerRelationship]:
    admin = stories.tenant()
    for number in range(count):
        stories.observation(
            admin.customer,
            channel="advisor",
            product_name=f"Microsoft 365 Business Premium {number}",
            por_name="Brightwater Advisory",
            por_mpn_id="4455667",
        )
    return admin, stories.relationship(stories.staff(), admin)


def pages_on_paper(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


def test_receipt_is_one_page_on_paper_when_twelve_subscriptions_are_listed(
    open_browser: OpenBrowser,
):
    admin, relationship = relationship_with_existing(12)
    page = open_browser()
    page.goto(f"/my/receipts/{relationship.pk}/")
    people.sign_in(page, admin)
    expect(page.get_by_role("region", name="Receipt")).to_be_visible()
    assert pages_on_paper(page) == 1
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("button")).to_have_count(0)
    paper = page.locator("body").evaluate("(one) => getComputedStyle(one).background")
    assert "rgb(255, 255, 255)" in paper


def test_object_page_leaves_navigation_and_buttons_off_the_paper(
    open_browser: OpenBrowser,
):
    admin, relationship = relationship_with_existing(1)
    sales = stories.staff(relationship.partner)
    page = open_browser()
    people.to_back_office(page, sales)
    page.goto(admin.customer.get_absolute_url())
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name=admin.organisation)).to_be_visible()
    expect(page.get_by_role("region", name="Subscriptions")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("link", name="Order CSP subscriptions")).to_have_count(0)
    expect(page.get_by_role("search")).to_have_count(0)


def test_report_of_twelve_months_fits_its_paper(open_browser: OpenBrowser):
    admin, relationship = relationship_with_existing(0)
    sales = stories.staff(relationship.partner)
    stories.csp_subscription(sales, admin.customer)
    page = open_browser()
    people.to_back_office(page, sales)
    page.goto("/admin/reports/value/?by=customer")
    expect(page.get_by_role("columnheader")).to_have_count(14)
    paper = page.pdf(prefer_css_page_size=True)
    [(width, height), *_others] = SHEET.findall(paper)
    assert float(width) > float(height)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PRINTED, "height": 700})
    assert page.locator(".scroll").evaluate(CUT) == 0


def test_states_keep_their_shape_when_the_reader_chooses_the_colours(
    open_browser: OpenBrowser,
):
    admin, relationship = relationship_with_existing(1)
    sales = stories.staff(relationship.partner)
    page = open_browser(forced_colors="active")
    people.to_back_office(page, sales)
    page.goto(relationship.invitation.get_absolute_url())
    for part in (".badge", ".stepper .done .mark", ".waiting", ".btn"):
        assert page.locator(part).first.evaluate(BORDER) >= 1, part
    paper = page.locator("body").evaluate("(one) => getComputedStyle(one).color")
    for part in (".badge.ok", ".stepper .done"):
        assert page.locator(part).first.evaluate(PAINT) == paper, part
    page.goto(admin.customer.get_absolute_url())
    assert page.locator(".proof").evaluate(BORDER) >= 1


def test_older_browser_gets_the_light_colour_of_every_pair():
    file = finders.find("portal/tokens.css")
    css = Path(str(file)).read_text().partition("@media print")[0]
    plain, pairs = dict(PLAIN.findall(css)), dict(PAIR.findall(css))
    assert plain == pairs
    assert len(pairs) > 20
