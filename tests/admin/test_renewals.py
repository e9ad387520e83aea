"""Renewal decisions at the back office."""

from datetime import timedelta

import pytest

from portal.foundation import clock
from relationships.enums import Operation
from relationships.models import ActivityRecord
from subscriptions.models import CspSubscription, RenewalDecision
from subscriptions.services import lifecycle, renewals

from .. import stories
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales():
    return stories.staff()


@pytest.fixture
def client(sales):
    return desk(sales)


@pytest.fixture
def decision(sales):
    admin = stories.tenant()
    stories.relationship(sales, admin)
    csp = stories.csp_subscription(sales, admin.customer)
    with clock.at(csp.commitment_ends_at - timedelta(days=9)):
        renewals.ask(digest=1)
    return RenewalDecision.objects.get()


def test_list_holds_what_is_to_be_decided_until_it_is_answered(client, sales, decision):
    page = list_url(RenewalDecision) + "?state=open"
    assert str(decision) in text(client.get(page))
    renewals.decide(decision, actor=sales, answer="renew")
    assert str(decision) not in text(client.get(page))
    answered = text(client.get(list_url(RenewalDecision) + "?state=answered"))
    assert str(decision) in answered
    assert "Renew as it is" in answered


def test_answer_is_given_by_a_button(client, decision):
    assert "To decide" in text(client.get(url(decision)))
    assert "auto-renew is switched on" in text(client.get(url(decision, "answer")))
    data = {"answer": "end", "note": "Ann wants out"}
    answer = client.post(url(decision, "answer"), data, follow=True)
    assert messages(answer) == [f"Decided: {decision}."]
    assert "Ann wants out" in text(answer)
    decision.refresh_from_db()
    assert (decision.answer, decision.subscription.auto_renews) == ("end", False)


def test_answer_has_to_be_one_of_three(client, decision):
    before = everything()
    answer = client.post(url(decision, "answer"), {"answer": "perhaps"})
    assert list(answer.context["form"].errors) == ["answer"]
    assert everything() == before


def test_change_leads_to_where_it_is_scheduled_first(client, sales, decision):
    row = CspSubscription.objects.get(pk=decision.subscription_id)
    way = f'href="{url(row, "schedule")}"'
    assert way in text(client.get(url(decision, "answer")))
    before = everything()
    page = client.post(url(decision, "answer"), {"answer": "change"})
    assert "so it would renew as it is" in str(page.context["form"].errors["answer"])
    assert way in text(page)
    assert everything() == before
    lifecycle.schedule_change(row, actor=sales, quantity=3, offer=row.offer)
    assert way not in text(client.get(url(decision, "answer")))
    client.post(url(decision, "answer"), {"answer": "change"})
    decision.refresh_from_db()
    assert decision.answer == "change"


def test_it_is_assigned_to_a_colleague_of_ones_own(client, sales, decision):
    colleague, foreign = stories.staff(sales.partner).user, stories.staff().user
    page = text(client.get(url(decision, "assign")))
    assert str(colleague) in page
    assert f">{foreign}<" not in page
    before = everything()
    client.post(url(decision, "assign"), {"owner": foreign.pk})
    assert everything() == before
    client.post(url(decision, "assign"), {"owner": colleague.pk})
    decision.refresh_from_db()
    assert decision.owner == colleague
    told = ActivityRecord.objects.filter(operation=Operation.ASSIGN_RENEWAL)
    assert told.count() == 1


def test_it_says_so_when_it_is_too_late(client, decision):
    with clock.at(decision.due_at):
        page = client.get(url(decision, "answer"))
        assert "nothing to decide any more" in text(page)
        assert "Not answered" in text(client.get(url(decision)))


def test_report_viewer_reads_no_owner(sales, decision):
    viewer = desk(stories.staff(sales.partner, "report_viewer"))
    page = text(viewer.get(list_url(RenewalDecision)))
    assert str(decision) in page
    assert str(sales.user) not in page
    assert viewer.post(url(decision, "answer"), {"answer": "end"}).status_code == 403
