"""Cases: what stopped a customer, for the partner's staff to see and close."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import CaseKind, Operation
from ..exceptions import TransitionNotAllowed
from ..models import Case, Customer, Invitation, ResellerRelationship
from ..roles import Action
from . import events
from .activity import record
from .locking import lock_relationship


@transaction.atomic
def open_case(
    kind: CaseKind,
    invitation: Invitation,
    *,
    actor: Actor,
    customer: Customer | None = None,
    message: str = "",
) -> Case:
    """Open a case for the partner's staff; a second of the same kind is the first."""
    Invitation.objects.select_for_update().get(pk=invitation.pk)
    known = invitation.cases.open().filter(kind=kind).first()
    if known is not None:
        return known
    case = Case.objects.create(
        kind=kind,
        partner=invitation.partner,
        invitation=invitation,
        customer=customer,
        message=message.strip()[:1000],
    )
    record(
        Operation.OPEN_CASE,
        case,
        actor=actor,
        partner=invitation.partner,
        customer=customer,
        new={"kind": kind, "invitation": str(invitation.pk)},
    )
    if kind == CaseKind.NEW_LINK:
        events.new_link_asked(case)
    return case


@transaction.atomic
def ask_to_end(
    relationship: ResellerRelationship, *, actor: Actor, message: str = ""
) -> Case:
    """The customer asks its partner to end; a second click is the first case.

    TransitionNotAllowed when the relationship has ended.
    """
    relationship = lock_relationship(relationship)
    actor.require(Action.ASK_TO_END, relationship)
    if not relationship.is_active:
        raise TransitionNotAllowed(_("This relationship has ended already."))
    known = relationship.cases.open().filter(kind=CaseKind.END_RELATIONSHIP).first()
    if known is not None:
        return known
    case = Case.objects.create(
        kind=CaseKind.END_RELATIONSHIP,
        partner=relationship.partner,
        relationship=relationship,
        customer=relationship.customer,
        message=message.strip()[:1000],
    )
    record(
        Operation.ASK_TO_END,
        relationship,
        actor=actor,
        partner=relationship.partner,
        customer=relationship.customer,
        new={"case": case.pk},
    )
    events.asked_to_end(case)
    return case


@transaction.atomic
def close_case(case: Case, *, actor: Actor) -> Case:
    """Raises PermissionDenied, or TransitionNotAllowed when it is closed already."""
    case = Case.objects.select_for_update().get(pk=case.pk)
    actor.require(Action.HANDLE_CASES, case)
    if not case.is_open:
        raise TransitionNotAllowed(_("This case is closed already."))
    case.closed_at, case.closed_by = clock.now(), actor.user
    case.save(update_fields=["closed_at", "closed_by"])
    record(
        Operation.CLOSE_CASE,
        case,
        actor=actor,
        partner=case.partner,
        customer=case.customer,
    )
    return case
