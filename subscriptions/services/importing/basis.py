"""What verdicts rest on beside the file: while that stays as it is, so do they.

A preview keeps the fingerprint of it. A recording that finds the same one under its
locks need not judge again.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count

from portal.foundation.among import Among
from relationships.models import Customer, Partner

from ...models import Import, ImportRow, Subscription
from ..observing import NAMED_PARTNER

MOST = 10_000  # customers: a file that names more of them is judged again
Identity = tuple[UUID, UUID, str | None]  # a customer's key, tenant and domain
IDENTITY = ("pk", "tenant_id", "primary_domain")


class Basis:
    """Grows with the customers that a file names, each as it was at its first sight.

    Observations and retractions are only ever added: as many are the very same ones.
    So what is told here has to be read before what is judged by.
    """

    def __init__(self, run: Import) -> None:
        self.channel = run.channel
        self.partners = _partners() if run.columns.keys() & {*NAMED_PARTNER} else []
        self.customers: dict[UUID, tuple[Identity, int, int]] = {}
        self.is_known = True

    def add(self, found: Iterable[Identity]) -> None:
        new = {}
        for identity in found:
            seen = self.customers.get(identity[0])
            if seen is None:
                new[identity[0]] = identity
            elif seen[0] != identity:  # between two parts of the file
                self.is_known = False
        if len(self.customers) + len(new) > MOST:
            self.is_known = False
        if new and self.is_known:
            counted = self._counted(new)
            for pk, identity in new.items():
                self.customers[pk] = (identity, *counted.get(pk, (0, 0)))

    def _counted(self, customers: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
        rows = Subscription.objects.filter(
            Among("customer_id", customers), channel=self.channel
        )
        counts = (
            rows.order_by()
            .values_list("customer")
            .annotate(Count("pk"), Count("retraction"))
        )
        return {customer: (rows, retracted) for customer, rows, retracted in counts}

    def with_rows(self, customers: set[UUID]) -> set[UUID]:
        """Those of whom anything was recorded at their first sight."""
        if not self.is_known:
            return customers
        return {pk for pk in customers if self.customers[pk][1]}

    @property
    def fingerprint(self) -> str:
        """Empty where it is not known."""
        if not self.is_known:
            return ""
        told = [self.partners, sorted(self.customers.values())]
        return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


def _partners() -> list[Any]:
    return list(Partner.objects.order_by("pk").values_list("pk", "mpn_id", "name"))


def has_changed(run: Import) -> bool:
    """Whether the verdicts of its preview may not hold any more."""
    if not run.basis:
        return True
    basis = Basis(run)
    customers = ImportRow.objects.filter(run=run).values("customer")
    rows = Customer.objects.filter(pk__in=customers).order_by()
    basis.add(rows.values_list(*IDENTITY).iterator())
    return basis.fingerprint != run.basis
