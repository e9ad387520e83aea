"""Writing a line of the activity log, and nothing else."""

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
    return ActivityRecord.objects.create(
        at=clock.now(),
        partner=partner,
        customer=customer,
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
