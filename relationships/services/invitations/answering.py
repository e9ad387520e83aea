"""The customer's verbs: opens, signs in, and answers once."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ...actors import Actor
from ...enums import InvitationVerb, Operation, SentHow, SignInHow
from ...exceptions import TransitionNotAllowed
from ...models import Customer, Invitation, ResellerRelationship, TenantSignIn
from ...roles import Action
from .. import events, rules
from ..activity import record
from ..cases import open_case
from ..locking import lock_customer, lock_invitation
from ..relationships import establish_by_invitation
from .expiring import store_overdue
from .steps import move, refuse_unless_allowed, tell


@transaction.atomic
def open_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Note the first opening (possibly by a scanner); otherwise change nothing."""
    invitation = lock_invitation(invitation)
    actor.require(Action.OPEN_INVITATION)
    if invitation.opened_at is not None or not invitation.can(InvitationVerb.OPEN):
        return invitation
    before = invitation.status
    move(invitation, InvitationVerb.OPEN)
    invitation.opened_at = clock.now()
    if invitation.sent_at is None:
        invitation.sent_at, invitation.sent_how = clock.now(), SentHow.INFERRED
    invitation.save(update_fields=["status", "opened_at", "sent_at", "sent_how"])
    tell(Operation.OPEN_INVITATION, invitation, actor=actor, old_status=before)
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
    customer, invitation = _lock(
        invitation, actor=actor, action=Action.SIGN_IN_TO_INVITATION
    )
    now = clock.now()
    if invitation.opened_at is None:
        invitation = open_invitation(invitation, actor=actor)
    before = invitation.status
    _move(invitation, InvitationVerb.SIGN_IN, customer)
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
        tell(
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
    customer, invitation = _lock(
        invitation, actor=actor, action=Action.ANSWER_INVITATION
    )
    if invitation.accepted_at and invitation.customer_id == customer.pk:
        return invitation.relationship
    _refuse_answer(invitation, InvitationVerb.ACCEPT, customer)
    rules.refuse_without_agreement(agreed=agreed)
    rules.refuse_advisor(invitation.partner)
    rules.refuse_second_partner(customer)
    rules.refuse_other_market(invitation.partner, customer)
    before = invitation.status
    _move(invitation, InvitationVerb.ACCEPT, customer)
    invitation.accepted_at = clock.now()
    invitation.accepted_by = actor.user
    invitation.accepted_role = actor.role
    invitation.save()
    tell(Operation.ACCEPT_INVITATION, invitation, actor=actor, old_status=before)
    return establish_by_invitation(invitation, actor=actor)


@transaction.atomic
def decline_invitation(
    invitation: Invitation, *, actor: Actor, reason: str = ""
) -> Invitation:
    """The customer's no, with a reason or without; a repeated one changes nothing."""
    customer, invitation = _lock(
        invitation, actor=actor, action=Action.ANSWER_INVITATION
    )
    if invitation.declined_at and invitation.customer_id == customer.pk:
        return invitation
    _refuse_answer(invitation, InvitationVerb.DECLINE, customer)
    before = invitation.status
    _move(invitation, InvitationVerb.DECLINE, customer)
    invitation.declined_at = clock.now()
    invitation.declined_by = actor.user
    invitation.decline_reason = reason.strip()[:1000]
    invitation.save()
    tell(Operation.DECLINE_INVITATION, invitation, actor=actor, old_status=before)
    events.declined(invitation)
    return invitation


def _lock(
    invitation: Invitation, *, actor: Actor, action: Action
) -> tuple[Customer, Invitation]:
    """Who answers, and what. PermissionDenied; ValidationError `wrong_tenant`."""
    if actor.customer is None:
        raise PermissionDenied(_("Sign in to your tenant to answer an invitation."))
    customer = lock_customer(actor.customer.pk)
    invitation = lock_invitation(invitation)
    actor.require(action)
    rules.refuse_wrong_tenant(invitation, customer)
    return customer, invitation


def _refuse_answer(
    invitation: Invitation, verb: InvitationVerb, customer: Customer
) -> None:
    """Only a tenant that has signed in to this very invitation answers it."""
    refuse_unless_allowed(invitation, verb)
    if not invitation.sign_ins.filter(customer=customer).exists():
        raise TransitionNotAllowed(_("Sign in to this invitation before you answer."))


def _move(invitation: Invitation, verb: InvitationVerb, customer: Customer) -> None:
    """A customer has one open invitation per partner: the one it came by last."""
    move(invitation, verb)
    others = invitation.partner.invitations.filter(customer=customer)
    others = others.exclude(pk=invitation.pk)
    store_overdue(others)
    others.open().update(customer=None)
    invitation.customer = customer


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


def _open_case_for_obstacle(invitation: Invitation, *, actor: Actor) -> None:
    customer = actor.customer
    if customer is None or not invitation.sign_ins.filter(customer=customer).exists():
        return
    kind = rules.obstacle(invitation.partner, customer)
    if kind is not None:
        open_case(kind, invitation, actor=actor, customer=customer)
