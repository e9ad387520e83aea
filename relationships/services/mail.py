"""Outgoing e-mail: queued with its cause, sent by a worker, its fate kept."""

import logging
import smtplib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from email.utils import formataddr, parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation import clock
from portal.foundation.smtp import MayHaveBeenSent
from portal.jobs.defining import GiveUp, JobContext, job
from portal.jobs.models import Job

from ..enums import LOST_EMAILS, WAITING_EMAILS, EmailStatus
from ..models import Invitation, OutgoingEmail, Partner

log = logging.getLogger(__name__)

FAILURES = (smtplib.SMTPException, OSError, MayHaveBeenSent)

LINK = "[[link]]"
EXPIRES = "[[expires]]"
DONE = (EmailStatus.SENT, EmailStatus.NOT_SENT)
# Each makes files (name, content, type) for a message as it leaves; it may GiveUp.
attachments: list[Callable[[OutgoingEmail], list[tuple[str, bytes, str]]]] = []
# Each tells somebody of a message that did not arrive, with the note of it.
when_lost: list[Callable[[OutgoingEmail], None]] = []
SUBJECT_LENGTH = 200  # what an invitation and an outgoing e-mail hold


class NotTaken(Exception):
    """The mail server's words; another attempt may do."""


def render(name: str, context: dict[str, Any]) -> tuple[str, str]:
    """Subject (of one line, clipped) and text of `name`, from its two templates."""
    subject = render_to_string(f"relationships/email/{name}_subject.txt", context)
    text = render_to_string(f"relationships/email/{name}_body.txt", context)
    return " ".join(subject.split())[:SUBJECT_LENGTH], text.strip() + "\n"


def expiry_text(invitation: Invitation) -> str:
    """As the invitation's own language writes it."""
    with translation.override(invitation.language):
        moment = date_format(invitation.expires_at.astimezone(UTC), "DATETIME_FORMAT")
    return f"{moment} UTC"


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
    brings_link: bool = False,
    on_behalf_of: Partner | None = None,
) -> OutgoingEmail | None:
    """Queue one message with its cause; without a recipient, nothing.

    One that is written for a partner bears its name, and is answered to it. One that
    `brings_link` leaves only while the invitation waits for an answer to that link.
    """
    if not recipient:
        return None
    email = OutgoingEmail.objects.create(
        invitation=invitation,
        link_generation=invitation.link_generation
        if invitation is not None and brings_link
        else None,
        recipient=recipient,
        from_name=on_behalf_of.name if on_behalf_of else "",
        reply_to=on_behalf_of.contact_email if on_behalf_of else "",
        subject=subject,
        text=text,
    )
    deliver.enqueue(email.pk)
    return email


@job(gettext_lazy("Send an e-mail"))
def deliver(context: JobContext, email_id: int) -> None:
    """Hand a queued message to the mail server, once; keep its answer.

    That it is being sent is stored before: whoever takes the job up after a worker that
    died in between says that it may have been sent, and does not send it again. After
    *Run again*, a person's word, it does.
    """
    emails = OutgoingEmail.objects.select_related("invitation")
    email = emails.filter(pk=email_id).first()
    if email is None:
        raise GiveUp(_("This e-mail is not there any more."))
    if email.status in DONE:
        return
    # Before anything is noted: a worker that dies over it leaves it as it was.
    hand_over = _prepared(email)
    if not _begin(email, is_asked_for=context.attempt == 1):
        email.refresh_from_db(fields=["status", "error"])
        if email.status == EmailStatus.SENDING:
            email.error = _("The worker was gone before the mail server's answer.")
            _note_lost(email, EmailStatus.UNCERTAIN)
        raise GiveUp(f"{email.get_status_display()}: {email.error}")
    if email.status in DONE:
        return
    try:
        hand_over()
    except Exception as error:  # whatever it is, the status has to tell it
        _note_failure(email, error, is_last=context.is_last)
        kind = GiveUp if email.status in LOST_EMAILS else NotTaken
        raise kind(email.error) from None  # its words have the recipient's address
    # Where this cannot be stored, the next attempt finds it being sent, and stops.
    email.sent_at, email.error = clock.now(), ""
    _note(email, EmailStatus.SENT)


def settle_abandoned() -> None:
    """Those whose worker died in its last attempt may have been sent; say so."""
    jobs = Job.objects.unfinished().filter(task_path=deliver.module_path)
    sending = OutgoingEmail.objects.filter(status=EmailStatus.SENDING)
    for pk in list(sending.values_list("pk", flat=True)):
        if not jobs.filter(args_kwargs__args=[pk]).exists():
            settle(pk)


@transaction.atomic
def settle(pk: int) -> None:
    """Not where its job has ended, and has told its fate, in between."""
    sending = OutgoingEmail.objects.filter(pk=pk, status=EmailStatus.SENDING)
    email = sending.select_for_update().first()
    if email is not None:
        email.error = _("The worker was gone before the mail server's answer.")
        _note_lost(email, EmailStatus.UNCERTAIN)


def _begin(email: OutgoingEmail, *, is_asked_for: bool) -> bool:
    """Note that it is being sent, or that nobody wants it to be any more.

    False when that is not for this attempt to do.
    """
    email.error = _why_unwanted(email)
    email.status = EmailStatus.NOT_SENT if email.error else EmailStatus.SENDING
    from_here = (*WAITING_EMAILS, *LOST_EMAILS) if is_asked_for else WAITING_EMAILS
    rows = OutgoingEmail.objects.filter(pk=email.pk, status__in=from_here)
    return bool(
        rows.update(
            status=email.status,
            error=email.error,
            attempts=F("attempts") + int(email.status == EmailStatus.SENDING),
        )
    )


def _why_unwanted(email: OutgoingEmail) -> str:
    """As things are now; what was right when it was queued may not be any more."""
    if not email.text:
        return _("Its text is not kept any more.")
    invitation = email.invitation
    if invitation is None or email.link_generation is None:
        return ""
    if not invitation.is_open:
        return _("The invitation is %(status)s.") % {
            "status": invitation.current_status.label.lower()
        }
    if invitation.link_generation != email.link_generation:
        return _("Its link was renewed, and this one is dead.")
    return ""


def _prepared(email: OutgoingEmail) -> Callable[[], None]:
    """What hands it over, or tells why it could not be made."""
    try:
        return partial(_hand_over, message_of(email))
    except Exception as error:
        return partial(_refuse, error)


def _refuse(error: Exception) -> None:
    raise error


def _hand_over(message: EmailMultiAlternatives) -> None:
    connection = get_connection()
    connection.open()
    try:
        connection.send_messages([message])
    finally:
        with suppress(smtplib.SMTPException, OSError):  # the message has gone
            connection.close()


def message_of(email: OutgoingEmail) -> EmailMultiAlternatives:
    """As it leaves, in text and HTML. Its id is the same at each attempt."""
    text = fill_in(email.text, email.invitation)
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    domain = address.rpartition("@")[2]
    message = letter(
        email.recipient,
        email.subject,
        text,
        from_email=_sender(email.from_name),
        reply_to=[email.reply_to] if email.reply_to else None,
        headers={
            "Message-ID": f"<{email.pk}.{email.queued_at:%Y%m%d%H%M%S%f}@{domain}>"
        },
    )
    for attach in attachments:
        for name, content, kind in attach(email):
            message.attach(name, content, kind)
    return message


def letter(
    recipient: str, subject: str, text: str, **options: Any
) -> EmailMultiAlternatives:
    """One message to one recipient, in text and HTML."""
    message = EmailMultiAlternatives(subject, text, to=[recipient], **options)
    context = {"text": text, "subject": subject}
    html = render_to_string("relationships/email/message.html", context)
    message.attach_alternative(html, "text/html")
    return message


def _sender(name: str) -> str:
    """The portal's own address, under the name of whom it writes for."""
    own_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((" ".join(name.split()) or own_name, address))


def _note(email: OutgoingEmail, status: EmailStatus) -> None:
    email.status = status
    email.save(update_fields=["status", "error", "sent_at"])


def _note_failure(email: OutgoingEmail, error: Exception, *, is_last: bool) -> None:
    log.warning("E-mail %s was not taken: %s", email.pk, type(error).__name__)
    email.error = answer(error)[:500]
    if isinstance(error, MayHaveBeenSent):
        _note_lost(email, EmailStatus.UNCERTAIN)
    elif isinstance(error, GiveUp) or is_refusal(error):
        _note_lost(email, EmailStatus.REFUSED)
    elif is_last:
        _note_lost(email, EmailStatus.GIVEN_UP)
    else:
        _note(email, EmailStatus.RETRYING)


@transaction.atomic
def _note_lost(email: OutgoingEmail, status: EmailStatus) -> None:
    _note(email, status)
    for tell in when_lost:
        tell(email)


def is_final(error: Exception) -> bool:
    """Refused for good, or taken perhaps: nothing to try again by itself."""
    return isinstance(error, MayHaveBeenSent) or is_refusal(error)


def answer(error: Exception) -> str:
    """What the mail server said, or what happened instead."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_line(*answer) for answer in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__


def _line(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {words}"


def is_refusal(error: Exception) -> bool:
    """For good (5xx), this very message; 4xx means another time."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    ours = (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
    return isinstance(error, ours) and error.smtp_code >= 500
