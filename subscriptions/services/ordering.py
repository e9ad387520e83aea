"""Ordering: several lines at once, under an active relationship, once per request."""

from collections import Counter
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import (
    Customer,
    CustomerAgreement,
    Partner,
)
from relationships.roles import Action
from relationships.services.activity import record
from relationships.services.rules import refuse_other_market, require_transacting

from ..calendar import next_term_end
from ..enums import Channel, Term
from ..models import (
    Offer,
    Order,
    OrderLine,
    SeatEntry,
    StatusEntry,
    Subscription,
    SubscriptionTerm,
)
from . import events
from .locking import lock_active_relationship, lock_customer
from .overlaps import overlaps
from .seats import reduction_deadline, refuse_seats_outside_limits


@dataclass(frozen=True)
class LineRequest:
    """An offer to order: seats, and a friendly name or none."""

    offer: Offer
    quantity: int
    friendly_name: str = ""


@transaction.atomic
def place_order(
    customer: Customer,
    *,
    actor: Actor,
    lines: list[LineRequest],
    request_key: UUID,
    acknowledges_overlap: bool = False,
) -> Order:
    """Order CSP subscriptions beside whatever the customer has.

    The same `request_key` gives the same order again. ValidationError:
    `csp_needs_relationship`, `region`, `agreement_missing`, `no_lines`, `seat_limits`,
    `offer`, `overlap` (the customer has the same by another channel, and that was not
    acknowledged), `request_key` (it was used for another customer or other lines).
    """
    actor.require(Action.ORDER)
    assert actor.user is not None  # only staff orders
    customer = lock_customer(customer)
    earlier = Order.objects.filter(request_key=request_key).first()
    if earlier is not None:
        return _same_order(earlier, customer, lines, actor)
    relationship = lock_active_relationship(customer, actor)
    lines = [replace(line, offer=_stored(line.offer)) for line in lines]
    _require_ready(customer, relationship.partner)
    _check_lines(lines, relationship.partner)
    if not acknowledges_overlap:
        _refuse_overlap(customer, lines)
    order = Order.objects.create(
        customer=customer,
        relationship=relationship,
        request_key=request_key,
        placed_at=clock.now(),
        placed_by=actor.user,
    )
    for line in lines:
        _provision(order, line)
    record(
        Operation.CREATE_ORDER,
        order,
        actor=actor,
        partner=relationship.partner,
        customer=customer,
        new={"lines": [_as_values(line) for line in lines]},
    )
    events.order_confirmed(order, by=actor)
    return order


def _same_order(
    earlier: Order, customer: Customer, lines: list[LineRequest], actor: Actor
) -> Order:
    """The order that this request has made already."""
    actor.require(Action.ORDER, earlier)
    if earlier.customer_id != customer.pk:
        raise ValidationError(
            _("This order was placed for another customer. Start a new one."),
            code="request_key",
        )
    ordered = Counter(earlier.lines.values_list("offer", "quantity"))
    if ordered != Counter((line.offer.pk, line.quantity) for line in lines):
        raise ValidationError(
            _(
                "This form has ordered something else already, and nothing was "
                "ordered now. Review it once more if you want this too."
            ),
            code="request_key",
        )
    return earlier


def _as_values(line: LineRequest) -> dict[str, int]:
    return {"offer": line.offer.pk, "quantity": line.quantity}


def _require_ready(customer: Customer, partner: Partner) -> None:
    require_transacting(partner)
    refuse_other_market(partner, customer)
    refuse_without_agreement(customer, partner)


def refuse_without_agreement(customer: Customer, partner: Partner) -> None:
    """ValidationError `agreement_missing`: nobody has accepted the agreement."""
    if not customer.agreements.filter(
        CustomerAgreement.objects.all().of_partner(partner)
    ).exists():
        raise ValidationError(
            _(
                "%(customer)s has not accepted the customer agreement. Attest who "
                "accepted it, and when."
            ),
            code="agreement_missing",
            params={"customer": customer},
        )


def _refuse_overlap(customer: Customer, lines: list[LineRequest]) -> None:
    found = overlaps(customer, [line.offer.product for line in lines])
    if found:
        raise ValidationError(
            _(
                "The customer has this by another channel too, and would pay twice: "
                "%(existing)s."
            ),
            code="overlap",
            params={"existing": ", ".join(str(row) for row in found)},
        )


def _stored(offer: Offer) -> Offer:
    """The offer as it is now: a price list may have come in since it was chosen."""
    return Offer.objects.select_related("product").get(pk=offer.pk)


def _check_lines(lines: list[LineRequest], partner: Partner) -> None:
    if not lines:
        raise ValidationError(_("Choose at least one offer."), code="no_lines")
    for line in lines:
        refuse_seats_outside_limits(line.offer, line.quantity)
        if not line.offer.is_available:
            raise ValidationError(
                _("%(offer)s is no longer sold at this price. Choose again."),
                code="offer",
                params={"offer": line.offer},
            )
        if line.offer.currency != partner.currency:
            raise ValidationError(
                _("%(offer)s is not sold in your currency."),
                code="offer",
                params={"offer": line.offer},
            )


def _provision(order: Order, line: LineRequest) -> None:
    """One line's subscription, with the first entries of its history."""
    offer, now = line.offer, order.placed_at
    term = SubscriptionTerm(
        number=1,
        offer=offer,
        unit_price=offer.unit_price,
        currency=offer.currency,
        starts_at=now,
        ends_at=next_term_end(now, now, Term(offer.term)),
        reducible_until=reduction_deadline(now),
    )
    subscription = Subscription.objects.create(
        customer=order.customer,
        channel=Channel.CSP,
        relationship=order.relationship,
        offer=offer,
        product_name=offer.product.title,
        term=offer.term,
        billing_plan=offer.billing_plan,
        started_at=now,
        commitment_ends_at=term.ends_at,
        auto_renews=True,
        friendly_name=line.friendly_name.strip(),
        recorded_at=now,
    )
    _begin_history(subscription, term, line.quantity)
    OrderLine.objects.create(
        order=order,
        offer=offer,
        quantity=line.quantity,
        unit_price=offer.unit_price,
        currency=offer.currency,
        subscription=subscription,
    )


def _begin_history(
    subscription: Subscription, term: SubscriptionTerm, seats: int
) -> None:
    term.subscription = subscription
    term.save()
    SeatEntry.objects.create(
        subscription=subscription,
        change=seats,
        at=term.starts_at,
        reducible_until=term.reducible_until,
        unit_price=term.unit_price,
    )
    StatusEntry.objects.create(
        subscription=subscription, status=subscription.status, at=term.starts_at
    )
