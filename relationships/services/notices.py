"""Which message goes to whom, queued in the transaction of its cause."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from ..models import CustomerAgreement, Invitation, ResellerRelationship
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
        reply_to=invitation.partner.contact_email,
    )


def tell_staff_of_decline(invitation: Invitation) -> None:
    address = settings.PUBLIC_URL + invitation.get_absolute_url()
    context = {"invitation": invitation, "address": address}
    subject, text = mail.render("declined", context)
    mail.enqueue(_asker(invitation), subject, text, invitation=invitation)


def tell_of_acceptance(relationship: ResellerRelationship) -> None:
    """The staff member who asked, and the person who accepted (the receipt)."""
    invitation = relationship.invitation
    assert invitation is not None  # only an invitation is accepted
    context = {
        "relationship": relationship,
        "invitation": invitation,
        "role": invitation.get_accepted_role_display(),
        "agreement": CustomerAgreement.current_name(),
    }
    customer_page = settings.PUBLIC_URL + relationship.customer.get_absolute_url()
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
        reply_to=relationship.partner.contact_email,
    )


def tell_of_end(relationship: ResellerRelationship) -> None:
    """The customer: whoever accepted, or its contact address."""
    invitation = relationship.invitation
    accepted_by = invitation.accepted_by if invitation else None
    recipient = accepted_by.email if accepted_by else ""
    address = settings.PUBLIC_URL + reverse("my")
    context = {"relationship": relationship, "address": address}
    subject, text = mail.render("ended", context)
    mail.enqueue(
        recipient or relationship.customer.contact_email,
        subject,
        text,
        invitation=invitation,
        reply_to=relationship.partner.contact_email,
    )


def _asker(invitation: Invitation) -> str:
    """Who asked, or the partner's contact where nobody did (the partner link)."""
    asked_by = invitation.created_by.email if invitation.created_by else ""
    return asked_by or invitation.partner.contact_email
