"""Statements that only PostgreSQL has. TRUNCATE even passes row triggers by."""

import pytest
from django.db import DatabaseError, connection, transaction

from portal.foundation import guards
from portal.foundation.guards import Guard
from subscriptions.models import Subscription
from subscriptions.protection import CSP_KEPT, EXISTING_UNTOUCHED

from . import rows

pytestmark = pytest.mark.django_db

KEPT = sorted(
    {
        guard.table
        for guard in guards.registered()
        if isinstance(guard, Guard) and guard.event == "DELETE"
    }
)
# What else of the portal refers to these, and what refers to that, goes with them.
CASCADING = [
    "accounts_user",
    "relationships_invitation",
    "subscriptions_offer",
    "subscriptions_product",
]
# The rows of a customer reach the whole house: any table of it may refuse first.
ANY = [guard.rule for guard in guards.registered() if isinstance(guard, Guard)]


@pytest.fixture(autouse=True)
def _nothing_is_pending(advised, csp):
    """Foreign keys still to be checked would refuse before the guards do."""
    connection.check_constraints()


def test_tables_of_every_kind_are_guarded():
    assert {
        "relationships_activityrecord",
        "relationships_customer",
        "relationships_partner",
        "relationships_resellerrelationship",
        "relationships_tenantsignin",
        "subscriptions_observationretraction",
        "subscriptions_subscription",
    } <= set(KEPT)


@pytest.mark.parametrize("how", ["CASCADE", "RESTART IDENTITY CASCADE"])
def test_tables_stay_when_truncated_with_what_refers_to_them(subtests, how):
    for table in [*KEPT, *CASCADING]:
        before = rows.query(f"SELECT * FROM {table} ORDER BY id")
        subscriptions = rows.everything(Subscription)
        with subtests.test(table=table):
            with rows.refused_by_guard(*ANY):
                rows.execute(f"TRUNCATE {table} {how}")
            assert rows.query(f"SELECT * FROM {table} ORDER BY id") == before
            assert rows.everything(Subscription) == subscriptions


def test_tables_stay_when_truncated_alone_or_all_together(subtests):
    for tables in [*KEPT, ", ".join(KEPT)]:
        first = tables.partition(",")[0]
        before = rows.query(f"SELECT * FROM {first} ORDER BY id")
        with subtests.test(tables=tables):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.execute(f"TRUNCATE {tables}")
            assert rows.query(f"SELECT * FROM {first} ORDER BY id") == before


MERGE = (
    "MERGE INTO subscriptions_subscription AS stored USING (SELECT %s::uuid AS id) "
    "AS given ON stored.id = given.id WHEN MATCHED THEN {then}"
)


def test_existing_subscription_stays_when_merged_over_or_away(advised):
    for then in ("UPDATE SET quantity = 99", "DELETE"):
        with rows.unchanged(advised), rows.refused_by_guard(EXISTING_UNTOUCHED):
            rows.execute(MERGE.format(then=then), rows.key(advised))


def test_subscriptions_stay_when_a_query_changes_them_by_the_way(advised, csp):
    for verb in (
        "UPDATE subscriptions_subscription SET quantity = 99 WHERE channel <> 'csp'",
        "DELETE FROM subscriptions_subscription",
    ):
        with (
            rows.unchanged(advised, csp),
            rows.refused_by_guard(EXISTING_UNTOUCHED, CSP_KEPT),
        ):
            rows.execute(f"WITH changed AS ({verb} RETURNING id) SELECT 1")
