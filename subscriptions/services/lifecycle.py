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

from ..enums import SUBSCRIPTION_TRANSITIONS, SubscriptionStatus, SubscriptionVerb
from ..models import SeatEntry, StatusEntry, Subscription
from .locking import lock_managed
from .ordering import reduction_deadline, refuse_seats_outside_limits


@transaction.atomic
def change_seats(
    subscription: Subscription, *, actor: Actor, quantity: int, shown: int
) -> Subscription:
    """Bring the seats up to `quantity`; `shown` is what the person saw before.

    TransitionNotAllowed unless active. ValidationError: `seats_changed_meanwhile`,
    `seat_limits`, `seats_not_reducible`.
    """
    subscription = lock_managed(
        subscription, actor=actor, action=Action.CHANGE_SUBSCRIPTION
    )
    if subscription.status != SubscriptionStatus.ACTIVE:
        raise TransitionNotAllowed(
            _("Seats change only while the subscription is active.")
        )
    before = subscription.quantity
    if before != shown:
        raise ValidationError(
            _("Somebody changed the seats meanwhile: there are %(seats)s now."),
            code="seats_changed_meanwhile",
            params={"seats": before},
        )
    if quantity == before:
        return subscription
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
    ends_at = subscription.commitment_ends_at
    if ends_at is None or ends_at <= clock.now():
        raise TransitionNotAllowed(_("Its term has ended: order a new subscription."))
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


def move(subscription: Subscription, verb: SubscriptionVerb) -> None:
    """Write the status after `verb`, and the entry that tells of it.

    The caller holds the lock and has checked that the verb is allowed.
    """
    subscription.status = SUBSCRIPTION_TRANSITIONS[subscription.status][verb]
    subscription.save(update_fields=["status", "auto_renews"])
    StatusEntry.objects.create(
        subscription=subscription, status=subscription.status, at=clock.now()
    )


def _lock_for_verb(
    subscription: Subscription, verb: SubscriptionVerb, *, actor: Actor
) -> Subscription:
    subscription = lock_managed(
        subscription, actor=actor, action=Action.CHANGE_SUBSCRIPTION
    )
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
