"""States that the services reach, told by calling them."""

import uuid
from typing import Any

from relationships.actors import Actor
from relationships.enums import SentHow
from relationships.models import Customer, Invitation, Partner, ResellerRelationship
from relationships.services import invitations
from subscriptions.models import Offer, Subscription
from subscriptions.services.observations import Statement, record_observation
from subscriptions.services.ordering import LineRequest, place_order

from .factories import (
    OfferFactory,
    StaffMembershipFactory,
    TenantMembershipFactory,
    UserFactory,
)


def staff(partner: Partner | None = None, role: str = "sales_agent") -> Actor:
    """Somebody of this partner, or of a new one."""
    given = {"partner": partner} if partner else {}
    return Actor.staff(StaffMembershipFactory(role=role, **given))


def tenant(
    customer: Customer | None = None, role: str = "global_administrator"
) -> Actor:
    """Somebody of this customer's tenant, or of a new one."""
    given = {"customer": customer} if customer else {}
    return Actor.tenant(TenantMembershipFactory(role=role, **given))


def operator() -> Actor:
    return Actor.operator(UserFactory(is_staff=True, is_superuser=True))


def invitation(actor: Actor, **values: Any) -> Invitation:
    """A draft."""
    return invitations.create_invitation(actor=actor, **values)


def sent_invitation(actor: Actor, **values: Any) -> Invitation:
    draft = invitation(actor, **values)
    return invitations.send_invitation(draft, actor=actor, how=SentHow.BY_HAND)


def signed_in_invitation(actor: Actor, by: Actor, **values: Any) -> Invitation:
    sent = sent_invitation(actor, **values)
    return invitations.sign_in_to_invitation(sent, actor=by)


def relationship(actor: Actor, by: Actor, **values: Any) -> ResellerRelationship:
    """An active one, by an invitation of `actor` that `by` accepted."""
    signed_in = signed_in_invitation(actor, by, **values)
    return invitations.accept_invitation(signed_in, actor=by, agreed=True)


def observation(customer: Customer, **values: Any) -> Subscription:
    """An existing subscription, as the operator records it."""
    statement = {
        "channel": "direct",
        "product_name": "Office 365 E3",
        "quantity": 25,
        "external_id": str(uuid.uuid4()),
        **values,
    }
    return record_observation(
        customer, actor=operator(), statement=Statement(**statement)
    )


def csp_subscription(
    actor: Actor, customer: Customer, offer: Offer | None = None, quantity: int = 5
) -> Subscription:
    """One that `actor` ordered under its active relationship with `customer`."""
    line = LineRequest(offer or OfferFactory(), quantity)
    order = place_order(
        customer,
        actor=actor,
        lines=[line],
        request_key=uuid.uuid4(),
        acknowledges_overlap=True,
    )
    return Subscription.objects.get(order_line__order=order)
