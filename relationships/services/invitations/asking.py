"""The partner's verbs: asks, words it otherwise, takes it back, asks anew."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction

from portal.foundation import clock

from ...actors import Actor
from ...enums import CaseKind, InvitationStatus, InvitationVerb, Operation
from ...exceptions import TransitionNotAllowed
from ...models import Customer, Invitation
from ...roles import Action
from .. import composing, rules
from ..locking import lock_invitation, lock_partner, lock_transacting
from .expiring import check_expiry, default_expiry, store_overdue
from .steps import move, refuse_unless_allowed, tell, why_not


@transaction.atomic
def create_invitation(
    *,
    actor: Actor,
    recipient_email: str = "",
    customer_domain: str = "",
    reference: str = "",
    expires_at: datetime | None = None,
    language: str = settings.LANGUAGE_CODE,
    id: uuid.UUID | None = None,
    name: str = "",
) -> Invitation:
    """A draft with the finished text, for one address or none yet.

    The recipient's `name` is kept in the text alone, where the partner's own has it. A
    caller that may be asked twice for the same draft gives it the `id` beforehand.

    A domain binds it to the tenant that the portal knows by it, or, when none is known
    yet, to whichever tenant has that domain verified. ValidationError: `expiry`,
    `already_linked` (params: customer), `already_invited` (params: invitation).
    """
    actor.require(Action.INVITE)
    assert actor.partner is not None  # only staff roles may invite
    invitation = Invitation(
        id=id or uuid.uuid4(),
        partner=lock_transacting(actor.partner),
        recipient_email=recipient_email.strip(),
        customer_domain=customer_domain.strip().lower(),
        reference=reference.strip(),
        language=language,
        expires_at=check_expiry(expires_at or default_expiry()),
        created_by=actor.user,
        created_at=clock.now(),
    )
    _refuse_double(invitation)
    invitation.customer_tenant_id = _tenant_of(invitation.customer_domain)
    composing.compose(invitation, name=name.strip())
    invitation.save(force_insert=True)
    tell(Operation.CREATE_INVITATION, invitation, actor=actor)
    return invitation


@transaction.atomic
def edit_invitation(
    invitation: Invitation, *, actor: Actor, subject: str, body: str
) -> Invitation:
    """Take over an edited e-mail text; the link has to stay in it."""
    invitation = lock_invitation(invitation)
    actor.require(Action.INVITE, invitation)
    if not invitation.is_open:
        raise TransitionNotAllowed(why_not(invitation, InvitationVerb.SEND))
    before = invitation.subject, invitation.body
    composing.set_text(invitation, subject=subject, body=body)
    if (invitation.subject, invitation.body) != before:
        invitation.save(update_fields=["subject", "body"])
        tell(Operation.EDIT_INVITATION, invitation, actor=actor)
    return invitation


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """The partner takes an open invitation back; its link says so from then on."""
    invitation = lock_invitation(invitation)
    actor.require(Action.INVITE, invitation)
    before = invitation.status
    move(invitation, InvitationVerb.WITHDRAW)
    invitation.withdrawn_at, invitation.withdrawn_by = clock.now(), actor.user
    invitation.save(update_fields=["status", "withdrawn_at", "withdrawn_by"])
    tell(Operation.WITHDRAW_INVITATION, invitation, actor=actor, old_status=before)
    return invitation


@transaction.atomic
def renew_invitation(
    invitation: Invitation, *, actor: Actor, expires_at: datetime | None = None
) -> Invitation:
    """A draft again, with a new link and a new expiry; the old link is dead.

    Not for an answered one: the customer has given its word. ValidationError:
    `expiry`, `already_linked`, `already_invited`.
    """
    lock_partner(invitation.partner_id)
    invitation = lock_invitation(invitation)
    actor.require(Action.INVITE, invitation)
    before = str(invitation.current_status)
    refuse_unless_allowed(invitation, InvitationVerb.RENEW)
    rules.require_transacting(invitation.partner)
    _refuse_double(invitation)
    invitation.status = InvitationStatus.DRAFT
    invitation.link_generation += 1
    invitation.expires_at = check_expiry(expires_at or default_expiry())
    invitation.customer = None
    invitation.sent_at = invitation.opened_at = invitation.signed_in_at = None
    invitation.withdrawn_at = invitation.withdrawn_by = None
    invitation.sent_how = ""
    invitation.save()
    _close_asked_for_link(invitation, actor)
    tell(Operation.RENEW_INVITATION, invitation, actor=actor, old_status=before)
    return invitation


def _refuse_double(invitation: Invitation) -> None:
    """ValidationError `already_linked` or `already_invited`; expired ones give way."""
    rules.refuse_linked_customer(invitation)
    rules.refuse_second_open_invitation(invitation)
    if invitation.recipient_email:
        others = invitation.partner.invitations.exclude(pk=invitation.pk).filter(
            recipient_email__iexact=invitation.recipient_email,
            customer_domain=invitation.customer_domain,
        )
        store_overdue(others)


def _tenant_of(domain: str) -> uuid.UUID | None:
    """The tenant that the portal knows by this verified domain."""
    customers = Customer.objects.filter(primary_domain=domain) if domain else []
    return next((customer.tenant_id for customer in customers), None)


def _close_asked_for_link(invitation: Invitation, actor: Actor) -> None:
    for case in invitation.cases.open().filter(kind=CaseKind.NEW_LINK):
        case.closed_at, case.closed_by = clock.now(), actor.user
        case.save(update_fields=["closed_at", "closed_by"])
