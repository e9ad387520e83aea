"""The queue cleans up after itself."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock

from .defining import job
from .models import Job


@job(_("Clean up"), every=timedelta(days=1))
def clean_up(context: Any) -> None:
    """Drop jobs that ended long ago, failed ones too, and sessions that are over."""
    oldest = clock.now() - timedelta(days=settings.JOB_HISTORY_DAYS)
    Job.objects.finished().filter(finished_at__lt=oldest).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
