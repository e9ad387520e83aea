"""Which page an invitation shows to whom: every way that is not the happy one too."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from relationships.actors import Actor
from relationships.enums import CaseKind, InvitationStatus
from relationships.models import Invitation
from relationships.roles import Action
from relationships.services import rules

if TYPE_CHECKING:
    from .visits import Visit


class Situation(StrEnum):
    """The value names the template."""

    LANDING = "landing"
    WRONG_TENANT = "wrong_tenant"
    ALREADY_LINKED = "already_linked"
    OTHER_PARTNER = "other_partner"
    OTHER_MARKET = "other_market"
    NOT_ADMINISTRATOR = "not_administrator"
    DECISION = "decision"
    RECEIPT = "receipt"
    ANSWERED = "answered"
    CLOSED = "closed"
    REPLACED = "replaced"

    @property
    def template(self) -> str:
        return f"public/invitation/{self}.html"

    @property
    def may_ask(self) -> bool:
        """Whether a new link can be asked for."""
        return self in (Situation.CLOSED, Situation.REPLACED)


CLOSED_STATUSES = (
    InvitationStatus.DECLINED,
    InvitationStatus.EXPIRED,
    InvitationStatus.WITHDRAWN,
)
OBSTACLES = {
    CaseKind.ONE_TRANSACTING_PARTNER: Situation.OTHER_PARTNER,
    CaseKind.REGION: Situation.OTHER_MARKET,
}


def situation_of(visit: Visit) -> Situation:
    invitation, tenant = visit.invitation, visit.tenant
    if not visit.is_current:
        return Situation.REPLACED
    status = invitation.current_status
    if status in CLOSED_STATUSES:
        return Situation.CLOSED
    if status == InvitationStatus.ACCEPTED:
        is_own = tenant is not None and tenant.customer == invitation.customer
        return Situation.RECEIPT if is_own else Situation.ANSWERED
    if tenant is None:
        return Situation.LANDING
    return _situation_of_tenant(invitation, tenant)


def _situation_of_tenant(invitation: Invitation, tenant: Actor) -> Situation:
    """Somebody acts for a tenant, and the invitation waits for an answer."""
    customer = tenant.customer
    assert customer is not None  # a tenant's actor
    if not invitation.admits(customer):
        return Situation.WRONG_TENANT
    if not has_signed_in(invitation, tenant):
        return Situation.LANDING
    relationship = customer.active_relationship
    if relationship is not None and relationship.partner_id == invitation.partner_id:
        return Situation.ALREADY_LINKED
    obstacle = rules.obstacle(invitation.partner, customer)
    if obstacle is not None:
        return OBSTACLES[obstacle]
    if not tenant.may(Action.ANSWER_INVITATION, invitation):
        return Situation.NOT_ADMINISTRATOR
    return Situation.DECISION


def has_signed_in(invitation: Invitation, tenant: Actor) -> bool:
    """Whether this very person did, for this tenant: the receipt tells how."""
    own = invitation.sign_ins.filter(customer=tenant.customer, user=tenant.user)
    return own.exists()
