"""One function per verb of an invitation; `INVITATION_TRANSITIONS` says which may be.

Locks are taken in the order partner, customer, invitation, relationship. All raise
PermissionDenied for a missing right, TransitionNotAllowed for a wrong state and
ValidationError, with the rule's name as its code, for a rule's refusal.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import (
    INVITATION_TRANSITIONS,
    CaseKind,
    InvitationStatus,
    InvitationVerb,
    Operation,
    SentHow,
    SignInHow,
)
from ..exceptions import TransitionNotAllowed
from ..models import (
    ActivityRecord,
    Customer,
    Invitation,
    Partner,
    ResellerRelationship,
    TenantSignIn,
)
from ..roles import Action
from . import composing, events, log, mail, rules
from .activity import record, record_all
from .cases import open_case
from .relationships import establish_by_invitation

LONGEST_DAYS = 365


def default_expiry() -> datetime:
    return clock.now() + timedelta(days=settings.INVITATION_DAYS)


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
) -> Invitation:
    """A draft with the finished text, for one address or none yet.

    A caller that may be asked twice for the same draft gives it the `id` beforehand.

    A domain binds it to the tenant that the portal knows by it, or, when none is known
    yet, to whichever tenant has that domain verified. ValidationError: `expiry`,
    `already_linked` (params: customer), `already_invited` (params: invitation).
    """
    actor.require(Action.INVITE)
    partner = actor.partner
    assert partner is not None  # only staff roles may invite
    partner = _lock_asking(partner.pk)
    rules.require_transacting(partner)
    invitation = Invitation(
        id=id or uuid.uuid4(),
        partner=partner,
        recipient_email=recipient_email.strip(),
        customer_domain=customer_domain.strip().lower(),
        reference=reference.strip(),
        language=language,
        expires_at=check_expiry(expires_at or default_expiry()),
        created_by=actor.user,
        created_at=clock.now(),
    )
    rules.refuse_linked_customer(invitation)
    rules.refuse_second_open_invitation(invitation)
    _make_room_for(invitation)
    invitation.customer_tenant_id = _tenant_of(invitation.customer_domain)
    composing.compose(invitation)
    invitation.save(force_insert=True)
    _tell(Operation.CREATE_INVITATION, invitation, actor=actor)
    return invitation


@transaction.atomic
def edit_invitation(
    invitation: Invitation, *, actor: Actor, subject: str, body: str
) -> Invitation:
    """Take over an edited e-mail text; the link has to stay in it."""
    invitation = _locked(invitation)
    actor.require(Action.INVITE, invitation)
    if not invitation.is_open:
        raise TransitionNotAllowed(_why_not(invitation, InvitationVerb.SEND))
    before = invitation.subject, invitation.body
    composing.set_text(invitation, subject=subject, body=body)
    if (invitation.subject, invitation.body) != before:
        invitation.save(update_fields=["subject", "body"])
        _tell(Operation.EDIT_INVITATION, invitation, actor=actor)
    return invitation


@transaction.atomic
def send_invitation(
    invitation: Invitation, *, actor: Actor, how: SentHow = SentHow.PORTAL
) -> Invitation:
    """Mark as sent; with SentHow.PORTAL the portal also sends the e-mail itself."""
    invitation = _locked(invitation)
    actor.require(Action.INVITE, invitation)
    before = invitation.status
    _move(invitation, InvitationVerb.SEND)
    if how == SentHow.PORTAL:
        _send_email(invitation)
    if invitation.sent_at is None or how == SentHow.PORTAL:
        invitation.sent_at, invitation.sent_how = clock.now(), how
        invitation.reminders_sent, invitation.reminded_at = 0, None
    invitation.save(
        update_fields=[
            "status",
            "sent_at",
            "sent_how",
            "reminders_sent",
            "reminded_at",
        ]
    )
    _tell(
        Operation.SEND_INVITATION,
        invitation,
        actor=actor,
        old_status=before,
        how=str(how),
    )
    return invitation


def _send_email(invitation: Invitation) -> None:
    """To the recipient. ValidationError `recipient` when there is no address."""
    if not invitation.recipient_email:
        raise ValidationError(
            _("This invitation has no address to send to. Send the link yourself."),
            code="recipient",
        )
    mail.enqueue(
        invitation.recipient_email,
        invitation.subject,
        invitation.body,
        invitation=invitation,
        brings_link=True,
        on_behalf_of=invitation.partner,
    )


@transaction.atomic
def open_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Note the first opening (possibly by a scanner); otherwise change nothing."""
    invitation = _locked(invitation)
    actor.require(Action.OPEN_INVITATION)
    if invitation.opened_at is not None or not invitation.can(InvitationVerb.OPEN):
        return invitation
    before = invitation.status
    _move(invitation, InvitationVerb.OPEN)
    invitation.opened_at = clock.now()
    if invitation.sent_at is None:
        invitation.sent_at, invitation.sent_how = clock.now(), SentHow.INFERRED
    invitation.save(update_fields=["status", "opened_at", "sent_at", "sent_how"])
    _tell(Operation.OPEN_INVITATION, invitation, actor=actor, old_status=before)
    return invitation


def sign_in_to_invitation(
    invitation: Invitation,
    *,
    actor: Actor,
    how: SignInHow = SignInHow.LOCAL_ACCOUNT,
) -> Invitation:
    """Note that a person of a tenant signed in; signing in decides nothing.

    ValidationError `wrong_tenant` when another tenant was invited. A customer of
    another CSP transacting partner, or of another market, opens a case for staff.
    """
    invitation = _sign_in(invitation, actor=actor, how=how)
    _open_case_for_obstacle(invitation, actor=actor)
    return invitation


@transaction.atomic
def _sign_in(invitation: Invitation, *, actor: Actor, how: SignInHow) -> Invitation:
    customer = _lock_customer(actor)
    invitation = _locked(invitation)
    actor.require(Action.SIGN_IN_TO_INVITATION)
    rules.refuse_wrong_tenant(invitation, customer)
    now = clock.now()
    if invitation.opened_at is None:
        invitation = open_invitation(invitation, actor=actor)
    before = invitation.status
    _move(invitation, InvitationVerb.SIGN_IN)
    _release_from_other_invitations(invitation, customer)
    invitation.customer = customer
    invitation.signed_in_at = invitation.signed_in_at or now
    _verify_domain(invitation, customer, actor=actor)
    if invitation.is_bound:
        invitation.customer_tenant_id = customer.tenant_id
    invitation.save(
        update_fields=["status", "customer", "signed_in_at", "customer_tenant_id"]
    )
    _sign_in_record, is_new = TenantSignIn.objects.get_or_create(
        invitation=invitation,
        customer=customer,
        user=actor.user,
        defaults={"role": actor.role, "how": how, "at": now},
    )
    if is_new or invitation.status != before:
        _tell(
            Operation.SIGN_IN_TO_INVITATION,
            invitation,
            actor=actor,
            old_status=before,
            how=str(how),
        )
    return invitation


def accept_invitation(
    invitation: Invitation, *, actor: Actor, agreed: bool
) -> ResellerRelationship:
    """The customer's yes, in one transaction; a repeated one returns the same.

    ValidationError: `agreement` (not confirmed), `one_transacting_partner`, `region`,
    `not_transacting`, `wrong_tenant`. The second and third also open a case for the
    partner's staff.
    """
    try:
        return _accept(invitation, actor=actor, agreed=agreed)
    except ValidationError:
        _open_case_for_obstacle(invitation, actor=actor)
        raise


@transaction.atomic
def _accept(
    invitation: Invitation, *, actor: Actor, agreed: bool
) -> ResellerRelationship:
    customer = _lock_customer(actor)
    invitation = _locked(invitation)
    actor.require(Action.ANSWER_INVITATION)
    rules.refuse_wrong_tenant(invitation, customer)
    if invitation.accepted_at and invitation.customer_id == customer.pk:
        return invitation.relationship
    _refuse_unless_allowed(invitation, InvitationVerb.ACCEPT)
    _refuse_stranger(invitation, customer)
    rules.refuse_without_agreement(agreed=agreed)
    rules.refuse_advisor(invitation.partner)
    rules.refuse_second_partner(customer)
    rules.refuse_other_market(invitation.partner, customer)
    before = invitation.status
    _move(invitation, InvitationVerb.ACCEPT)
    _release_from_other_invitations(invitation, customer)
    invitation.customer = customer
    invitation.accepted_at = clock.now()
    invitation.accepted_by = actor.user
    invitation.accepted_role = actor.role
    invitation.save()
    _tell(Operation.ACCEPT_INVITATION, invitation, actor=actor, old_status=before)
    return establish_by_invitation(invitation, actor=actor)


@transaction.atomic
def decline_invitation(
    invitation: Invitation, *, actor: Actor, reason: str = ""
) -> Invitation:
    """The customer's no, with a reason or without; a repeated one changes nothing."""
    customer = _lock_customer(actor)
    invitation = _locked(invitation)
    actor.require(Action.ANSWER_INVITATION)
    rules.refuse_wrong_tenant(invitation, customer)
    if invitation.declined_at and invitation.customer_id == customer.pk:
        return invitation
    _refuse_unless_allowed(invitation, InvitationVerb.DECLINE)
    _refuse_stranger(invitation, customer)
    before = invitation.status
    _move(invitation, InvitationVerb.DECLINE)
    _release_from_other_invitations(invitation, customer)
    invitation.customer = customer
    invitation.declined_at = clock.now()
    invitation.declined_by = actor.user
    invitation.decline_reason = reason.strip()[:1000]
    invitation.save()
    _tell(Operation.DECLINE_INVITATION, invitation, actor=actor, old_status=before)
    events.declined(invitation)
    return invitation


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """The partner takes an open invitation back; its link says so from then on."""
    invitation = _locked(invitation)
    actor.require(Action.INVITE, invitation)
    before = invitation.status
    _move(invitation, InvitationVerb.WITHDRAW)
    invitation.withdrawn_at, invitation.withdrawn_by = clock.now(), actor.user
    invitation.save(update_fields=["status", "withdrawn_at", "withdrawn_by"])
    _tell(Operation.WITHDRAW_INVITATION, invitation, actor=actor, old_status=before)
    return invitation


@transaction.atomic
def renew_invitation(
    invitation: Invitation, *, actor: Actor, expires_at: datetime | None = None
) -> Invitation:
    """A draft again, with a new link and a new expiry; the old link is dead.

    Not for an answered one: the customer has given its word. ValidationError:
    `expiry`, `already_linked`, `already_invited`.
    """
    _lock_asking(invitation.partner_id)
    invitation = _locked(invitation)
    actor.require(Action.INVITE, invitation)
    before = str(invitation.current_status)
    _refuse_unless_allowed(invitation, InvitationVerb.RENEW)
    rules.require_transacting(invitation.partner)
    rules.refuse_linked_customer(invitation)
    rules.refuse_second_open_invitation(invitation)
    _make_room_for(invitation)
    invitation.status = InvitationStatus.DRAFT
    invitation.link_generation += 1
    invitation.expires_at = check_expiry(expires_at or default_expiry())
    invitation.customer = None
    invitation.sent_at = invitation.opened_at = invitation.signed_in_at = None
    invitation.withdrawn_at = invitation.withdrawn_by = None
    invitation.sent_how = ""
    invitation.save()
    for case in invitation.cases.open().filter(kind=CaseKind.NEW_LINK):
        case.closed_at, case.closed_by = clock.now(), actor.user
        case.save(update_fields=["closed_at", "closed_by"])
    _tell(Operation.RENEW_INVITATION, invitation, actor=actor, old_status=before)
    return invitation


@transaction.atomic
def expire_invitations(ids: Collection[uuid.UUID], *, actor: Actor) -> int:
    """Store what every reader sees already, each as of its own expiry; how many.

    Those that are not overdue are let be, and those that somebody holds right now.
    """
    actor.require(Action.MOVE_BY_TIME)
    overdue = Invitation.objects.overdue().filter(pk__in=ids).order_by("expires_at")
    rows = list(overdue.select_for_update(skip_locked=True))
    stored = Invitation.objects.filter(pk__in=[row.pk for row in rows])
    stored.update(status=InvitationStatus.EXPIRED)
    record_all(_expiry_of(row, actor) for row in rows)
    return len(rows)


def _expiry_of(invitation: Invitation, actor: Actor) -> ActivityRecord:
    with clock.at(invitation.expires_at):
        return log.unsaved(
            Operation.EXPIRE_INVITATION,
            invitation,
            actor=actor,
            partner_id=invitation.partner_id,
            customer_id=invitation.customer_id,
            old={"status": invitation.status},
            new={"status": str(InvitationStatus.EXPIRED)},
        )


def _store_expiry(invitation: Invitation) -> None:
    before = invitation.status
    invitation.status = InvitationStatus.EXPIRED
    invitation.save(update_fields=["status"])
    _tell(
        Operation.EXPIRE_INVITATION,
        invitation,
        actor=Actor.clock(),
        old_status=before,
    )


def _locked(invitation: Invitation) -> Invitation:
    """The stored row, locked: what is in memory may be old."""
    rows = Invitation.objects.select_related("partner", "created_by", "customer")
    return rows.select_for_update(of=("self",)).get(pk=invitation.pk)


def _lock_customer(actor: Actor) -> Customer:
    if actor.customer is None:
        raise PermissionDenied(_("Sign in to your tenant to answer an invitation."))
    return Customer.objects.select_for_update().get(pk=actor.customer.pk)


def _tenant_of(domain: str) -> uuid.UUID | None:
    """The tenant that the portal knows by this verified domain."""
    customers = Customer.objects.filter(primary_domain=domain) if domain else []
    return next((customer.tenant_id for customer in customers), None)


def _verify_domain(invitation: Invitation, customer: Customer, *, actor: Actor) -> None:
    """A domain that led to this very tenant is its own: the directory said so.

    Bound by its domain, an invitation has the tenant id that the directory gave, or
    that of the customer whose verified domain it is.
    """
    domain = invitation.customer_domain
    is_bound = bool(domain) and invitation.customer_tenant_id == customer.tenant_id
    if not is_bound or customer.primary_domain is not None:
        return
    if Customer.objects.filter(primary_domain=domain).exists():
        return  # only the operator can tell whose it is
    customer.primary_domain = domain
    customer.save(update_fields=["primary_domain"])
    record(
        Operation.VERIFY_DOMAIN,
        customer,
        actor=actor,
        customer=customer,
        new={"how": "directory"},
    )


def check_expiry(moment: datetime) -> datetime:
    latest = clock.now() + timedelta(days=LONGEST_DAYS)
    if moment <= clock.now() or moment > latest:
        raise ValidationError(
            {
                "expires_at": ValidationError(
                    _("The link has to expire in the future, within %(days)s days."),
                    code="expiry",
                    params={"days": LONGEST_DAYS},
                )
            }
        )
    return moment


def _why_not(invitation: Invitation, verb: InvitationVerb) -> str:
    return _("%(verb)s: not possible while the invitation is %(status)s.") % {
        "verb": verb.label,
        "status": invitation.current_status.label.lower(),
    }


def _refuse_unless_allowed(invitation: Invitation, verb: InvitationVerb) -> None:
    if not invitation.can(verb):
        raise TransitionNotAllowed(_why_not(invitation, verb))


def _move(invitation: Invitation, verb: InvitationVerb) -> None:
    _refuse_unless_allowed(invitation, verb)
    invitation.status = INVITATION_TRANSITIONS[invitation.status][verb]


def _refuse_stranger(invitation: Invitation, customer: Customer) -> None:
    """Only a tenant that has signed in to this very invitation answers it."""
    if not invitation.sign_ins.filter(customer=customer).exists():
        raise TransitionNotAllowed(_("Sign in to this invitation before you answer."))


def _lock_asking(partner_id: uuid.UUID) -> Partner:
    """One at a time asks for a partner: a second click finds what the first made."""
    return Partner.objects.select_for_update(no_key=True).get(pk=partner_id)


def _make_room_for(invitation: Invitation) -> None:
    """Store the expiry of overdue ones that would still count as open."""
    if not invitation.recipient_email:
        return
    overdue = invitation.partner.invitations.overdue().filter(
        recipient_email__iexact=invitation.recipient_email,
        customer_domain=invitation.customer_domain,
    )
    for other in overdue.exclude(pk=invitation.pk).select_for_update():
        _store_expiry(other)


def _release_from_other_invitations(invitation: Invitation, customer: Customer) -> None:
    """A customer has one open invitation per partner: the one it came by last."""
    others = invitation.partner.invitations.filter(customer=customer)
    for other in others.overdue().exclude(pk=invitation.pk).select_for_update():
        _store_expiry(other)
    others.open().exclude(pk=invitation.pk).update(customer=None)


def _open_case_for_obstacle(invitation: Invitation, *, actor: Actor) -> None:
    customer = actor.customer
    if customer is None or not invitation.sign_ins.filter(customer=customer).exists():
        return
    kind = rules.obstacle(invitation.partner, customer)
    if kind is not None:
        open_case(kind, invitation, actor=actor, customer=customer)


def _tell(
    operation: Operation,
    invitation: Invitation,
    *,
    actor: Actor,
    old_status: str = "",
    how: str = "",
) -> None:
    record(
        operation,
        invitation,
        actor=actor,
        partner=invitation.partner,
        customer=invitation.customer,
        old={"status": old_status} if old_status else None,
        new={"status": invitation.status} | ({"how": how} if how else {}),
    )
