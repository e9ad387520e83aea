"""The ledger of seats: what can be added, and what can still be taken away.

Seats can go within `REDUCTION_WINDOW_DAYS` (of 24 hours) of the moment at which they
were added, or at which a renewal bought them anew. The caller holds the locks.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Max, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from portal.foundation import clock
from relationships.enums import ApprovalOutcome, ApprovalVerb
from relationships.models import Approval

from ..models import Offer, SeatEntry, Subscription, SubscriptionTerm


class Reducible(NamedTuple):
    """So many seats of an entry can be taken away before `until`."""

    entry: SeatEntry
    seats: int
    until: datetime


def refuse_seats_outside_limits(offer: Offer, seats: int) -> None:
    """ValidationError `seat_limits` with the offer's limits in words."""
    if offer.allows_seats(seats):
        return
    if offer.maximum_seats is None:
        message = _("%(offer)s takes at least %(minimum)s seats.")
    else:
        message = _("%(offer)s takes from %(minimum)s to %(maximum)s seats.")
    raise ValidationError(
        message,
        code="seat_limits",
        params={
            "offer": offer,
            "minimum": offer.minimum_seats,
            "maximum": offer.maximum_seats,
        },
    )


def reduction_deadline(moment: datetime) -> datetime:
    """Until when seats added at `moment` can be taken away again."""
    return moment + timedelta(days=settings.REDUCTION_WINDOW_DAYS)


def current_term(subscription: Subscription) -> SubscriptionTerm:
    return subscription.terms.order_by("-number")[0]


def reducible_seats(
    subscription: Subscription, term: SubscriptionTerm
) -> list[Reducible]:
    """Which seats can go now and until when, the newest entry first.

    `term` is the current one, whose window holds for all seats.
    """
    now, found = clock.now(), []
    for entry in entries_with_seats([subscription]):
        deadlines = [entry.reducible_until, term.reducible_until]
        open_ones = [moment for moment in deadlines if moment and moment > now]
        if open_ones:
            found.append(Reducible(entry, entry.left, max(open_ones)))
    return found


def seats_taken_alone(subscription: Subscription) -> int:
    """Seats that went within the window without a second person's approval.

    What was taken away by hand since the last approved reduction, or within
    `REDUCTION_WINDOW_DAYS` where that was longer ago; a renewal takes nobody's seats.
    """
    since = clock.now() - timedelta(days=settings.REDUCTION_WINDOW_DAYS)
    approved = Approval.objects.filter(
        verb=ApprovalVerb.TAKE_SEATS,
        target_id=subscription.pk,
        outcome=ApprovalOutcome.APPROVED,
        decided_at__gt=since,
    ).aggregate(last=Max("decided_at"))["last"]
    taken = subscription.seat_entries.filter(change__lt=0, at__gt=approved or since)
    renewals = subscription.terms.filter(number__gt=1).values("starts_at")
    by_hand = taken.exclude(at__in=renewals)
    return -(by_hand.aggregate(seats=Sum("change"))["seats"] or 0)


def seats_added(
    subscription: Subscription, seats: int, term: SubscriptionTerm
) -> SeatEntry:
    """One entry, at the price of the term, with a window of its own; not yet stored."""
    now = clock.now()
    return SeatEntry(
        subscription=subscription,
        change=seats,
        at=now,
        reducible_until=reduction_deadline(now),
        unit_price=term.unit_price,
    )


def reductions(
    subscription: Subscription,
    seats: int,
    term: SubscriptionTerm,
    entries: list[Any],
) -> Iterator[SeatEntry]:
    """Seats taken from these entries in turn (`left` of each), one entry for each."""
    for entry in entries:
        taken = min(seats, entry.left)
        if taken == 0:
            break
        yield SeatEntry(
            subscription=subscription,
            change=-taken,
            at=clock.now(),
            reduces=entry,
            unit_price=term.unit_price,
        )
        seats -= taken


def entries_with_seats(subscriptions: Collection[Subscription]) -> Any:
    """Entries of which something is `left`, the newest first."""
    added = SeatEntry.objects.filter(subscription__in=subscriptions, change__gt=0)
    left = F("change") + Coalesce(Sum("reductions__change"), 0)
    return added.annotate(left=left).filter(left__gt=0).order_by("-at", "-pk")
