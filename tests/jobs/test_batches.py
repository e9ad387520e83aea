"""A worker that is killed in the middle of a long list of invitations."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest

from portal.foundation import clock
from portal.jobs.models import Job
from relationships.models import ActivityRecord, Invitation, OutgoingEmail
from relationships.services.batches import create_batch, invite_all
from relationships.services.recipients import Line

from .. import stories
from .workers import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]

MANY = 30


def test_list_goes_on_where_it_was_when_its_worker_is_killed(workers):
    batch = create_batch(
        [Line(n, "", f"{n}@list.example") for n in range(MANY)],
        actor=stories.staff(),
        request_key=uuid.uuid4(),
        expires_at=clock.now() + timedelta(days=7),
        sends=True,
    )
    first = workers.start(EMAIL_URL="memorymail://")
    eventually(Invitation.objects.exists)
    first.kill()
    before = Invitation.objects.count()
    assert 0 < before < MANY
    workers.start(EMAIL_URL="memorymail://")
    workers.start(EMAIL_URL="memorymail://")
    lists = Job.objects.filter(task_path=invite_all.module_path)
    eventually(lambda: lists.successful().exists())
    assert Invitation.objects.count() == MANY
    assert not batch.rows.filter(invitation=None).exists()
    sent = Counter(OutgoingEmail.objects.values_list("recipient", flat=True))
    assert set(sent.values()) == {1}
    assert len(sent) == MANY
    told = ActivityRecord.objects.filter(operation="create_invitation")
    assert told.count() == MANY
    job = lists.get()
    assert job.attempt > 1
    assert job.progress == f"{MANY} of {MANY}"
