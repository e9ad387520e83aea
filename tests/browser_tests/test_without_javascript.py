"""The pages need no script: only the Copy buttons are missing without."""

from django.core import mail
from playwright.sync_api import expect

from relationships.models import ResellerRelationship

from .. import stories
from . import people
from .conftest import OpenBrowser
from .watching import Watch

ADDRESS = "it@noscript.example"


def test_customer_joins_customer_list_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    sales, admin = stories.staff(), stories.tenant()
    staff = open_browser(java_script_enabled=False)
    customer = open_browser(java_script_enabled=False)
    people.to_back_office(staff, sales)
    people.request_relationship(staff, Recipients=ADDRESS)
    text = staff.get_by_label("E-mail text")
    assert people.invitation_link(staff) in text.input_value()
    expect(staff.get_by_role("button", name="Copy")).to_have_count(0)
    watch.look(staff, "finished-text")
    staff.get_by_role("button", name="Send from here").click()
    expect(staff.get_by_text(f"Sent to {ADDRESS}")).to_be_visible()
    assert [letter.to for letter in mail.outbox] == [[ADDRESS]]

    customer.goto(people.link_in_mail(ADDRESS))
    people.sign_in(customer, admin)
    people.state_existing(customer, "Project Plan 3")
    watch.look(customer, "invitation")
    people.accept(customer, sales.partner.name)
    receipt = customer.get_by_role("region", name="Receipt")
    relationship = ResellerRelationship.objects.get()
    expect(receipt).to_contain_text(relationship.existing_fingerprint)
    assert relationship.existing_count == 1
    watch.look(customer, "receipt")

    staff.get_by_role("navigation", name="Main").get_by_text("Customers").click()
    row = staff.get_by_role("row").filter(has_text=admin.organisation)
    expect(row).to_contain_text("Active")
    watch.look(staff, "customer-list")
