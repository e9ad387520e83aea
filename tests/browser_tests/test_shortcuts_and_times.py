"""What a little script adds: keys in the back office, local times beside UTC."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal.foundation import clock
from tests import stories

from . import people
from .conftest import OpenBrowser
from .watching import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def test_keys_lead_to_lists_the_search_and_step_one(
    open_browser: OpenBrowser, watch: Watch
):
    page = open_browser()
    people.to_back_office(page, stories.staff())
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    watch.look(page, "shortcuts")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("n")
    heading = page.get_by_role("heading", name="Request reseller relationship")
    expect(heading).to_be_visible()
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()
    page.keyboard.type("gin?")
    expect(page.get_by_role("searchbox").first).to_have_value("gin?")
    expect(heading).to_be_visible()


def test_keys_do_nothing_when_they_are_switched_off(open_browser: OpenBrowser):
    page = open_browser()
    people.to_back_office(page, stories.staff())
    opener = page.get_by_role("button", name="Keyboard shortcuts")
    opener.click()
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    for key in ("?", "g", "c"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    opener.click()
    page.get_by_label("Use these keys").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize(
    ("zone", "language", "words"),
    [
        ("Asia/Kolkata", "en-GB", r"UTC \(\d\d:\d\d your time\)"),
        ("Asia/Kolkata", "de-DE", r"UTC \(\d\d:\d\d bei Ihnen\)"),
        ("UTC", "en-GB", r"UTC$"),
    ],
)
def test_link_page_tells_the_visitors_own_time_of_expiry(
    open_browser: OpenBrowser, zone: str, language: str, words: str
):
    noon = (clock.now() + timedelta(days=3)).replace(hour=12)
    invitation = stories.sent_invitation(stories.staff(), expires_at=noon)
    page = open_browser(timezone_id=zone, locale=language)
    page.goto(invitation.url)
    told = page.get_by_role("main").get_by_text("UTC")
    expect(told).to_have_text(re.compile(words))


def test_local_time_names_the_day_when_it_is_another_one(open_browser: OpenBrowser):
    late = (clock.now() + timedelta(days=3)).replace(hour=23, minute=0)
    invitation = stories.sent_invitation(stories.staff(), expires_at=late)
    page = open_browser(timezone_id="Asia/Tokyo", locale="en-GB")
    page.goto(invitation.url)
    day = (late + timedelta(hours=9)).strftime("%a %-d %b")
    expect(page.locator("time[data-local]")).to_contain_text(f"{day}, 08:00 your time")
