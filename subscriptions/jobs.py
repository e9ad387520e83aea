"""What the portal does by itself: see portal.jobs.defining."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.jobs.defining import URGENT, GiveUp, JobContext, job

from .services import renewals, upkeep
from .services.clock import NotMoved


@job(
    _("Move what time moves"),
    every=timedelta(minutes=settings.CLOCK_MINUTES),
    priority=URGENT,
)
def run_clock(context: JobContext) -> None:
    try:
        upkeep.run_clock(context.progress)
    except NotMoved as error:
        raise GiveUp(str(error)) from error


@job(_("Ask how renewals are decided"), every=timedelta(days=1))
def ask_for_renewals(context: JobContext) -> None:
    day = context.job.enqueued_at.toordinal()  # the same at each attempt
    renewals.ask(digest=day // settings.RENEWAL_DIGEST_DAYS, progress=context.progress)


@job(_("Verify existing subscriptions"), every=timedelta(days=1))
def verify_existing(context: JobContext) -> None:
    result = upkeep.verify_existing(context.progress)
    if result.broken:
        raise GiveUp(result.complaint)
