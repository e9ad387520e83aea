"""What the portal does by itself, once, however many workers there are."""

from datetime import datetime, timedelta

from django.db import transaction

from portal.foundation import clock

from .defining import JobTask, registry
from .models import Job, Schedule


def enqueue_due() -> int:
    """Enqueue each scheduled job that is due; how many those were."""
    return sum(_enqueue(task) for task in list(registry.values()) if task.every)


@transaction.atomic
def _enqueue(task: JobTask) -> bool:
    """Whoever moves the row on enqueues the job; others find it moved.

    Not while the last one still waits or runs. What was missed is not made up for.
    """
    now = clock.now()
    assert task.every is not None
    row, _created = Schedule.objects.get_or_create(
        name=task.module_path, defaults={"next_at": now}
    )
    if row.next_at > now:
        return False
    unmoved = Schedule.objects.filter(pk=row.pk, next_at=row.next_at)
    if not unmoved.update(next_at=_next(row.next_at, task.every, now)):
        return False
    if Job.objects.unfinished().filter(task_path=task.module_path).exists():
        return False
    task.enqueue()
    return True


def _next(due: datetime, every: timedelta, now: datetime) -> datetime:
    """The first one after now that is a whole number of spans from `due`."""
    return due + every * ((now - due) // every + 1)
