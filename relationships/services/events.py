"""What happens to invitations and relationships, each with who is told of it.

Called by the service that causes it, in its transaction. See `notices` for how a new
one plugs in.
"""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from portal.foundation import clock
from portal.foundation.logs import without_addresses

from ..actors import Actor
from ..enums import NoticeKind, StaffRole, TenantRole
from ..models import (
    Approval,
    Case,
    Customer,
    CustomerAgreement,
    Invitation,
    OutgoingEmail,
    Partner,
    ResellerRelationship,
    StaffMembership,
    WebhookEndpoint,
)
from ..roles import Action
from .notices import Message, tell, write_to

ADMINISTRATORS = (TenantRole.GLOBAL_ADMINISTRATOR, TenantRole.BILLING_ADMINISTRATOR)


def accepted(relationship: ResellerRelationship, *, by: Actor) -> None:
    """The staff member who asked, and the person who accepted (the receipt)."""
    invitation = relationship.invitation
    assert invitation is not None  # only an invitation is accepted
    names = {
        "customer": relationship.customer.company_name,
        "partner": relationship.partner.name,
    }
    context = {
        "relationship": relationship,
        "invitation": invitation,
        "role": TenantRole(invitation.accepted_role).label,
        "agreement": CustomerAgreement.current_name(),
    }
    _tell_who_asked(
        invitation,
        Message(
            NoticeKind.ACCEPTED,
            event=str(relationship.pk),
            path=relationship.customer.get_absolute_url(),
            data=names,
            context=context,
            invitation=invitation,
        ),
    )
    receipt = Message(
        NoticeKind.RECEIPT,
        event=str(relationship.pk),
        path=reverse("my-receipt", args=[relationship.pk]),
        data=names,
        context=context,
        invitation=invitation,
        on_behalf_of=relationship.partner,
    )
    language = translation.get_language() or settings.LANGUAGE_CODE
    tell([by], receipt, in_languages=[language])


def declined(invitation: Invitation) -> None:
    assert invitation.customer is not None  # the constraint says so
    _tell_who_asked(
        invitation,
        Message(
            NoticeKind.DECLINED,
            event=str(invitation.pk),
            path=invitation.get_absolute_url(),
            data={"customer": invitation.customer.company_name},
            context={"invitation": invitation},
            invitation=invitation,
        ),
    )


def new_link_asked(case: Case) -> None:
    invitation = case.invitation
    assert invitation is not None  # the case is about one
    _tell_who_asked(
        invitation,
        Message(
            NoticeKind.NEW_LINK,
            event=str(case.pk),
            path=invitation.get_absolute_url(),
            data={"invitation_name": _without_address(invitation)},
            context={"case": case, "invitation": invitation},
            invitation=invitation,
        ),
    )


def _without_address(invitation: Invitation) -> str:
    """What it is called where a person's address has no place; may be empty."""
    return str(
        invitation.reference or invitation.customer_domain or invitation.customer or ""
    )


def asked_to_end(case: Case) -> None:
    relationship = case.relationship
    assert relationship is not None  # the case is about one
    message = Message(
        NoticeKind.ASKED_TO_END,
        event=str(case.pk),
        path=case.subject_url,
        data={"customer": relationship.customer.company_name},
        context={"case": case, "relationship": relationship},
        invitation=relationship.invitation,
    )
    if relationship.invitation is not None:
        _tell_who_asked(relationship.invitation, message)
    else:
        _tell_office(case.partner, message)


def ended(relationship: ResellerRelationship) -> None:
    """The customer's administrators, who accepted, and the customer's contact."""
    customer = relationship.customer
    message = Message(
        NoticeKind.ENDED,
        event=str(relationship.pk),
        path=reverse("my"),
        data={"partner": relationship.partner.name},
        context={"relationship": relationship},
        invitation=relationship.invitation,
        on_behalf_of=relationship.partner,
    )
    invitation = relationship.invitation
    accepted_by = invitation.accepted_by_id if invitation else None
    people = [
        actor
        for actor in people_of(customer)
        if actor.role in ADMINISTRATORS or actor.user_id == accepted_by
    ]
    tell(people, message)
    if customer.contact_email not in _addresses(people):
        every = [code for code, _name in settings.LANGUAGES]
        write_to(customer.contact_email, message, in_languages=every)


def approval_asked(approval: Approval, *, right: Action) -> None:
    """Whoever may decide it, and could have done it alone."""
    message = Message(
        NoticeKind.APPROVAL_ASKED,
        event=str(approval.pk),
        path=approval.get_absolute_url(),
        data={"customer": approval.customer.company_name},
        context={"approval": approval},
    )
    tell(
        [
            actor
            for actor in staff_of(approval.partner)
            if actor.may(Action.DECIDE_APPROVAL)
            and actor.may(right)
            and actor.user != approval.asked_by
        ],
        message,
    )


def approval_decided(approval: Approval) -> None:
    message = Message(
        NoticeKind.APPROVAL_DECIDED,
        event=str(approval.pk),
        path=approval.get_absolute_url(),
        data={
            "customer": approval.customer.company_name,
            "outcome": approval.outcome,
        },
        context={"approval": approval},
    )
    people = staff_of(approval.partner)
    tell([actor for actor in people if actor.user == approval.asked_by], message)


def membership_expires(membership: StaffMembership) -> None:
    """The member, and the administrators, who learn no name by it."""
    assert membership.expires_at is not None
    message = Message(
        NoticeKind.MEMBERSHIP_EXPIRES,
        event=f"{membership.pk} {membership.expires_at.isoformat()}",
        path=reverse("account"),
        data={
            "partner": membership.partner.name,
            "expires_at": membership.expires_at,
            "is_own": True,
        },
    )
    tell([Actor.staff(membership)], message)
    page = "admin:relationships_staffmembership_change"
    of_staff = replace(
        message,
        path=reverse(page, args=[membership.pk]),
        data={**message.data, "is_own": False},
    )
    others = administrators_of(membership.partner)
    tell([a for a in others if a.user_id != membership.user_id], of_staff)


def email_lost(email: OutgoingEmail) -> None:
    """Who asked, when it went to whom it invites; of a list of them once."""
    invitation = email.invitation
    if invitation is None or email.recipient != invitation.recipient_email:
        return
    row = getattr(invitation, "batch_row", None)
    message = Message(
        NoticeKind.EMAIL_LOST,
        event=str(row.batch_id if row else email.pk),
        path=(row.batch if row else invitation).get_absolute_url(),
        data={
            "is_of_list": row is not None,
            "invitation_name": "" if row else _without_address(invitation),
        },
        context={"answer": without_addresses(email.error)},
        invitation=invitation,
    )
    _tell_who_asked(invitation, message)


def webhook_failed(endpoint: WebhookEndpoint) -> None:
    """The partner's administrators: at most once a day that it gave up, and when it
    was switched off."""
    is_off = not endpoint.is_active
    message = Message(
        NoticeKind.WEBHOOK_FAILED,
        event=f"{endpoint.pk} {is_off} {clock.now():%Y-%m-%d}",
        path=endpoint.get_absolute_url(),
        data={"host": urlsplit(endpoint.url).hostname, "is_off": is_off},
    )
    tell(administrators_of(endpoint.partner), message)


# Who that is


def staff_of(partner: Partner) -> Iterator[Actor]:
    """Everybody who acts for this partner now."""
    rows = partner.staff_memberships.current().filter(user__is_active=True)
    for membership in rows.select_related("user", "partner").order_by("pk"):
        yield Actor.staff(membership)


def people_of(customer: Customer) -> Iterator[Actor]:
    """Everybody who acts for this tenant now."""
    rows = customer.tenant_memberships.filter(user__is_active=True)
    for membership in rows.select_related("user", "customer").order_by("pk"):
        yield Actor.tenant(membership)


def administrators_of(partner: Partner) -> list[Actor]:
    return [a for a in staff_of(partner) if a.role == StaffRole.ADMIN_AGENT]


def _tell_who_asked(invitation: Invitation, message: Message) -> None:
    """Who asked for the relationship; the office where nobody did, or it has left."""
    asked_by = invitation.created_by_id
    found = [a for a in staff_of(invitation.partner) if a.user_id == asked_by]
    if not found:
        _tell_office(invitation.partner, message)
        return
    tell(found, message)
    if not found[0].email:
        write_to(invitation.partner.contact_email, message)


def _tell_office(partner: Partner, message: Message) -> None:
    """The partner's administrators, and its contact."""
    found = administrators_of(partner)
    tell(found, message)
    if partner.contact_email not in _addresses(found):
        write_to(partner.contact_email, message)


def _addresses(people: list[Actor]) -> set[str]:
    return {actor.email for actor in people}
