"""What time does to one CSP subscription, moment by moment and in order.

Day counts: `EXPIRED_DAYS`, `DISABLED_DAYS`, `DISABLED_DAYS_AFTER_SUSPENSION` (30 + 90
after the term of a suspended one). Each move happens at its own due moment, however
late it is made, so that the history tells the truth. The caller holds the locks.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.services.activity import record

from ..calendar import next_term_end
from ..enums import (
    SUBSCRIPTION_TRANSITIONS,
    SubscriptionStatus,
    SubscriptionVerb,
    Term,
)
from ..models import (
    Offer,
    ScheduledChange,
    StatusEntry,
    Subscription,
    SubscriptionTerm,
)
from .seats import current_term, reduction_deadline, set_seats_at_renewal


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
        return Due(_disabled_until(subscription), SubscriptionVerb.DELETE)
    return None


def make_next_move(subscription: Subscription, now: datetime) -> bool:
    """Make the next move as of its own moment, if that has come."""
    due = next_move(subscription)
    if due is None or due.at > now:
        return False
    with clock.at(due.at):
        if due.verb == SubscriptionVerb.RENEW:
            _renew(subscription)
        else:
            _age(subscription, due.verb)
    return True


def catch_up(subscription: Subscription) -> None:
    """Bring it to where time has moved it by now, whether the clock came by or not."""
    now = clock.now()
    while make_next_move(subscription, now):
        pass


def move(subscription: Subscription, verb: SubscriptionVerb) -> None:
    """Write the status after `verb`, and the entry that tells of it.

    The caller has checked that the verb is allowed.
    """
    subscription.status = SUBSCRIPTION_TRANSITIONS[subscription.status][verb]
    subscription.save(update_fields=["status", "auto_renews"])
    StatusEntry.objects.create(
        subscription=subscription, status=subscription.status, at=clock.now()
    )


def _disabled_until(subscription: Subscription) -> datetime:
    """When a disabled one is deleted: later for one that was suspended before."""
    entries = list(subscription.status_entries.order_by("-at", "-id")[:2])
    was_suspended = entries[1].status == SubscriptionStatus.SUSPENDED
    days = (
        settings.DISABLED_DAYS_AFTER_SUSPENSION
        if was_suspended
        else settings.DISABLED_DAYS
    )
    return entries[0].at + timedelta(days=days)


def _renew(subscription: Subscription) -> None:
    """A new term with a new window, as scheduled, at the list price of that day."""
    scheduled = ScheduledChange.objects.filter(subscription=subscription).first()
    offer, quantity = subscription.offer, subscription.quantity
    if scheduled is not None:
        offer, quantity = scheduled.offer, scheduled.quantity
        scheduled.delete()
    assert offer is not None  # a CSP subscription has one
    before = {"offer": subscription.offer_id, "quantity": subscription.quantity}
    term = _begin_next_term(subscription, _offer_of_the_day(offer))
    set_seats_at_renewal(subscription, quantity, term)
    record(
        Operation.RENEW_SUBSCRIPTION,
        subscription,
        actor=Actor.clock(),
        partner=subscription.seller,
        customer=subscription.customer,
        old=before,
        new={"term": term.number, "offer": term.offer_id, "quantity": quantity},
    )


def _begin_next_term(subscription: Subscription, offer: Offer) -> SubscriptionTerm:
    last, first_start = current_term(subscription), subscription.started_at
    assert first_start is not None  # a CSP subscription has one
    term = SubscriptionTerm.objects.create(
        subscription=subscription,
        number=last.number + 1,
        offer=offer,
        unit_price=offer.unit_price,
        currency=offer.currency,
        starts_at=last.ends_at,
        ends_at=next_term_end(first_start, last.ends_at, Term(offer.term)),
        reducible_until=reduction_deadline(last.ends_at),
    )
    if offer.product_id != last.offer.product_id:
        subscription.product_name = offer.product.title
    subscription.offer = offer
    subscription.term, subscription.billing_plan = offer.term, offer.billing_plan
    subscription.commitment_ends_at = term.ends_at
    subscription.save(
        update_fields=[
            "offer",
            "product_name",
            "term",
            "billing_plan",
            "commitment_ends_at",
        ]
    )
    return term


def _offer_of_the_day(old: Offer) -> Offer:
    """The same terms at today's price, or the old offer where none is sold."""
    same_terms = (
        Offer.objects.available()
        .select_related("product")
        .filter(
            product_id=old.product_id,
            term=old.term,
            billing_plan=old.billing_plan,
            currency=old.currency,
        )
    )
    return same_terms.first() or old


def _age(subscription: Subscription, verb: SubscriptionVerb) -> None:
    before = subscription.status
    move(subscription, verb)
    record(
        Operation.MOVE_SUBSCRIPTION,
        subscription,
        actor=Actor.clock(),
        partner=subscription.seller,
        customer=subscription.customer,
        old={"status": before},
        new={"status": subscription.status},
    )
