"""Statements that name another Partner of Record wait for the operator's word."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Partner
from relationships.roles import Action
from relationships.services.activity import record

from ..enums import PorCaseOutcome
from ..models import PorCase, Subscription
from .locking import lock_customer
from .observing import NAMED_PARTNER, as_recorded, tell_recorded

MOMENTS = ("started_at", "commitment_ends_at")


def divided(said: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """What a case keeps: whom the statement names, and as JSON what else it says."""
    partner = {name: said.get(name, "") for name in NAMED_PARTNER}
    others = {name: said[name] for name in said if name not in NAMED_PARTNER}
    return partner, json.loads(json.dumps(others, cls=DjangoJSONEncoder))


def dismissed(observations: Iterable[Any]) -> dict[Any, list[PorCase]]:
    """By observation: what was stated about it and dismissed."""
    found: dict[Any, list[PorCase]] = {}
    rows: Any = PorCase.objects.filter(outcome=PorCaseOutcome.DISMISSED)
    for case in rows.filter(observation__in=observations):
        found.setdefault(case.observation_id, []).append(case)
    return found


def was_dismissed(
    partner: dict[str, str], statement: dict[str, Any], cases: Iterable[PorCase]
) -> bool:
    """Whether one of these dismissed cases was of the very same statement."""
    return any(
        {name: getattr(case, name) for name in partner} == partner
        and case.statement == statement
        for case in cases
    )


@transaction.atomic
def record_por_case(case: PorCase, *, actor: Actor, reason: str) -> Subscription:
    """Record what was held back, with the customer's written word as the reason.

    Raises TransitionNotAllowed when it is decided already, ValidationError `reason`.
    """
    case = _lock_open(case, actor, reason)
    rows = Subscription.objects.select_related("retraction")
    newest = rows.get(
        customer=case.customer,
        channel=case.observation.channel,
        external_id=case.observation.external_id,
        superseded_by=None,
    )
    partner = Partner.objects.filter(mpn_id=case.por_mpn_id or None).first()
    named = {
        "partner_of_record": partner,
        "por_name": case.por_name or (partner.name if partner else ""),
        "por_mpn_id": case.por_mpn_id,
    }
    observation = Subscription.objects.create(
        customer=case.customer,
        channel=newest.channel,
        recorded_at=clock.now(),
        supersedes=newest,
        stated_by_customer=case.stated_by_customer,
        por_correction_reason=reason.strip(),
        **as_recorded(_statement(case), newest, named),
    )
    _close(case, PorCaseOutcome.RECORDED, actor, reason)
    tell_recorded(observation, actor=actor, reason=reason.strip())
    return observation


@transaction.atomic
def dismiss_por_case(case: PorCase, *, actor: Actor, reason: str) -> PorCase:
    """What is recorded stays; the very same statement opens no second case.

    Raises TransitionNotAllowed when it is decided already, ValidationError `reason`.
    """
    case = _lock_open(case, actor, reason)
    return _close(case, PorCaseOutcome.DISMISSED, actor, reason)


def _lock_open(case: PorCase, actor: Actor, reason: str) -> PorCase:
    actor.require(Action.RETRACT_OBSERVATION)
    lock_customer(case.customer)
    rows = PorCase.objects.select_related("customer", "observation")
    case = rows.select_for_update(of=("self",)).get(pk=case.pk)
    if not case.is_open:
        raise TransitionNotAllowed(_("This case is decided already."))
    if not reason.strip():
        raise ValidationError(_("Say why."), code="reason")
    return case


def _close(
    case: PorCase, outcome: PorCaseOutcome, actor: Actor, reason: str
) -> PorCase:
    case.outcome, case.reason = outcome, reason.strip()
    case.closed_at, case.closed_by = clock.now(), actor.user
    case.save(update_fields=["outcome", "reason", "closed_at", "closed_by"])
    record(
        Operation.CLOSE_CASE,
        case,
        actor=actor,
        customer=case.customer,
        new={"outcome": outcome},
        reason=case.reason,
    )
    return case


def _statement(case: PorCase) -> dict[str, Any]:
    """As it was stated; JSON keeps moments as text."""
    said = dict(case.statement)
    for name in MOMENTS:
        if name in said:
            said[name] = datetime.fromisoformat(said[name])
    return said
