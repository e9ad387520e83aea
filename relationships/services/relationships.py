"""A reseller relationship begins (by an invitation or a new tenant) and ends."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import AgreementHow, ApprovalVerb, Operation, RelationshipOrigin
from ..exceptions import TransitionNotAllowed
from ..existing import Blocker
from ..models import (
    Approval,
    Customer,
    CustomerAgreement,
    Invitation,
    Partner,
    ResellerRelationship,
)
from ..roles import Action
from . import events
from .activity import record
from .cases import close_case
from .locking import lock_relationship
from .rules import refuse_alone


def establish_by_invitation(
    invitation: Invitation, *, actor: Actor
) -> ResellerRelationship:
    """Part of acceptance: the caller holds the locks and has checked the rules."""
    customer = invitation.customer
    assert customer is not None  # an accepted invitation has one
    relationship = _establish(
        invitation.partner,
        customer,
        actor=actor,
        origin=RelationshipOrigin.INVITATION,
        invitation=invitation,
        established_at=invitation.accepted_at,
    )
    CustomerAgreement.objects.create(
        customer=customer,
        **CustomerAgreement.current_version(),
        accepted_at=relationship.established_at,
        accepted_by=actor.user,
        how=AgreementHow.ACCEPTED,
    )
    events.accepted(relationship, by=actor)
    return relationship


def establish_by_provisioning(
    customer: Customer, *, actor: Actor
) -> ResellerRelationship:
    """Part of *Add customer*: a tenant that the partner itself provisions."""
    assert actor.partner is not None  # checked by the caller
    return _establish(
        actor.partner,
        customer,
        actor=actor,
        origin=RelationshipOrigin.PROVISIONED,
        established_at=clock.now(),
    )


def _establish(
    partner: Partner, customer: Customer, *, actor: Actor, **fields: Any
) -> ResellerRelationship:
    """Write the relationship with what was found, in one row and once."""
    found = customer.subscriptions.snapshot_existing()
    relationship = ResellerRelationship.objects.create(
        partner=partner,
        customer=customer,
        existing_snapshot=found.as_json(),
        existing_count=found.count,
        existing_fingerprint=found.fingerprint,
        **fields,
    )
    record(
        Operation.ESTABLISH_RELATIONSHIP,
        relationship,
        actor=actor,
        partner=partner,
        customer=customer,
        new={
            "origin": relationship.origin,
            "existing_count": found.count,
            "existing_fingerprint": found.fingerprint,
        },
    )
    return relationship


_before_ending: list[Callable[[ResellerRelationship], None]] = []


def before_ending(store: Callable[[ResellerRelationship], None]) -> None:
    """Let an app store what time has done by then, once the locks are held."""
    _before_ending.append(store)


def blockers_of(relationship: ResellerRelationship) -> list[Blocker]:
    """What this partner still sells to the customer, under an earlier one too.

    Without a relationship it could no longer manage those either.
    """
    own = ResellerRelationship.objects.filter(
        partner=relationship.partner, customer=relationship.customer
    )
    return [blocker for each in own for blocker in each.subscriptions.active()]


@transaction.atomic
def end_relationship(
    relationship: ResellerRelationship,
    *,
    actor: Actor,
    reason: str,
    approval: Approval | None = None,
) -> ResellerRelationship:
    """End it for good; the customer is told and existing subscriptions stay.

    TransitionNotAllowed when it has ended; ValidationError `reason` (none given),
    `ended_once` (params: blockers) while a CSP subscription under it is active, or
    `second_person` where the partner wants one (`approval`).
    """
    relationship = lock_relationship(relationship)
    actor.require(Action.END_RELATIONSHIP, relationship)
    if not relationship.is_active:
        raise TransitionNotAllowed(_("This relationship has ended already."))
    if not reason.strip():
        raise ValidationError(_("Say why the relationship ends."), code="reason")
    _refuse_while_it_sells(relationship)
    refuse_alone(
        ApprovalVerb.END_RELATIONSHIP,
        relationship,
        relationship.partner,
        actor=actor,
        approval=approval,
    )
    relationship.ended_at = clock.now()
    relationship.ended_by = actor.user
    relationship.end_reason = reason.strip()
    relationship.save(update_fields=["ended_at", "ended_by", "end_reason"])
    record(
        Operation.END_RELATIONSHIP,
        relationship,
        actor=actor,
        partner=relationship.partner,
        customer=relationship.customer,
        reason=relationship.end_reason,
    )
    for case in relationship.cases.open():
        close_case(case, actor=actor)
    events.ended(relationship)
    return relationship


def _refuse_while_it_sells(relationship: ResellerRelationship) -> None:
    """ValidationError `ended_once`, by what is active once time has caught up."""
    for store in _before_ending:
        store(relationship)
    blockers = blockers_of(relationship)
    if blockers:
        raise ValidationError(
            _("Suspend these CSP subscriptions first, they are active: %(blockers)s."),
            code="ended_once",
            params={"blockers": ", ".join(str(blocker) for blocker in blockers)},
        )
