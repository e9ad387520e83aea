"""What is kept for some time only, because it names people."""

from datetime import datetime, timedelta

from django.conf import settings

from portal.foundation import clock

from ..enums import WAITING_EMAILS, EmailStatus
from ..models import InvitationBatch, OutgoingEmail, WebhookDelivery

ON_THEIR_WAY = (*WAITING_EMAILS, EmailStatus.SENDING)


def forget_old() -> None:
    """Texts of e-mails (their fate stays), deliveries of webhooks, and whole lists."""
    texts = OutgoingEmail.objects.exclude(text="").exclude(status__in=ON_THEIR_WAY)
    texts.filter(queued_at__lt=_before(settings.EMAIL_TEXT_DAYS)).update(text="")
    oldest = _before(settings.WEBHOOK_LOG_DAYS)
    WebhookDelivery.objects.filter(queued_at__lt=oldest).delete()
    oldest = _before(settings.LIST_DAYS)
    InvitationBatch.objects.filter(created_at__lt=oldest).delete()


def _before(days: int) -> datetime:
    return clock.now() - timedelta(days=days)
