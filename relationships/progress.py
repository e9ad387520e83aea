"""The seven steps of the source page, as far as an invitation has come."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from . import roles
from .enums import InvitationStatus, Operation
from .models import ActivityRecord, Invitation

DONE, NOW, TODO = "done", "now", "todo"


@dataclass(frozen=True)
class Step:
    """One of the seven: when it happened and who did it, or None and empty."""

    title: str
    state: str
    at: datetime | None = None
    by: str = ""


def first_order(invitation: Invitation) -> ActivityRecord | None:
    """The log's record of the first order after acceptance."""
    if invitation.accepted_at is None:
        return None
    orders = ActivityRecord.objects.filter(
        operation=Operation.CREATE_ORDER,
        partner=invitation.partner,
        customer=invitation.customer,
        at__gte=invitation.accepted_at,
    )
    return orders.select_related("actor").order_by("at").first()


def steps(invitation: Invitation) -> list[Step]:
    """The seven steps in order; the first that has not happened is awaited now."""
    order = first_order(invitation)
    asked_by = str(invitation.created_by or _("partner link"))
    customer = str(invitation.customer or "")
    answered_by = str(invitation.accepted_by or invitation.declined_by or "")
    told = [
        (_("Request"), invitation.created_at, asked_by),
        (_("Text and link"), invitation.created_at, asked_by),
        (_("Send"), invitation.sent_at, _sent_how(invitation)),
        (_("Sign in to the tenant"), invitation.signed_in_at, customer),
        (
            _("Accept or decline"),
            invitation.accepted_at or invitation.declined_at,
            answered_by,
        ),
        (_("In the customer list"), invitation.accepted_at, customer),
        (_("First CSP order"), order.at if order else None, _name(order)),
    ]
    awaited = _is_awaited(invitation)
    made = []
    for title, at, by in told:
        if at is not None:
            made.append(Step(title, DONE, at, by))
        else:
            made.append(Step(title, NOW if awaited else TODO))
            awaited = False
    return made


def waiting_for(invitation: Invitation) -> str:
    """What is awaited from whom, in one sentence."""
    customer = str(invitation.customer or _("the customer"))
    who = _(" or ").join(roles.accepting_roles())
    partner = {"partner": invitation.partner}
    status = invitation.current_status
    if status == InvitationStatus.ACCEPTED:
        return _waiting_after_acceptance(invitation)
    sentences = {
        InvitationStatus.DRAFT: _(
            "Waiting for %(partner)s: send the link to the customer."
        )
        % partner,
        InvitationStatus.SENT: _("Waiting for the customer to open the link."),
        InvitationStatus.OPENED: _(
            "The link was opened, possibly by a scanner. Waiting for somebody of the "
            "customer to sign in."
        ),
        InvitationStatus.SIGNED_IN: _(
            "Waiting for %(customer)s: a %(who)s accepts or declines."
        )
        % {"customer": customer, "who": who},
        InvitationStatus.DECLINED: _(
            "%(customer)s declined. Nothing is awaited; a new invitation can ask again."
        )
        % {"customer": customer},
        InvitationStatus.EXPIRED: _(
            "The link has expired. Waiting for %(partner)s: renew it, or let it be."
        )
        % partner,
        InvitationStatus.WITHDRAWN: _(
            "%(partner)s took this invitation back. Nothing is awaited; the link can "
            "be renewed."
        )
        % partner,
    }
    return sentences[status]


def _waiting_after_acceptance(invitation: Invitation) -> str:
    if first_order(invitation):
        return _("Nothing is awaited: all seven steps have happened.")
    if not invitation.relationship.is_active:
        return _("Nothing is awaited: the relationship has ended without an order.")
    return _("Waiting for %(partner)s: order the first CSP subscription.") % {
        "partner": invitation.partner
    }


def _is_awaited(invitation: Invitation) -> bool:
    status = invitation.current_status
    return invitation.is_open or status == InvitationStatus.ACCEPTED


def _sent_how(invitation: Invitation) -> str:
    return str(invitation.get_sent_how_display()) if invitation.sent_how else ""


def _name(record: ActivityRecord | None) -> str:
    return str(record.actor) if record else ""
