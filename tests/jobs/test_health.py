"""What the portal says about workers that are not there."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from portal.jobs.models import Job, Worker

from . import examples

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]


@pytest.fixture
def waiting(settings):
    """A job that is due for some time."""
    examples.give_up.enqueue()
    Job.objects.update(enqueued_at=Now() - 2 * settings.JOB_LEASE)


def ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    return answer.json().get("warnings", [])


def test_missing_workers_are_named_when_jobs_wait(client, waiting):
    assert ready(client) == ["no worker is there, and jobs are waiting: 1"]


def test_worker_that_was_not_seen_for_long_is_missing(client, waiting, settings):
    Worker.objects.create(pk="one", seen_at=Now() - 2 * settings.JOB_LEASE)
    assert ready(client) != []


def test_nothing_is_said_when_a_worker_is_there(client, waiting):
    Worker.objects.create(pk="one")
    assert ready(client) == []


def test_nothing_is_said_when_jobs_have_only_come_or_wait_for_later(client, waiting):
    Job.objects.update(enqueued_at=Now())
    assert ready(client) == []
    Job.objects.update(
        enqueued_at=Now() - timedelta(days=1), run_after=Now() + timedelta(days=1)
    )
    assert ready(client) == []
