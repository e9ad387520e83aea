"""A second person at the back office."""

import pytest

from relationships.models import Approval
from subscriptions.models import CspSubscription

from .. import stories
from .office import desk, everything, list_url, messages, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent():
    agent = stories.staff(role="admin_agent")
    agent.partner.needs_second_person = True
    agent.partner.save()
    return agent


@pytest.fixture
def second(agent):
    return desk(stories.staff(agent.partner, "admin_agent"))


@pytest.fixture
def client(agent):
    return desk(agent)


@pytest.fixture
def row(agent):
    admin = stories.tenant()
    stories.relationship(agent, admin)
    made = stories.csp_subscription(agent, admin.customer, quantity=30)
    return CspSubscription.objects.get(pk=made.pk)


def test_cancelling_asks_and_happens_when_a_second_person_approves(client, second, row):
    answer = client.post(url(row, "cancel"), follow=True)
    assert "Nothing happened yet: a second person has to approve" in messages(answer)[0]
    approval = Approval.objects.get()
    assert "Waiting" in text(second.get(list_url(Approval)))
    page = second.get(url(approval, "approve"))
    assert approval.sentence in page.context["question"]
    before = everything()
    own = client.post(url(approval, "approve"))
    assert "You asked for this yourself" in text(own)
    assert everything() == before
    answer = second.post(url(approval, "approve"), follow=True)
    assert messages(answer) == [f"Approved, and done: {approval}"]
    row.refresh_from_db()
    assert row.status == "deleted"
    again = second.post(url(approval, "approve"))
    assert "Nothing waits any more: approved." in text(again)


def test_front_page_shows_it_to_the_second_person_only(client, second, row):
    client.post(url(row, "cancel"))
    approval = Approval.objects.get()
    waiting = [need.url for need in second.get("/admin/").context["needs"]]
    assert waiting == [approval.get_absolute_url()]
    assert client.get("/admin/").context["needs"] == []


def test_refusing_takes_a_reason(client, second, row):
    client.post(url(row, "seats"), {"quantity": "5", "shown": "30"})
    approval = Approval.objects.get()
    assert list(second.post(url(approval, "refuse")).context["form"].errors) == [
        "reason"
    ]
    answer = second.post(url(approval, "refuse"), {"reason": "Later"}, follow=True)
    assert messages(answer) == [f"Refused: {approval}"]
    assert "Later" in text(second.get(url(approval)))
    row.refresh_from_db()
    assert row.quantity == 30


def test_who_asked_takes_it_back_and_others_decide(client, second, row):
    client.post(url(row, "cancel"))
    approval = Approval.objects.get()
    names = [each.name for each in client.get(url(approval)).context["transitions"]]
    assert names == ["take-back"]
    names = [each.name for each in second.get(url(approval)).context["transitions"]]
    assert names == ["approve", "refuse"]
    before = everything()
    assert "Only who asked" in text(second.post(url(approval, "take-back")))
    assert everything() == before
    answer = client.post(url(approval, "take-back"), follow=True)
    assert messages(answer) == [f"Withdrawn: {approval}"]
    assert "Withdrawn" in text(answer)
    assert client.get(url(approval)).context["transitions"] == []


def test_something_else_is_refused_beside_the_field_while_one_waits(client, row):
    client.post(url(row, "seats"), {"quantity": "5", "shown": "30"})
    before = everything()
    page = client.post(url(row, "seats"), {"quantity": "9", "shown": "30"})
    assert "Something else waits" in str(page.context["form"].errors["quantity"])
    assert everything() == before


def test_ending_asks_too(client, second, agent):
    relationship = stories.relationship(agent, stories.tenant())
    answer = client.post(url(relationship, "end"), {"reason": "We part"}, follow=True)
    assert "End the reseller relationship with" in messages(answer)[0]
    second.post(url(Approval.objects.get(), "approve"))
    relationship.refresh_from_db()
    assert not relationship.is_active


def test_operator_switches_the_second_person_on_with_a_reason(operator, agent):
    page = operator.get(url(agent.partner))
    values = {
        name: value
        for name, value in page.context["adminform"].form.initial.items()
        if value is not None
    }
    data = {**values, "needs_second_person": "", "change_reason": "Asked to."}
    operator.post(url(agent.partner), data)
    agent.partner.refresh_from_db()
    assert agent.partner.needs_second_person is False
