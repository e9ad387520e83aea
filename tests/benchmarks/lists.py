"""Pages of the back office among a thousand and among a hundred thousand rows.

    python -m tests.benchmarks.lists [MORE SUBSCRIPTIONS]

Time as a ratio (the same page, the more rows against the few) and queries.
"""

import sys
from typing import Any

from . import harness

FEW = 1_000
LISTS = {
    "customers": "admin:relationships_customer_changelist",
    "invitations": "admin:relationships_invitation_changelist",
    "relationships": "admin:relationships_resellerrelationship_changelist",
    "CSP subscriptions": "admin:subscriptions_cspsubscription_changelist",
    "existing subscriptions": "admin:subscriptions_existingsubscription_changelist",
    "orders": "admin:subscriptions_order_changelist",
    "activity log": "admin:relationships_activityrecord_changelist",
}


def addresses() -> dict[str, str]:
    """Each list, its last page by search, a customer's page, and the front page."""
    from django.urls import reverse

    from relationships.models import Customer

    pages = {name: reverse(view) for name, view in LISTS.items()}
    found = Customer.objects.get(company_name="Customer 000100")
    pages["customers, searched"] = f"{pages['customers']}?q=customer000100"
    pages["CSP subscriptions, filtered"] = (
        f"{pages['CSP subscriptions']}?status__exact=suspended"
    )
    pages["a customer's page"] = found.get_absolute_url()
    pages["front page"] = reverse("admin:index")
    return pages


def measured(client: Any) -> dict[str, tuple[float, int]]:
    """Seconds and queries of each page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    results = {}
    for name, address in addresses().items():
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
            queries = len(captured)
        assert answer.status_code == 200, (name, answer.status_code)
        seconds = harness.usual_time(lambda address=address: client.get(address))
        results[name] = (seconds, queries)
    return results


def main(more: int = 100_000) -> None:
    from django.test.utils import setup_test_environment

    setup_test_environment(debug=False)
    with harness.database():
        harness.seed(FEW // 5, FEW)
        few = measured(harness.operators_client())
        seconds = harness.seed(more // 5, more)
        harness.say(f"{more} subscriptions were there after {seconds:.0f} s.")
        many = measured(harness.operators_client())
    harness.table(
        f"Pages among {FEW} and among {more} subscriptions",
        ["page", "ms", "ms", "ratio", "queries", "queries"],
        [
            [name, 1000 * before, 1000 * after, after / before, queries, later]
            for (name, (before, queries)), (after, later) in zip(
                few.items(), many.values(), strict=True
            )
        ],
    )


if __name__ == "__main__":
    harness.begin()
    main(*map(int, sys.argv[1:]))
