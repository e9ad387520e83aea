"""Pages of the back office among a thousand and among a hundred thousand rows.

Every invitation was written to, one in ten twice, and one e-mail in fifty was lost.

    python -m tests.benchmarks.lists [MORE SUBSCRIPTIONS]

Time as a ratio (the same page, the more rows against the few) and queries.
"""

import sys
from datetime import timedelta
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
    "e-mails": "admin:relationships_outgoingemail_changelist",
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
    pages["invitations, e-mail sent"] = f"{pages['invitations']}?email=sent"
    pages["invitations, e-mail refused"] = f"{pages['invitations']}?email=refused"
    pages["e-mails, refused"] = f"{pages['e-mails']}?status__exact=refused"
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


def write_to_everybody() -> None:
    """E-mails to whom none was written yet, as if they had been sent."""
    from relationships.enums import EmailStatus
    from relationships.models import Invitation, OutgoingEmail

    new = Invitation.objects.filter(emails=None).exclude(recipient_email="")
    rows = new.values_list("pk", "recipient_email", "created_at", "subject").iterator()
    emails = (
        OutgoingEmail(
            invitation_id=pk,
            recipient=recipient,
            subject=subject,
            text=subject,
            status=EmailStatus.SENT if (number + again) % 50 else EmailStatus.REFUSED,
            attempts=1,
            queued_at=moment + again * timedelta(days=1),
        )
        for number, (pk, recipient, moment, subject) in enumerate(rows)
        for again in range(1 if number % 10 else 2)
    )
    OutgoingEmail.objects.bulk_create(emails, batch_size=2000)


def main(more: int = 100_000) -> None:
    from django.test.utils import setup_test_environment

    setup_test_environment(debug=False)
    with harness.database():
        harness.seed(FEW // 5, FEW)
        write_to_everybody()
        few = measured(harness.operators_client())
        seconds = harness.seed(more // 5, more)
        write_to_everybody()
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
