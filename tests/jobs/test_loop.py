"""A worker's loop and the schedule, in the process of the test."""

import signal
from datetime import timedelta
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, connections, transaction
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock, guards
from portal.jobs import running, schedule
from portal.jobs.defining import job, registry
from portal.jobs.jobs import clean_up
from portal.jobs.models import Job, Schedule, Worker
from portal.jobs.worker import Work
from subscriptions.jobs import run_clock, verify_existing
from subscriptions.models import Subscription

from .. import stories
from ..relationships.support import DAY, NOON
from . import examples
from .workers import eventually

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]

MINUTE = timedelta(minutes=1)
SCHEDULED = {path for path, task in registry.items() if task.every}


@pytest.fixture
def _signals_as_they_were():
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def paths():
    return sorted(Job.objects.values_list("task_path", flat=True))


def finish_all():
    running.run_waiting("test")
    assert not Job.objects.unfinished().exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_signals_as_they_were")
def test_worker_does_what_is_due_and_ends_when_nothing_is_left(tmp_path):
    examples.write.enqueue(str(tmp_path / "lines"), "first")
    call_command("work", "--until-empty")
    assert set(paths()) == {*SCHEDULED, examples.write.module_path}
    assert set(Job.objects.values_list("status", flat=True)) == {Status.SUCCESSFUL}
    assert not Worker.objects.exists()


def test_scheduled_job_is_tried_again_no_later_than_it_is_due_again():
    scheduled = [task for task in registry.values() if task.every]
    assert run_clock.every < max(examples.write.pauses)
    assert run_clock.attempts == examples.write.attempts
    assert all(max(task.pauses) <= task.every for task in scheduled)


stage = SimpleNamespace()  # what the jobs of these tests have to reach


@pytest.fixture
def loop(caplog):
    stage.loop, stage.caplog = Work(interval=0.01), caplog
    return stage.loop


@job("Stop the worker", pauses=())
def stop_worker(context):
    stage.loop.stop()


@job("Lose the database")
def lose_database(context):
    """How the first attempt ended cannot be noted: somebody else holds the row."""
    if context.attempt > 1:
        stage.loop.stop()
        return
    impatient = {
        "sqlite": "PRAGMA busy_timeout = 1",
        "postgresql": "SET lock_timeout = '1ms'",
    }
    with connection.cursor() as cursor:
        cursor.execute(impatient[connection.vendor])
    is_held = Event()
    stage.holder = Thread(target=hold_row, args=[context.job.pk, is_held])
    stage.holder.start()
    assert is_held.wait(examples.PATIENCE)


def hold_row(pk, is_held):
    """Until the worker has found out."""
    try:
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=pk)
            is_held.set()
            eventually(lambda: "does not answer" in stage.caplog.text)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_worker_stops_with_its_job_and_leaves_the_others(loop):
    stop_worker.enqueue()
    examples.give_up.enqueue()
    loop.run()
    first, second = Job.objects.filter(task_path__startswith="tests.").order_by(
        "enqueued_at"
    )
    assert (first.status, second.status) == (Status.SUCCESSFUL, Status.READY)


@pytest.mark.django_db(transaction=True)
def test_worker_goes_on_as_a_new_one_after_the_database_was_away(loop, settings):
    settings.JOB_LEASE = timedelta(seconds=2)
    result = lose_database.enqueue()
    loop.run()
    stage.holder.join(examples.PATIENCE)
    lost = Job.objects.get(pk=result.id)
    assert (lost.status, lost.attempt) == (Status.SUCCESSFUL, 2)
    assert len(set(lost.worker_ids)) == 2


def test_scheduled_jobs_are_enqueued_once_and_then_at_their_next_time():
    with clock.at(NOON):
        assert schedule.enqueue_due() == len(SCHEDULED)
        assert schedule.enqueue_due() == 0
    assert paths() == sorted(SCHEDULED)
    finish_all()
    with clock.at(NOON + 4 * MINUTE):
        assert schedule.enqueue_due() == 0
    with clock.at(NOON + 5 * MINUTE):
        assert schedule.enqueue_due() == 1
    assert paths().count(run_clock.module_path) == 2
    finish_all()
    with clock.at(NOON + 1 * DAY):
        assert schedule.enqueue_due() == len(SCHEDULED)


def test_what_was_missed_is_not_made_up_for():
    with clock.at(NOON):
        schedule.enqueue_due()
    finish_all()
    with clock.at(NOON + 3 * DAY + 2 * MINUTE):
        assert schedule.enqueue_due() == len(SCHEDULED)
        assert schedule.enqueue_due() == 0
    row = Schedule.objects.get(pk=run_clock.module_path)
    assert row.next_at == NOON + 3 * DAY + 5 * MINUTE
    assert str(row) == run_clock.module_path


def test_scheduled_job_is_not_enqueued_while_the_last_one_waits_or_runs():
    with clock.at(NOON):
        schedule.enqueue_due()
    with clock.at(NOON + 5 * MINUTE):
        assert schedule.enqueue_due() == 0
    assert paths() == sorted(SCHEDULED)


def test_old_jobs_and_sessions_are_dropped_and_young_ones_stay(settings):
    settings.JOB_HISTORY_DAYS = 30
    now = clock.now()
    for days in (31, 29):
        examples.give_up.enqueue()
        with clock.at(now - days * DAY):
            running.run_waiting("one")
    examples.fail.enqueue()
    for name, days in (("old", -1), ("young", 1)):
        Session.objects.create(session_key=name, expire_date=now + days * DAY)
    clean_up.enqueue()
    running.run_waiting("one")
    assert paths() == sorted(
        task.module_path for task in (clean_up, examples.fail, examples.give_up)
    )
    assert [session.pk for session in Session.objects.all()] == ["young"]


def test_clock_job_moves_what_is_due():
    sales = stories.staff()
    with clock.at(NOON):
        invitation = stories.sent_invitation(sales, expires_at=NOON + DAY)
        Job.objects.all().delete()
    run_clock.enqueue()
    finish_all()
    invitation.refresh_from_db()
    assert invitation.status == "expired"


def test_verification_shows_its_progress_and_names_what_differs():
    admin = stories.tenant()
    observation = stories.observation(admin.customer)
    relationship = stories.relationship(stories.staff(), admin)
    Job.objects.all().delete()
    verify_existing.enqueue()
    finish_all()
    done = Job.objects.get()
    assert (done.status, done.progress) == (Status.SUCCESSFUL, "1 of 1")
    with guards.lifted():  # as somebody could who owns the database
        Subscription._base_manager.filter(pk=observation.pk).update(quantity=1)
    verify_existing.enqueue()
    finish_all()
    failed = Job.objects.failed().get()
    assert failed.reason == f"The fingerprint differs: {relationship.pk}"
    assert failed.attempt == 1


def test_worker_is_called_by_its_name():
    assert str(Worker(pk="host:1:abc")) == "host:1:abc"
