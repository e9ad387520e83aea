"""What time does to a CSP subscription, moment by moment and in order.

Day counts: `EXPIRED_DAYS`, `DISABLED_DAYS`, `DISABLED_DAYS_AFTER_SUSPENSION` (30 + 90
after the term of a suspended one). Each move happens at its own due moment, however
late the clock comes by, so that the history tells the truth.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import Invitation
from relationships.roles import Action
from relationships.services.activity import record
from relationships.services.invitations import expire_invitation

from ..calendar import term_end
from ..enums import SubscriptionStatus, SubscriptionVerb, Term
from ..models import Offer, Subscription, SubscriptionTerm
from .lifecycle import move
from .locking import lock_customer, lock_subscription


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
        return Due(_disabled_since(subscription), SubscriptionVerb.DELETE)
    return None


def _disabled_since(subscription: Subscription) -> datetime:
    """When a disabled one is deleted: later for one that was suspended before."""
    entries = list(subscription.status_entries.order_by("-at", "-id")[:2])
    was_suspended = entries[1].status == SubscriptionStatus.SUSPENDED
    days = (
        settings.DISABLED_DAYS_AFTER_SUSPENSION
        if was_suspended
        else settings.DISABLED_DAYS
    )
    return entries[0].at + timedelta(days=days)


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
        _catch_up(pk, now, actor)
        for pk in list(subscriptions.values_list("pk", flat=True))
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


def _catch_up(pk: UUID, now: datetime, actor: Actor) -> int:
    """Every due move of one subscription, each in its own transaction."""
    moves = 0
    while _move_once(pk, now, actor):
        moves += 1
    return moves


@transaction.atomic
def _move_once(pk: UUID, now: datetime, actor: Actor) -> bool:
    subscription = Subscription.objects.select_related("customer").get(pk=pk)
    lock_customer(subscription.customer)
    subscription = lock_subscription(subscription)
    due = next_move(subscription)
    if due is None or due.at > now:
        return False
    with clock.at(due.at):
        if due.verb == SubscriptionVerb.RENEW:
            _renew(subscription, actor)
        else:
            _age(subscription, due.verb, actor)
    return True


def _renew(subscription: Subscription, actor: Actor) -> None:
    """A new term from the end of the last one, at the list price of that day."""
    last = subscription.terms.order_by("-number")[0]
    offer = _offer_of_the_day(subscription)
    first_start = subscription.started_at
    assert first_start is not None  # a CSP subscription has one
    number = last.number + 1
    ends_at = term_end(first_start, Term(subscription.term), number)
    SubscriptionTerm.objects.create(
        subscription=subscription,
        number=number,
        offer=offer,
        unit_price=offer.unit_price,
        currency=offer.currency,
        starts_at=last.ends_at,
        ends_at=ends_at,
    )
    subscription.offer = offer
    subscription.commitment_ends_at = ends_at
    subscription.save(update_fields=["offer", "commitment_ends_at"])
    record(
        Operation.RENEW_SUBSCRIPTION,
        subscription,
        actor=actor,
        partner=subscription.seller,
        customer=subscription.customer,
        new={"term": number, "offer": offer.pk},
    )


def _offer_of_the_day(subscription: Subscription) -> Offer:
    """The same terms at today's price, or the old offer where none is sold."""
    old = subscription.offer
    assert old is not None  # a CSP subscription has one
    same_terms = Offer.objects.available().filter(
        product_id=old.product_id,
        term=old.term,
        billing_plan=old.billing_plan,
        currency=old.currency,
    )
    return same_terms.first() or old


def _age(subscription: Subscription, verb: SubscriptionVerb, actor: Actor) -> None:
    before = subscription.status
    move(subscription, verb)
    record(
        Operation.MOVE_SUBSCRIPTION,
        subscription,
        actor=actor,
        partner=subscription.seller,
        customer=subscription.customer,
        old={"status": before},
        new={"status": subscription.status},
    )
