"""Each report against the same question in SQL written by hand, on PostgreSQL.

    python -m tests.benchmarks.reports [CUSTOMERS [SUBSCRIPTIONS]]

The operator asks, who sees all rows; the best of three counts, taken in turn. What a
page needs is in both: figures, totals, pictures and its first rows. Both have to say
the same.
"""

import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

from . import harness
from .harness import timed
from .reports_by_hand import CASES, Case, given

RUNS = 3
MOST_QUERIES = 25
SLOW = 1.5  # times as long as by hand: marked


def best(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """The shortest times, taken in turn: what else the machine does is the same."""
    runs = [(timed(ours), timed(theirs)) for _number in range(RUNS)]
    return min(run[0] for run in runs), min(run[1] for run in runs)


def ask(case: Case, actor: Any, query: Any = None) -> Any:
    """As a page does, filters with their choices included; what is to be compared."""
    from portal.reports.all import REPORTS
    from portal.reports.queries import FilterForm

    report = REPORTS[case.slug]
    form = FilterForm(case.filters, report=report, actor=actor)
    result = report.run(query or form.query())
    rows = report.page(result, 1).rows
    for row in rows:
        for column in result.columns:
            column.on_page(row)
    return case.ours(result, rows)


def ask_by_hand(case: Case, query: Any) -> Any:
    from django.db import connection

    found, values = [], given(query)
    with connection.cursor() as cursor:
        for statement in case.statements(query):
            cursor.execute(statement, values)
            found.append(cursor.fetchall())
    return case.theirs(*found)


def compare(actor: Any) -> list[list[Any]]:
    """Of each report: milliseconds, those by hand, their ratio, and its queries.

    Both have to say the same.
    """
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    from portal.reports.all import REPORTS
    from portal.reports.queries import FilterForm

    rows = []
    for case in CASES:
        form = FilterForm(case.filters, report=REPORTS[case.slug], actor=actor)
        query = form.query()
        reset_queries()  # the log is full of the seeding
        with CaptureQueriesContext(connection) as asked:
            told = ask(case, actor, query)
        assert told == ask_by_hand(case, query), f"{case.name} is not as by hand"
        assert told, f"{case.name} has nothing to compare"
        ours, theirs = best(
            partial(ask, case, actor), partial(ask_by_hand, case, query)
        )
        assert len(asked) <= MOST_QUERIES, case.name
        ratio = ours / theirs
        mark = "slow" if ratio > SLOW else ""
        rows.append([case.name, 1000 * ours, 1000 * theirs, ratio, mark, len(asked)])
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


def prepare(customers: int, subscriptions: int) -> None:
    """Seeded, and every relationship verified once; nothing where that is done."""
    from django.db import connection

    from subscriptions.models import LastVerification
    from subscriptions.services.upkeep import verify_existing

    seconds = harness.seed(customers, subscriptions)
    harness.say(f"Seeded in {seconds:.0f} s.")
    if LastVerification.objects.exists():
        return
    harness.say(f"Verified in {timed(verify_existing):.0f} s.")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        harness.say(f"The database has {cursor.fetchone()[0]}.")


def main(customers: int = 20_000, subscriptions: int = 100_000) -> None:
    from portal.accounts.models import User
    from relationships.actors import Actor

    with harness.database():
        prepare(customers, subscriptions)
        actor = Actor.operator(User.objects.get(is_superuser=True))
        harness.table(
            f"Reports among {customers} customers and {subscriptions} subscriptions",
            ["report", "ms", "by hand", "ratio", "", "queries"],
            compare(actor),
        )
        harness.table("As CSV", ["report", "MB", "peak MB"], exported(actor))


if __name__ == "__main__":
    harness.begin()
    main(*map(int, sys.argv[1:]))
