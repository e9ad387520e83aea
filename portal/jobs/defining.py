"""How a job is defined: a function at the top of a module, with JSON arguments.

    @job(_("Send an e-mail"))
    def deliver(context, email_id): ...

    deliver.enqueue(email.pk)  # in the transaction of its cause

A worker may die at any line, and then another one runs the job from its beginning: a
job is idempotent, and commits what must not be done twice before it goes on. Scheduled
ones stand in a module `jobs` of their app, which is imported when the portal starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django_tasks import TaskContext, task
from django_tasks.base import Task

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from .models import Job

# After the first attempt, the second, and so on; one attempt more than pauses.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=25),
    timedelta(hours=2),
    timedelta(hours=8),
)


# Of two that are due, the higher one is taken up first; 0 is what most jobs have.
URGENT, LOW = 50, -50
# Without a sign of progress; then the job has hung, and its worker ends itself.
LIMIT = timedelta(minutes=30)


class GiveUp(Exception):
    """Raised by a job that would fail again just so; the text is the reason."""


class Later(Exception):
    """Raised by a job whose time has not come; that was no attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class Hung(Exception):
    """The job has shown no progress for longer than its limit."""


class TakenAway(Exception):
    """Another worker has taken this job up: this one was believed dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask(Task[..., Any]):
    """What the queue knows of a job's function."""

    label: str | _StrPromise = ""
    pauses: tuple[timedelta, ...] = PAUSES
    every: timedelta | None = None
    limit: timedelta = LIMIT

    @property
    def attempts(self) -> int:
        return len(self.pauses) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext(TaskContext):
    """A job's first argument, always called `context`."""

    job: Job

    @property
    def attempt(self) -> int:
        """1 for the first, also for the first after *Run again*."""
        return self.job.attempt

    @property
    def is_last(self) -> bool:
        return self.job.attempt >= self.job.attempts

    def progress(self, done: int, total: int) -> None:
        """Show how far it is; seen by others with the commit. Raises TakenAway."""
        if not self.job.note_progress(done, total):
            raise TakenAway


registry: dict[str, JobTask] = {}


def job(
    label: str | _StrPromise,
    *,
    pauses: tuple[timedelta, ...] = PAUSES,
    every: timedelta | None = None,
    limit: timedelta = LIMIT,
    priority: int = 0,
) -> Callable[[Callable[..., None]], JobTask]:
    """Make a job of a function; with `every`, the portal enqueues it by itself.

    No pause is longer than `every`: the next one is not enqueued before this one ends.
    One that shows no progress for longer than `limit` has hung: that attempt failed.
    """
    if every is not None:
        pauses = tuple(min(pause, every) for pause in pauses)

    def wrap(function: Callable[..., None]) -> JobTask:
        options: dict[str, Any] = {
            "label": label,
            "pauses": pauses,
            "every": every,
            "limit": limit,
            "priority": priority,
        }
        made: Any = task(takes_context=True, **options)(function)
        registry[made.module_path] = made
        return cast(JobTask, made)

    return wrap
