"""What `/readyz` says about background work."""

from django.conf import settings
from django.db.models.functions import Now

from .models import Job, Worker


def warnings() -> list[str]:
    """Jobs that are due for a while, and nobody there to do them."""
    living = Worker.objects.filter(seen_at__gte=Now() - settings.JOB_LEASE)
    if living.exists():
        return []
    waiting = Job.objects.ready().filter(enqueued_at__lt=Now() - settings.JOB_LEASE)
    count = waiting.count()
    if not count:
        return []
    return [f"no worker is there, and jobs are waiting: {count}"]
