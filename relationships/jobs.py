"""What the portal does by itself: see portal.jobs.defining."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.jobs.defining import JobContext, job

from .services import mail, notices, reminders, retention


@job(_("Remind of invitations"), every=timedelta(hours=1))
def send_reminders(context: JobContext) -> None:
    reminders.send_due(context.progress)


@job(_("Tell of memberships that end"), every=timedelta(days=1))
def tell_of_expiring_memberships(context: JobContext) -> None:
    reminders.tell_of_expiring_memberships()


@job(_("Forget old notices"), every=timedelta(days=1))
def forget_old_notices(context: JobContext) -> None:
    notices.forget_old()


@job(_("Settle e-mails whose worker was gone"), every=timedelta(hours=1))
def settle_abandoned_emails(context: JobContext) -> None:
    mail.settle_abandoned()


@job(_("Forget old e-mails, webhook deliveries and lists"), every=timedelta(days=1))
def forget_old_letters(context: JobContext) -> None:
    retention.forget_old()
