"""Records of the activity log, as the services write them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from portal.accounts.models import User
from relationships import roles
from relationships.enums import Operation
from relationships.models import ActivityRecord

from .bulk import Rows


@dataclass(frozen=True)
class By:
    """Who did it, and in which role."""

    user: User | None
    role: str


CLOCK = By(None, roles.CLOCK)
VISITOR = By(None, roles.VISITOR)


@dataclass(frozen=True)
class Log:
    """Of one customer and one partner, or of no partner."""

    rows: Rows
    customer_id: uuid.UUID | None
    partner_id: uuid.UUID | None = None

    def tell(
        self,
        operation: Operation,
        resource: tuple[type[Model], object],
        *,
        at: datetime,
        by: By,
        old: dict[str, Any] | None = None,
        new: dict[str, Any] | None = None,
        reason: str = "",
    ) -> None:
        """`resource`: its model and its id."""
        model, pk = resource
        self.rows.add(
            ActivityRecord,
            at=at,
            partner_id=self.partner_id,
            customer_id=self.customer_id,
            actor_id=by.user.pk if by.user else None,
            actor_role=by.role,
            operation=operation,
            resource_type=model._meta.model_name,
            resource_id=str(pk),
            old_value=old or {},
            new_value=new or {},
            reason=reason,
        )
