"""A worker that is killed in the middle of what it reminds people of."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs import running
from portal.jobs.models import Job
from relationships.jobs import send_reminders
from relationships.models import Invitation, Notice, OutgoingEmail
from relationships.services import invitations
from subscriptions.calendar import add_months
from subscriptions.jobs import ask_for_renewals
from subscriptions.models import RenewalDecision
from subscriptions.services.ordering import LineRequest, place_order

from .. import stories
from ..factories import OfferFactory
from .workers import eventually, jobs_are_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]

COUNT = 40


@pytest.fixture
def invited():
    """So many who were written to four days ago, and have not answered."""
    sales = stories.staff()
    with clock.at(clock.now() - timedelta(days=4)):
        for number in range(COUNT):
            draft = stories.invitation(sales, recipient_email=f"p{number}@x.example")
            invitations.send_invitation(draft, actor=sales)
        running.run_waiting("test")
    Job.objects.all().delete()


@pytest.fixture
def ending():
    """As many subscriptions whose term ends in a fortnight."""
    agent, admin = stories.staff(role="admin_agent"), stories.tenant()
    stories.relationship(agent, admin)
    offer = OfferFactory()
    with clock.at(add_months(clock.now(), -12) + timedelta(days=14)):
        place_order(
            admin.customer,
            actor=agent,
            lines=[LineRequest(offer, 1) for _number in range(COUNT)],
            request_key=uuid.uuid4(),
        )
        running.run_waiting("test")
    Job.objects.all().delete()
    return agent


def test_everybody_is_reminded_once_when_the_worker_is_killed(workers, invited):
    reminded = Invitation.objects.filter(reminders_sent=1)
    send_reminders.enqueue()
    first = workers.start(EMAIL_URL="memorymail://")
    eventually(reminded.exists)
    first.kill()
    before = reminded.count()
    assert 0 < before < COUNT
    for _number in range(2):
        workers.start(EMAIL_URL="memorymail://")
    eventually(jobs_are_over)
    assert reminded.count() == COUNT
    letters = OutgoingEmail.objects.filter(subject__startswith="Reminder: ")
    told = Counter(letters.values_list("recipient", flat=True))
    assert told == {f"p{number}@x.example": 1 for number in range(COUNT)}
    assert set(letters.values_list("status", flat=True)) == {"sent"}
    job = Job.objects.get(task_path=send_reminders.module_path)
    assert job.status == Status.SUCCESSFUL
    assert job.attempt >= 2  # more, where a busy machine lets a living worker be late


def test_digest_tells_of_all_once_when_the_worker_is_killed(workers, ending):
    ask_for_renewals.enqueue()
    first = workers.start(EMAIL_URL="memorymail://")
    eventually(RenewalDecision.objects.exists)
    first.kill()
    before = RenewalDecision.objects.count()
    assert 0 < before < COUNT
    for _number in range(2):
        workers.start(EMAIL_URL="memorymail://")
    eventually(jobs_are_over)
    assert RenewalDecision.objects.count() == COUNT
    [notice] = Notice.objects.filter(kind="renewals_due")
    assert (notice.recipient, notice.data) == (
        ending.user,
        {"decisions_count": COUNT},
    )
    [letter] = OutgoingEmail.objects.filter(subject=f"{COUNT} renewals to decide")
    assert letter.status == "sent"
    job = Job.objects.get(task_path=ask_for_renewals.module_path)
    assert job.status == Status.SUCCESSFUL
    assert job.attempt >= 2  # more, where a busy machine lets a living worker be late
