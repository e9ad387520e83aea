from datetime import datetime
from time import monotonic
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet, get_date_max

from .defining import LIMIT, PAUSES, JobTask, registry

NO_DELAY = get_date_max()  # the library's word for "at once", after all that is due


def due_now() -> datetime:
    """By the clock that the library asks, which tests do not set."""
    return timezone.now()  # noqa: TID251


class JobQuerySet(DBTaskResultQuerySet):
    def unfinished(self) -> Any:
        return self.filter(
            status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING]
        )

    def lost(self) -> Any:
        """A worker's that is no more."""
        jobs: Any = self
        taken = jobs.exclude(worker="")
        return taken.exclude(worker__in=Worker.objects.values("pk"))


class Job(DBTaskResult):
    """One piece of background work: the library's row, and how it goes.

    Written by `portal.jobs.running` alone. `worker` is who does it now; whoever finds
    another one there, or another attempt, has lost it.
    """

    attempt = models.PositiveSmallIntegerField(gettext_lazy("attempt"), default=0)
    worker = models.CharField(gettext_lazy("worker"), max_length=64, blank=True)
    done = models.PositiveIntegerField(gettext_lazy("done"), default=0)
    total = models.PositiveIntegerField(gettext_lazy("of"), null=True, blank=True)
    reason = models.TextField(gettext_lazy("reason"), blank=True)

    objects: ClassVar[Any] = JobQuerySet.as_manager()

    # When its worker last saw something of it, by that process's own clock.
    shown_at: float | None = None

    class Meta:
        verbose_name = gettext_lazy("job")
        verbose_name_plural = gettext_lazy("jobs")
        indexes = [
            models.Index(
                fields=["worker"], condition=~models.Q(worker=""), name="job_taken_up"
            )
        ]

    def __str__(self) -> str:
        return str(self.definition.label) if self.definition else self.task_path

    @property
    def definition(self) -> JobTask | None:
        """None when the function has gone, or its module was not imported yet."""
        return registry.get(self.task_path)

    @property
    def attempts(self) -> int:
        return self.definition.attempts if self.definition else len(PAUSES) + 1

    @property
    def has_hung(self) -> bool:
        limit = self.definition.limit if self.definition else LIMIT
        began = self.shown_at
        return began is not None and monotonic() - began > limit.total_seconds()

    @property
    def waits_for_next_attempt(self) -> bool:
        return self.status == TaskResultStatus.READY and self.attempt > 0

    @property
    def has_failed(self) -> bool:
        return self.status == TaskResultStatus.FAILED

    @property
    def progress(self) -> str:
        if self.total is None:
            return ""
        return _("%(done)s of %(total)s") % {"done": self.done, "total": self.total}

    def note_progress(self, done: int, total: int) -> bool:
        """False when the job is another worker's by now."""
        self.shown_at = monotonic()
        jobs: Any = Job.objects
        mine = jobs.filter(pk=self.pk, attempt=self.attempt, worker=self.worker)
        return bool(mine.update(done=done, total=total))


class WorkerQuerySet(models.QuerySet["Worker"]):
    def gone(self) -> Any:
        """By the database's clock, which is the same for all workers."""
        return self.filter(seen_at__lt=Now() - settings.JOB_LEASE)


class Worker(models.Model):
    """One worker process that lives; gone with its row, or when long unseen."""

    id = models.CharField(primary_key=True, max_length=64)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("worker")
        verbose_name_plural = gettext_lazy("workers")

    def __str__(self) -> str:
        return self.id


class Schedule(models.Model):
    """When a scheduled job is due next; moved on by whoever enqueues it."""

    name = models.CharField(primary_key=True, max_length=200)
    next_at = models.DateTimeField()

    class Meta:
        verbose_name = gettext_lazy("scheduled job")
        verbose_name_plural = gettext_lazy("scheduled jobs")

    def __str__(self) -> str:
        return self.name


class WorkedOn(models.Model):
    """What a background job works on, or worked on last."""

    job_id = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True

    @property
    def job(self) -> Job | None:
        if not self.job_id:
            return None
        jobs: Any = Job.objects  # its stubs know the library's rows alone
        found: Job | None = jobs.filter(pk=self.job_id).first()
        return found
