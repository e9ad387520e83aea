"""Where a customer cannot go on, the page says why, and what to do."""

from playwright.sync_api import expect

from relationships.models import Invitation, ResellerRelationship

from .. import stories
from . import people
from .conftest import OpenBrowser
from .watching import Watch


def test_invited_tenant_can_go_on_when_another_one_signed_in_first(
    open_browser: OpenBrowser, watch: Watch
):
    sales, invited, other = stories.staff(), stories.tenant(), stories.tenant()
    domain = invited.customer.primary_domain
    invitation = stories.sent_invitation(sales, customer_domain=domain)
    page = open_browser()
    page.goto(invitation.url)
    people.sign_in(page, other)
    heading = page.get_by_role("heading", name="Another tenant was invited")
    expect(heading).to_be_visible()
    watch.look(page, "wrong-tenant")
    expect(page.get_by_role("main")).to_contain_text(f"of {other.organisation}")
    expect(page.get_by_role("main")).to_contain_text(f"for the tenant {domain}")
    invitation.refresh_from_db()
    assert (invitation.status, invitation.customer) == ("opened", None)

    page.get_by_role("button", name="Sign in with another account").click()
    people.sign_in(page, invited)
    expect(page.get_by_role("region", name="Your decision")).to_be_visible()
    invitation.refresh_from_db()
    assert invitation.customer == invited.customer


def test_plain_user_gets_text_to_forward_when_another_role_has_to_accept(
    open_browser: OpenBrowser, watch: Watch
):
    sales, user = stories.staff(), stories.tenant(role="user")
    invitation = stories.sent_invitation(sales)
    page = open_browser()
    page.goto(invitation.url)
    people.sign_in(page, user)
    heading = page.get_by_role("heading", name="Somebody else in your tenant")
    expect(heading).to_be_visible()
    watch.look(page, "not-administrator")
    expect(page.get_by_role("main")).to_contain_text(
        "Who may accept or decline: Global administrator."
    )
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    button = page.get_by_role("main").get_by_role("button")
    assert invitation.url in people.copied(page, button)


def test_staff_gets_case_when_customer_has_another_transacting_partner(
    open_browser: OpenBrowser, watch: Watch
):
    first, second, admin = stories.staff(), stories.staff(), stories.tenant()
    relationship = stories.relationship(first, admin)
    invitation = stories.sent_invitation(second)
    page, staff = open_browser(), open_browser()
    page.goto(invitation.url)
    people.sign_in(page, admin)
    heading = page.get_by_role("heading", name="already has a CSP transacting partner")
    expect(heading).to_be_visible()
    watch.look(page, "other-partner")
    expect(page.get_by_role("main")).to_contain_text(first.partner.name)
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    assert list(ResellerRelationship.objects.active()) == [relationship]

    people.to_back_office(staff, second)
    case = staff.get_by_role("region", name="Needs you today").get_by_role("listitem")
    expect(case).to_contain_text("Already has a CSP transacting partner")
    expect(staff.get_by_role("main")).not_to_contain_text(first.partner.name)
    watch.look(staff, "front-page-with-case")


def test_page_is_not_found_when_link_is_forged(open_browser: OpenBrowser, watch: Watch):
    sales = stories.staff()
    invitation = stories.sent_invitation(sales)
    token = invitation.url.split("/")[-2]
    forged = ("A" if token[-1] != "A" else "B").join((token[:-1], "/"))
    page = open_browser()
    with watch.expecting("404"):
        answer = page.goto(f"/invitations/{forged}")
        expect(
            page.get_by_role("heading", name="There is no page here")
        ).to_be_visible()
        watch.look(page, "not-found")
    assert answer is not None
    assert answer.status == 404
    assert sales.partner.name not in page.content()
    assert Invitation.objects.get().opened_at is None
