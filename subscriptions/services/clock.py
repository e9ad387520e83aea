"""What time moves: the expiry of invitations, the life of CSP subscriptions.

In batches of `CLOCK_BATCH`, each a transaction of its own. What somebody else holds at
that moment is skipped: another clock moves it now, or the next run does.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import Customer, Invitation
from relationships.roles import Action
from relationships.services.invitations import expire_invitation

from ..enums import SubscriptionStatus
from ..models import Subscription
from .moves import make_next_move, next_move


def run(*, actor: Actor) -> dict[str, int]:
    """Move everything that is due by now; running it again moves nothing more.

    Returns how many invitations expired and how many moves subscriptions made.
    """
    actor.require(Action.MOVE_BY_TIME)
    now = clock.now()
    overdue = Invitation.objects.overdue().order_by("expires_at")
    due = Subscription.objects.csp().filter(_may_be_due(now))
    customers = due.order_by("customer_id").values_list("customer_id", flat=True)
    return {
        "invitations": sum(
            _expire(batch, actor)
            for batch in _batches(list(overdue.values_list("pk", flat=True)))
        ),
        "subscriptions": sum(
            _move(batch, now) for batch in _batches(list(customers.distinct()))
        ),
    }


def _batches(ids: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(ids), settings.CLOCK_BATCH):
        yield ids[start : start + settings.CLOCK_BATCH]


@transaction.atomic
def _expire(ids: list[Any], actor: Actor) -> int:
    """How many of these invitations expired, each at the moment of its expiry."""
    overdue = Invitation.objects.overdue().filter(pk__in=ids)
    expired = 0
    for invitation in overdue.select_for_update(skip_locked=True):
        with clock.at(invitation.expires_at):
            expired += expire_invitation(invitation, actor=actor)
    return expired


@transaction.atomic
def _move(customer_ids: list[Any], now: datetime) -> int:
    """How many due moves these customers' subscriptions made, the earliest first."""
    customers = Customer.objects.filter(pk__in=customer_ids).order_by("pk")
    locked = [row.pk for row in customers.select_for_update(skip_locked=True)]
    due = Subscription.objects.csp().filter(_may_be_due(now), customer__in=locked)
    related = due.select_related("relationship__partner", "customer", "offer")
    rows = list(related.order_by("pk").select_for_update(of=("self",)))
    moments = [
        (move.at, number)
        for number, row in enumerate(rows)
        if (move := next_move(row)) is not None
    ]
    heapify(moments)
    moves = 0
    while moments:
        _moment, number = heappop(moments)
        if make_next_move(rows[number], now):
            moves += 1
            if (move := next_move(rows[number])) is not None:
                heappush(moments, (move.at, number))
    return moves


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
