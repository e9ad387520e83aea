"""Signing in through an independent provider: nothing between the two is stood in for.

The portal's pages run under its own policy. That policy lets forms lead to the portal
alone, which is why a sign-in starts with a link.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, Route, expect

from portal.accounts.models import Identity
from portal.signin.openid import provider as providers
from relationships.models import Customer, ResellerRelationship
from subscriptions.models import Subscription

from .. import stories
from ..factories import OfferFactory, PartnerFactory, ProductFactory
from . import people
from .conftest import OpenBrowser
from .independent import GLOBAL_ADMINISTRATOR, Independent, listening, person
from .watching import Watch

PARTNER = "Blue Harbour Cloud"
ADDRESS = "it@lindgren.example"
BUTTON = "Sign in with Microsoft"

FIRST, SECOND, OWN = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


@pytest.fixture(scope="module")
def independent() -> Iterator[Independent]:
    accounts = {
        "ada": person("Ada Lindgren", FIRST, GLOBAL_ADMINISTRATOR),
        "bo": person("Bo Lindgren", FIRST),
        "ada elsewhere": person("Ada Lindgren", SECOND, GLOBAL_ADMINISTRATOR),
        "sam": person("Sam Sales", OWN),
    }
    with listening(accounts) as provider:
        yield provider


@pytest.fixture(autouse=True)
def provider(independent: Independent, settings: Any) -> Independent:
    settings.OIDC_ISSUER = independent.issuer
    settings.OIDC_CLIENT_ID = "portal"
    settings.OIDC_CLIENT_SECRET = "any: this provider does not look"
    settings.LOCAL_TENANT_SIGN_IN = False
    providers._provider.cache_clear()
    return independent


@pytest.fixture
def open_page(open_browser: OpenBrowser) -> OpenBrowser:
    """A browser for which the provider's stylesheet, of another host, is empty."""

    def open_one(**options: Any) -> Page:
        page = open_browser(**options)
        page.context.route("https://cdn.jsdelivr.net/**", _nothing)
        return page

    return open_one


def _nothing(route: Route) -> None:
    route.fulfill(body="", content_type="text/css")


def test_seven_steps_are_walked_through_an_independent_provider(
    open_page: OpenBrowser, watch: Watch, provider: Independent
):
    sales = stories.staff(PartnerFactory(name=PARTNER))
    OfferFactory(product=ProductFactory(title="Microsoft 365 E3"), unit_price="36.00")
    staff, customer = open_page(), open_page()
    people.to_back_office(staff, sales)
    people.request_relationship(staff, Recipients=ADDRESS)
    staff.get_by_role("button", name="Send from here").click()
    expect(staff.get_by_text(f"Sent to {ADDRESS}")).to_be_visible()
    assert [letter.to for letter in mail.outbox] == [[ADDRESS]]

    customer.goto(people.link_in_mail(ADDRESS))
    expect(customer.get_by_label("Password")).to_have_count(0)
    watch.look(customer, "prompted-to-sign-in")
    customer.get_by_role("link", name=BUTTON).click()
    provider.sign_in(customer, "ada")
    state_company(customer, watch)
    expect(customer.get_by_text("Lindgren Logistics · you are Global")).to_be_visible()
    watch.look(customer, "invitation")
    people.state_existing(customer, "Project Plan 3")
    people.accept(customer, PARTNER)
    receipt = customer.get_by_role("region", name="Receipt")
    expect(receipt).to_contain_text("Microsoft Entra ID")
    expect(receipt).to_contain_text("Ada Lindgren, Global administrator")
    expect(receipt).to_contain_text(str(FIRST))
    watch.look(customer, "receipt")

    staff.get_by_role("navigation", name="Main").get_by_text("Customers").click()
    staff.get_by_role("link", name="Lindgren Logistics").click()
    expect(staff.get_by_text("stated by the customer").first).to_be_visible()
    watch.look(staff, "customer-page")
    order(staff)
    assert ResellerRelationship.objects.get().customer.tenant_id == FIRST
    assert Subscription.objects.csp().get().quantity == 10


def state_company(page: Page, watch: Watch) -> None:
    expect(page.get_by_role("heading", name="What is your company")).to_be_visible()
    watch.look(page, "company")
    page.get_by_label("Company name").fill("Lindgren Logistics")
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Go on").click()


def order(page: Page) -> None:
    page.get_by_role("link", name="Order CSP subscriptions").click()
    page.get_by_label("Seats: Microsoft 365 E3").first.fill("10")
    page.get_by_role("button", name="Review the order").first.click()
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("Ordered: 1 subscription.")).to_be_visible()


def test_one_person_signs_in_to_two_tenants_by_the_partner_link(
    open_page: OpenBrowser, provider: Independent
):
    partner = PartnerFactory()
    page = open_page()
    for name, company in {"ada": "Lindgren", "ada elsewhere": "Foundation"}.items():
        page.goto(partner.link_url)
        if name != "ada":
            page.get_by_role("button", name="Switch account").click()
        page.get_by_role("link", name=BUTTON).click()
        provider.sign_in(page, name)
        page.get_by_label("Company name").fill(company)
        page.get_by_label("Country").select_option("DE")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text(f"{company} · you are Global")).to_be_visible()
    assert {row.tenant_id for row in Customer.objects.all()} == {FIRST, SECOND}
    users = {identity.user for identity in Identity.objects.all()}
    assert len(users) == 2
    assert {user.full_name for user in users} == {"Ada Lindgren"}


def test_person_who_may_not_accept_is_told_and_comes_back_after_refusing(
    open_page: OpenBrowser, watch: Watch, provider: Independent
):
    customer = Customer.objects.create(
        tenant_id=FIRST, company_name="Lindgren", country="DE"
    )
    invitation = stories.sent_invitation(stories.staff())
    page = open_page()
    page.goto(invitation.url)
    page.get_by_role("link", name=BUTTON).click()
    with watch.expecting("403"):
        provider.refuse(page)
        expect(page.get_by_role("heading", name="You did not sign in")).to_be_visible()
        watch.look(page, "refused")
    page.goto(invitation.url)
    page.get_by_role("link", name=BUTTON).click()
    provider.sign_in(page, "bo")
    heading = "Somebody else in your tenant has to answer"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    watch.look(page, "not-an-administrator")
    assert customer.tenant_memberships.get().role == "user"


def test_staff_links_its_account_and_signs_in_by_it(
    open_page: OpenBrowser, watch: Watch, provider: Independent
):
    sales = stories.staff(PartnerFactory(name=PARTNER, tenant_id=OWN))
    first, second = open_page(), open_page()
    people.to_back_office(first, sales)
    first.goto("/account/")
    first.get_by_role("link", name=BUTTON).click()
    watch.look(first, "nothing-linked")
    first.get_by_role("link", name="Link an account").click()
    provider.sign_in(first, "sam")
    expect(first.get_by_text("Sam Sales")).to_be_visible()
    watch.look(first, "link-this-account")
    first.get_by_role("button", name="Link this account").click()
    expect(first.get_by_text("Linked. From now on")).to_be_visible()
    watch.look(first, "linked")

    second.goto("/admin/")
    watch.look(second, "sign-in")
    second.get_by_role("link", name=BUTTON).click()
    provider.sign_in(second, "sam")
    expect(second.get_by_role("heading", name="Overview")).to_be_visible()
    assert sales.user.sign_ins.filter(how="openid_connect").count() == 1
