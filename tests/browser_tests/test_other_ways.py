"""By hand, by the standing link, no, and too late."""

from datetime import timedelta

from django.core import mail
from playwright.sync_api import Page, expect

from portal.foundation import clock
from relationships.enums import CaseKind, SentHow
from relationships.models import Case, Invitation, ResellerRelationship

from .. import stories
from . import people
from .conftest import OpenBrowser
from .watching import Watch

REASON = "We stay with our Advisor partner."


def test_staff_sees_reason_when_customer_declines_what_was_sent_by_hand(
    open_browser: OpenBrowser, watch: Watch
):
    sales, admin = stories.staff(), stories.tenant()
    staff, customer = open_browser(), open_browser()
    people.to_back_office(staff, sales)
    people.request_relationship(staff)
    expect(staff.get_by_text("the portal cannot send it")).to_be_visible()
    staff.get_by_role("button", name="Mark as sent").click()
    expect(staff.get_by_text("Marked as sent.")).to_be_visible()
    watch.look(staff, "marked-as-sent")
    invitation = Invitation.objects.get()
    assert invitation.sent_how == SentHow.BY_HAND
    assert mail.outbox == []

    customer.goto(people.invitation_link(staff))
    people.sign_in(customer, admin)
    decline(customer, watch)

    staff.reload()
    details = staff.get_by_role("region", name="Details")
    expect(details).to_contain_text(REASON)
    expect(staff.get_by_role("link", name="History")).to_be_visible()
    expect(staff.get_by_role("link", name="Renew the link")).to_have_count(0)
    watch.look(staff, "staff-reads-reason")
    invitation.refresh_from_db()
    assert (invitation.status, invitation.decline_reason) == ("declined", REASON)
    assert not ResellerRelationship.objects.exists()


def decline(page: Page, watch: Watch) -> None:
    page.get_by_text("Decline", exact=True).click()
    page.get_by_label("Reason").fill(REASON)
    watch.look(page, "declining")
    page.get_by_role("button", name="Decline the invitation").click()
    heading = page.get_by_role("heading", name="This invitation was declined")
    expect(heading).to_be_visible()
    watch.look(page, "declined")


def test_tenant_gets_invitation_of_its_own_when_it_comes_by_partner_link(
    open_browser: OpenBrowser, watch: Watch
):
    sales, admin = stories.staff(), stories.tenant()
    assert sales.partner
    staff, customer = open_browser(), open_browser()
    people.to_back_office(staff, sales)
    people.follow_quick_link(staff)
    standing = staff.get_by_role("region", name="Your partner link")
    link = people.copied(staff, standing.get_by_role("button"))

    customer.goto(link)
    expect(customer.get_by_role("heading", name=sales.partner.name)).to_be_visible()
    watch.look(customer, "partner-link")
    people.sign_in(customer, admin)
    people.accept(customer, sales.partner.name)
    expect(customer.get_by_role("region", name="Receipt")).to_be_visible()
    watch.look(customer, "receipt-of-nothing-existing")

    staff.get_by_role("navigation", name="Main").get_by_text("Invitations").click()
    row = staff.get_by_role("row").filter(has_text=admin.organisation)
    expect(row).to_contain_text("Accepted")
    watch.look(staff, "invitation-list")
    row.get_by_role("link").first.click()
    expect(staff.get_by_text("came by the partner link")).to_be_visible()
    watch.look(staff, "invitation-by-partner-link")
    assert ResellerRelationship.objects.get().invitation.created_by is None


def test_staff_renews_link_when_customer_asks_for_it_by_expired_one(
    open_browser: OpenBrowser, watch: Watch
):
    sales = stories.staff()
    with clock.at(clock.now() - timedelta(days=40)):
        invitation = stories.sent_invitation(sales, recipient_email="it@late.example")
    staff, customer = open_browser(), open_browser()

    customer.goto(invitation.url)
    heading = customer.get_by_role("heading", name="This invitation has expired")
    expect(heading).to_be_visible()
    watch.look(customer, "expired")
    customer.get_by_label("Message").fill("Back from holiday.")
    customer.get_by_role("button", name="Ask for a new link").click()
    expect(customer.get_by_text("was asked for a new link").first).to_be_visible()
    watch.look(customer, "asked")

    people.to_back_office(staff, sales)
    waiting = staff.get_by_role("region", name="Needs you today")
    case = waiting.get_by_role("listitem").filter(has_text="it@late.example")
    expect(case).to_contain_text("Asks for a new link")
    watch.look(staff, "front-page-with-case")
    case.get_by_role("link", name="Open").click()
    expect(staff.get_by_text("Back from holiday.")).to_be_visible()
    watch.look(staff, "invitation-with-case")
    people.confirm(staff, "Renew the link")
    expect(staff.get_by_text("Send the new link now.")).to_be_visible()
    assert people.invitation_link(staff) != invitation.url
    assert not Case.objects.open().filter(kind=CaseKind.NEW_LINK).exists()

    customer.goto(invitation.url)
    expect(customer.get_by_role("heading", name="replaced")).to_be_visible()
    watch.look(customer, "replaced")
