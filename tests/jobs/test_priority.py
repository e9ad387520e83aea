"""Which of the jobs that are due is taken up first."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.jobs import running
from portal.jobs.defining import URGENT
from portal.jobs.models import Job
from portal.signin.jobs import send_link
from relationships.services import batches, mail, webhooks
from subscriptions.jobs import run_clock

from . import examples

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]


def waiting(task, *arguments):
    return Job.objects.get(pk=task.enqueue(*arguments).id)


def taken():
    job = running.take_next("one")
    return job and job.pk


def test_urgent_job_is_taken_up_before_all_others():
    webhook = waiting(webhooks.deliver, "x")
    email = waiting(mail.deliver, 0)
    link = waiting(send_link, 0, "en")
    assert [taken() for _number in range(4)] == [link.pk, email.pk, webhook.pk, None]
    assert run_clock.priority == send_link.priority == URGENT
    assert batches.invite_all.priority < mail.deliver.priority


def test_fresh_job_waits_for_no_job_that_became_due_after_it():
    failed = waiting(examples.fail)
    running.run(running.take_next("one"))
    fresh = waiting(examples.nothing)
    later = fresh.run_after + timedelta(microseconds=1)
    Job.objects.filter(pk=failed.pk).update(run_after=later)
    assert [taken(), taken()] == [fresh.pk, failed.pk]


def test_job_is_taken_up_by_the_index_when_many_wait_for_their_next_attempt():
    for _number in range(300):
        waiting(examples.nothing)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as queries:
        assert taken()
    [claim] = [q["sql"] for q in queries if "ORDER BY" in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{claim}"
        )
        plan = str(cursor.fetchall())
    assert "tasks_db_new_ordering_idx" in plan
