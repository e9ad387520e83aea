"""The activity log: every service writes to it in the transaction of its change."""

from typing import Any

from django.db import models

from portal.foundation import clock
from portal.foundation.requests import current_request_id

from ..actors import Actor
from ..enums import Operation
from ..models import ActivityRecord, Customer, Partner
from ..querysets import kind_of


def record(
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
    """Tell the log what `actor` did to `resource`.

    `partner` and `customer` say who may read it; `old` and `new` hold field names and
    states as JSON, never a person's name or address.
    """
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
