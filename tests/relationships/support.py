"""What the tests of services share: the moment, refusals, and the stored state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from relationships import roles
from relationships.actors import Actor
from relationships.enums import StaffRole, TenantRole
from relationships.models import ActivityRecord, Customer, Partner

from .. import stories
from ..stored import everything_but, rows

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVERY_ROLE = [
    *StaffRole.values,
    *TenantRole.values,
    roles.OPERATOR,
    roles.CLOCK,
    roles.VISITOR,
]


def actor_as(role: str, *, partner: Partner, customer: Customer) -> Actor:
    """Somebody in this role, of that partner or that customer where it takes one."""
    if role in StaffRole.values:
        return stories.staff(partner, role)
    if role in TenantRole.values:
        return stories.tenant(customer, role)
    if role == roles.OPERATOR:
        return stories.operator()
    return Actor(role)


def stored() -> dict[str, list[dict[str, Any]]]:
    """Every row of the portal's own tables, as the database has it."""
    return rows(*everything_but())


@contextmanager
def unchanged() -> Iterator[None]:
    """Nothing that is stored differs after the block."""
    before = stored()
    yield
    assert stored() == before


def codes(error: ValidationError) -> set[str | None]:
    if hasattr(error, "error_dict"):
        return {e.code for errors in error.error_dict.values() for e in errors}
    return {e.code for e in error.error_list}


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[ValidationError]]:
    """The rule of this name refuses, and nothing is changed."""
    with unchanged(), pytest.raises(ValidationError) as caught:
        yield caught
    assert codes(caught.value) == {code}


@contextmanager
def denied(error: type[Exception]) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """This refusal, of no rule, and nothing is changed."""
    with unchanged(), pytest.raises(error) as caught:
        yield caught
    assert str(caught.value)


@contextmanager
def operations() -> Iterator[list[str]]:
    """The operations that the block adds to the activity log, oldest first."""
    last = ActivityRecord.objects.order_by("-pk").values_list("pk", flat=True).first()
    found: list[str] = []
    yield found
    rows = ActivityRecord.objects.filter(pk__gt=last or 0).order_by("pk")
    found += rows.values_list("operation", flat=True)
