"""The partner sends it, from its own mail program or from here."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ...actors import Actor
from ...enums import InvitationVerb, Operation, SentHow
from ...models import Invitation
from ...roles import Action
from .. import mail
from ..locking import lock_invitation
from .steps import move, tell


@transaction.atomic
def send_invitation(
    invitation: Invitation, *, actor: Actor, how: SentHow = SentHow.PORTAL
) -> Invitation:
    """Mark as sent; with SentHow.PORTAL the portal also sends the e-mail itself."""
    invitation = lock_invitation(invitation)
    actor.require(Action.INVITE, invitation)
    before = invitation.status
    move(invitation, InvitationVerb.SEND)
    if how == SentHow.PORTAL:
        _send_email(invitation)
    if invitation.sent_at is None or how == SentHow.PORTAL:
        invitation.sent_at, invitation.sent_how = clock.now(), how
        invitation.reminders_sent, invitation.reminded_at = 0, None
    invitation.save(
        update_fields=[
            "status",
            "sent_at",
            "sent_how",
            "reminders_sent",
            "reminded_at",
        ]
    )
    tell(
        Operation.SEND_INVITATION,
        invitation,
        actor=actor,
        old_status=before,
        how=str(how),
    )
    return invitation


def _send_email(invitation: Invitation) -> None:
    """To the recipient. ValidationError `recipient` when there is no address."""
    if not invitation.recipient_email:
        raise ValidationError(
            _("This invitation has no address to send to. Send the link yourself."),
            code="recipient",
        )
    mail.enqueue(
        invitation.recipient_email,
        invitation.subject,
        invitation.body,
        invitation=invitation,
        brings_link=True,
        on_behalf_of=invitation.partner,
    )
