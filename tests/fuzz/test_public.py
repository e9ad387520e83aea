"""Public pages and forms under requests that no browser would send.

The client raises whatever a view does not handle: an error would fail the test.
"""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from relationships.models import Invitation
from relationships.services.partners import stop_partner_link
from tests import stories
from tests.public.visitor import Visitor, path_of
from tests.stored import everything_but, rows

from .requests import fuzzed, pages, send, taken_back

pytestmark = pytest.mark.django_db

PUBLIC = [
    *["/", "/glossary/", "/sign-in/", "/sign-in/code/", "/sign-out/", "/language/"],
    *["/password/", "/password/sent/", "/password/done/", "/password/new/MQ/x-1/"],
    *[
        "/account/",
        "/account/password/",
        "/account/second-factor/",
        "/my/",
        "/my/act-as/",
    ],
    *["/account/sign-out-everywhere/", "/account/recovery-codes/", "/admin/login/"],
    *["/sign-in/openid/", "/sign-in/openid/callback/", "/sign-in/company/", "/healthz"],
    *["/invitations/", "/partners/x/", "/admin/", "/static/x", "/no/such/page"],
]
# What a visitor may leave behind: that a link was opened, a request for a new one, and
# what is counted. Nothing else.
TRACES = (
    "relationships.Invitation",
    "relationships.ActivityRecord",
    "relationships.Case",
    "relationships.OutgoingEmail",
    "accounts.SignIn",
    "accounts.Throttle",
    "jobs.Job",
)
KEPT = everything_but(*TRACES)
DECISIONS = ("accepted_at", "declined_at", "customer_id", "recipient_email", "body")


@pytest.fixture
def links():
    """Links of every kind: open, withdrawn, standing, stopped."""
    sales = stories.staff()
    stopped = stories.staff()
    stop_partner_link(stopped.partner, actor=stopped)
    invitation = stories.sent_invitation(sales)
    paths = [path_of(invitation), path_of(sales.partner), path_of(stopped.partner)]
    parts = ["", "sign-in/", "existing/", "accept/", "decline/", "ask/"]
    return [path + part for path in paths for part in parts]


def decisions():
    return list(Invitation.objects.order_by("pk").values(*DECISIONS))


def test_visitors_break_and_change_nothing(links):
    targets = pages(Client(), PUBLIC + links)
    before = (rows(*KEPT), decisions())

    @fuzzed
    @given(st.data())
    def attack(data):
        page = data.draw(st.sampled_from(targets))
        with taken_back():
            answer = send(data.draw, Client(), page)
            assert answer.status_code < 500, page.address
            assert (rows(*KEPT), decisions()) == before

    attack()


def test_forms_without_a_key_change_nothing_whoever_is_signed_in(links):
    admin = stories.tenant()
    targets = pages(Visitor().acting_as(admin), PUBLIC + links)
    everything = everything_but("accounts.Throttle", "accounts.SignIn")

    @fuzzed
    @given(st.data())
    def attack(data):
        page = data.draw(st.sampled_from(targets))
        with taken_back():
            visitor = Visitor().acting_as(admin)
            visitor.get(page.address)
            before = rows(*everything)
            body = data.draw(st.binary(max_size=60))
            answer = visitor.generic(
                data.draw(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"])),
                page.address,
                body,
                "application/x-www-form-urlencoded",
            )
            assert answer.status_code in {400, 403, 404, 405}, page.address
            assert rows(*everything) == before

    attack()


def test_people_of_a_tenant_break_nothing_and_change_no_existing_subscription():
    sales, admin = stories.staff(), stories.tenant()
    stories.observation(admin.customer)
    page = path_of(stories.signed_in_invitation(sales, admin))
    relationship = stories.relationship(stories.staff(), stories.tenant())
    visitor = Client()
    visitor.force_login(admin.user)
    own = [
        page,
        *(page + part for part in ("accept/", "decline/", "existing/", "ask/")),
    ]
    receipt = f"/my/receipts/{relationship.pk}/"
    account = [f"/account/{part}/" for part in ("password", "second-factor")]
    mine = ["/my/", "/my/act-as/", "/my/activity/", receipt, "/account/", *account]
    targets = pages(visitor, [*own, *mine])
    # The decision's forms lie on the page, and are sent to the addresses below it.
    for target in targets[1:5]:
        target.untouched = targets[0].untouched
    kept = [
        "accounts.User",
        "accounts.Identity",
        "relationships.Partner",
        "relationships.StaffMembership",
        "relationships.TenantMembership",
        "subscriptions.Offer",
        "subscriptions.Product",
    ]

    @fuzzed
    @given(st.data())
    def attack(data):
        target = data.draw(st.sampled_from(targets))
        with taken_back():
            before, existing = rows(*kept), rows("subscriptions.Subscription")
            answer = send(data.draw, visitor, target)
            assert answer.status_code < 500, target.address
            assert rows(*kept) == before
            after = rows("subscriptions.Subscription")["subscriptions.Subscription"]
            for row in existing["subscriptions.Subscription"]:
                assert row in after

    attack()
