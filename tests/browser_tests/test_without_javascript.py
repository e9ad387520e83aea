"""The pages need no script: only the Copy buttons are missing without."""

from django.core import mail
from playwright.sync_api import expect

from relationships.models import Invitation, ResellerRelationship
from subscriptions.models import Subscription

from .. import stories
from ..factories import OfferFactory, ProductFactory
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


def test_text_is_edited_marked_as_sent_and_withdrawn_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    staff = open_browser(java_script_enabled=False)
    people.to_back_office(staff, stories.staff())
    people.request_relationship(staff, Recipients=ADDRESS, Customer_domain="x y")
    expect(staff.get_by_role("main")).to_contain_text("Give a domain such as")
    watch.look(staff, "request-refused")
    assert not Invitation.objects.exists()
    people.fill(staff, Customer_domain="")
    staff.get_by_role("button", name="Create link and e-mail text").click()
    text = staff.get_by_label("E-mail text")
    text.fill(f"Good morning\n\n{text.input_value()}")
    staff.get_by_role("button", name="Mark as sent").click()
    invitation = Invitation.objects.get()
    assert invitation.status == "sent"
    assert invitation.body.startswith("Good morning")
    people.confirm(staff, "Withdraw")
    expect(staff.get_by_text("Withdrawn").first).to_be_visible()
    invitation.refresh_from_db()
    assert invitation.status == "withdrawn"
    watch.look(staff, "withdrawn")


def test_order_is_reviewed_and_suspended_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    sales, admin = stories.staff(), stories.tenant()
    OfferFactory(product=ProductFactory(title="Project Plan 3"))
    stories.relationship(sales, admin)
    staff = open_browser(java_script_enabled=False)
    people.to_back_office(staff, sales)
    staff.goto(admin.customer.get_absolute_url())
    staff.get_by_role("link", name="Order CSP subscriptions").click()
    staff.get_by_label("Seats: Project Plan 3").fill("3")
    staff.get_by_role("button", name="Review the order").first.click()
    assert not Subscription.objects.exists()
    watch.look(staff, "review")
    staff.get_by_role("button", name="Place the order").click()
    row = Subscription.objects.get()
    assert (row.status, row.quantity) == ("active", 3)
    staff.goto(row.get_absolute_url())
    people.confirm(staff, "Suspend")
    row.refresh_from_db()
    assert row.status == "suspended"
    watch.look(staff, "suspended")


def test_many_are_invited_and_their_links_shown_when_no_script_runs(
    open_browser: OpenBrowser, watch: Watch
):
    staff = open_browser(java_script_enabled=False)
    people.to_back_office(staff, stories.staff())
    people.follow_quick_link(staff)
    staff.get_by_role("link", name="Invite many customers").click()
    staff.get_by_label("Or paste the list").fill("ada@one.example\nbad\nit@two.example")
    staff.get_by_role("button", name="Look at it first").click()
    expect(staff.get_by_text("Nothing is created yet")).to_be_visible()
    assert not Invitation.objects.exists()
    watch.look(staff, "many-preview")
    staff.get_by_role("button", name="Create 2 invitations").click()
    addresses = Invitation.objects.values_list("recipient_email", flat=True)
    links = staff.get_by_role("region", name="The links")
    for invitation in Invitation.objects.all():
        row = links.get_by_role("row").filter(has_text=invitation.recipient_email)
        expect(row).to_contain_text(invitation.url)
    assert set(addresses) == {"ada@one.example", "it@two.example"}
    watch.look(staff, "many-links")
