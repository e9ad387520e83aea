"""A customer's invitation, from the draft to its last step."""

import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from relationships.enums import (
    InvitationStatus,
    Operation,
    SentHow,
    SignInHow,
    TenantRole,
)
from relationships.models import Invitation, TenantMembership, TenantSignIn

from .log import CLOCK, VISITOR, By, Log
from .place import Place

STATUS = InvitationStatus
DAYS = settings.INVITATION_DAYS


class Step(NamedTuple):
    """What happened, when, by whom, and the status after it."""

    operation: Operation
    at: datetime
    by: By
    status: str
    how: str = ""


# How many of the steps sent, opened and signed in there were before the last one.
STEPS = {
    STATUS.SENT: 1,
    STATUS.OPENED: 2,
    STATUS.SIGNED_IN: 3,
    STATUS.WITHDRAWN: 1,
    STATUS.EXPIRED: 2,
    STATUS.ACCEPTED: 3,
    STATUS.DECLINED: 3,
}


def answer(place: Place, status: InvitationStatus, moment: datetime) -> uuid.UUID:
    """One that was accepted or declined at that moment."""
    created = moment - timedelta(days=place.dice.uniform(0.3, 15))
    steps = _steps(place, status, created, moment)
    accepts = status == STATUS.ACCEPTED
    verb = Operation.ACCEPT_INVITATION if accepts else Operation.DECLINE_INVITATION
    steps.append(Step(verb, moment, place.by_customer, status))
    name = "accepted" if accepts else "declined"
    values = {f"{name}_at": moment, f"{name}_by_id": place.administrator.pk}
    if accepts:
        values["accepted_role"] = TenantRole.GLOBAL_ADMINISTRATOR
    return _store(place, steps, values)


def ask(place: Place, status: InvitationStatus) -> uuid.UUID:
    """One that nobody has answered."""
    dice, now = place.dice, place.setting.now
    is_open = status in {STATUS.SENT, STATUS.OPENED, STATUS.SIGNED_IN}
    days = dice.uniform(0.1, DAYS - 1) if is_open else dice.uniform(DAYS + 1, 650)
    created = place.setting.days_ago(days)
    steps = _steps(place, status, created, min(now, created + timedelta(days=10)))
    values: dict[str, Any] = {}
    if status == STATUS.WITHDRAWN:
        moment = steps[-1].at + timedelta(days=2)
        steps.append(
            Step(Operation.WITHDRAW_INVITATION, moment, place.by_agent, status)
        )
        values = {"withdrawn_at": moment, "withdrawn_by_id": place.agent.pk}
    if status == STATUS.EXPIRED:
        expiry = created + timedelta(days=DAYS)
        steps.append(Step(Operation.EXPIRE_INVITATION, expiry, CLOCK, status))
    return _store(place, steps, values)


def _steps(
    place: Place, status: InvitationStatus, created: datetime, latest: datetime
) -> list[Step]:
    """The draft, and what came after it until `latest`."""
    first, second, third = sorted(place.dice.random() for _step in range(3))
    span = latest - created
    by = place.by_agent
    steps = [Step(Operation.CREATE_INVITATION, created, by, STATUS.DRAFT)]
    later = [
        Step(
            Operation.SEND_INVITATION,
            created + span * first,
            by,
            STATUS.SENT,
            SentHow.BY_HAND,
        ),
        Step(
            Operation.OPEN_INVITATION, created + span * second, VISITOR, STATUS.OPENED
        ),
        Step(
            Operation.SIGN_IN_TO_INVITATION,
            created + span * third,
            place.by_customer,
            STATUS.SIGNED_IN,
            SignInHow.LOCAL_ACCOUNT,
        ),
    ]
    return steps + later[: STEPS[status]]


def _store(place: Place, steps: list[Step], values: dict[str, Any]) -> uuid.UUID:
    pk = place.new_id()
    moments = {step.status: step.at for step in reversed(steps)}
    signed_in = moments.get(STATUS.SIGNED_IN)
    place.rows.add(
        Invitation,
        id=pk,
        partner_id=place.seller.partner.pk,
        status=steps[-1].status,
        recipient_email=f"it@{place.domain}",
        subject=place.seller.subject,
        body=place.seller.body,
        expires_at=steps[0].at + timedelta(days=DAYS),
        customer_id=place.id if signed_in else None,
        created_at=steps[0].at,
        created_by_id=place.agent.pk,
        sent_at=moments.get(STATUS.SENT),
        sent_how=SentHow.BY_HAND,
        opened_at=moments.get(STATUS.OPENED),
        signed_in_at=signed_in,
        **values,
    )
    if signed_in:
        _sign_in(place, pk, signed_in)
    _tell(place, pk, steps)
    return pk


def _sign_in(place: Place, pk: uuid.UUID, moment: datetime) -> None:
    who = {"customer_id": place.id, "user_id": place.administrator.pk}
    role = TenantRole.GLOBAL_ADMINISTRATOR
    place.rows.add(TenantMembership, role=role, **who)
    place.rows.add(
        TenantSignIn,
        invitation_id=pk,
        role=role,
        how=SignInHow.LOCAL_ACCOUNT,
        at=moment,
        **who,
    )


def _tell(place: Place, pk: uuid.UUID, steps: list[Step]) -> None:
    """The customer is not known before it signs in."""
    before, partner_id = "", place.seller.partner.pk
    customer_id = None
    for step in steps:
        if step.status == STATUS.SIGNED_IN:
            customer_id = place.id
        Log(place.rows, customer_id, partner_id).tell(
            step.operation,
            (Invitation, pk),
            at=step.at,
            by=step.by,
            old={"status": str(before)} if before else None,
            new={"status": str(step.status)}
            | ({"how": str(step.how)} if step.how else {}),
        )
        before = step.status
