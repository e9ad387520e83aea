"""What becomes of a job, in the process of the test."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django_tasks import TaskResultStatus as Status

from portal.foundation import clock
from portal.foundation.exceptions import TransitionNotAllowed
from portal.jobs import running
from portal.jobs.defining import TakenAway
from portal.jobs.models import Job, Worker, due_now
from portal.jobs.worker import registered

from ..relationships.support import NOON
from . import examples
from .workers import eventually

pytestmark = [pytest.mark.django_db, pytest.mark.real_workers]


def enqueued(example, *arguments, **named):
    return Job.objects.get(pk=example.enqueue(*arguments, **named).id)


def taken(example, *arguments, worker="one"):
    job = enqueued(example, *arguments)
    assert running.take_next(worker) == job
    return Job.objects.get(pk=job.pk)


def stored(job):
    return Job.objects.get(pk=job.pk)


def test_job_is_done_with_its_arguments(tmp_path):
    file = tmp_path / "lines"
    job = enqueued(examples.write, str(file), line="first")
    assert (str(job), job.status, job.progress) == ("Write a line", Status.READY, "")
    assert running.run_waiting("one") == 1
    assert file.read_text().startswith("first ")
    job = stored(job)
    assert (job.status, job.attempt, job.worker) == (Status.SUCCESSFUL, 1, "")
    assert job.worker_ids == ["one"]
    assert job.finished_at is not None
    assert running.run_waiting("one") == 0


def test_arguments_are_refused_when_they_are_no_json():
    with pytest.raises(TypeError):
        examples.write.enqueue(object(), "line")
    assert not Job.objects.exists()


def test_job_never_runs_when_its_transaction_rolls_back(tmp_path):
    with transaction.atomic():
        enqueued(examples.write, str(tmp_path / "lines"), "first")
        transaction.set_rollback(True)
    assert running.run_waiting("one") == 0
    assert list(tmp_path.iterdir()) == []


def test_job_is_tried_again_after_growing_pauses_and_then_has_failed():
    job = enqueued(examples.fail, "password=hunter2&x")
    for number, pause in enumerate(examples.PAUSES, 1):
        with clock.at(NOON):  # long ago, so that the pause is over
            running.run(running.take_next("one"))
        job = stored(job)
        assert (job.status, job.attempt) == (Status.READY, number)
        assert job.waits_for_next_attempt
        assert job.run_after == NOON + pause
    assert list(examples.PAUSES) == sorted(set(examples.PAUSES))
    running.run_waiting("one")
    job = stored(job)
    assert (job.status, job.attempt, job.has_failed) == (Status.FAILED, 3, True)
    assert job.reason == "LookupError: as expected password=[hidden]&x"
    assert "LookupError" in job.traceback
    assert "hunter2" not in job.traceback
    assert running.run_waiting("one") == 0


def test_job_waits_until_its_pause_is_over():
    job = enqueued(examples.fail)
    running.run_waiting("one")
    assert running.run_waiting("one") == 0
    assert stored(job).run_after > clock.now()


def test_job_has_failed_at_once_when_it_gives_up():
    job = enqueued(examples.give_up)
    running.run_waiting("one")
    job = stored(job)
    assert (job.status, job.attempt) == (Status.FAILED, 1)
    assert job.reason == "It makes no sense."


def test_reason_is_the_errors_name_when_it_has_no_words():
    job = enqueued(examples.fail_without_words)
    running.run_waiting("one")
    assert stored(job).reason == "LookupError"


def test_job_fails_with_a_reason_when_its_function_has_gone():
    job = enqueued(examples.give_up)
    Job.objects.filter(pk=job.pk).update(task_path="tests.jobs.examples.gone")
    running.run_waiting("one")
    job = stored(job)
    assert job.waits_for_next_attempt
    assert job.reason.startswith("ImportError")
    assert str(job) == "tests.jobs.examples.gone"
    assert job.run_after - clock.now() <= timedelta(minutes=1)


def test_failed_job_begins_anew_when_it_is_run_again():
    job = enqueued(examples.give_up)
    running.run_waiting("one")
    running.run_again(job)
    job = stored(job)
    assert (job.status, job.attempt, job.finished_at) == (Status.READY, 0, None)
    assert running.run_waiting("two") == 1
    assert stored(job).worker_ids == ["one", "two"]


def test_running_again_is_refused_when_the_job_has_not_failed():
    job = enqueued(examples.give_up)
    before = Job.objects.values().get()
    with pytest.raises(TransitionNotAllowed):
        running.run_again(job)
    assert Job.objects.values().get() == before


def test_lost_job_is_given_to_others_and_its_worker_is_not_heard_any_more():
    job = taken(examples.give_up)
    assert running.take_back_lost() == 1
    waiting = stored(job)
    assert (waiting.status, waiting.worker) == (Status.READY, "")
    assert waiting.run_after <= due_now()
    assert waiting.reason == "Its worker was gone."
    again = running.take_next("two")
    assert again == job
    running.run(job)  # the first worker was only slow
    assert (stored(job).status, stored(job).worker) == (Status.RUNNING, "two")


def test_progress_is_refused_when_the_job_is_another_workers(tmp_path):
    job = taken(examples.hold, str(tmp_path / "began"), str(tmp_path / "release"))
    running.take_back_lost()
    running.take_next("two")
    running.run(job)
    assert list(tmp_path.iterdir()) == []
    assert (stored(job).worker, stored(job).progress) == ("two", "")
    assert issubclass(TakenAway, Exception)


def test_progress_is_shown(tmp_path):
    (tmp_path / "release").touch()
    job = enqueued(examples.hold, str(tmp_path / "began"), str(tmp_path / "release"))
    running.run_waiting("one")
    assert stored(job).progress == "1 of 2"


def test_job_has_failed_when_it_has_cost_as_many_workers_as_it_has_attempts():
    job = enqueued(examples.fail)
    for _number in range(examples.fail.attempts):
        running.take_next("one")
        assert running.take_back_lost() == 1
    assert (stored(job).status, stored(job).attempt) == (Status.FAILED, 3)
    assert running.take_back_lost() == 0


def test_job_has_hung_when_it_shows_no_progress_for_longer_than_its_limit():
    enqueued(examples.hang, "began")
    job = running.take_next("one")
    assert not job.has_hung
    job.shown_at -= 2 * examples.hang.limit.total_seconds()
    assert job.has_hung
    job.note_progress(1, 2)
    assert not job.has_hung
    assert not stored(job).has_hung  # only its own worker can tell
    running.note_hung(job)
    assert stored(job).reason == (
        "Hung: It showed no progress for longer than its limit."
    )
    assert stored(job).waits_for_next_attempt


def test_job_is_left_to_its_worker_while_that_one_lives():
    job = taken(examples.give_up)
    Worker.objects.create(pk="one")
    assert running.take_back_lost() == 0
    assert stored(job).status == Status.RUNNING


def test_worker_is_gone_when_it_was_not_seen_for_the_lease(settings):
    taken(examples.give_up)
    Worker.objects.create(pk="one", seen_at=Now() - 2 * settings.JOB_LEASE)
    assert running.take_back_lost() == 1
    assert not Worker.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_worker_says_that_it_lives_and_comes_back_when_it_was_believed_dead(settings):
    settings.JOB_LEASE = timedelta(seconds=0.04)
    with registered("one", lambda: None):
        seen_at = Worker.objects.get().seen_at
        eventually(lambda: Worker.objects.filter(seen_at__gt=seen_at).exists())
        Worker.objects.all().delete()
        eventually(Worker.objects.exists)
    assert not Worker.objects.exists()
