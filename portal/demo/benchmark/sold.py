"""What a partner sells to a customer: orders, and the life of each subscription."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings

from portal.accounts.models import User
from relationships.enums import Operation, StaffRole
from subscriptions.calendar import next_term_end
from subscriptions.enums import Channel, SubscriptionStatus, Term
from subscriptions.models import (
    Offer,
    Order,
    OrderLine,
    ScheduledChange,
    SeatEntry,
    StatusEntry,
    Subscription,
    SubscriptionTerm,
)

from .bulk import Rows
from .log import CLOCK, By, Log
from .setting import Seller, Setting, Sold

SEATS = [1, 2, 3, 5, 8, 10, 15, 20, 25, 40, 60, 80]
LINES = [1, 1, 2, 3]
# What happens to one in the end; most renew on and on.
FATES = ["renews"] * 80 + ["stops"] * 8 + ["suspended"] * 6 + ["reactivated"] * 4
FATES += ["cancelled"] * 2
FATES_BEFORE_THE_END = ["suspended"] * 9 + ["cancelled"]
SCHEDULED = 40  # one of so many renewing ones
WINDOW = timedelta(days=settings.REDUCTION_WINDOW_DAYS)


@dataclass(frozen=True)
class Sale:
    """Who sells to whom, under which relationship and until when."""

    rows: Rows
    seller: Seller
    agent: User
    customer_id: uuid.UUID
    relationship_id: uuid.UUID
    since: datetime
    until: datetime
    has_ended: bool

    @property
    def log(self) -> Log:
        return Log(self.rows, self.customer_id, self.seller.partner.pk)

    @property
    def by(self) -> By:
        return By(self.agent, StaffRole.SALES_AGENT)


def sell(setting: Setting, sale: Sale, count: int, dice: Random) -> None:
    """Orders with `count` subscriptions in all."""
    while count:
        lines = min(count, dice.choice(LINES))
        _order(setting, sale, lines, dice)
        count -= lines


def _order(setting: Setting, sale: Sale, lines: int, dice: Random) -> None:
    moment = sale.since + (sale.until - sale.since) * dice.random() * 0.9
    moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    order = sale.rows.add(
        Order,
        id=uuid.UUID(int=dice.getrandbits(128), version=4),
        customer_id=sale.customer_id,
        relationship_id=sale.relationship_id,
        request_key=uuid.UUID(int=dice.getrandbits(128), version=4),
        placed_at=moment,
        placed_by_id=sale.agent.pk,
    )
    told = []
    for _line in range(lines):
        sold, seats = dice.choice(sale.seller.sold), dice.choice(SEATS)
        life = Life(sale, sold, moment, setting.now, dice)
        life.unfold(seats)
        offer = sold.at(moment)
        sale.rows.add(
            OrderLine,
            order_id=order["id"],
            offer_id=offer.pk,
            quantity=seats,
            unit_price=offer.unit_price,
            currency=offer.currency,
            subscription_id=life.id,
        )
        told.append({"offer": offer.pk, "quantity": seats})
    sale.log.tell(
        Operation.CREATE_ORDER,
        (Order, order["id"]),
        at=moment,
        by=sale.by,
        new={"lines": told},
    )


@dataclass
class Life:
    """One subscription from its order until now."""

    sale: Sale
    sold: Sold
    start: datetime
    now: datetime
    dice: Random
    id: uuid.UUID = field(init=False)
    status: str = SubscriptionStatus.ACTIVE
    auto_renews: bool = True
    quantity: int = 0
    terms: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def unfold(self, seats: int) -> None:
        fates = FATES_BEFORE_THE_END if self.sale.has_ended else FATES
        fate = self.dice.choice(fates)
        turn = self._turn(fate)
        self._become(SubscriptionStatus.ACTIVE, self.start)
        self._begin_term(self.start)
        self._add_seats(self.start, seats)
        self._live_until(turn)
        getattr(self, f"_{fate}")(turn)
        self._store()

    def _turn(self, fate: str) -> datetime:
        """When its fate turns; it renews and grows until then."""
        latest = self.sale.until - timedelta(seconds=1)
        if fate == "renews":
            return self.now
        if fate == "cancelled":
            return min(latest, self.start + WINDOW * self.dice.random())
        return self.start + (latest - self.start) * self.dice.random()

    def _live_until(self, turn: datetime) -> None:
        grows_at = None
        if self.dice.random() < 0.3 and turn - self.start > WINDOW:
            grows_at = self.start + (turn - self.start) * self.dice.uniform(0.1, 0.9)
        while self.end <= turn:
            if grows_at is not None and grows_at < self.end:
                self._grow(grows_at, turn)
                grows_at = None
            self._renew()
        if grows_at is not None:
            self._grow(grows_at, turn)

    @property
    def end(self) -> datetime:
        end: datetime = self.terms[-1]["ends_at"]
        return end

    def _renews(self, turn: datetime) -> None:
        if self.dice.randrange(SCHEDULED) == 0:
            self._schedule()

    def _stops(self, turn: datetime) -> None:
        self.auto_renews = False
        self._tell(
            Operation.SET_AUTO_RENEW,
            turn,
            old={"auto_renews": True},
            new={"auto_renews": False},
        )
        self._run_out()

    def _reactivated(self, turn: datetime) -> None:
        self._suspend(turn)
        again = turn + (min(self.end, self.now) - turn) * 0.5
        self._become(SubscriptionStatus.ACTIVE, again)
        self._tell_status(Operation.REACTIVATE, again, SubscriptionStatus.SUSPENDED)
        self._run_out()

    def _suspended(self, turn: datetime) -> None:
        self._suspend(turn)
        if self._age(SubscriptionStatus.DISABLED, self.end):
            days = timedelta(days=settings.DISABLED_DAYS_AFTER_SUSPENSION)
            self._age(SubscriptionStatus.DELETED, self.end + days)

    def _cancelled(self, turn: datetime) -> None:
        self.auto_renews = False
        self._become(SubscriptionStatus.DELETED, turn)
        self._tell(
            Operation.CANCEL,
            turn,
            old={"status": "active", "auto_renews": True},
            new={"status": "deleted", "auto_renews": False},
        )

    def _suspend(self, moment: datetime) -> None:
        self.auto_renews = False
        self._become(SubscriptionStatus.SUSPENDED, moment)
        self._tell(
            Operation.SUSPEND,
            moment,
            old={"status": "active", "auto_renews": True},
            new={"status": "suspended", "auto_renews": False},
        )

    def _run_out(self) -> None:
        expired = self.end + timedelta(days=settings.EXPIRED_DAYS)
        disabled = expired + timedelta(days=settings.DISABLED_DAYS)
        _all = (
            self._age(SubscriptionStatus.EXPIRED, self.end)
            and self._age(SubscriptionStatus.DISABLED, expired)
            and self._age(SubscriptionStatus.DELETED, disabled)
        )

    def _age(self, status: SubscriptionStatus, moment: datetime) -> bool:
        """What the clock does, if that moment has come."""
        if moment > self.now:
            return False
        before = self.status
        self._become(status, moment)
        self._tell_status(Operation.MOVE_SUBSCRIPTION, moment, before, by=CLOCK)
        return True

    def _become(self, status: SubscriptionStatus, moment: datetime) -> None:
        self.status = status
        self.sale.rows.add(
            StatusEntry, subscription_id=self.id, status=status, at=moment
        )

    def _begin_term(self, moment: datetime) -> Offer:
        offer = self.sold.at(moment)
        row = self.sale.rows.add(
            SubscriptionTerm,
            subscription_id=self.id,
            number=len(self.terms) + 1,
            offer_id=offer.pk,
            unit_price=offer.unit_price,
            currency=offer.currency,
            starts_at=moment,
            ends_at=next_term_end(self.start, moment, Term(offer.term)),
            reducible_until=moment + WINDOW,
        )
        self.terms.append(row)
        return offer

    def _renew(self) -> None:
        moment, earlier = self.end, self.terms[-1]["offer_id"]
        offer = self._begin_term(moment)
        self._tell(
            Operation.RENEW_SUBSCRIPTION,
            moment,
            by=CLOCK,
            old={"offer": earlier, "quantity": self.quantity},
            new={
                "term": len(self.terms),
                "offer": offer.pk,
                "quantity": self.quantity,
            },
        )

    def _add_seats(self, moment: datetime, seats: int) -> dict[str, Any]:
        self.quantity += seats
        return self.sale.rows.add(
            SeatEntry,
            subscription_id=self.id,
            change=seats,
            at=moment,
            reducible_until=moment + WINDOW,
            unit_price=self.terms[-1]["unit_price"],
            reduces=None,
        )

    def _grow(self, moment: datetime, turn: datetime) -> None:
        """More seats; sometimes the half of them goes again within the window."""
        seats = self.dice.randint(2, 20)
        before = self.quantity
        entry = self._add_seats(moment, seats)
        self._tell_seats(moment, before)
        later = moment + WINDOW * 0.5
        if later < min(turn, self.end) and self.dice.random() < 0.2:
            self._take_half(entry, later)

    def _take_half(self, entry: dict[str, Any], moment: datetime) -> None:
        before, taken = self.quantity, entry["change"] // 2
        self.quantity -= taken
        self.sale.rows.add(
            SeatEntry,
            subscription_id=self.id,
            change=-taken,
            at=moment,
            reducible_until=None,
            unit_price=entry["unit_price"],
            reduces=entry,
        )
        self._tell_seats(moment, before)

    def _schedule(self) -> None:
        moment = max(self.start, self.now - timedelta(days=1))
        planned = {"offer": self.sold.at(moment).pk, "quantity": self.quantity + 5}
        self.sale.rows.add(
            ScheduledChange,
            subscription_id=self.id,
            offer_id=planned["offer"],
            quantity=planned["quantity"],
            scheduled_at=moment,
            scheduled_by_id=self.sale.agent.pk,
        )
        self._tell(Operation.SCHEDULE_CHANGE, moment, new=planned)

    def _tell_seats(self, moment: datetime, before: int) -> None:
        self._tell(
            Operation.CHANGE_SEATS,
            moment,
            old={"quantity": before},
            new={"quantity": self.quantity},
        )

    def _tell_status(
        self, operation: Operation, moment: datetime, before: str, by: By | None = None
    ) -> None:
        self._tell(
            operation,
            moment,
            by=by,
            old={"status": str(before)},
            new={"status": str(self.status)},
        )

    def _tell(
        self,
        operation: Operation,
        moment: datetime,
        *,
        by: By | None = None,
        old: dict[str, Any] | None = None,
        new: dict[str, Any] | None = None,
    ) -> None:
        by = by or self.sale.by
        what = (Subscription, self.id)
        self.sale.log.tell(operation, what, at=moment, by=by, old=old, new=new)

    def _store(self) -> None:
        """Without seats: the entries bring them."""
        offer = self.sold.at(self.terms[-1]["starts_at"])
        named = self.dice.random() < 0.1
        self.sale.rows.add(
            Subscription,
            id=self.id,
            customer_id=self.sale.customer_id,
            channel=Channel.CSP,
            relationship_id=self.sale.relationship_id,
            offer_id=offer.pk,
            product_name=offer.product.title,
            status=self.status,
            term=offer.term,
            billing_plan=offer.billing_plan,
            started_at=self.start,
            commitment_ends_at=self.end,
            auto_renews=self.auto_renews,
            friendly_name=f"{offer.product.title} for the office" if named else "",
            recorded_at=self.start,
        )
