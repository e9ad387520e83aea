"""Locks, in the one order: partner, customer, invitation, relationship."""

import uuid

from ..models import Customer, Invitation, Partner, ResellerRelationship
from .rules import require_transacting


def lock_partner(partner_id: uuid.UUID) -> Partner:
    """One at a time asks for a partner: a second click finds what the first made."""
    return Partner.objects.select_for_update(no_key=True).get(pk=partner_id)


def lock_transacting(partner: Partner) -> Partner:
    """The same, before it asks. PermissionDenied when it is an Advisor only."""
    partner = lock_partner(partner.pk)
    require_transacting(partner)
    return partner


def lock_customer(customer_id: uuid.UUID) -> Customer:
    return Customer.objects.select_for_update().get(pk=customer_id)


def lock_invitation(invitation: Invitation) -> Invitation:
    """The stored row, locked: what is in memory may be old."""
    rows = Invitation.objects.select_related("partner", "created_by", "customer")
    return rows.select_for_update(of=("self",)).get(pk=invitation.pk)


def lock_relationship(relationship: ResellerRelationship) -> ResellerRelationship:
    lock_customer(relationship.customer_id)
    rows = ResellerRelationship.objects.select_related(
        "partner", "customer", "invitation"
    )
    return rows.select_for_update(of=("self",)).get(pk=relationship.pk)
