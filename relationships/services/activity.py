"""The activity log: every service writes to it in the transaction of its change."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from portal.foundation import clock
from portal.foundation.requests import current_request_id

from ..actors import Actor
from ..enums import Operation
from ..models import ActivityRecord, Customer, Partner
from ..querysets import kind_of
from . import log
from .webhooks import publish


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
    """Tell the log what `actor` did to `resource`, and the partner's webhooks.

    `partner` and `customer` say who may read it; `old` and `new` hold field names and
    states as JSON, never a person's name or address.
    """
    made = log.write(
        operation,
        resource,
        actor=actor,
        partner=partner,
        customer=customer,
        old=old,
        new=new,
        reason=reason,
    )
    publish([made])
    return made


def record_all(lines: Iterable[ActivityRecord]) -> None:
    """Write lines that `log.unsaved` made, in their order, and tell the webhooks."""
    publish(ActivityRecord.objects.bulk_create(lines))


def record_of_customers(
    operation: Operation,
    resource: models.Model,
    *,
    actor: Actor,
    news: Mapping[Any, dict[str, Any]],
    reason: str = "",
) -> None:
    """The same for many customers at once: a line for each, by its key."""
    now, request_id = clock.now(), current_request_id()
    ActivityRecord.objects.bulk_create(
        (
            ActivityRecord(
                at=now,
                customer_id=customer,
                actor=actor.user,
                actor_role=actor.role,
                operation=operation,
                resource_type=kind_of(resource),
                resource_id=str(resource.pk),
                new_value=new,
                reason=reason,
                request_id=request_id,
            )
            for customer, new in news.items()
        ),
        batch_size=1000,
    )
