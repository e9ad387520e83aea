"""What every verb does: check that it may be, move the status, tell the log."""

from django.utils.translation import gettext as _

from ...actors import Actor
from ...enums import INVITATION_TRANSITIONS, InvitationVerb, Operation
from ...exceptions import TransitionNotAllowed
from ...models import Invitation
from ..activity import record


def why_not(invitation: Invitation, verb: InvitationVerb) -> str:
    return _("%(verb)s: not possible while the invitation is %(status)s.") % {
        "verb": verb.label,
        "status": invitation.current_status.label.lower(),
    }


def refuse_unless_allowed(invitation: Invitation, verb: InvitationVerb) -> None:
    if not invitation.can(verb):
        raise TransitionNotAllowed(why_not(invitation, verb))


def move(invitation: Invitation, verb: InvitationVerb) -> None:
    refuse_unless_allowed(invitation, verb)
    invitation.status = INVITATION_TRANSITIONS[invitation.status][verb]


def tell(
    operation: Operation,
    invitation: Invitation,
    *,
    actor: Actor,
    old_status: str = "",
    how: str = "",
) -> None:
    record(
        operation,
        invitation,
        actor=actor,
        partner=invitation.partner,
        customer=invitation.customer,
        old={"status": old_status} if old_status else None,
        new={"status": invitation.status} | ({"how": how} if how else {}),
    )
