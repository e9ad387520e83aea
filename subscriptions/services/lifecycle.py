"""The life of a CSP subscription in the hands of its partner's staff.

All raise PermissionDenied for a missing right, TransitionNotAllowed for a wrong status
and ValidationError with the rule's name as its code.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relationships.actors import Actor
from relationships.enums import ApprovalVerb, Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ActivityRecord, Approval
from relationships.roles import Action
from relationships.services.activity import record
from relationships.services.rules import refuse_alone

from ..enums import SubscriptionStatus, SubscriptionVerb
from ..models import Offer, ScheduledChange, Subscription
from . import events
from .answers import ask_again_unless_true
from .batches import catch_up
from .locking import lock_managed
from .moves import move
from .possibilities import Verb, require_possible
from .seats import (
    current_term,
    reducible_seats,
    reductions,
    refuse_seats_outside_limits,
    seats_added,
    seats_taken_alone,
)


@transaction.atomic
def change_seats(
    subscription: Subscription,
    *,
    actor: Actor,
    quantity: int,
    shown: int,
    approval: Approval | None = None,
) -> Subscription:
    """Bring the seats to `quantity`; `shown` is what the person saw before.

    More at any time; fewer from what was added within the window, the newest first.
    Drops the scheduled change. TransitionNotAllowed unless active, or
    `seats_changed_meanwhile`; ValidationError: `seat_limits`, `seats_not_reducible`,
    `second_person` (with those that went lately, see `seats_taken_alone`, more than
    `SEATS_WITHOUT_APPROVAL` go, and the partner wants one).
    """
    subscription = _lock_as_of_now(subscription, actor=actor)
    before = subscription.quantity
    require_possible(Verb.ADD_SEATS, subscription)
    if quantity == before:  # a second click
        return subscription
    if before != shown:
        raise TransitionNotAllowed(
            _("Somebody changed the seats meanwhile: there are %(seats)s now.")
            % {"seats": before},
            code="seats_changed_meanwhile",
        )
    if quantity > before:
        _add_seats(subscription, quantity - before)
    else:
        _take_seats(subscription, before - quantity, actor=actor, approval=approval)
    subscription.refresh_from_db(fields=["quantity"])
    _drop_scheduled_change(subscription, actor=actor)
    ask_again_unless_true(subscription, actor=actor)
    told = _tell(
        Operation.CHANGE_SEATS,
        subscription,
        actor=actor,
        old={"quantity": before},
        new={"quantity": quantity},
    )
    events.seats_changed(subscription, told, by=actor)
    return subscription


def _add_seats(subscription: Subscription, seats: int) -> None:
    assert subscription.offer is not None  # a CSP subscription has one
    refuse_seats_outside_limits(subscription.offer, subscription.quantity + seats)
    seats_added(subscription, seats, current_term(subscription)).save()


def _take_seats(
    subscription: Subscription, seats: int, *, actor: Actor, approval: Approval | None
) -> None:
    require_possible(Verb.TAKE_SEATS, subscription)
    term = current_term(subscription)
    found = reducible_seats(subscription, term)
    most = sum(each.seats for each in found)
    if seats > most:
        raise ValidationError(
            ngettext(
                "%(most)s seat at most can be taken away now.",
                "%(most)s seats at most can be taken away now.",
                most,
            ),
            code="seats_not_reducible",
            params={"most": most},
        )
    assert subscription.offer is not None  # a CSP subscription has one
    refuse_seats_outside_limits(subscription.offer, subscription.quantity - seats)
    if seats + seats_taken_alone(subscription) > settings.SEATS_WITHOUT_APPROVAL:
        _refuse_alone(ApprovalVerb.TAKE_SEATS, subscription, actor, approval)
    entries = [each.entry for each in found]
    for entry in reductions(subscription, seats, term, entries):
        entry.save()


@transaction.atomic
def suspend(subscription: Subscription, *, actor: Actor) -> Subscription:
    """Block its users; it is billed on, renews no more, and no change is scheduled."""
    return _move(subscription, SubscriptionVerb.SUSPEND, actor=actor)


@transaction.atomic
def reactivate(subscription: Subscription, *, actor: Actor) -> Subscription:
    """Make a suspended one active again, before its term ends."""
    return _move(subscription, SubscriptionVerb.REACTIVATE, actor=actor)


@transaction.atomic
def cancel(
    subscription: Subscription, *, actor: Actor, approval: Approval | None = None
) -> Subscription:
    """Delete it at once, within the window of its order or last renewal.

    ValidationError `cancellation_window` when that is over, or `second_person`.
    """
    subscription = _lock_as_of_now(subscription, actor=actor)
    require_possible(Verb.CANCEL, subscription)
    _refuse_alone(ApprovalVerb.CANCEL, subscription, actor, approval)
    return _move(subscription, SubscriptionVerb.CANCEL, actor=actor)


@transaction.atomic
def set_auto_renew(
    subscription: Subscription, *, actor: Actor, auto_renews: bool
) -> Subscription:
    """Let it renew at the end of its term, or not; not drops the scheduled change."""
    subscription = _lock_as_of_now(subscription, actor=actor)
    before = subscription.auto_renews
    verb = Verb.START_RENEWING if auto_renews else Verb.STOP_RENEWING
    is_active = subscription.status == SubscriptionStatus.ACTIVE
    if is_active and before == auto_renews:  # a second click
        return subscription
    require_possible(verb, subscription)
    if not auto_renews:
        _drop_scheduled_change(subscription, actor=actor)
    subscription.auto_renews = auto_renews
    subscription.save(update_fields=["auto_renews"])
    _tell(
        Operation.SET_AUTO_RENEW,
        subscription,
        actor=actor,
        old={"auto_renews": before},
        new={"auto_renews": auto_renews},
    )
    ask_again_unless_true(subscription, actor=actor)
    return subscription


@transaction.atomic
def schedule_change(
    subscription: Subscription, *, actor: Actor, quantity: int, offer: Offer
) -> Subscription:
    """Let the next renewal bring these seats of this offer; replaces an earlier one.

    `offer` may have another term, billing plan or product. TransitionNotAllowed unless
    active; ValidationError: `scheduled_change_needs_renewal`, `offer`, `seat_limits`,
    `changes_nothing`.
    """
    subscription = _lock_as_of_now(subscription, actor=actor)
    assert actor.user is not None  # only staff manages
    require_possible(Verb.SCHEDULE_CHANGE, subscription)
    offer = _offer_for_renewal(subscription, offer)
    refuse_seats_outside_limits(offer, quantity)
    assert subscription.offer is not None  # a CSP subscription has one
    same_terms = offer.has_terms_of(subscription.offer)
    if quantity == subscription.quantity and same_terms:
        raise ValidationError(
            _("That is what it has now: nothing would change at the renewal."),
            code="changes_nothing",
        )
    planned = {"offer": offer.pk, "quantity": quantity}
    earlier = ScheduledChange.objects.filter(subscription=subscription).first()
    before = _as_values(earlier) if earlier else {}
    if before != planned:
        ScheduledChange.objects.filter(subscription=subscription).delete()
        ScheduledChange.objects.create(
            subscription=subscription,
            offer=offer,
            quantity=quantity,
            scheduled_by=actor.user,
        )
        _tell(
            Operation.SCHEDULE_CHANGE,
            subscription,
            actor=actor,
            old=before,
            new=planned,
        )
        ask_again_unless_true(subscription, actor=actor)
    return subscription


@transaction.atomic
def drop_scheduled_change(subscription: Subscription, *, actor: Actor) -> Subscription:
    """Let it renew as it is. TransitionNotAllowed where nothing is scheduled."""
    subscription = _lock_as_of_now(subscription, actor=actor)
    require_possible(Verb.DROP_CHANGE, subscription)
    _drop_scheduled_change(subscription, actor=actor)
    ask_again_unless_true(subscription, actor=actor)
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


def _move(
    subscription: Subscription, verb: SubscriptionVerb, *, actor: Actor
) -> Subscription:
    """Make the verb's change of status; what does not stay active renews no more."""
    subscription = _lock_as_of_now(subscription, actor=actor)
    require_possible(Verb(verb), subscription)
    before = {"status": subscription.status, "auto_renews": subscription.auto_renews}
    _drop_scheduled_change(subscription, actor=actor)
    subscription.auto_renews = False
    move(subscription, verb)
    after = {"status": subscription.status, "auto_renews": False}
    changed = [name for name in before if before[name] != after[name]]
    told = _tell(
        Operation[verb.name],
        subscription,
        actor=actor,
        old={name: before[name] for name in changed},
        new={name: after[name] for name in changed},
    )
    ask_again_unless_true(subscription, actor=actor)
    events.status_changed(subscription, told, by=actor)
    return subscription


def _refuse_alone(
    verb: ApprovalVerb,
    subscription: Subscription,
    actor: Actor,
    approval: Approval | None,
) -> None:
    assert subscription.seller is not None  # a CSP subscription has one
    refuse_alone(
        verb, subscription, subscription.seller, actor=actor, approval=approval
    )


def _offer_for_renewal(subscription: Subscription, offer: Offer) -> Offer:
    """The offer as it is now. ValidationError `offer` when it is not sold so."""
    offer = Offer.objects.select_related("product").get(pk=offer.pk)
    if not offer.is_available and offer.pk != subscription.offer_id:
        raise ValidationError(
            _("%(offer)s is no longer sold at this price. Choose again."),
            code="offer",
            params={"offer": offer},
        )
    if offer.currency != current_term(subscription).currency:
        raise ValidationError(
            _("%(offer)s is not sold in your currency."),
            code="offer",
            params={"offer": offer},
        )
    return offer


def _as_values(change: ScheduledChange) -> dict[str, Any]:
    return {"offer": change.offer_id, "quantity": change.quantity}


def _drop_scheduled_change(subscription: Subscription, *, actor: Actor) -> None:
    change = ScheduledChange.objects.filter(subscription=subscription).first()
    if change is None:
        return
    change.delete()
    _tell(
        Operation.DROP_SCHEDULED_CHANGE,
        subscription,
        actor=actor,
        old=_as_values(change),
        new={},
    )


def _tell(
    operation: Operation,
    subscription: Subscription,
    *,
    actor: Actor,
    old: dict[str, Any],
    new: dict[str, Any],
) -> ActivityRecord:
    return record(
        operation,
        subscription,
        actor=actor,
        partner=subscription.seller,
        customer=subscription.customer,
        old=old,
        new=new,
    )
