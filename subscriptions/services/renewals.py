"""Renewals that a person can still decide: asked by time, answered by staff.

The answer is done at once: a subscription that is to end renews no more, one that is
to renew does. Whoever lets something else happen afterwards opens the question again
(see `answers`).
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Partner, ResellerRelationship
from relationships.roles import Action
from relationships.services.activity import record
from relationships.services.events import administrators_of, staff_of

from ..enums import RenewalAnswer, Term
from ..models import (
    RenewalDecision,
    Subscription,
    SubscriptionTerm,
)
from . import events, lifecycle
from .answers import what_happens
from .locking import lock_managed


def ask(
    *, digest: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Open what is to be decided now, and tell of it: each person once per `digest`."""
    undecided = list(_undecided().values_list("pk", flat=True))
    for number, pk in enumerate(undecided):
        progress(number, len(undecided))
        _open(pk)
    waiting = RenewalDecision.objects.timely().unanswered()
    partners = waiting.values("subscription__relationship__partner")
    for partner in Partner.objects.filter(pk__in=partners):
        _tell(partner, digest)


def _undecided() -> Any:
    """Active ones whose term ends soon, and nobody was asked about it yet.

    What renews month by month is not asked about, unless it is about to end.
    """
    now = clock.now()
    soon = now + timedelta(days=settings.RENEWAL_NOTICE_DAYS)
    sold = ResellerRelationship.objects.active().filter(
        partner=OuterRef("relationship__partner"), customer=OuterRef("customer")
    )
    asked = RenewalDecision.objects.filter(
        subscription=OuterRef("pk"), term__ends_at=OuterRef("commitment_ends_at")
    )
    return (
        Subscription.objects.csp()
        .active()
        .filter(Exists(sold), ~Exists(asked))
        .filter(commitment_ends_at__gt=now, commitment_ends_at__lte=soon)
        .filter(~Q(term=Term.P1M) | Q(auto_renews=False))
    )


@transaction.atomic
def _open(pk: object) -> None:
    """Whoever ordered it owns the question, while it is still there."""
    rows = _undecided().filter(pk=pk).select_for_update(of=("self",), skip_locked=True)
    subscription = rows.first()
    if subscription is None:
        return
    seller = subscription.seller
    ordered_by = subscription.order_line.order.placed_by
    RenewalDecision.objects.create(
        subscription=subscription,
        term=SubscriptionTerm.objects.get(
            subscription=subscription, ends_at=subscription.commitment_ends_at
        ),
        owner=ordered_by if ordered_by in _deciders(seller) else None,
    )


def _deciders(partner: Partner) -> dict[User, Actor]:
    """Who may answer, by person."""
    return {
        actor.user: actor
        for actor in staff_of(partner)
        if actor.user is not None and actor.may(Action.CHANGE_SUBSCRIPTION)
    }


@transaction.atomic
def _tell(partner: Partner, digest: int) -> None:
    rows = RenewalDecision.objects.timely().unanswered()
    of_partner = rows.filter(subscription__relationship__partner=partner)
    decisions = list(
        of_partner.select_related(
            "subscription__customer", "subscription__scheduled_change__offer", "term"
        ).order_by("term__ends_at", "pk")
    )
    for actor, own in _shares(partner, decisions):
        events.renewals_due(actor, own, digest=digest)


def _shares(
    partner: Partner, decisions: list[RenewalDecision]
) -> Iterator[tuple[Actor, list[RenewalDecision]]]:
    """Administrators get all, the others what is theirs.

    Without an administrator everybody who may decide gets all.
    """
    deciders = _deciders(partner)
    leading = administrators_of(partner) or list(deciders.values())
    for user, actor in deciders.items():
        own = [each for each in decisions if each.owner_id == user.pk]
        if actor in leading:
            own = decisions
        if own:
            yield actor, own


@transaction.atomic
def decide(
    decision: RenewalDecision, *, actor: Actor, answer: str, note: str = ""
) -> RenewalDecision:
    """Keep the answer and do it; until the term ends another may follow.

    What is scheduled is dropped where it is to renew as it is, or to end.

    PermissionDenied; TransitionNotAllowed when the term is over or the subscription is
    not active any more; ValidationError: `csp_needs_relationship`, `nothing_scheduled`
    where it is to change and no change is scheduled.
    """
    decision = _locked(decision, actor=actor)
    assert actor.user is not None  # only staff manages
    if not decision.is_timely:
        raise TransitionNotAllowed(why_too_late(decision), code="renewal_over")
    answer = RenewalAnswer(answer)
    if answer == RenewalAnswer.CHANGE:
        _refuse_without_change(decision)
    before = decision.answer
    decision.answer, decision.note = answer, note.strip()
    decision.answered_at, decision.answered_by = clock.now(), actor.user
    decision.save(update_fields=["answer", "note", "answered_at", "answered_by"])
    _record(Operation.ANSWER_RENEWAL, decision, actor, before, str(answer))
    _do(answer, decision.subscription, actor=actor)
    return decision


def _do(answer: RenewalAnswer, subscription: Subscription, *, actor: Actor) -> None:
    renews = answer != RenewalAnswer.END
    subscription = lifecycle.set_auto_renew(
        subscription, actor=actor, auto_renews=renews
    )
    if answer == RenewalAnswer.RENEW and what_happens(subscription) != answer:
        lifecycle.drop_scheduled_change(subscription, actor=actor)


def has_change(decision: RenewalDecision) -> bool:
    return what_happens(decision.subscription) == RenewalAnswer.CHANGE


def _refuse_without_change(decision: RenewalDecision) -> None:
    if not has_change(decision):
        raise ValidationError(
            _(
                "No change is scheduled, and so it would renew as it is. Schedule the "
                "change on the subscription's page first."
            ),
            code="nothing_scheduled",
        )


def why_too_late(decision: RenewalDecision) -> str:
    return _("There is nothing to decide any more: the term or the subscription ended.")


@transaction.atomic
def assign(
    decision: RenewalDecision, *, actor: Actor, owner: User | None
) -> RenewalDecision:
    """Give it to a colleague, or to nobody in particular. ValidationError `owner`."""
    decision = _locked(decision, actor=actor)
    if owner is not None and owner not in _deciders(decision.partner):
        raise ValidationError(
            _("Only somebody of your staff who may change subscriptions."), code="owner"
        )
    if decision.owner != owner:
        decision.owner = owner
        decision.save(update_fields=["owner"])
        _record(Operation.ASSIGN_RENEWAL, decision, actor, "", "")
    return decision


def possible_owners(decision: RenewalDecision) -> list[User]:
    return list(_deciders(decision.partner))


def _locked(decision: RenewalDecision, *, actor: Actor) -> RenewalDecision:
    """With its subscription, in the order of all locks."""
    actor.require(Action.CHANGE_SUBSCRIPTION, decision)
    subscription = lock_managed(
        decision.subscription, actor=actor, action=Action.CHANGE_SUBSCRIPTION
    )
    decision = (
        RenewalDecision.objects.select_related("term", "owner")
        .select_for_update(of=("self",))
        .get(pk=decision.pk)
    )
    decision.subscription = subscription
    return decision


def _record(
    operation: Operation,
    decision: RenewalDecision,
    actor: Actor,
    before: str,
    after: str,
) -> None:
    record(
        operation,
        decision,
        actor=actor,
        partner=decision.partner,
        customer=decision.customer,
        old={"answer": before} if before else None,
        new={"answer": after} if after else None,
    )
