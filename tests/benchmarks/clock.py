"""What time moves, per second, against the same rows by hand-written SQL.

    python -m tests.benchmarks.clock [CUSTOMERS]

Seeds the portal with five subscriptions a customer and lets two months pass: one by the
clock, the next one by as little SQL as makes the same rows, the guards on.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from . import harness

DAYS = 30
BATCH = 100
TERM = """
INSERT INTO subscriptions_subscriptionterm (subscription_id, number, offer_id,
  unit_price, currency, starts_at, ends_at, reducible_until)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
RENEWED = """
UPDATE subscriptions_subscription SET commitment_ends_at = %s WHERE id = %s
"""
TOLD = """
INSERT INTO relationships_activityrecord (at, partner_id, customer_id, actor_role,
  operation, resource_type, resource_id, old_value, new_value, reason, request_id)
VALUES (%s, %s, %s, 'clock', 'renew_subscription', 'subscription', %s, %s, %s, '', '')
"""


def by_clock(now: datetime) -> tuple[int, float]:
    from portal.foundation import clock
    from relationships.actors import Actor
    from subscriptions.services import clock as moving

    moved: dict[str, int] = {}
    with clock.at(now):
        seconds = harness.timed(lambda: moved.update(moving.run(actor=Actor.clock())))
    return moved["subscriptions"], seconds


def by_hand(now: datetime) -> tuple[int, float]:
    """Renews what has its last day before `now` once, and nothing else."""
    from subscriptions.models import Subscription, SubscriptionTerm

    due = Subscription.objects.csp().filter(
        status="active", auto_renews=True, commitment_ends_at__lte=now
    )
    terms = SubscriptionTerm.objects.filter(subscription__in=due).order_by("number")
    newest = {
        term.subscription_id: term
        for term in terms.select_related("subscription__relationship")
    }
    rows = [parameters(term) for term in newest.values()]
    return len(rows), harness.timed(lambda: write(rows))


def parameters(term: Any) -> tuple[list[Any], list[Any], list[Any]]:
    from subscriptions.calendar import next_term_end

    row = term.subscription
    end = next_term_end(row.started_at, term.ends_at, row.term)
    price = (term.offer_id, term.unit_price, term.currency)
    window = term.ends_at + timedelta(days=7)
    old = {"offer": term.offer_id, "quantity": row.quantity}
    new = {**old, "term": term.number + 1}
    return (
        [row.pk, term.number + 1, *price, term.ends_at, end, window],
        [end, row.pk],
        [
            term.ends_at,
            row.relationship.partner_id,
            row.customer_id,
            str(row.pk),
            json.dumps(old),
            json.dumps(new),
        ],
    )


def write(rows: list[tuple[list[Any], list[Any], list[Any]]]) -> None:
    from django.db import connection, transaction

    for batch in batches(rows):
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, values in zip(
                (TERM, RENEWED, TOLD), zip(*batch, strict=True), strict=True
            ):
                cursor.executemany(statement, [adapted(row) for row in values])


def batches(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def adapted(row: list[Any]) -> list[Any]:
    from portal.demo.benchmark.bulk import Converters

    convert = Converters()
    return [convert[type(value)](value) for value in row]


def main(customers: int = 2_000) -> None:
    from portal.foundation import clock

    with harness.database():
        harness.seed(customers, 5 * customers)
        first = clock.now() + timedelta(days=DAYS)
        moves, seconds = by_clock(first)
        floor, least = by_hand(first + timedelta(days=DAYS))
    harness.table(
        f"Moves of {5 * customers} subscriptions within {DAYS} days",
        ["", "moves", "seconds", "a second"],
        [
            ["the clock", moves, seconds, moves / seconds],
            ["plain SQL, guards on", floor, least, floor / least],
        ],
    )
    ratio = (floor / least) / (moves / seconds)
    harness.say(f"The clock takes {ratio:.2f} times as long as plain SQL.")


if __name__ == "__main__":
    harness.begin()
    main(*map(int, sys.argv[1:]))
