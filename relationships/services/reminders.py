"""What people are reminded of: an invitation to answer, a membership that ends.

By a scheduled job, row by row, each in a transaction of its own: what was sent is noted
with it, so that whoever goes on after a worker that died sends nothing twice.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import Operation
from ..exceptions import TransitionNotAllowed
from ..models import Invitation, StaffMembership
from ..roles import Action
from . import events, mail
from .activity import record


def can_remind(invitation: Invitation) -> bool:
    """It waits for an answer, and the portal itself has sent it."""
    return bool(Invitation.objects.written_to().filter(pk=invitation.pk).exists())


@transaction.atomic
def remind(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Write once more to the recipient; takes the place of the next reminder by time.

    TransitionNotAllowed unless it is open and was sent from here.
    """
    actor.require(Action.INVITE, invitation)
    rows = Invitation.objects.select_related("partner", "customer")
    invitation = rows.select_for_update(of=("self",)).get(pk=invitation.pk)
    if not can_remind(invitation):
        raise TransitionNotAllowed(why_not(invitation))
    _send(invitation, number=invitation.reminders_sent + 1, actor=actor)
    return invitation


def why_not(invitation: Invitation) -> str:
    if not invitation.is_open:
        return _("Nobody is reminded any more: the invitation is %(status)s.") % {
            "status": invitation.current_status.label.lower()
        }
    return _("Only what was sent from here, and was taken by the mail server.")


def send_due(progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Remind of all that is due; how many were reminded."""
    due = list(Invitation.objects.due_for_reminder().values_list("pk", flat=True))
    sent = 0
    for number, pk in enumerate(due):
        progress(number, len(due))
        sent += _remind_if_due(pk)
    return sent


@transaction.atomic
def _remind_if_due(pk: object) -> bool:
    """False when somebody else holds it, has reminded, or an answer has come."""
    rows = Invitation.objects.due_for_reminder().select_related("partner", "customer")
    locked = rows.select_for_update(of=("self",), skip_locked=True)
    invitation = locked.filter(pk=pk).first()
    if invitation is None:
        return False
    _send(invitation, number=_passed(invitation), actor=Actor.clock())
    return True


def _passed(invitation: Invitation) -> int:
    """How many reminders are due by now: what was missed is not made up for."""
    assert invitation.sent_at is not None  # it is due since then
    since = clock.now() - invitation.sent_at
    return sum(since >= timedelta(days=days) for days in settings.REMINDER_DAYS)


def _send(invitation: Invitation, *, number: int, actor: Actor) -> None:
    with translation.override(invitation.language):
        subject, text = mail.render("reminder", {"invitation": invitation})
    mail.enqueue(
        invitation.recipient_email,
        subject,
        text,
        invitation=invitation,
        brings_link=True,
        on_behalf_of=invitation.partner,
    )
    invitation.reminders_sent, invitation.reminded_at = number, clock.now()
    invitation.save(update_fields=["reminders_sent", "reminded_at"])
    record(
        Operation.REMIND,
        invitation,
        actor=actor,
        partner=invitation.partner,
        customer=invitation.customer,
        new={"reminders_sent": number},
    )


def tell_of_expiring_memberships() -> None:
    """The member and the administrators, once for each end."""
    rows = StaffMembership.objects.expiring().filter(user__is_active=True)
    for membership in rows.select_related("user", "partner").order_by("pk"):
        with transaction.atomic():
            events.membership_expires(membership)
