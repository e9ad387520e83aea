"""Each report against the same question in SQL written by hand, on PostgreSQL.

    python -m tests.benchmarks.reports [CUSTOMERS [SUBSCRIPTIONS]]

The operator asks, who sees all rows; the best of three counts, taken in turn. What a
page needs is in both: figures, totals, pictures and its first rows.
"""

import sys
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from . import harness
from .harness import timed

RUNS = 3
MOST_QUERIES = 25

FUNNEL = """
WITH asked AS (
  SELECT *, CASE WHEN status IN ('draft', 'sent', 'opened', 'signed_in')
    AND expires_at <= %(now)s THEN 'expired' ELSE status END AS status_now,
    date_trunc('month', created_at AT TIME ZONE 'UTC') AS month
  FROM relationships_invitation
  WHERE created_at >= %(start)s AND created_at < %(end)s
)
SELECT month, count(*), count(sent_at), count(opened_at), count(signed_in_at),
  count(*) FILTER (WHERE status_now = 'accepted'),
  count(*) FILTER (WHERE status_now = 'declined'),
  count(*) FILTER (WHERE status_now = 'expired'),
  count(*) FILTER (WHERE status_now = 'withdrawn'),
  count(*) FILTER (WHERE status_now IN ('draft', 'sent', 'opened', 'signed_in')),
  percentile_disc(0.5) WITHIN GROUP (ORDER BY accepted_at - sent_at)
    FILTER (WHERE status_now = 'accepted'),
  percentile_disc(0.9) WITHIN GROUP (ORDER BY accepted_at - sent_at)
    FILTER (WHERE status_now = 'accepted')
FROM asked GROUP BY GROUPING SETS ((month), ())
"""
RELATIONSHIPS = """
SELECT 'active', NULL, count(*) FROM relationships_resellerrelationship
WHERE established_at < %(start)s AND (ended_at IS NULL OR ended_at >= %(start)s)
UNION ALL
SELECT 'won', date_trunc('month', established_at AT TIME ZONE 'UTC'), count(*)
FROM relationships_resellerrelationship
WHERE established_at >= %(start)s AND established_at < %(end)s GROUP BY 2
UNION ALL
SELECT 'lost', date_trunc('month', ended_at AT TIME ZONE 'UTC'), count(*)
FROM relationships_resellerrelationship
WHERE ended_at >= %(start)s AND ended_at < %(end)s GROUP BY 2
"""
IN_USE = """
FROM subscriptions_subscription row
LEFT JOIN subscriptions_subscription newer ON newer.supersedes_id = row.id
LEFT JOIN subscriptions_observationretraction wrong ON wrong.subscription_id = row.id
WHERE row.status IN ('active', 'suspended')
  AND (row.channel = 'csp' OR (newer.id IS NULL AND wrong.id IS NULL))
"""
COEXISTENCE = f"""
SELECT csp > 0, others > 0, count(*), sum(seats), sum(rest) FROM (
  SELECT row.customer_id, count(*) FILTER (WHERE row.channel = 'csp') AS csp,
    count(*) FILTER (WHERE row.channel <> 'csp') AS others,
    sum(row.quantity) FILTER (WHERE row.channel = 'csp') AS seats,
    sum(row.quantity) FILTER (WHERE row.channel <> 'csp') AS rest
  {IN_USE} GROUP BY row.customer_id
) AS customers GROUP BY 1, 2
"""
SEATS = f"SELECT row.channel, sum(row.quantity) {IN_USE} GROUP BY 1"
WAITING = """
WITH waiting AS (
  SELECT row.*, term.currency AS money, row.quantity * term.unit_price
    * CASE row.term WHEN 'P1M' THEN 1 WHEN 'P1Y' THEN 12 ELSE 36 END
    / CASE row.billing_plan WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 ELSE 36 END
    AS at_stake,
    CASE WHEN row.commitment_ends_at > %(now)s AND row.commitment_ends_at <= %(latest)s
      THEN row.commitment_ends_at ELSE term.reducible_until END AS decide_by,
    CASE WHEN row.commitment_ends_at > %(now)s AND row.commitment_ends_at <= %(latest)s
      THEN row.auto_renews::text ELSE 'renewed' END AS decision
  FROM subscriptions_subscription row
  JOIN subscriptions_subscriptionterm term
    ON term.subscription_id = row.id AND term.ends_at = row.commitment_ends_at
  LEFT JOIN subscriptions_scheduledchange planned ON planned.subscription_id = row.id
  LEFT JOIN subscriptions_renewaldecision decision ON decision.term_id = term.id
    AND decision.answer <> ''
  WHERE decision.id IS NULL AND row.channel = 'csp' AND row.status = 'active' AND (
    (row.commitment_ends_at > %(now)s AND row.commitment_ends_at <= %(latest)s AND (
      NOT row.auto_renews OR (row.term <> 'P1M' AND planned.id IS NULL)))
    OR (row.term <> 'P1M' AND term.number > 1 AND term.reducible_until > %(now)s))
)
"""
RENEWALS = (
    WAITING + "SELECT decision, count(*) FILTER (WHERE decide_by <= %(now)s + '7 days'"
    "::interval), count(*) FILTER (WHERE decide_by <= %(now)s + '30 days'::interval), "
    "count(*) FILTER (WHERE decide_by <= %(now)s + '60 days'::interval), count(*) "
    "FROM waiting GROUP BY 1",
    WAITING + "SELECT money, count(*), sum(quantity), sum(at_stake) FROM waiting "
    "WHERE decide_by <= %(now)s + '30 days'::interval GROUP BY 1",
    WAITING + "SELECT waiting.*, company_name FROM waiting JOIN relationships_customer "
    "customer ON customer.id = customer_id WHERE decide_by <= %(now)s "
    "+ '30 days'::interval ORDER BY decide_by, company_name, waiting.id LIMIT 100",
)
INTEGRITY = (
    """
SELECT CASE WHEN checked.result = 'different' THEN 'different'
  WHEN existing_count = 0 THEN 'nothing' ELSE coalesce(checked.result, 'unchecked') END,
  count(*)
FROM relationships_resellerrelationship row LEFT JOIN subscriptions_lastverification
  checked ON checked.relationship_id = row.id GROUP BY 1
""",
    """
SELECT row.id, company_name, partner.name, established_at, ended_at, existing_count,
  existing_fingerprint, checked.result, checked.verified_at
FROM relationships_resellerrelationship row
JOIN relationships_customer customer ON customer.id = row.customer_id
JOIN relationships_partner partner ON partner.id = row.partner_id
LEFT JOIN subscriptions_lastverification checked ON checked.relationship_id = row.id
ORDER BY company_name, established_at DESC, row.id LIMIT 100
""",
)
ACTIVITY = (
    """
SELECT who.full_name, actor_id, actor_role, operation, count(*), max(at)
FROM relationships_activityrecord LEFT JOIN accounts_user who ON who.id = actor_id
WHERE at >= %(start)s AND at < %(end)s GROUP BY 1, 2, 3, 4
ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT 100
""",
    """
SELECT operation, count(*) FROM relationships_activityrecord
WHERE at >= %(start)s AND at < %(end)s GROUP BY 1 ORDER BY 2 DESC
""",
)


def value_sql(ends: list[Any]) -> str:
    """Pairs of a seat entry and a term; each month end adds up those that count."""
    sums = ", ".join(
        f"sum(change * price / months) FILTER (WHERE since < %(end_{n})s "
        f"AND (until IS NULL OR until >= %(end_{n})s))"
        for n in range(len(ends))
    )
    return f"""
SELECT currency, {sums} FROM (
  SELECT term.currency, entry.change, term.unit_price AS price,
    CASE offer.billing_plan WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 ELSE 36 END
      AS months,
    greatest(entry.at, term.starts_at) AS since,
    least(CASE WHEN term.ends_at < row.commitment_ends_at THEN term.ends_at END,
      ended.at) AS until
  FROM subscriptions_seatentry entry
  JOIN subscriptions_subscription row ON row.id = entry.subscription_id
  JOIN subscriptions_subscriptionterm term ON term.subscription_id = row.id
  JOIN subscriptions_offer offer ON offer.id = term.offer_id
  LEFT JOIN (
    SELECT subscription_id, min(at) AS at FROM subscriptions_statusentry
    WHERE status IN ('expired', 'disabled', 'deleted') GROUP BY 1
  ) AS ended ON ended.subscription_id = row.id
) AS pairs WHERE until IS NULL OR until > since GROUP BY currency
"""


def by_hand(query: Any) -> dict[str, tuple[str, ...]]:
    ends = [part.end for part in query.period.months()]
    return {
        "invitations": (FUNNEL,),
        "relationships": (RELATIONSHIPS,),
        "coexistence": (COEXISTENCE, SEATS),
        "renewals": RENEWALS,
        "value": (value_sql(ends),),
        "integrity": INTEGRITY,
        "activity": ACTIVITY,
    }


def given(query: Any) -> dict[str, Any]:
    ends = {f"end_{n}": part.end for n, part in enumerate(query.period.months())}
    latest = query.now + timedelta(days=90)
    start, end = query.period.start, query.period.end
    return {"now": query.now, "latest": latest, "start": start, "end": end, **ends}


def best(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """The shortest times, taken in turn: what else the machine does is the same."""
    runs = [(timed(ours), timed(theirs)) for _number in range(RUNS)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def ask(report: Any, actor: Any) -> None:
    """As a page does, filters with their choices included."""
    from portal.reports.queries import FilterForm

    form = FilterForm({}, report=report, actor=actor)
    result = report.run(form.query())
    for row in report.page(result, 1).rows:
        for column in result.columns:
            column.on_page(row)


def run_by_hand(statements: tuple[str, ...], values: dict[str, Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
            cursor.fetchall()


def compare(actor: Any) -> list[list[Any]]:
    """Of each report: milliseconds, those by hand, their ratio, and its queries."""
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    from portal.reports.all import REPORTS
    from portal.reports.queries import FilterForm

    rows = []
    for slug, report in REPORTS.items():
        query = FilterForm({}, report=report, actor=actor).query()
        reset_queries()
        with CaptureQueriesContext(connection) as asked:
            ask(report, actor)
        statements, values = by_hand(query)[slug], given(query)
        ours, theirs = best(
            partial(ask, report, actor), partial(run_by_hand, statements, values)
        )
        assert len(asked) <= MOST_QUERIES, slug
        rows.append([slug, 1000 * ours, 1000 * theirs, ours / theirs, len(asked)])
    return rows


def exported(actor: Any) -> list[list[Any]]:
    """The longest reports as files, and what Python holds at most meanwhile."""
    from portal.foundation.exports import csv_response
    from portal.reports.all import REPORTS
    from portal.reports.queries import FilterForm

    rows = []
    for slug, filters in (("integrity", {}), ("value", {"by": "customer"})):
        report = REPORTS[slug]
        query = FilterForm(filters, report=report, actor=actor).query()
        tracemalloc.start()
        parts = csv_response(report.table(query)).streaming_content
        size = sum(len(part) for part in parts)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        rows.append([slug, size / 1e6, peak / 1e6])
    return rows


def main(customers: int = 20_000, subscriptions: int = 100_000) -> None:
    from django.db import connection

    from relationships.actors import Actor
    from subscriptions.services.upkeep import verify_existing
    from tests.factories import UserFactory

    with harness.database():
        harness.seed(customers, subscriptions)
        verify_existing()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        actor = Actor.operator(UserFactory(is_staff=True, is_superuser=True))
        harness.table(
            f"Reports among {customers} customers and {subscriptions} subscriptions",
            ["report", "ms", "by hand", "ratio", "queries"],
            compare(actor),
        )
        harness.table("As CSV", ["report", "MB", "peak MB"], exported(actor))


if __name__ == "__main__":
    harness.begin()
    main(*map(int, sys.argv[1:]))
