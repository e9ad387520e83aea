"""Fills a portal chunk by chunk, each a transaction of its own.

The same numbers give the same rows. A run that was broken off is taken up again where
it stopped: each customer's story depends on its number alone.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from portal.accounts.models import User
from relationships.models import (
    ActivityRecord,
    Customer,
    CustomerAgreement,
    Invitation,
    Partner,
    ResellerRelationship,
    TenantMembership,
    TenantSignIn,
)
from subscriptions.models import (
    ObservationRetraction,
    Offer,
    Order,
    OrderLine,
    ScheduledChange,
    SeatEntry,
    StatusEntry,
    Subscription,
    SubscriptionTerm,
)

from .bulk import Rows, reserve_ids
from .customers import tell_customer
from .setting import Setting, create_setting, load_setting, tenant_id

CHUNK = 500  # customers
TENANTS_OF_ONE = 20  # so many a person looks after
# Each after what it refers to; a reduction of seats needs the terms too.
MODELS = (
    Customer,
    TenantMembership,
    Invitation,
    TenantSignIn,
    ResellerRelationship,
    CustomerAgreement,
    Subscription,
    ObservationRetraction,
    SubscriptionTerm,
    SeatEntry,
    StatusEntry,
    ScheduledChange,
    Order,
    OrderLine,
    ActivityRecord,
)

Progress = Callable[[int, int], None]


class NotEmptyError(Exception):
    """Why this database is left alone."""


@dataclass(frozen=True)
class Size:
    customers: int
    subscriptions: int

    def subscriptions_of(self, customers: int) -> int:
        """How many belong to the first so many customers."""
        return self.subscriptions * customers // self.customers


def fill(size: Size, now: datetime, progress: Progress) -> None:
    """Bring the portal to this size. NotEmptyError: it holds anything else.

    The history ends with the day before `now`, so that all runs of a day agree.
    """
    now = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begin = _refuse_other_data(size)
    if not Partner.objects.exists():
        with transaction.atomic():
            create_setting(now)
    setting = load_setting(now)
    for first in range(begin, size.customers, CHUNK):
        last = min(first + CHUNK, size.customers)
        with transaction.atomic():
            _write_chunk(setting, size, first, last)
        progress(last, size.customers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _refuse_other_data(size: Size) -> int:
    """How many customers of this very benchmark are there already."""
    customers = Customer.objects.count()
    first = Partner.objects.order_by("mpn_id").filter(tenant_id=tenant_id("partner 0"))
    if not first.exists():
        if customers or Partner.objects.exists() or Offer.objects.exists():
            raise NotEmptyError(
                "This database has partners, customers or offers of its own: benchmark "
                "data goes into an empty portal."
            )
        return 0
    found = Subscription.objects.count()
    if customers > size.customers or found != size.subscriptions_of(customers):
        raise NotEmptyError(
            f"This database holds benchmark data of another size ({customers} "
            f"customers, {found} subscriptions). Begin with an empty one."
        )
    return customers


def _write_chunk(setting: Setting, size: Size, first: int, last: int) -> None:
    rows, endings = Rows(*MODELS), []
    counts = _counts(setting, size, first, last)
    people = _create_people(first, last)
    for number in range(first, last):
        administrator = people[(number - first) // TENANTS_OF_ONE]
        ending = tell_customer(setting, rows, number, counts[number], administrator)
        if ending is not None:
            endings.append(ending)
    _number_seat_entries(rows)
    rows.of(ActivityRecord).sort(key=lambda values: values["at"])
    rows.write()
    for ending in endings:
        ending.write()


def _counts(setting: Setting, size: Size, first: int, last: int) -> Counter[int]:
    """Subscriptions of each customer: many have few, and few have many."""
    dice = setting.dice("counts", first)
    total = size.subscriptions_of(last) - size.subscriptions_of(first)
    weights = [dice.expovariate(1) for _number in range(first, last)]
    return Counter(dice.choices(range(first, last), weights, k=total))


def _create_people(first: int, last: int) -> list[User]:
    """Administrators who cannot sign in, and to whom no mail is sent."""
    return User.objects.bulk_create(
        User(
            login=f"administrator{number:06}@benchmark.example",
            full_name=f"Administrator {number:06}",
            password=make_password(None),
        )
        for number in range(first, last, TENANTS_OF_ONE)
    )


def _number_seat_entries(rows: Rows) -> None:
    """A reduction names the entry that it takes from, before either is stored."""
    entries = rows.of(SeatEntry)
    ids = reserve_ids(SeatEntry, len(entries))
    for entry, pk in zip(entries, ids, strict=True):
        entry["id"] = pk
        reduces = entry.pop("reduces")
        entry["reduces_id"] = reduces["id"] if reduces else None
