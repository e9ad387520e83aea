"""Moves of many subscriptions at once: read, moved in memory and written together.

Each move happens at its own due moment, however late it is made, and in the order of
these moments, so that the history tells the truth. The caller holds the locks.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Any

from django.db.models import Max, OuterRef, Subquery

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import ActivityRecord
from relationships.services import log
from relationships.services.activity import record_all

from ..calendar import next_term_end
from ..enums import (
    SUBSCRIPTION_TRANSITIONS,
    SubscriptionStatus,
    SubscriptionVerb,
    Term,
)
from ..models import (
    Offer,
    ScheduledChange,
    SeatEntry,
    StatusEntry,
    Subscription,
    SubscriptionTerm,
)
from . import events
from .moves import Due, deletion_of, next_move
from .prices import PriceList
from .seats import entries_with_seats, reduction_deadline, reductions, seats_added


def catch_up(subscription: Subscription) -> None:
    """Bring it to where time has moved it by now, whether the clock came by or not."""
    now, due = clock.now(), next_move(subscription)
    if due is not None and due.at <= now:
        move_due([subscription], now)


def move_due(rows: list[Subscription], now: datetime) -> int:
    """Make every move of these rows that is due by `now`; how many those were."""
    batch = Batch(rows)
    moves = batch.move_until(now)
    batch.write()
    return moves


class Batch:
    """Locked rows, what their moves have to know, and what they bring about."""

    def __init__(self, rows: list[Subscription]) -> None:
        self.rows = rows
        self._read()
        self.terms: list[SubscriptionTerm] = []
        self.seats: list[SeatEntry] = []
        self.statuses: list[StatusEntry] = []
        self.records: list[ActivityRecord] = []
        self.resized: list[tuple[Subscription, ActivityRecord]] = []
        self.applied: list[ScheduledChange] = []
        self.renewed: set[Subscription] = set()
        self.of_another_product: set[Subscription] = set()
        self.aged: set[Subscription] = set()

    def _read(self) -> None:
        """A handful of queries, however many rows there are."""
        status = SubscriptionStatus
        renewing = [row for row in self.rows if row.status == status.ACTIVE]
        disabled = [row for row in self.rows if row.status == status.DISABLED]
        self.deletions = _deletions(disabled)
        self.scheduled = _scheduled(renewing)
        self.numbers = dict(
            SubscriptionTerm.objects.filter(subscription__in=renewing)
            .order_by()
            .values_list("subscription")
            .annotate(Max("number"))
        )
        offers = {row.offer_id for row in renewing}
        offers |= {change.offer_id for change in self.scheduled.values()}
        self.prices = PriceList(offers)
        fewer = [
            row
            for row in renewing
            if row.pk in self.scheduled
            and self.scheduled[row.pk].quantity < row.quantity
        ]
        self.entries = _grouped(entries_with_seats(fewer))

    def move_until(self, now: datetime) -> int:
        """In memory, the earliest first; how many moves were made."""
        waiting = [
            (due.at, number)
            for number, row in enumerate(self.rows)
            if (due := self._next(row)) is not None and due.at <= now
        ]
        heapify(waiting)
        moves = 0
        while waiting:
            _moment, number = heappop(waiting)
            row = self.rows[number]
            self._move(row)
            moves += 1
            due = self._next(row)
            if due is not None and due.at <= now:
                heappush(waiting, (due.at, number))
        return moves

    def _next(self, row: Subscription) -> Due | None:
        if row.status == SubscriptionStatus.DISABLED:
            return self.deletions[row.pk]
        return next_move(row)

    def _move(self, row: Subscription) -> None:
        due = self._next(row)
        assert due is not None  # it waited for it
        with clock.at(due.at):
            if due.verb == SubscriptionVerb.RENEW:
                self._renew(row)
            else:
                self._age(row, due.verb)

    def _age(self, row: Subscription, verb: SubscriptionVerb) -> None:
        before = StatusEntry(subscription=row, status=row.status)
        row.status = SUBSCRIPTION_TRANSITIONS[row.status][verb]
        entry = StatusEntry(subscription=row, status=row.status, at=clock.now())
        self.statuses.append(entry)
        self.aged.add(row)
        if row.status == SubscriptionStatus.DISABLED:
            self.deletions[row.pk] = deletion_of([entry, before])
        self._tell(
            Operation.MOVE_SUBSCRIPTION,
            row,
            old={"status": before.status},
            new={"status": row.status},
        )

    def _renew(self, row: Subscription) -> None:
        """A new term with a new window, as scheduled, at the list price of that day."""
        before = {"offer": row.offer_id, "quantity": row.quantity}
        scheduled = self.scheduled.pop(row.pk, None)
        offer_id, quantity = row.offer_id, row.quantity
        if scheduled is not None:
            offer_id, quantity = scheduled.offer_id, scheduled.quantity
            self.applied.append(scheduled)
        assert offer_id is not None  # a CSP subscription has one
        term = self._begin_next_term(row, self.prices.of_the_day(offer_id))
        self._set_seats(row, quantity, term)
        record = self._tell(
            Operation.RENEW_SUBSCRIPTION,
            row,
            old=before,
            new={"term": term.number, "offer": term.offer_id, "quantity": quantity},
        )
        if quantity != before["quantity"]:
            self.resized.append((row, record))

    def _begin_next_term(self, row: Subscription, offer: Offer) -> SubscriptionTerm:
        starts_at, first_start = row.commitment_ends_at, row.started_at
        assert starts_at is not None  # a CSP subscription has both
        assert first_start is not None
        assert row.offer_id is not None
        self.numbers[row.pk] += 1
        term = SubscriptionTerm(
            subscription=row,
            number=self.numbers[row.pk],
            offer=offer,
            unit_price=offer.unit_price,
            currency=offer.currency,
            starts_at=starts_at,
            ends_at=next_term_end(first_start, starts_at, Term(offer.term)),
            reducible_until=reduction_deadline(starts_at),
        )
        self.terms.append(term)
        self.renewed.add(row)
        if offer.product_id != self.prices.offer(row.offer_id).product_id:
            row.product_name = offer.product.title
            self.of_another_product.add(row)
        row.offer = offer
        row.term, row.billing_plan = offer.term, offer.billing_plan
        row.commitment_ends_at = term.ends_at
        return term

    def _set_seats(
        self, row: Subscription, quantity: int, term: SubscriptionTerm
    ) -> None:
        """What the new term begins with: all of them are bought anew."""
        change = quantity - row.quantity
        if change > 0:
            self.seats.append(seats_added(row, change, term))
        elif change < 0:
            self.seats += reductions(row, -change, term, self.entries[row.pk])
        row.quantity = quantity

    def _tell(
        self,
        operation: Operation,
        row: Subscription,
        *,
        old: dict[str, Any],
        new: dict[str, Any],
    ) -> ActivityRecord:
        assert row.relationship is not None  # a CSP subscription has one
        record = log.unsaved(
            operation,
            row,
            actor=Actor.clock(),
            partner_id=row.relationship.partner_id,
            customer_id=row.customer_id,
            old=old,
            new=new,
        )
        self.records.append(record)
        return record

    def write(self) -> None:
        """Terms before the seats that they let go, and statuses without a change."""
        applied = [change.pk for change in self.applied]
        ScheduledChange.objects.filter(pk__in=applied).delete()
        SubscriptionTerm.objects.bulk_create(self.terms)
        self._write_renewed()
        self._write_aged()
        SeatEntry.objects.bulk_create(self.seats)
        StatusEntry.objects.bulk_create(self.statuses)
        record_all(self.records)
        for row, record in self.resized:
            events.seats_changed(row, record, by=Actor.clock())

    def _write_renewed(self) -> None:
        """As the newest term says: one statement for all."""
        if not self.renewed:
            return
        terms = SubscriptionTerm.objects.filter(subscription=OuterRef("pk"))
        newest = terms.order_by("-number")
        _stored(self.renewed).update(
            offer=Subquery(newest.values("offer")[:1]),
            term=Subquery(newest.values("offer__term")[:1]),
            billing_plan=Subquery(newest.values("offer__billing_plan")[:1]),
            commitment_ends_at=Subquery(newest.values("ends_at")[:1]),
        )
        for name, rows in _by(self.of_another_product, "product_name").items():
            _stored(rows).update(product_name=name)

    def _write_aged(self) -> None:
        for status, rows in _by(self.aged, "status").items():
            _stored(rows).update(status=status)


def _stored(rows: Iterable[Subscription]) -> Any:
    return Subscription.objects.filter(pk__in=[row.pk for row in rows])


def _by(rows: Iterable[Subscription], name: str) -> dict[str, list[Subscription]]:
    groups = defaultdict(list)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return groups


def _grouped(rows: Iterable[Any]) -> dict[Any, list[Any]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row.subscription_id].append(row)
    return groups


def _deletions(disabled: list[Subscription]) -> dict[Any, Due]:
    if not disabled:
        return {}
    entries = StatusEntry.objects.filter(subscription__in=disabled)
    newest = _grouped(entries.order_by("-at", "-id"))
    return {row.pk: deletion_of(newest[row.pk]) for row in disabled}


def _scheduled(renewing: list[Subscription]) -> dict[Any, ScheduledChange]:
    changes = ScheduledChange.objects.filter(subscription__in=renewing)
    return {change.subscription_id: change for change in changes}
