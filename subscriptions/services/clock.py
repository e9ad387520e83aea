"""What time moves: the expiry of invitations, the life of CSP subscriptions.

In batches of `CLOCK_BATCH`, each a transaction of its own. What somebody else holds at
that moment is skipped: another clock moves it now, or the next run does. What cannot be
moved does not keep the others: a batch that fails is tried again row by row.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import ngettext

from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import Customer, Invitation
from relationships.roles import Action
from relationships.services.invitations import expire_invitations

from ..enums import SubscriptionStatus
from ..models import Subscription
from .batches import move_due

log = logging.getLogger(__name__)

NAMED = 5  # failures in the message; the log has all
# What a single row can cause. When the database itself fails, the job tries again.
OF_A_ROW = (
    *(ValidationError, IntegrityError, DataError),
    *(ArithmeticError, AssertionError, AttributeError),
    *(LookupError, TypeError, ValueError),
)


class NotMoved(Exception):
    """Some rows could not be moved; all others were. `reasons`: a sentence for each."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        count = len(reasons)
        said = ngettext(
            "%(count)s subscription could not be moved: %(reasons)s",
            "%(count)s subscriptions could not be moved: %(reasons)s",
            count,
        ) % {"count": count, "reasons": "; ".join(reasons[:NAMED])}
        super().__init__(said)


def run(
    *, actor: Actor, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Move everything that is due by now; running it again moves nothing more.

    `progress` hears of every batch: how many invitations and customers are done, of how
    many. Returns how many invitations expired and how many moves subscriptions made.
    Raises NotMoved at its end when a row could not be moved.
    """
    actor.require(Action.MOVE_BY_TIME)
    now, reasons = clock.now(), list[str]()
    overdue = Invitation.objects.overdue().order_by("expires_at")
    invitations = list(overdue.values_list("pk", flat=True))
    due = _due(now).order_by("customer_id").values_list("customer_id", flat=True)
    customers = list(due.distinct())
    total = len(invitations) + len(customers)
    moved = {"invitations": 0, "subscriptions": 0}
    progress(0, total)
    for done, batch in _batches(invitations):
        moved["invitations"] += expire_invitations(batch, actor=actor)
        progress(done, total)
    for done, batch in _batches(customers):
        moved["subscriptions"] += _move(batch, now, reasons)
        progress(len(invitations) + done, total)
    if reasons:
        raise NotMoved(reasons)
    return moved


def _batches(ids: list[Any]) -> Iterator[tuple[int, list[Any]]]:
    """Each with how many are done after it."""
    for start in range(0, len(ids), settings.CLOCK_BATCH):
        batch = ids[start : start + settings.CLOCK_BATCH]
        yield start + len(batch), batch


def _move(customer_ids: list[Any], now: datetime, reasons: list[str]) -> int:
    """How many due moves these customers' subscriptions made."""
    due = _due(now).filter(customer__in=customer_ids)
    try:
        return _move_together(due, now)
    except OF_A_ROW:
        log.warning("A batch of the clock has failed and goes on row by row.")
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    return sum(_move_alone(pk, now, reasons) for pk in ids)


def _move_alone(pk: Any, now: datetime, reasons: list[str]) -> int:
    try:
        return _move_together(_due(now).filter(pk=pk), now)
    except OF_A_ROW as error:
        log.exception("Subscription %s could not be moved.", pk)
        reasons.append(f"{pk}: {_words(error)}")
        return 0


@transaction.atomic
def _move_together(due: Any, now: datetime) -> int:
    customers = Customer.objects.filter(pk__in=due.values("customer_id"))
    free = customers.order_by("pk").select_for_update(skip_locked=True)
    locked = list(free.values_list("pk", flat=True))
    rows = due.filter(customer__in=locked).select_related("relationship")
    # What was found at acceptance is large, and nobody asks for it here.
    rows = rows.defer("relationship__existing_snapshot")
    return move_due(list(rows.order_by("pk").select_for_update(of=("self",))), now)


def _words(error: Exception) -> str:
    """The sentences of a rule's refusal, or what Python says."""
    return " ".join(getattr(error, "messages", [f"{type(error).__name__}: {error}"]))


def _due(now: datetime) -> Any:
    return Subscription.objects.csp().filter(_may_be_due(now))


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
