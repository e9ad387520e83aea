"""What the admin's page of one customer tells this actor, and nothing more."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import InvitationStatus
from relationships.models import (
    ActivityRecord,
    Customer,
    Invitation,
    ResellerRelationship,
)
from relationships.roles import Action
from subscriptions.enums import Channel
from subscriptions.models import LastVerification, Order, Subscription
from subscriptions.services.overlaps import IN_USE, titles_by_name
from subscriptions.snapshots import verify

SHOWN = 20
RECENT = 8  # lines of the activity log
ENDING_SOON = timedelta(days=90)


@dataclass
class ProductSeats:
    """Seats of one product, channel by channel."""

    title: str
    is_in_catalogue: bool = True
    by_channel: dict[str, int] = field(default_factory=dict)

    @property
    def cells(self) -> list[int]:
        return [self.by_channel.get(channel, 0) for channel in Channel.values]

    @property
    def total(self) -> int:
        return sum(self.by_channel.values())

    @property
    def is_paid_twice(self) -> bool:
        """By any two channels at the same time."""
        return len(self.by_channel) > 1

    @property
    def channels_text(self) -> str:
        return ", ".join(
            str(Channel(channel).label)
            for channel in Channel.values
            if channel in self.by_channel
        )


def customer_page(customer: Customer, actor: Actor) -> dict[str, Any]:
    """The context of `admin/relationships/customer/page.html`."""
    relationship = _relationship(customer, actor)
    is_related = relationship is not None and relationship.is_active
    visible = Subscription.objects.visible_to(actor).filter(customer=customer)
    current = visible.current().select_related(
        "offer", "relationship", "scheduled_change"
    )
    csp = list(current.csp())
    existing = list(current.existing())
    return {
        "relationship": relationship,
        "is_related": is_related,
        "shows_profile": is_related or actor.is_operator,
        "proof": verify(relationship) if relationship else None,
        "verified_at": _verified_at(relationship),
        "recorded_partners": _recorded_partners(relationship),
        "csp": csp,
        "existing": existing,
        "others": _others(customer, actor, is_related=is_related),
        "seats": seats_by_product([*csp, *existing]),
        "ending": ending_soon(existing),
        "ends_within": ENDING_SOON.days,
        "channels": Channel.labels,
        "invitations": _invitations(customer, actor),
        "orders": _orders(customer, actor),
        "records": _records(customer, actor),
    }


def _relationship(customer: Customer, actor: Actor) -> ResellerRelationship | None:
    """The active one, or the last one, as far as the actor sees it."""
    rows = ResellerRelationship.objects.visible_to(actor).filter(customer=customer)
    rows = rows.select_related("partner", "invitation__accepted_by")
    return rows.active().first() or rows.first()


def _verified_at(relationship: ResellerRelationship | None) -> datetime | None:
    """When a result was kept last: every day, or at somebody's word."""
    kept = LastVerification.objects.filter(relationship=relationship)
    return kept.values_list("verified_at", flat=True).first()


def _recorded_partners(
    relationship: ResellerRelationship | None,
) -> list[tuple[str, int]]:
    """Partners of Record as found when the relationship began: name and how many."""
    rows = relationship.existing_snapshot["rows"] if relationship else []
    return Counter(row["por_name"] for row in rows if row["por_name"]).most_common()


def _others(customer: Customer, actor: Actor, *, is_related: bool) -> dict[str, int]:
    """CSP rows of former partners: how many, and how many seats."""
    if actor.partner is None or not is_related:
        return {"count": 0, "seats": 0}
    rows = Subscription.objects.filter(customer=customer)
    return rows.of_other_partners(actor.partner)


def _invitations(customer: Customer, actor: Actor) -> Any:
    if not actor.may(Action.VIEW_INVITATIONS):
        return None
    rows = Invitation.objects.visible_to(actor).filter(sign_ins__customer=customer)
    rows = rows.exclude(status=InvitationStatus.DRAFT).select_related("customer")
    return rows.distinct().order_by("-created_at")[:SHOWN]


def _orders(customer: Customer, actor: Actor) -> Any:
    if not actor.may(Action.VIEW_ORDERS):
        return None
    rows = Order.objects.visible_to(actor).filter(customer=customer)
    return rows.select_related("placed_by").prefetch_related("lines__offer__product")[
        :SHOWN
    ]


def _records(customer: Customer, actor: Actor) -> Any:
    if not actor.may(Action.VIEW_ACTIVITY):
        return None
    rows = ActivityRecord.objects.visible_to(actor).filter(customer=customer)
    return rows.select_related("actor")[:RECENT]


def seats_by_product(subscriptions: list[Subscription]) -> list[ProductSeats]:
    """Seats per product over all channels; other channels' names are matched here."""
    titles = titles_by_name()
    products: dict[str, ProductSeats] = {}
    for row in subscriptions:
        if row.status not in IN_USE:
            continue
        known = titles.get(row.product_name.lower())
        title = known or row.product_name
        product = products.setdefault(title, ProductSeats(title, bool(known)))
        seats = product.by_channel.get(row.channel, 0)
        product.by_channel[row.channel] = seats + row.quantity
    return sorted(products.values(), key=lambda product: product.title)


def ending_soon(existing: list[Subscription]) -> list[tuple[Subscription, str]]:
    """Other channels' rows in use that end soon, and the product that CSP has for them:
    a suggestion, which touches none of them."""
    latest = clock.now() + ENDING_SOON
    titles = titles_by_name()
    ending = [
        (row, titles[row.product_name.lower()])
        for row in existing
        if row.status in IN_USE
        and row.commitment_ends_at is not None
        and clock.now() < row.commitment_ends_at <= latest
        and row.product_name.lower() in titles
    ]
    return sorted(ending, key=lambda pair: pair[0].commitment_ends_at or latest)
