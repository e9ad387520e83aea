"""TRUNCATE passes row triggers by: only PostgreSQL has it."""

import pytest
from django.db import DatabaseError, connection, transaction

from portal.foundation import guards
from portal.foundation.guards import Guard
from subscriptions.models import Subscription

from . import rows

pytestmark = pytest.mark.django_db

KEPT = sorted(
    {
        guard.table
        for guard in guards.registered()
        if isinstance(guard, Guard) and guard.event == "DELETE"
    }
)
# The rows of a customer reach the whole house: any table of it may refuse first.
ANY = [guard.rule for guard in guards.registered() if isinstance(guard, Guard)]


@pytest.fixture(autouse=True)
def _nothing_is_pending(advised, csp):
    """Foreign keys still to be checked would refuse before the guards do."""
    connection.check_constraints()


@pytest.mark.parametrize("how", ["CASCADE", "RESTART IDENTITY CASCADE"])
@pytest.mark.parametrize("table", KEPT)
def test_table_stays_when_truncated(table, how):
    before = rows.query(f"SELECT * FROM {table} ORDER BY id")
    with rows.refused_by_guard(*ANY):
        rows.execute(f"TRUNCATE {table} {how}")
    assert rows.query(f"SELECT * FROM {table} ORDER BY id") == before


@pytest.mark.parametrize("table", KEPT)
def test_table_stays_when_truncated_without_what_refers_to_it(table):
    before = rows.query(f"SELECT * FROM {table} ORDER BY id")
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.execute(f"TRUNCATE {table}")
    assert rows.query(f"SELECT * FROM {table} ORDER BY id") == before


@pytest.mark.parametrize(
    "table",
    [
        "accounts_user",
        "relationships_invitation",
        "subscriptions_offer",
        "subscriptions_product",
    ],
)
def test_subscriptions_stay_when_truncating_another_table_cascades(table, csp):
    with rows.unchanged(csp), rows.refused_by_guard(*ANY):
        rows.execute(f"TRUNCATE {table} CASCADE")
    assert Subscription.objects.count() == 2


def test_tables_without_rows_to_lose_are_guarded_all_the_same():
    assert {"relationships_tenantsignin", "subscriptions_observationretraction"} <= set(
        KEPT
    )
