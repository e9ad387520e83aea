"""The reports' questions in SQL written by hand, and what both have to answer."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

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
TWICE = f"""
WITH used AS (SELECT row.* {IN_USE}),
names AS (
  SELECT id AS product_id, lower(title) AS name FROM subscriptions_product
  UNION SELECT product_id, lower(name) FROM subscriptions_productalias
)
SELECT csp.customer_id, product.title, csp.seats, sum(other.quantity)
FROM (
  SELECT used.customer_id, offer.product_id, sum(used.quantity) AS seats
  FROM used JOIN subscriptions_offer offer ON offer.id = used.offer_id
  WHERE used.channel = 'csp' GROUP BY 1, 2
) AS csp
JOIN subscriptions_product product ON product.id = csp.product_id
JOIN relationships_customer customer ON customer.id = csp.customer_id
JOIN names ON names.product_id = csp.product_id
JOIN used other ON other.customer_id = csp.customer_id AND other.channel <> 'csp'
  AND lower(other.product_name) = names.name
GROUP BY customer.company_name, csp.customer_id, product.title, csp.product_id,
  csp.seats
ORDER BY customer.company_name, csp.customer_id, product.title LIMIT 100
"""
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
    ON term.subscription_id = row.id AND term.ends_at >= row.commitment_ends_at
    AND term.ends_at > %(now)s AND (term.ends_at <= %(latest)s
      OR (term.number > 1 AND term.reducible_until > %(now)s))
  LEFT JOIN subscriptions_scheduledchange planned ON planned.subscription_id = row.id
  LEFT JOIN subscriptions_renewaldecision decision ON decision.term_id = term.id
    AND decision.answer <> ''
  WHERE decision.id IS NULL AND row.channel = 'csp' AND row.status = 'active' AND (
    (row.commitment_ends_at > %(now)s AND row.commitment_ends_at <= %(latest)s AND (
      NOT row.auto_renews OR (row.term <> 'P1M' AND planned.id IS NULL)))
    OR (row.term <> 'P1M' AND term.number > 1 AND term.reducible_until > %(now)s))
)
"""
WITHIN_30 = "WHERE decide_by <= %(now)s + '30 days'::interval"
RENEWALS = (
    WAITING + "SELECT money, decision, "
    "count(*) FILTER (WHERE decide_by <= %(now)s + '7 days'::interval), "
    "count(*) FILTER (WHERE decide_by <= %(now)s + '60 days'::interval), count(*), "
    f"count(*) FILTER ({WITHIN_30}), sum(quantity) FILTER ({WITHIN_30}), "
    f"sum(at_stake) FILTER ({WITHIN_30}) FROM waiting GROUP BY 1, 2",
    WAITING + "SELECT waiting.*, company_name FROM waiting JOIN relationships_customer "
    f"customer ON customer.id = customer_id {WITHIN_30} "
    "ORDER BY decide_by, company_name, waiting.id LIMIT 100",
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


# Of 36 months, so that no sum is rounded before its end.
MONEY = """entry.change * term.unit_price
  * CASE offer.billing_plan WHEN 'monthly' THEN 36 WHEN 'annual' THEN 3 ELSE 1 END"""


def value_sql(ends: list[Any], *keys: str, amount: str = MONEY) -> str:
    """Pairs of a seat entry and a term; each month end adds up those that count."""
    sums = ", ".join(
        f"sum(amount) FILTER (WHERE since < %(end_{n})s "
        f"AND (until IS NULL OR until >= %(end_{n})s))"
        for n in range(len(ends))
    )
    named = "".join(f"{key}, " for key in keys)
    return f"""
SELECT {named}{sums} FROM (
  SELECT term.currency, customer.company_name, customer.id AS customer, product.title,
    offer.term, {amount} AS amount,
    greatest(entry.at, term.starts_at) AS since,
    least(CASE WHEN term.ends_at < row.commitment_ends_at THEN term.ends_at END,
      ended.at) AS until
  FROM subscriptions_seatentry entry
  JOIN subscriptions_subscription row ON row.id = entry.subscription_id
  JOIN subscriptions_subscriptionterm term ON term.subscription_id = row.id
  JOIN subscriptions_offer offer ON offer.id = term.offer_id
  JOIN subscriptions_product product ON product.id = offer.product_id
  JOIN relationships_customer customer ON customer.id = row.customer_id
  LEFT JOIN (
    SELECT subscription_id, min(at) AS at FROM subscriptions_statusentry
    WHERE status IN ('expired', 'disabled', 'deleted') GROUP BY 1
  ) AS ended ON ended.subscription_id = row.id
) AS pairs WHERE until IS NULL OR until > since
{"GROUP BY " + ", ".join(keys) if keys else ""}
"""


def to_the_cent(value: Any) -> Any:
    return (Decimal(value or 0) / 36).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Case:
    """A report as it is asked, the same by hand, and what of both has to be equal.

    `ours` reads a result and its first rows, `theirs` the rows of each statement.
    """

    slug: str
    statements: Callable[[Any], Sequence[str]]
    ours: Callable[[Any, list[Any]], Any]
    theirs: Callable[..., Any]
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        asked = "&".join(f"{name}={value}" for name, value in self.filters.items())
        return f"{self.slug}?{asked}" if asked else self.slug


def ends_of(query: Any) -> list[Any]:
    return [part.end for part in query.period.months()]


def value_case(show: str, by: str, *keys: str, names: tuple[str, ...]) -> Case:
    amount = MONEY if show == "value" else "entry.change"
    money = ("currency",) if show == "value" else ()
    order = f" ORDER BY {', '.join((*keys, *money))} LIMIT 100" if keys else ""

    def statements(query: Any) -> list[str]:
        ends = ends_of(query)
        every = value_sql(ends, *money, amount=amount)
        if not keys:
            return [every]
        return [value_sql(ends, *keys, *money, amount=amount) + order, every]

    def ours(result: Any, rows: list[Any]) -> Any:
        figures = [each for each in result.columns if each.name.startswith("day_")]
        named = (*names, *(["subscription__terms__currency"] if money else []))
        return sorted(
            (*(row[name] for name in named), *(each.value(row) for each in figures))
            for row in rows
        )

    def theirs(found: Any, *_every: Any) -> Any:
        figure, named = to_the_cent if money else int, len((*keys, *money))
        return sorted(
            (*row[:named], *(figure(value or 0) for value in row[named:]))
            for row in found
        )

    return Case("value", statements, ours, theirs, {"show": show, "by": by})


FIGURES = (
    *("created", "sent", "opened", "signed_in"),
    *("accepted", "declined", "expired", "withdrawn", "open"),
)


def funnel(row: Any) -> tuple[Any, ...]:
    return (*(row[name] for name in FIGURES), row.get("median"), row.get("slow"))


def funnel_by_hand(row: Any) -> tuple[Any, ...]:
    return (*row[1:10], *(span and span / timedelta(days=1) for span in row[10:]))


def relationships_by_hand(rows: Any) -> tuple[int, int, int]:
    counts = Counter()
    for what, _month, count in rows:
        counts[what] += count
    return counts["active"], counts["won"], counts["lost"]


def at_stake_by_hand(rows: Any) -> list[tuple[Any, ...]]:
    """Count, seats and money of each currency, of those within thirty days."""
    sums: dict[str, list[Any]] = {}
    for money, _decision, *_windows, count, seats, at_stake in rows:
        of_money = sums.setdefault(money, [0, 0, 0])
        for place, figure in enumerate((count, seats, at_stake)):
            of_money[place] += figure or 0
    return [(money, *sums[money]) for money in sorted(sums) if sums[money][0]]


KINDS = {(True, True): 0, (True, False): 1, (False, True): 2}
AT_STAKE = ("terms__currency", "count", "seats", "at_stake")
WHO = ("actor__full_name", "actor", "actor_role", "operation", "count", "newest")
PAID_TWICE = ("customer", "offer__product__title", "csp_seats", "other_seats")


def of(rows: Any, *names: str) -> list[Any]:
    return [tuple(row[name] for name in names) for row in rows]


CASES = (
    Case(
        "invitations",
        lambda query: [FUNNEL],
        lambda result, rows: sorted(
            map(
                str,
                map(funnel, [row for row in (*rows, *result.totals) if row["created"]]),
            )
        ),
        lambda found: sorted(map(str, map(funnel_by_hand, found))),
    ),
    Case(
        "relationships",
        lambda query: [RELATIONSHIPS],
        lambda result, rows: of(result.totals, "before", "won", "lost")[0],
        relationships_by_hand,
    ),
    Case(
        "coexistence",
        lambda query: [COEXISTENCE, SEATS],
        lambda result, rows: of(rows, "customers", "csp_seats", "other_seats"),
        lambda found, _seats: [
            tuple(number or 0 for number in row[2:])
            for row in sorted(found, key=lambda row: KINDS[row[0], row[1]])
        ],
    ),
    Case(
        "coexistence",
        lambda query: [TWICE, COEXISTENCE, SEATS],
        lambda result, rows: of(rows, *PAID_TWICE),
        lambda found, _customers, _seats: found,
        {"show": "twice"},
    ),
    Case(
        "renewals",
        lambda query: RENEWALS,
        lambda result, rows: (of(result.totals[1:], *AT_STAKE), of(rows, "pk")),
        lambda told, found: (at_stake_by_hand(told), [(row[0],) for row in found]),
    ),
    value_case("value", "all", names=()),
    value_case("seats", "all", names=()),
    value_case(
        "value",
        "customer",
        *("company_name", "customer"),
        names=("subscription__customer__company_name", "subscription__customer"),
    ),
    value_case(
        "value",
        "product",
        "title",
        names=("subscription__terms__offer__product__title",),
    ),
    value_case("value", "term", "term", names=("subscription__terms__offer__term",)),
    Case(
        "integrity",
        lambda query: INTEGRITY,
        lambda result, rows: of(rows, "pk", "existing_fingerprint"),
        lambda _results, found: [(row[0], row[6]) for row in found],
    ),
    Case(
        "activity",
        lambda query: ACTIVITY,
        lambda result, rows: of(rows, *WHO),
        lambda found, _operations: found,
    ),
)


def given(query: Any) -> dict[str, Any]:
    ends = {f"end_{n}": part.end for n, part in enumerate(query.period.months())}
    latest = query.now + timedelta(days=90)
    start, end = query.period.start, query.period.end
    return {"now": query.now, "latest": latest, "start": start, "end": end, **ends}
