"""Real worker processes: killed, several at once, told to stop."""

import signal
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.jobs.defining import registry
from portal.jobs.models import NO_DELAY, Job, Schedule, Worker
from portal.jobs.worker import HUNG
from relationships.models import ActivityRecord, Invitation
from subscriptions.jobs import run_clock

from .. import stories
from . import examples
from .workers import eventually, jobs_are_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_workers]

SCHEDULED = [path for path, task in registry.items() if task.every]


@pytest.fixture
def began(tmp_path):
    return tmp_path / "began"


@pytest.fixture
def release(tmp_path):
    return tmp_path / "release"


def test_job_is_taken_up_again_when_its_worker_is_killed(workers, began, release):
    examples.hold.enqueue(str(began), str(release))
    first = workers.start()
    eventually(began.exists)
    assert Job.objects.get().progress == "1 of 2"
    first.kill()
    assert Job.objects.get().status == Status.RUNNING
    second = workers.start()
    eventually(lambda: len(began.read_text().split()) == 2)
    release.touch()
    eventually(jobs_are_over)
    job = Job.objects.get()
    assert (job.status, job.attempt) == (Status.SUCCESSFUL, 2)
    assert began.read_text().split() == [str(first.pid), str(second.pid)]


def test_clock_goes_on_where_it_was_when_its_worker_is_killed(workers):
    sales = stories.staff()
    with clock.at(clock.now() - timedelta(days=40)):
        for _number in range(60):
            stories.sent_invitation(sales)
    expired = Invitation.objects.filter(status="expired")
    run_clock.enqueue()
    first = workers.start(CLOCK_BATCH="1")
    eventually(expired.exists)
    first.kill()
    before = expired.count()
    assert 0 < before < 60
    workers.start(CLOCK_BATCH="1")
    eventually(jobs_are_over)
    assert expired.count() == 60
    job = Job.objects.get()
    assert (job.status, job.attempt) == (Status.SUCCESSFUL, 2)
    told = ActivityRecord.objects.filter(operation="expire_invitation")
    assert Counter(told.values_list("resource_id", flat=True)) == {
        str(pk): 1 for pk in expired.values_list("pk", flat=True)
    }


def test_two_workers_share_the_jobs_and_each_is_done_once(
    workers, tmp_path, began, release
):
    file = tmp_path / "lines"
    pair = [workers.start(), workers.start()]
    for _worker in pair:  # who has one does not take the other
        examples.hold.enqueue(str(began), str(release))
    eventually(lambda: began.exists() and len(began.read_text().split()) == 2)
    assert set(began.read_text().split()) == {str(worker.pid) for worker in pair}
    with transaction.atomic():
        for number in range(50):
            examples.write.enqueue(str(file), str(number))
    release.touch()
    eventually(jobs_are_over)
    lines = [line.split() for line in file.read_text().splitlines()]
    assert sorted(int(number) for number, _pid in lines) == list(range(50))
    assert set(Job.objects.values_list("status", "attempt")) == {(Status.SUCCESSFUL, 1)}


def test_schedule_is_kept_once_by_two_workers(workers):
    due = clock.now() - timedelta(days=3)
    Schedule.objects.update(next_at=due)
    workers.start()
    workers.start()
    eventually(lambda: Worker.objects.count() == 2)
    first_seen = dict(Worker.objects.values_list("pk", "seen_at"))

    def both_have_looked():
        seen = dict(Worker.objects.values_list("pk", "seen_at"))
        return all(seen.get(name, at) > at for name, at in first_seen.items())

    eventually(both_have_looked)
    eventually(jobs_are_over)
    assert sorted(Job.objects.values_list("task_path", "status")) == sorted(
        (name, Status.SUCCESSFUL) for name in SCHEDULED
    )
    assert not Schedule.objects.filter(next_at__lte=clock.now()).exists()


def test_rolled_back_job_never_runs(workers, tmp_path):
    with transaction.atomic():
        examples.write.enqueue(str(tmp_path / "lines"), "rolled back")
        transaction.set_rollback(True)
    examples.write.enqueue(str(tmp_path / "lines"), "kept")
    workers.start()
    eventually(jobs_are_over)
    assert (tmp_path / "lines").read_text().startswith("kept ")
    assert Job.objects.count() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_finishes_its_job_when_it_is_told_to_end(
    workers, began, release, number
):
    examples.hold.enqueue(str(began), str(release))
    examples.give_up.enqueue()
    worker = workers.start()
    eventually(began.exists)
    worker.process.send_signal(number)
    release.touch()
    assert worker.end() == 0
    first, second = Job.objects.order_by("enqueued_at")
    assert (first.status, second.status) == (Status.SUCCESSFUL, Status.READY)
    assert not Worker.objects.exists()


def test_worker_ends_at_once_when_it_is_told_twice(workers, began, release):
    examples.hold.enqueue(str(began), str(release))
    worker = workers.start()
    eventually(began.exists)

    def has_ended():
        worker.terminate()
        return worker.process.poll() is not None

    eventually(has_ended)
    assert worker.end() == -signal.SIGTERM
    assert not release.exists()
    assert Job.objects.get().status == Status.RUNNING


def test_worker_ends_with_a_job_that_hangs_and_another_one_does_it(workers, began):
    examples.hang.enqueue(str(began))
    assert workers.start().end() == HUNG
    job = Job.objects.get()
    assert (job.status, job.attempt, job.worker) == (Status.READY, 1, "")
    assert job.reason.startswith("Hung: ")
    assert not Worker.objects.exists()
    Job.objects.update(run_after=NO_DELAY)
    workers.start()
    eventually(jobs_are_over)
    job = Job.objects.get()
    assert (job.status, job.attempt) == (Status.SUCCESSFUL, 2)
