"""Writing a line of the activity log, and nothing else."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import models

from portal.foundation import clock
from portal.foundation.requests import current_request_id

from ..actors import Actor
from ..enums import Operation
from ..models import ActivityRecord, Customer, Partner
from ..querysets import kind_of


def write(
    operation: Operation,
    resource: models.Model,
    *,
    actor: Actor,
    partner: Partner | None = None,
    customer: Customer | None = None,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    reason: str = "",
) -> ActivityRecord:
    line = unsaved(
        operation,
        resource,
        actor=actor,
        partner_id=partner.pk if partner else None,
        customer_id=customer.pk if customer else None,
        old=old,
        new=new,
        reason=reason,
    )
    line.save(force_insert=True)
    return line


def unsaved(
    operation: Operation,
    resource: models.Model,
    *,
    actor: Actor,
    partner_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    reason: str = "",
) -> ActivityRecord:
    """For whoever writes many at once, by `activity.record_all`."""
    return ActivityRecord(
        at=clock.now(),
        partner_id=partner_id,
        customer_id=customer_id,
        actor=actor.user,
        actor_role=actor.role,
        operation=operation,
        resource_type=kind_of(resource),
        resource_id=str(resource.pk),
        old_value=old or {},
        new_value=new or {},
        reason=reason,
        request_id=current_request_id(),
    )


def told_of(
    values: Mapping[str, Any], changed: Iterable[str], logged: Iterable[str]
) -> dict[str, Any]:
    """Those values that may be logged, as JSON: of the others names alone are told."""
    names = [name for name in changed if name in set(logged)]
    return {name: _as_json(values.get(name)) for name in names}


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
