"""What happens to a job: taken up, run, noted; taken back when its worker is gone.

A job's function runs outside of any transaction. What became of it is noted only by
the worker and in the attempt that the row names.
"""

import logging
from datetime import datetime
from time import monotonic
from traceback import format_exception
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from portal.foundation import clock
from portal.foundation.exceptions import TransitionNotAllowed
from portal.foundation.logs import redact, without_addresses

from .defining import PAUSES, GiveUp, Hung, JobContext, Later, TakenAway
from .models import Job, Worker, due_now

log = logging.getLogger(__name__)

LONGEST_REASON = 1000
rows: Any = DBTaskResult.objects
jobs: Any = Job.objects  # its stubs know the library's rows alone
NO_FAILURE: dict[str, Any] = {"exception_class_path": "", "traceback": ""}


def take_next(worker: str, *, looks_first: bool = True) -> Job | None:
    """Take up the next job that is due, for this worker alone.

    `looks_first`, so that on SQLite an empty queue locks nobody out.
    """
    can_lock_out = looks_first and connection.vendor == "sqlite"
    if can_lock_out and not rows.ready().exists():
        return None
    with transaction.atomic():
        job = jobs.ready().select_for_update(skip_locked=True).first()
        if job is not None:
            _take(job, worker)
    return job


def _take(job: Job, worker: str) -> None:
    _save(
        job,
        {
            "status": TaskResultStatus.RUNNING,
            "started_at": clock.now(),
            "worker_ids": [*job.worker_ids, worker],
        },
        {"worker": worker, "attempt": job.attempt + 1, "done": 0, "total": None},
    )
    job.shown_at = monotonic()


def run_waiting(worker: str) -> int:
    """Do all that is due, here and now; how many jobs that were."""
    count = 0
    while (job := take_next(worker)) is not None:
        run(job)
        count += 1
    return count


def run(job: Job) -> None:
    """Do a job that was taken up, and note what became of it."""
    try:
        result: Any = job.task_result
        context = JobContext(task_result=result, job=job)
        result.task.func(context, *result.args, **result.kwargs)
    except TakenAway:
        log.warning("%s %s is another worker's by now.", job.task_path, job.pk)
    except Later as later:
        _put_off(job, later.until)
    except Exception as error:  # whatever a job raises is its reason
        _note_failure(job, error)
    else:
        _note(job, status=TaskResultStatus.SUCCESSFUL, **NO_FAILURE)


def _put_off(job: Job, until: datetime) -> None:
    _note(
        job,
        status=TaskResultStatus.READY,
        run_after=until,
        own={"attempt": job.attempt - 1},
    )


def note_hung(job: Job) -> None:
    """Its attempt failed; whoever runs it is not heard any more."""
    _note_failure(job, Hung(_("It showed no progress for longer than its limit.")))


def _note_failure(job: Job, error: Exception) -> None:
    text = _kept("".join(format_exception(error)))
    is_final = isinstance(error, GiveUp)
    (log.warning if is_final else log.error)(
        "%s %s has failed, attempt %s: %s",
        *(job.task_path, job.pk, job.attempt),
        _kept(str(error)) if is_final else text,
    )
    _note(
        job,
        **_after_failure(job, is_final=is_final),
        reason=_reason(error),
        exception_class_path=f"{type(error).__module__}.{type(error).__qualname__}",
        traceback=text,
    )


def _reason(error: Exception) -> str:
    words = str(error)
    if not isinstance(error, GiveUp):
        words = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return _kept(words)[:LONGEST_REASON]


def _kept(words: str) -> str:
    """Without secrets and without people's addresses, which an answer may repeat."""
    return without_addresses(redact(words))


def _after_failure(job: Job, *, is_final: bool) -> dict[str, Any]:
    """Once more after a pause, while there are attempts left."""
    if is_final or job.attempt >= job.attempts:
        return {"status": TaskResultStatus.FAILED}
    pauses = job.definition.pauses if job.definition else PAUSES
    run_after = clock.now() + pauses[job.attempt - 1]
    return {"status": TaskResultStatus.READY, "run_after": run_after}


@transaction.atomic
def _note(
    job: Job, *, reason: str = "", own: dict[str, Any] | None = None, **values: Any
) -> None:
    """Only where the job is this worker's still."""
    mine = jobs.filter(pk=job.pk, worker=job.worker, attempt=job.attempt)
    if mine.update(worker="", reason=reason, **(own or {})):
        rows.filter(pk=job.pk).update(**values, finished_at=_end(values["status"]))
    else:
        log.warning("%s %s is another worker's by now.", job.task_path, job.pk)


def _end(status: str) -> datetime | None:
    return None if status == TaskResultStatus.READY else clock.now()


def _save(job: Job, values: dict[str, Any], own: dict[str, Any]) -> None:
    """In the library's row and in the portal's own, whose job the caller holds."""
    rows.filter(pk=job.pk).update(**values)
    jobs.filter(pk=job.pk).update(**own)
    for name, value in {**values, **own}.items():
        setattr(job, name, value)


def take_back_lost() -> int:
    """Give the jobs of workers that are gone to others; how many those were."""
    Worker.objects.gone().delete()
    ids = jobs.lost().values_list("pk", flat=True)
    return sum(_take_back(pk) for pk in list(ids))


@transaction.atomic
def _take_back(pk: Any) -> bool:
    job = jobs.lost().filter(pk=pk).select_for_update(skip_locked=True).first()
    if job is None:
        return False
    log.warning("%s %s: its worker %s is gone.", job.task_path, pk, job.worker)
    is_over = job.attempt >= job.attempts
    state = TaskResultStatus.FAILED if is_over else TaskResultStatus.READY
    _give_back(job, state, reason=_("Its worker was gone."))
    return True


@transaction.atomic
def run_again(job: Job) -> Job:
    """Let a failed job begin anew, with all its attempts. TransitionNotAllowed."""
    stored = jobs.select_for_update().get(pk=job.pk)
    if not stored.has_failed:
        raise TransitionNotAllowed(_("Only a job that has failed is run again."))
    _give_back(stored, TaskResultStatus.READY, attempt=0)
    return stored


def _give_back(job: Job, status: str, **own: Any) -> None:
    values = {"status": status, "run_after": due_now(), "finished_at": _end(status)}
    _save(job, values, {"worker": "", **own})
