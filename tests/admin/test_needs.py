"""*Needs you today* with more of a kind than it shows: nothing is left out silently."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.foundation import clock, guards
from portal.jobs import running
from relationships.enums import ApprovalVerb, CaseKind
from relationships.services.approvals import do_or_ask
from relationships.services.cases import open_case
from relationships.services.mail import deliver
from subscriptions.models import RenewalDecision, Subscription
from subscriptions.services import renewals
from subscriptions.services.upkeep import verify_existing
from tests import stories
from tests.factories import OfferFactory

from ..subscriptions.importing.support import imported, table
from .office import desk, text

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MANY = 9


@pytest.fixture(autouse=True)
def _now():
    with clock.at(NOW):
        yield


def different(agent):
    """As somebody could bring it about who owns the database."""
    for _number in range(MANY):
        admin = stories.tenant()
        row = stories.observation(admin.customer)
        stories.relationship(agent, admin)
        with guards.lifted():
            Subscription._base_manager.filter(pk=row.pk).update(quantity=1)
    verify_existing()
    return agent


def failed_jobs(agent):
    for _number in range(MANY):
        deliver.enqueue(0)
    running.run_waiting("test")
    return stories.operator()


def subscriptions(agent, count=MANY):
    admin, offer = stories.tenant(), OfferFactory()
    stories.relationship(agent, admin)
    customer = admin.customer
    return [
        stories.csp_subscription(agent, customer, offer) for _number in range(count)
    ]


def approvals(agent):
    agent.partner.needs_second_person = True
    agent.partner.save()
    for row in subscriptions(agent):
        do_or_ask(ApprovalVerb.CANCEL, row, actor=agent)
    return stories.staff(agent.partner, "admin_agent")


def cases(agent):
    for number in range(MANY):
        sent = stories.sent_invitation(agent, reference=f"No {number}")
        open_case(CaseKind.NEW_LINK, sent, actor=stories.tenant())
    return agent


def por_cases(agent):
    admin = stories.tenant()
    known = [stories.observation(admin.customer) for _number in range(MANY)]
    lines = [f"{row.product_name},9,{row.external_id},Other Advisor" for row in known]
    file = table(*lines, header="Product,Seats,Subscription ID,Reseller")
    operator = stories.operator()
    imported(operator, file, customer=admin.customer)
    return operator


def decisions(agent):
    with clock.at(NOW - timedelta(days=356)):
        subscriptions(agent)
    renewals.ask(digest=0)
    return agent


def expiring(agent):
    for number in range(MANY):
        soon = NOW + timedelta(days=3)
        stories.sent_invitation(agent, reference=f"No {number}", expires_at=soon)
    return agent


KINDS = {
    different: ("Fingerprint differs", "1 more differs"),
    failed_jobs: ("Job failed", "1 more failed job"),
    approvals: ("Approval asked", "1 more approval"),
    cases: ("New link asked", "1 more case"),
    por_cases: ("Partner of Record", "1 more Partner of Record case"),
    decisions: ("Renewal to decide", "1 more renewal to decide"),
    expiring: ("Expires soon", "1 more expires soon"),
}


@pytest.mark.parametrize("happen", KINDS, ids=lambda kind: kind.__name__)
def test_need_beyond_the_eighth_is_counted_and_a_link_away(happen):
    label, more = KINDS[happen]
    reader = happen(stories.staff(role="admin_agent"))
    client = desk(reader)
    page = client.get("/admin/")
    needs = page.context["needs"]
    assert [need.label for need in needs] == [label] * 8 + ["More"]
    assert needs[-1].what == more
    assert f'<span class="badge tag">{MANY}</span>' in text(page)
    assert all(client.get(need.url).status_code == 200 for need in needs)
    assert listed(client.get(needs[-1].url)) == MANY


def listed(page):
    """How many rows the page names: of a list, or of a report."""
    if "cl" in page.context:
        return page.context["cl"].result_count
    return len(page.context["rows"])


@pytest.mark.parametrize("happen", [decisions, approvals])
def test_need_is_told_to_whom_can_meet_it_only(happen):
    agent = stories.staff(role="admin_agent")
    happen(agent)
    for other in (stories.staff(agent.partner, "helpdesk_agent"), stories.staff()):
        assert desk(other).get("/admin/").context["needs"] == []


def test_failed_job_is_the_operators_alone():
    agent = stories.staff(role="admin_agent")
    failed_jobs(agent)
    assert desk(agent).get("/admin/").context["needs"] == []


def test_renewal_says_when_its_term_ends():
    agent = stories.staff(role="admin_agent")
    decisions(agent)
    page = desk(agent).get("/admin/")
    need = page.context["needs"][0]
    assert need.until == RenewalDecision.objects.first().due_at
    assert f', its term ends <time datetime="{need.until:%Y-%m-%d}' in text(page)


def unsent(agent, name):
    stories.invitation(agent, recipient_email=f"{name}@a.example")


def unopened(agent, name):
    stories.sent_invitation(agent, recipient_email=f"{name}@a.example")


def unanswered(agent, name):
    stories.signed_in_invitation(agent, stories.tenant())


@pytest.mark.parametrize("wait", [unsent, unopened, unanswered])
def test_row_about_several_leads_to_just_these_and_counts_them(wait):
    agent = stories.staff(role="admin_agent")
    for days in (9, 8, 1):
        with clock.at(NOW - timedelta(days=days)):
            wait(agent, str(days))
    client = desk(agent)
    page = client.get("/admin/")
    [need] = page.context["needs"]
    assert '<span class="badge tag">2</span>' in text(page)
    assert listed(client.get(need.url)) == need.count == 2


def test_newcomer_is_told_what_to_do_first():
    newcomer = stories.staff()
    page = text(desk(newcomer).get("/admin/"))
    assert "Ask your first customer" in page
    assert "Nothing has happened yet. What you and your customers do" in page
    stories.invitation(newcomer)
    page = text(desk(newcomer).get("/admin/"))
    assert "Ask your first customer" not in page
    assert "Nothing waits for you." in page


@pytest.mark.parametrize("role", ["helpdesk_agent", "executive_report_viewer"])
def test_first_step_is_for_whom_may_invite(role):
    page = text(desk(stories.staff(role=role)).get("/admin/"))
    assert "Ask your first customer" not in page
