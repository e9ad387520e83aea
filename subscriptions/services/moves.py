"""What time does to one CSP subscription, and when.

Day counts: `EXPIRED_DAYS`, `DISABLED_DAYS`, `DISABLED_DAYS_AFTER_SUSPENSION` (30 + 90
after the term of a suspended one).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from portal.foundation import clock

from ..enums import SUBSCRIPTION_TRANSITIONS, SubscriptionStatus, SubscriptionVerb
from ..models import StatusEntry, Subscription


class Due(NamedTuple):
    """A move and the moment at which it is due."""

    at: datetime
    verb: SubscriptionVerb


def next_move(subscription: Subscription) -> Due | None:
    """What time does to it next; None when nothing more happens."""
    status, end = subscription.status, subscription.commitment_ends_at
    assert end is not None  # a CSP subscription has one
    if status == SubscriptionStatus.ACTIVE:
        renews = subscription.auto_renews
        return Due(end, SubscriptionVerb.RENEW if renews else SubscriptionVerb.EXPIRE)
    if status == SubscriptionStatus.SUSPENDED:
        return Due(end, SubscriptionVerb.DISABLE)
    if status == SubscriptionStatus.EXPIRED:
        days = timedelta(days=settings.EXPIRED_DAYS)
        return Due(end + days, SubscriptionVerb.DISABLE)
    if status == SubscriptionStatus.DISABLED:
        entries = subscription.status_entries.order_by("-at", "-id")
        return deletion_of(list(entries[:2]))
    return None


def move(subscription: Subscription, verb: SubscriptionVerb) -> None:
    """Write the status after `verb`, and the entry that tells of it.

    The caller has checked that the verb is allowed.
    """
    subscription.status = SUBSCRIPTION_TRANSITIONS[subscription.status][verb]
    subscription.save(update_fields=["status", "auto_renews"])
    StatusEntry.objects.create(
        subscription=subscription, status=subscription.status, at=clock.now()
    )


def deletion_of(newest: Sequence[StatusEntry]) -> Due:
    """When a disabled one is deleted: later for one that was suspended before.

    `newest`: its last two entries or more, the newest first.
    """
    disabled, before = newest[:2]
    was_suspended = before.status == SubscriptionStatus.SUSPENDED
    days = (
        settings.DISABLED_DAYS_AFTER_SUSPENSION
        if was_suspended
        else settings.DISABLED_DAYS
    )
    return Due(disabled.at + timedelta(days=days), SubscriptionVerb.DELETE)
