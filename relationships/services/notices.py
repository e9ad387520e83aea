"""Which message goes to whom, queued in the transaction of its cause.

The receipt is in the language of the customer's browser; staff reads English.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from ..enums import TenantRole
from ..models import Case, CustomerAgreement, Invitation, ResellerRelationship
from . import mail


def send_invitation_email(invitation: Invitation) -> None:
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
        on_behalf_of=invitation.partner,
    )


def tell_staff_of_decline(invitation: Invitation) -> None:
    address = settings.PUBLIC_URL + invitation.get_absolute_url()
    context = {"invitation": invitation, "address": address}
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = mail.render("declined", context)
    mail.enqueue(_asker(invitation), subject, text, invitation=invitation)


def tell_of_acceptance(relationship: ResellerRelationship) -> None:
    """The staff member who asked, and the person who accepted (the receipt)."""
    invitation = relationship.invitation
    assert invitation is not None  # only an invitation is accepted
    context = {
        "relationship": relationship,
        "invitation": invitation,
        "role": TenantRole(invitation.accepted_role).label,
        "agreement": CustomerAgreement.current_name(),
    }
    customer_page = settings.PUBLIC_URL + relationship.customer.get_absolute_url()
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = mail.render("accepted", {**context, "address": customer_page})
    mail.enqueue(_asker(invitation), subject, text, invitation=invitation)

    receipt_page = settings.PUBLIC_URL + reverse("my-receipt", args=[relationship.pk])
    subject, text = mail.render("receipt", {**context, "address": receipt_page})
    accepted_by = invitation.accepted_by
    assert accepted_by is not None  # the constraint says so
    mail.enqueue(
        accepted_by.email,
        subject,
        text,
        invitation=invitation,
        on_behalf_of=relationship.partner,
    )


def tell_staff_of_ask_to_end(case: Case) -> None:
    """Whoever asked for the relationship, or the partner's contact."""
    relationship = case.relationship
    assert relationship is not None  # the case is about one
    address = settings.PUBLIC_URL + case.subject_url
    context = {"case": case, "relationship": relationship, "address": address}
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = mail.render("asked_to_end", context)
    invitation = relationship.invitation
    recipient = _asker(invitation) if invitation else case.partner.contact_email
    mail.enqueue(recipient, subject, text, invitation=invitation)


def tell_of_end(relationship: ResellerRelationship) -> None:
    """The customer, wherever it can be reached.

    In every language: nobody of the customer is here whose browser could tell its own.
    """
    address = settings.PUBLIC_URL + reverse("my")
    context = {"relationship": relationship, "address": address}
    subject, text = _in_every_language("ended", context)
    mail.enqueue(
        _address_of(relationship),
        subject,
        text,
        invitation=relationship.invitation,
        on_behalf_of=relationship.partner,
    )


def _in_every_language(name: str, context: dict[str, Any]) -> tuple[str, str]:
    subjects, texts = [], []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            subject, text = mail.render(name, context)
        subjects.append(subject)
        texts.append(text)
    return " / ".join(subjects)[: mail.SUBJECT_LENGTH], "\n".join(texts)


def _asker(invitation: Invitation) -> str:
    """Who asked, or the partner's contact where nobody did or it has left."""
    partner, asked_by = invitation.partner, invitation.created_by
    still_there = partner.staff_memberships.current().filter(
        user=asked_by, user__is_active=True
    )
    if asked_by is not None and still_there.exists():
        return asked_by.email or partner.contact_email
    return partner.contact_email


def _address_of(relationship: ResellerRelationship) -> str:
    """Whoever accepted and is still there, the contact, or else an administrator."""
    customer, invitation = relationship.customer, relationship.invitation
    members = customer.tenant_memberships.filter(user__is_active=True)
    reachable = members.exclude(user__email="").select_related("user")
    accepted_by = invitation.accepted_by if invitation else None
    if member := reachable.filter(user=accepted_by).first():
        return member.user.email
    if customer.contact_email:
        return customer.contact_email
    administrator = reachable.filter(role=TenantRole.GLOBAL_ADMINISTRATOR).first()
    return administrator.user.email if administrator else ""
