"""A partner's own record, and its standing link."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..actors import Actor
from ..enums import InvitationStatus, Operation, SentHow, SignInHow
from ..exceptions import TransitionNotAllowed
from ..models import Invitation, Partner
from ..roles import Action
from . import composing
from .activity import record
from .invitations import default_expiry, sign_in_to_invitation
from .locking import lock_customer, lock_partner
from .log import told_of

# A company may bear a person's name, and its address may be a person's.
LOGGED_FIELDS = (
    *("country", "currency", "mpn_id", "is_csp_transacting", "is_advisor"),
    "needs_second_person",
)


@transaction.atomic
def renew_partner_link(partner: Partner, *, actor: Actor) -> Partner:
    """A new standing link that works; the old one is dead from now on."""
    partner = _locked(partner, actor)
    partner.link_generation += 1
    partner.link_stopped_at = None
    partner.save(update_fields=["link_generation", "link_stopped_at"])
    record(Operation.RENEW_PARTNER_LINK, partner, actor=actor, partner=partner)
    return partner


@transaction.atomic
def stop_partner_link(partner: Partner, *, actor: Actor) -> Partner:
    """No standing link works until it is renewed."""
    partner = _locked(partner, actor)
    if partner.link_stopped_at is not None:
        raise TransitionNotAllowed(_("The partner link is stopped already."))
    partner.link_stopped_at = clock.now()
    partner.save(update_fields=["link_stopped_at"])
    record(Operation.STOP_PARTNER_LINK, partner, actor=actor, partner=partner)
    return partner


def sign_in_by_partner_link(
    partner: Partner, *, actor: Actor, how: SignInHow = SignInHow.LOCAL_ACCOUNT
) -> Invitation:
    """The tenant's own tracked invitation, made the moment it signs in.

    `partner` is as its link was resolved. An open invitation that the tenant came by
    already serves again. TransitionNotAllowed when the link was stopped or renewed
    meanwhile, or the partner sells no CSP subscriptions.
    """
    with transaction.atomic():
        invitation = _tracked_invitation(partner, actor)
        return sign_in_to_invitation(invitation, actor=actor, how=how)


def _tracked_invitation(partner: Partner, actor: Actor) -> Invitation:
    actor.require(Action.SIGN_IN_TO_INVITATION)
    assert actor.customer is not None  # only tenant roles may sign in
    shown = partner
    partner = lock_partner(shown.pk)
    customer = lock_customer(actor.customer.pk)
    is_renewed = partner.link_generation != shown.link_generation
    if is_renewed or not partner.has_live_link:
        raise TransitionNotAllowed(_("This partner link was stopped."))
    known = partner.invitations.open().filter(customer=customer).first()
    if known is not None:
        return known
    now = clock.now()
    invitation = Invitation(
        partner=partner,
        status=InvitationStatus.SENT,
        customer_tenant_id=customer.tenant_id,
        expires_at=default_expiry(),
        created_at=now,
        sent_at=now,
        sent_how=SentHow.INFERRED,
    )
    composing.compose(invitation)
    invitation.save(force_insert=True)
    record(
        Operation.CREATE_INVITATION,
        invitation,
        actor=actor,
        partner=partner,
        customer=customer,
        new={"status": invitation.status, "how": "partner_link"},
    )
    return invitation


@transaction.atomic
def correct_partner(
    partner: Partner, *, actor: Actor, reason: str, **values: Any
) -> Partner:
    """The operator corrects a partner's record, with a reason.

    What was recorded as Partner of Record stays as it was (rule `por_untouched`); the
    tenant id never changes, and the database refuses it.
    """
    actor.require(Action.MANAGE_PARTNERS)
    if not reason.strip():
        raise ValidationError(_("Say why the partner's record changes."), code="reason")
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    changed = sorted(name for name in values if getattr(partner, name) != values[name])
    before = {name: getattr(partner, name) for name in changed}
    for name in changed:
        setattr(partner, name, values[name])
    if changed:
        partner.save()
        record(
            Operation.CORRECT_PARTNER,
            partner,
            actor=actor,
            partner=partner,
            old=told_of(before, changed, LOGGED_FIELDS),
            new={"fields": changed, **told_of(values, changed, LOGGED_FIELDS)},
            reason=reason.strip(),
        )
    return partner


def _locked(partner: Partner, actor: Actor) -> Partner:
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    actor.require(Action.RENEW_PARTNER_LINK, partner)
    return partner
