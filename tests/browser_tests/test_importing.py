"""An import at the operator's desk, and the customer's own file on its invitation."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from subscriptions.models import Subscription

from .. import stories
from ..factories import CustomerFactory
from ..public.visitor import path_of
from . import people
from .conftest import OpenBrowser
from .watching import Watch


@pytest.fixture
def customer() -> Any:
    return CustomerFactory(company_name="Litware")


@pytest.fixture
def file(tmp_path: Path, customer: Any) -> Path:
    file = tmp_path / "subscriptions.csv"
    tenant = customer.tenant_id
    file.write_text(
        "Microsoft ID;Subscription ID;Subscription;Paid;Ends\n"
        f"{tenant};A-1;Office;25;31.12.2026\n"
        f"{tenant};A-2;Visio;many;31.12.2026\n"
    )
    return file


def test_file_is_mapped_previewed_and_recorded(
    open_browser: OpenBrowser, watch: Watch, customer: Any, file: Path
):
    stories.observation(customer, external_id="A-9", product_name="Forgotten")
    page = open_browser()
    people.to_back_office(page, stories.operator())
    page.get_by_role("link", name="Import existing subscriptions").first.click()
    watch.look(page, "import-upload")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Bought").select_option("direct")
    page.get_by_role("button", name="Go on to the columns").click()
    columns(page, watch)
    result(page, watch)
    assert customer.subscriptions.current().get(external_id="A-1").quantity == 25


def columns(page: Page, watch: Watch) -> None:
    page.get_by_label("Seats").select_option("Paid")
    page.get_by_label("Commitment ends at").select_option("Ends")
    page.get_by_label("Dates have the day first").check()
    watch.look(page, "import-columns")
    page.get_by_role("button", name="Show the preview").click()


def result(page: Page, watch: Watch) -> None:
    expect(page.get_by_text("1 row would be recorded.")).to_be_visible()
    expect(page.get_by_text("“many” is not a number of seats.")).to_be_visible()
    watch.look(page, "import-preview")
    page.get_by_role("link", name="Not in the file: 1").click()
    expect(page.get_by_role("link", name="Forgotten")).to_be_visible()
    page.get_by_role("button", name="Record these rows").click()
    expect(page.get_by_text("Confirm that the refused rows stay out")).to_be_visible()
    assert not Subscription.objects.filter(external_id="A-1").exists()
    page.get_by_label("The refused rows stay out").check()
    page.get_by_role("button", name="Record these rows").click()
    expect(page.get_by_text("1 row was recorded.")).to_be_visible()
    watch.look(page, "import-result")


def test_customer_adds_its_own_file_on_the_invitation_screen(
    open_browser: OpenBrowser, watch: Watch, tmp_path: Path
):
    admin = stories.tenant()
    invitation = stories.sent_invitation(stories.staff())
    file = tmp_path / "products.csv"
    file.write_text("Product name,Total licenses\nOffice,25\n")
    page = open_browser()
    page.goto(path_of(invitation))
    people.sign_in(page, admin)
    page.get_by_text("Add many from a file").click()
    adding = page.locator("#file")
    adding.get_by_label("File").set_input_files(file)
    adding.get_by_label("Bought").select_option("direct")
    adding.get_by_role("button", name="Show what would be added").click()
    expect(page.get_by_text("1 row would be added")).to_be_visible()
    watch.look(page, "own-file")
    page.get_by_role("button", name="Add to the list").click()
    expect(
        page.get_by_role("heading", name="Your 1 existing subscription stays unchanged")
    ).to_be_visible()
    assert admin.customer.subscriptions.get().stated_by_customer
