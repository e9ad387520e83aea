"""A tenant's people read what was done for their tenant."""

from datetime import timedelta

import pytest

from portal.foundation import clock
from relationships.enums import ApprovalVerb, Operation
from relationships.models import ActivityRecord
from relationships.services import approvals
from relationships.services.activity import record
from subscriptions.models import RenewalDecision
from subscriptions.services import renewals
from tests import stories

from .visitor import Visitor, text_of

pytestmark = pytest.mark.django_db

ACTIVITY = "/my/activity/"


@pytest.fixture
def visitor(admin):
    return Visitor().acting_as(admin)


def test_activity_tells_the_person_of_the_tenant_and_of_staff_the_partner(
    visitor, admin
):
    sales = stories.staff()
    stories.relationship(sales, admin)
    stories.csp_subscription(sales, admin.customer)
    page = text_of(visitor.get(ACTIVITY))
    assert "Order placed" in page
    assert "Invitation accepted" in page
    assert f"{admin.user}, Global administrator" in page
    assert sales.partner.name in page
    assert str(sales.user) not in page


def test_activity_keeps_to_itself_how_the_partner_comes_to_a_decision(visitor, admin):
    agent = stories.staff(role="admin_agent")
    agent.partner.needs_second_person = True
    agent.partner.save()
    second = stories.staff(agent.partner, "admin_agent")
    stories.relationship(agent, admin)
    subscription = stories.csp_subscription(agent, admin.customer)
    for decide in (
        lambda asked: approvals.withdraw(asked, actor=agent),
        lambda asked: approvals.refuse(asked, actor=second, reason="Too early."),
        lambda asked: approvals.approve(asked, actor=second),
    ):
        decide(approvals.do_or_ask(ApprovalVerb.CANCEL, subscription, actor=agent))
    other = stories.csp_subscription(agent, admin.customer)
    with clock.at(other.commitment_ends_at - timedelta(days=5)):
        renewals.ask(digest=0)
        decision = RenewalDecision.objects.get(subscription=other)
        renewals.assign(decision, actor=agent, owner=second.user)
        renewals.decide(decision, actor=agent, answer="end", note="They leave.")
    read = set(ActivityRecord.objects.visible_to(admin).values_list("operation"))
    kept = set(ActivityRecord.objects.visible_to(agent).values_list("operation"))
    assert kept - read >= {
        ("ask_for_approval",),
        ("approve",),
        ("refuse_approval",),
        ("withdraw_approval",),
        ("answer_renewal",),
        ("assign_renewal",),
    }
    page = text_of(visitor.get(ACTIVITY))
    assert "Subscription cancelled" in page
    assert "Auto-renew switched" in page
    assert "pproval" not in page
    assert "Renewal" not in page


def test_activity_tells_nothing_of_another_tenant(visitor):
    stories.relationship(stories.staff(), stories.tenant())
    assert "Nothing has happened yet." in text_of(visitor.get(ACTIVITY))


def test_activity_comes_in_pages(visitor, admin):
    for _number in range(60):
        record(
            Operation.CORRECT_CUSTOMER,
            admin.customer,
            actor=stories.operator(),
            customer=admin.customer,
        )
    pages = [text_of(visitor.get(f"{ACTIVITY}?page={page}")) for page in (1, 2)]
    assert [page.count('<th scope="row">') for page in pages] == [50, 10]
    assert ["Older" in page for page in pages] == [True, False]
    assert ["Newer" in page for page in pages] == [False, True]


def test_activity_is_refused_to_a_user_without_the_right(admin):
    person = stories.tenant(admin.customer, "user")
    answer = Visitor().acting_as(person).get(ACTIVITY)
    assert answer.status_code == 403


def test_activity_asks_to_sign_in_when_nobody_is():
    assert Visitor().get(ACTIVITY).url == f"/sign-in/?next={ACTIVITY}"
