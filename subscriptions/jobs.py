"""What the portal does by itself: see portal.jobs.defining."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.jobs.defining import GiveUp, JobContext, job

from .services import upkeep


@job(_("Move what time moves"), every=timedelta(minutes=settings.CLOCK_MINUTES))
def run_clock(context: JobContext) -> None:
    upkeep.run_clock()


@job(_("Verify existing subscriptions"), every=timedelta(days=1))
def verify_existing(context: JobContext) -> None:
    result = upkeep.verify_existing(context.progress)
    if result.broken:
        raise GiveUp(result.complaint)
