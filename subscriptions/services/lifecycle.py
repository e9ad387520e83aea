"""The life of a CSP subscription in the hands of its partner's staff.

All raise PermissionDenied for a missing right, TransitionNotAllowed for a wrong status
and ValidationError with the rule's name as its code.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.roles import Action
from relationships.services.activity import record

from ..enums import SubscriptionStatus, SubscriptionVerb
from ..models import SeatEntry, Subscription
from .locking import lock_managed
from .moves import catch_up, move
from .ordering import reduction_deadline, refuse_seats_outside_limits


@transaction.atomic
def change_seats(
    subscription: Subscription, *, actor: Actor, quantity: int, shown: int
) -> Subscription:
    """Bring the seats up to `quantity`; `shown` is what the person saw before.

    TransitionNotAllowed unless active. ValidationError: `seats_changed_meanwhile`,
    `seat_limits`, `seats_not_reducible`.
    """
    subscription = _lock_as_of_now(subscription, actor=actor)
    if subscription.status != SubscriptionStatus.ACTIVE:
        raise TransitionNotAllowed(
            _("Seats change only while the subscription is active.")
        )
    before = subscription.quantity
    if quantity == before:  # a second click
        return subscription
    if before != shown:
        raise ValidationError(
            _("Somebody changed the seats meanwhile: there are %(seats)s now."),
            code="seats_changed_meanwhile",
            params={"seats": before},
        )
    if quantity < before:
        raise ValidationError(
            _("Seats can be added here. Taking seats away is not offered yet."),
            code="seats_not_reducible",
        )
    assert subscription.offer is not None  # a CSP subscription has one
    refuse_seats_outside_limits(subscription.offer, quantity)
    SeatEntry.objects.create(
        subscription=subscription,
        change=quantity - before,
        at=clock.now(),
        reducible_until=reduction_deadline(clock.now()),
        unit_price=subscription.terms.order_by("-number")[0].unit_price,
    )
    subscription.refresh_from_db(fields=["quantity"])
    _tell(
        Operation.CHANGE_SEATS,
        subscription,
        actor=actor,
        old={"quantity": before},
        new={"quantity": quantity},
    )
    return subscription


@transaction.atomic
def suspend(subscription: Subscription, *, actor: Actor) -> Subscription:
    """Block its users; it is billed on, and no longer renews automatically."""
    subscription = _lock_for_verb(subscription, SubscriptionVerb.SUSPEND, actor=actor)
    before = {"status": subscription.status, "auto_renews": subscription.auto_renews}
    subscription.auto_renews = False
    move(subscription, SubscriptionVerb.SUSPEND)
    _tell(
        Operation.SUSPEND,
        subscription,
        actor=actor,
        old=before,
        new={"status": subscription.status, "auto_renews": False},
    )
    return subscription


@transaction.atomic
def reactivate(subscription: Subscription, *, actor: Actor) -> Subscription:
    """Make a suspended one active again, before its term ends."""
    subscription = _lock_for_verb(
        subscription, SubscriptionVerb.REACTIVATE, actor=actor
    )
    before = subscription.status
    move(subscription, SubscriptionVerb.REACTIVATE)
    _tell(
        Operation.REACTIVATE,
        subscription,
        actor=actor,
        old={"status": before},
        new={"status": subscription.status},
    )
    return subscription


@transaction.atomic
def rename(
    subscription: Subscription, *, actor: Actor, friendly_name: str
) -> Subscription:
    """Give it a friendly name, or none."""
    subscription = lock_managed(
        subscription, actor=actor, action=Action.RENAME_SUBSCRIPTION
    )
    before, after = subscription.friendly_name, friendly_name.strip()
    if before != after:
        subscription.friendly_name = after
        subscription.save(update_fields=["friendly_name"])
        _tell(
            Operation.RENAME,
            subscription,
            actor=actor,
            old={"friendly_name": before},
            new={"friendly_name": after},
        )
    return subscription


def _lock_as_of_now(subscription: Subscription, *, actor: Actor) -> Subscription:
    """Locked, and where time has moved it: the clock may not have come by yet."""
    subscription = lock_managed(
        subscription, actor=actor, action=Action.CHANGE_SUBSCRIPTION
    )
    catch_up(subscription)
    return subscription


def _lock_for_verb(
    subscription: Subscription, verb: SubscriptionVerb, *, actor: Actor
) -> Subscription:
    subscription = _lock_as_of_now(subscription, actor=actor)
    if not subscription.can(verb):
        raise TransitionNotAllowed(
            _("%(verb)s: not possible while the subscription is %(status)s.")
            % {
                "verb": verb.label,
                "status": subscription.get_status_display().lower(),
            }
        )
    return subscription


def _tell(
    operation: Operation,
    subscription: Subscription,
    *,
    actor: Actor,
    old: dict[str, Any],
    new: dict[str, Any],
) -> None:
    record(
        operation,
        subscription,
        actor=actor,
        partner=subscription.seller,
        customer=subscription.customer,
        old=old,
        new=new,
    )
