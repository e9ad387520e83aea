"""What the portal does by itself: see portal.jobs.defining."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.jobs.defining import JobContext, job

from . import by_mail


@job(_("Send reports by e-mail"), every=timedelta(hours=1))
def send_reports(context: JobContext) -> None:
    by_mail.send_due()
