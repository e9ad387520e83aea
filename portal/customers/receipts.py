"""What a relationship's receipt tells, from what was written when it began."""

from typing import Any

from django.utils.dateparse import parse_datetime

from relationships.models import CustomerAgreement, ResellerRelationship, TenantSignIn
from subscriptions.models import Subscription


def receipt_of(relationship: ResellerRelationship) -> dict[str, Any]:
    return {
        "relationship": relationship,
        "invitation": relationship.invitation,
        "sign_in": _sign_in(relationship),
        "agreement": _agreement(relationship),
        "subscriptions": as_found(relationship.existing_snapshot),
    }


def as_found(snapshot: dict[str, Any]) -> list[Subscription]:
    """The rows of a snapshot, to be shown and never saved: not what is stored now."""
    rows = [
        Subscription(
            product_name=row["product_name"],
            channel=row["channel"],
            quantity=row["quantity"],
            por_name=row["por_name"],
            por_mpn_id=row["por_mpn_id"],
            commitment_ends_at=_moment(row["commitment_ends_at"]),
        )
        for row in snapshot["rows"]
    ]
    return sorted(rows, key=lambda row: row.product_name)


def _moment(value: str | None) -> Any:
    return parse_datetime(value) if value else None


def _sign_in(relationship: ResellerRelationship) -> TenantSignIn | None:
    """How the person who accepted had signed in."""
    invitation = relationship.invitation
    if invitation is None:
        return None
    signs = invitation.sign_ins.filter(customer=relationship.customer_id)
    return signs.filter(user=invitation.accepted_by_id).first()


def _agreement(relationship: ResellerRelationship) -> CustomerAgreement | None:
    """What was agreed with this acceptance: the first from its moment on."""
    if relationship.invitation is None:
        return None
    later = CustomerAgreement.objects.filter(
        customer=relationship.customer_id, accepted_at__gte=relationship.established_at
    )
    return later.order_by("accepted_at").first()
