"""What time moves: the expiry of invitations, the life of CSP subscriptions."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import Invitation
from relationships.roles import Action
from relationships.services.invitations import expire_invitation

from ..enums import SubscriptionStatus
from ..models import Subscription
from .locking import lock_customer, lock_subscription
from .moves import make_next_move


def run(*, actor: Actor) -> dict[str, int]:
    """Move everything that is due by now; running it again moves nothing more.

    Returns how many invitations expired and how many moves subscriptions made.
    """
    actor.require(Action.MOVE_BY_TIME)
    now = clock.now()
    expired = sum(
        expire_invitation(invitation, actor=actor)
        for invitation in Invitation.objects.overdue()
    )
    subscriptions = Subscription.objects.csp().filter(_may_be_due(now))
    moves = sum(
        _catch_up(pk, now) for pk in list(subscriptions.values_list("pk", flat=True))
    )
    return {"invitations": expired, "subscriptions": moves}


def _may_be_due(now: datetime) -> Q:
    """All that are due and few that are not: the moment itself tells `next_move`."""
    days = min(settings.DISABLED_DAYS, settings.DISABLED_DAYS_AFTER_SUSPENSION)
    expired_before = now - timedelta(days=settings.EXPIRED_DAYS)
    in_term = [SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED]
    return (
        Q(status__in=in_term, commitment_ends_at__lte=now)
        | Q(status=SubscriptionStatus.EXPIRED, commitment_ends_at__lte=expired_before)
        | Q(
            status=SubscriptionStatus.DISABLED,
            commitment_ends_at__lte=now - timedelta(days=days),
        )
    )


def _catch_up(pk: UUID, now: datetime) -> int:
    """Every due move of one subscription, each in its own transaction."""
    moves = 0
    while _move_once(pk, now):
        moves += 1
    return moves


@transaction.atomic
def _move_once(pk: UUID, now: datetime) -> bool:
    subscription = Subscription.objects.select_related("customer").get(pk=pk)
    lock_customer(subscription.customer)
    return make_next_move(lock_subscription(subscription), now)
