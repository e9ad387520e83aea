"""How long a link works, and what is stored when its time is over."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ...actors import Actor
from ...enums import InvitationStatus, Operation
from ...models import ActivityRecord, Invitation
from ...roles import Action
from .. import log
from ..activity import record_all
from .steps import tell

LONGEST_DAYS = 365


def default_expiry() -> datetime:
    return clock.now() + timedelta(days=settings.INVITATION_DAYS)


def check_expiry(moment: datetime) -> datetime:
    latest = clock.now() + timedelta(days=LONGEST_DAYS)
    if moment <= clock.now() or moment > latest:
        refusal = ValidationError(
            _("The link has to expire in the future, within %(days)s days."),
            code="expiry",
            params={"days": LONGEST_DAYS},
        )
        raise ValidationError({"expires_at": refusal})
    return moment


@transaction.atomic
def expire_invitations(ids: Collection[uuid.UUID], *, actor: Actor) -> int:
    """Store what every reader sees already, each as of its own expiry; how many.

    Those that are not overdue are let be, and those that somebody holds right now.
    """
    actor.require(Action.MOVE_BY_TIME)
    overdue = Invitation.objects.overdue().filter(pk__in=ids).order_by("expires_at")
    rows = list(overdue.select_for_update(skip_locked=True))
    stored = Invitation.objects.filter(pk__in=[row.pk for row in rows])
    stored.update(status=InvitationStatus.EXPIRED)
    record_all(_expiry_of(row, actor) for row in rows)
    return len(rows)


def _expiry_of(invitation: Invitation, actor: Actor) -> ActivityRecord:
    with clock.at(invitation.expires_at):
        return log.unsaved(
            Operation.EXPIRE_INVITATION,
            invitation,
            actor=actor,
            partner_id=invitation.partner_id,
            customer_id=invitation.customer_id,
            old={"status": invitation.status},
            new={"status": str(InvitationStatus.EXPIRED)},
        )


def store_overdue(invitations: Any) -> None:
    """Those of them whose time is over: they would still count as open."""
    for invitation in invitations.overdue().select_for_update():
        before = invitation.status
        invitation.status = InvitationStatus.EXPIRED
        invitation.save(update_fields=["status"])
        tell(
            Operation.EXPIRE_INVITATION,
            invitation,
            actor=Actor.clock(),
            old_status=before,
        )
