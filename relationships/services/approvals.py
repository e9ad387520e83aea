"""A second person for what cannot be undone, where a partner wants one.

`do_or_ask` runs the service; where only the second person is missing, the request is
stored with a sentence that says exactly what will happen. `approve` runs the very same
service. Each app registers its own verbs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import ApprovalOutcome, ApprovalVerb, Operation
from ..exceptions import TransitionNotAllowed
from ..models import Approval, Partner, ResellerRelationship
from ..roles import Action
from . import events
from .activity import record
from .locking import lock_customer
from .relationships import end_relationship


@dataclass(frozen=True)
class Deed:
    """What an approval lets happen: the service, and what it is told of its object.

    `right` is what it takes to do it alone; `sentence` says what will happen, given the
    object and the service's values.
    """

    run: Callable[..., Any]
    right: Action
    model: type[models.Model]
    partner_of: Callable[[Any], Partner]
    sentence: Callable[..., str]


DEEDS: dict[str, Deed] = {}


def register(verb: ApprovalVerb, deed: Deed) -> None:
    DEEDS[verb] = deed


def do_or_ask(verb: ApprovalVerb, target: Any, *, actor: Actor, **values: Any) -> Any:
    """The service's result, or the Approval that now waits for a second person.

    Raises whatever the service raises. An approval that waits for the very same is
    returned; ValidationError `approval_waiting` where something else waits.
    """
    try:
        with transaction.atomic():
            return DEEDS[verb].run(target, actor=actor, **values)
    except ValidationError as refusal:
        if getattr(refusal, "code", "") != "second_person":
            raise
    return _ask(verb, target, actor=actor, values=values)


@transaction.atomic
def _ask(
    verb: ApprovalVerb, target: Any, *, actor: Actor, values: dict[str, Any]
) -> Approval:
    assert actor.user is not None  # the service has let nobody else come here
    lock_customer(target.customer_id)
    waiting = Approval.objects.filter(
        verb=verb, target_id=target.pk, outcome=ApprovalOutcome.WAITING
    ).first()
    if waiting is not None and waiting.is_waiting:
        return _same_request(waiting, values)
    if waiting is not None:
        waiting.outcome = ApprovalOutcome.EXPIRED
        waiting.save(update_fields=["outcome"])
    deed = DEEDS[verb]
    approval = Approval.objects.create(
        verb=verb,
        partner=deed.partner_of(target),
        customer=target.customer,
        target_id=target.pk,
        arguments=values,
        sentence=deed.sentence(target, **values),
        asked_by=actor.user,
        asked_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=settings.APPROVAL_HOURS),
    )
    _tell(Operation.ASK_FOR_APPROVAL, approval, actor=actor)
    events.approval_asked(approval, right=deed.right)
    return approval


def _same_request(waiting: Approval, values: dict[str, Any]) -> Approval:
    if waiting.arguments != values:
        raise ValidationError(
            _(
                "Something else waits for a second person already, asked by "
                "%(person)s on %(day)s UTC: %(sentence)s It has to be decided or "
                "withdrawn first."
            ),
            code="approval_waiting",
            params={
                "person": waiting.asked_by,
                "day": date_format(waiting.asked_at, "DATETIME_FORMAT"),
                "sentence": waiting.sentence,
            },
        )
    return waiting


@transaction.atomic
def approve(approval: Approval, *, actor: Actor) -> Approval:
    """Run what was asked for, as the second person; all refusals are the service's.

    TransitionNotAllowed when it was decided or waited too long; ValidationError
    `second_person` for who asked.
    """
    approval = _lock_for_second(approval, actor)
    deed = DEEDS[approval.verb]
    target = deed.model._default_manager.get(pk=approval.target_id)
    deed.run(target, actor=actor, approval=approval, **approval.arguments)
    return _decide(approval, ApprovalOutcome.APPROVED, Operation.APPROVE, actor=actor)


@transaction.atomic
def refuse(approval: Approval, *, actor: Actor, reason: str) -> Approval:
    """Nothing happens, and who asked is told why. Raises as `approve` does."""
    approval = _lock_for_second(approval, actor)
    approval.reason = reason.strip()
    return _decide(
        approval, ApprovalOutcome.REFUSED, Operation.REFUSE_APPROVAL, actor=actor
    )


@transaction.atomic
def withdraw(approval: Approval, *, actor: Actor) -> Approval:
    """Whoever asked takes it back, and may ask for something else.

    TransitionNotAllowed when nothing waits any more; ValidationError `asker` for
    anybody else.
    """
    approval = _lock_waiting(approval, actor)
    if approval.asked_by != actor.user:
        raise ValidationError(
            _("Only who asked for it withdraws it. You can refuse it."), code="asker"
        )
    approval.outcome = ApprovalOutcome.WITHDRAWN
    approval.save(update_fields=["outcome"])
    _tell(Operation.WITHDRAW_APPROVAL, approval, actor=actor)
    return approval


def _lock_waiting(approval: Approval, actor: Actor) -> Approval:
    lock_customer(approval.customer_id)
    approval = Approval.objects.select_for_update().get(pk=approval.pk)
    actor.require(Action.DECIDE_APPROVAL, approval)
    if not approval.is_waiting:
        raise TransitionNotAllowed(
            _("Nothing waits any more: %(outcome)s.")
            % {"outcome": approval.current_outcome.label.lower()}
        )
    return approval


def _lock_for_second(approval: Approval, actor: Actor) -> Approval:
    approval = _lock_waiting(approval, actor)
    if approval.asked_by == actor.user:
        raise ValidationError(
            _("You asked for this yourself: somebody else decides."),
            code="second_person",
        )
    return approval


def _decide(
    approval: Approval,
    outcome: ApprovalOutcome,
    operation: Operation,
    *,
    actor: Actor,
) -> Approval:
    approval.outcome = outcome
    approval.decided_by, approval.decided_at = actor.user, clock.now()
    approval.save(update_fields=["outcome", "decided_by", "decided_at", "reason"])
    _tell(operation, approval, actor=actor)
    events.approval_decided(approval)
    return approval


def _tell(operation: Operation, approval: Approval, *, actor: Actor) -> None:
    record(
        operation,
        approval,
        actor=actor,
        partner=approval.partner,
        customer=approval.customer,
        new={"verb": approval.verb, "target": str(approval.target_id)},
        reason=approval.reason,
    )


def _sentence_of_end(relationship: ResellerRelationship, reason: str) -> str:
    return _(
        "End the reseller relationship with %(customer)s at once and for good. The "
        "reason given: %(reason)s"
    ) % {"customer": relationship.customer, "reason": reason}


register(
    ApprovalVerb.END_RELATIONSHIP,
    Deed(
        end_relationship,
        Action.END_RELATIONSHIP,
        ResellerRelationship,
        lambda relationship: relationship.partner,
        _sentence_of_end,
    ),
)
