"""The e-mail with the link for a new password, in the background."""

from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.jobs.defining import URGENT, GiveUp, JobContext, job
from relationships.services import mail


@job(_("Send a link for a new password"), priority=URGENT)
def send_link(context: JobContext, user_id: int, language: str) -> None:
    """The link is made now and kept nowhere. `mail.NotTaken`: it is tried again.

    Where a worker dies before it has noted the answer, the person gets two, and either
    works until one is used.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    with translation.override(language):
        subject, text = _message(user)
    try:
        mail.letter(user.email or user.login, subject, text).send()
    except mail.FAILURES as error:
        # Not from it: its words have the address, and a job's reason is kept.
        kind = GiveUp if mail.is_final(error) else mail.NotTaken
        raise kind(mail.answer(error)) from None


def _message(user: User) -> tuple[str, str]:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    path = reverse("password-reset-confirm", args=[uid, token])
    context: dict[str, Any] = {
        "url": settings.PUBLIC_URL + path,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    subject = render_to_string("public/password/email_subject.txt", context)
    text = render_to_string("public/password/email_body.txt", context)
    return " ".join(subject.split()), text.strip() + "\n"
