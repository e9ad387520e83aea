"""A second factor from set-up to sign-in, and a forgotten password, in a browser."""

import re
from base64 import b32decode
from pathlib import Path

from django.core import mail
from playwright.sync_api import Page, expect

from .. import stories
from ..signin.people import code_at
from . import people
from .conftest import OpenBrowser
from .watching import Watch

NEW = "a-much-better-horse"


def test_second_factor_guards_the_sign_in_once_it_is_set_up(
    open_browser: OpenBrowser, watch: Watch, settings
):
    settings.SECOND_FACTOR = "staff"
    sales = stories.staff()
    page = open_browser()
    page.goto("/admin/")
    people.sign_in(page, sales)
    expect(page.get_by_text("Nothing else opens before")).to_be_visible()
    watch.look(page, "set-up")
    key = key_shown(page)
    page.get_by_role("textbox", name="Code").fill(code_at(-30, key=key))
    page.get_by_role("button", name="Switch the second factor on").click()
    watch.look(page, "recovery-codes")
    shown = page.get_by_role("region", name="Recovery codes")
    copied = people.copied(page, shown.get_by_role("button"))
    codes = downloaded(page)
    assert len(codes) == 10
    assert copied.split() == codes

    page.goto("/account/")
    watch.look(page, "account")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_text("You are signed out everywhere.")).to_be_visible()

    people.sign_in(page, sales)
    watch.look(page, "code")
    page.get_by_role("textbox", name="Code").fill(code_at(key=key))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    other = open_browser()
    other.goto("/account/")
    people.sign_in(other, sales)
    other.get_by_role("textbox", name="Code").fill(codes[0])
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_text("9 recovery codes are left.")).to_be_visible()


def key_shown(page: Page) -> str:
    picture = page.get_by_role("img", name="QR code")
    assert picture.evaluate("image => image.naturalWidth") > 100
    letters = page.get_by_role("region", name="1. Scan this").locator("code")
    return b32decode(letters.inner_text().replace(" ", "")).hex()


def downloaded(page: Page) -> list[str]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a file").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    return Path(download.value.path()).read_text().split()


def test_forgotten_password_is_set_anew_by_the_link_in_the_mail(
    open_browser: OpenBrowser, watch: Watch, portal: str
):
    admin = stories.tenant()
    page = open_browser()
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgotten your password?").click()
    watch.look(page, "forgotten")
    page.get_by_label("E-mail address").fill(admin.user.login)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    watch.look(page, "sent")

    [link] = re.findall(rf"{portal}/password/new/\S+", mail.outbox[-1].body)
    page.goto(link)
    watch.look(page, "new-password")
    assert link not in page.url
    page.get_by_role("textbox", name="New password", exact=True).fill(NEW)
    page.get_by_label("New password confirmation").fill(NEW)
    page.get_by_role("button", name="Set the new password").click()
    expect(page.get_by_text("Your new password is set")).to_be_visible()

    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(admin.user.login)
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My partners")).to_be_visible()
