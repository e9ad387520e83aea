"""A customer with subscriptions of every channel, and the people around it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from relationships.actors import Actor
from relationships.models import Customer, Partner, ResellerRelationship
from relationships.services.relationships import end_relationship
from subscriptions.models import Subscription
from subscriptions.services import lifecycle

from .. import stories
from ..factories import AdvisorFactory
from .extra_migrations import LAST

# What only one of the databases can be asked to do is collected for that one alone: to
# skip it on the other would look as if something had not been tested.
ONLY_ON = {
    "sqlite": ["test_statements_of_sqlite.py"],
    "postgresql": [
        "test_plain_fill_on_postgresql.py",
        "test_statements_of_postgresql.py",
    ],
}
collect_ignore = [
    name
    for vendor, names in ONLY_ON.items()
    if vendor != connection.vendor
    for name in names
]


@pytest.fixture
def sales() -> Actor:
    return stories.staff(role="admin_agent")


@pytest.fixture
def customer(admin: Actor) -> Customer:
    return admin.customer


@pytest.fixture
def advisor() -> Partner:
    return AdvisorFactory()


@pytest.fixture
def statement(advisor: Partner) -> dict[str, Any]:
    """What an Advisor's channel says, with every column filled in."""
    return {
        "channel": "advisor",
        "product_name": "Office 365 E3",
        "quantity": 25,
        "term": "P1Y",
        "billing_plan": "annual",
        "started_at": datetime(2026, 1, 31, tzinfo=UTC),
        "commitment_ends_at": datetime(2027, 1, 31, tzinfo=UTC),
        "auto_renews": True,
        "friendly_name": "Everybody's mail",
        "external_id": "elsewhere-1",
        "por_name": "The Advisor as it was called",
        "por_mpn_id": advisor.mpn_id,
    }


@pytest.fixture
def advised(customer: Customer, statement: dict[str, Any]) -> Subscription:
    """An existing subscription with a Partner of Record and a value everywhere."""
    return stories.observation(customer, **statement)


@pytest.fixture
def bare(customer: Customer) -> Subscription:
    """An existing subscription of which next to nothing is known."""
    return stories.observation(customer, channel="direct", external_id=None)


@pytest.fixture
def relationship(sales: Actor, admin: Actor) -> ResellerRelationship:
    return stories.relationship(sales, admin)


@pytest.fixture
def csp(
    sales: Actor, customer: Customer, relationship: ResellerRelationship
) -> Subscription:
    return stories.csp_subscription(sales, customer)


@pytest.fixture
def ended(
    sales: Actor, csp: Subscription, relationship: ResellerRelationship
) -> Subscription:
    """A suspended CSP subscription whose relationship has ended."""
    lifecycle.suspend(csp, actor=sales)
    end_relationship(relationship, actor=sales, reason="They asked for it.")
    csp.refresh_from_db()
    return csp


@pytest.fixture
def migrate(settings: Any) -> Iterator[Callable[..., None]]:
    """`migrate subscriptions TO` with the migration of one extra package."""

    def run(package: str, to: str = "more") -> None:
        extra = f"{__package__}.extra_migrations.{package}"
        settings.MIGRATION_MODULES = {"subscriptions": extra}
        call_command("migrate", "subscriptions", to, verbosity=0)

    yield run
    if settings.MIGRATION_MODULES:
        call_command("migrate", "subscriptions", LAST, verbosity=0)
