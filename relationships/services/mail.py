"""Outgoing e-mail: queued with its cause, sent after the commit, its fate kept."""

import logging
import smtplib
from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.formats import date_format

from portal.foundation import clock

from ..enums import EmailStatus
from ..models import Invitation, OutgoingEmail

log = logging.getLogger(__name__)

LINK = "[[link]]"
EXPIRES = "[[expires]]"
SUBJECT_LENGTH = 200  # what an invitation and an outgoing e-mail hold


def render(name: str, context: dict[str, Any]) -> tuple[str, str]:
    """Subject (of one line, clipped) and text of `name`, from its two templates."""
    subject = render_to_string(f"relationships/email/{name}_subject.txt", context)
    text = render_to_string(f"relationships/email/{name}_body.txt", context)
    return " ".join(subject.split())[:SUBJECT_LENGTH], text.strip() + "\n"


def expiry_text(invitation: Invitation) -> str:
    return (
        date_format(invitation.expires_at.astimezone(UTC), "DATETIME_FORMAT") + " UTC"
    )


def fill_in(text: str, invitation: Invitation | None) -> str:
    """Put the link and its expiry where the text has their placeholders."""
    if invitation is None:
        return text
    return text.replace(LINK, invitation.url).replace(EXPIRES, expiry_text(invitation))


def take_out(text: str, invitation: Invitation) -> str:
    """The opposite: the text as it is stored, without the link."""
    text = text.replace("\r\n", "\n")
    return text.replace(invitation.url, LINK).replace(expiry_text(invitation), EXPIRES)


def enqueue(
    recipient: str,
    subject: str,
    text: str,
    *,
    invitation: Invitation | None = None,
    reply_to: str = "",
) -> OutgoingEmail | None:
    """Queue one message for after the commit; without a recipient, nothing.

    What goes wrong after the commit is logged and fails nothing else.
    """
    if not recipient:
        return None
    email = OutgoingEmail.objects.create(
        invitation=invitation,
        recipient=recipient,
        reply_to=reply_to,
        subject=subject,
        text=text,
    )
    transaction.on_commit(lambda: deliver(email), robust=True)
    return email


def deliver(email: OutgoingEmail) -> None:
    """Hand a queued message to the mail server; keep its answer when it refuses.

    What was sent already is not sent again.
    """
    if OutgoingEmail.objects.filter(pk=email.pk, status=EmailStatus.SENT).exists():
        return
    message = EmailMessage(
        email.subject,
        fill_in(email.text, email.invitation),
        settings.DEFAULT_FROM_EMAIL,
        [email.recipient],
        reply_to=[email.reply_to] if email.reply_to else None,
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        log.warning("E-mail %s was refused: %s", email.pk, type(error).__name__)
        email.status = EmailStatus.REFUSED
        email.error = str(error)[:500] or type(error).__name__
    else:
        email.status = EmailStatus.SENT
        email.sent_at = clock.now()
        email.error = ""
    email.save(update_fields=["status", "error", "sent_at"])
