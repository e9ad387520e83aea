"""The text of an invitation: what it says at first, and what an editor may change."""

import re
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _

from .. import roles
from ..models import Invitation, InvitationTemplate
from . import mail

PLACEHOLDER = re.compile(r"\[\[([^\[\]\n]*)\]\]")
MAILTO_LIMIT = 1900  # encoded characters; longer ones break in some mail programs


def what_accepting_does_not_do(partner_name: str) -> list[str]:
    """The five "does NOT" lines of the source page, to follow "does NOT"."""
    return [
        _("impact or change any of your existing subscriptions"),
        _("transition your existing subscriptions to %(partner)s")
        % {"partner": partner_name},
        _("change the terms of, or your obligations for, any existing subscription"),
        _("allow %(partner)s to change any Advisor Partner of Record information")
        % {"partner": partner_name},
        _("enable multiple CSP transacting partners to sell to you"),
    ]


def compose(invitation: Invitation, *, name: str = "") -> None:
    """Set subject and body to the finished text, with placeholders for the link.

    In the invitation's language; the partner's own template, where it has one. `name`
    is the recipient's.
    """
    own = InvitationTemplate.objects.filter(
        partner=invitation.partner, language=invitation.language
    ).first()
    with translation.override(invitation.language):
        if own is not None:
            text = fill_template(own.subject, own.body, invitation, name=name)
        else:
            text = standard_text(invitation)
    invitation.subject, invitation.body = text


def fill_template(
    subject: str, body: str, invitation: Invitation, *, name: str = ""
) -> tuple[str, str]:
    """A partner's own text with its placeholders filled, but for link and expiry."""
    values = {**_values_of(invitation), "name": name}

    def filled(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    return filled(subject)[: mail.SUBJECT_LENGTH], filled(body)


def _values_of(invitation: Invitation) -> dict[str, str]:
    partner = invitation.partner
    may_not = what_accepting_does_not_do(partner.name)
    contact = [f"{partner.name} (MPN ID {partner.mpn_id})", partner.contact_email]
    if partner.contact_phone:
        contact.append(partner.contact_phone)
    return {
        "partner": partner.name,
        "domain": invitation.customer_domain,
        "who_accepts": _(" or ").join(roles.accepting_roles()),
        "does_not": "\n".join(f"- {line}" for line in may_not),
        "contact": "\n".join(contact),
    }


def standard_text(invitation: Invitation) -> tuple[str, str]:
    partner = invitation.partner
    context = {
        "partner": partner,
        "domain": invitation.customer_domain,
        "link": mail.LINK,
        "expires": mail.EXPIRES,
        "accepting_roles": _(" or ").join(roles.accepting_roles()),
        "may_not": what_accepting_does_not_do(partner.name),
    }
    return mail.render("invitation", context)


def text_for(invitation: Invitation) -> str:
    """The body as the customer reads it, with the link."""
    return mail.fill_in(invitation.body, invitation)


def set_text(invitation: Invitation, *, subject: str, body: str) -> None:
    """Take over an edited text; the link stays in the body and out of the subject.

    ValidationError `link_missing` or `link_in_subject`, each by its field.
    """
    if invitation.url in subject:
        raise ValidationError(
            {
                "subject": ValidationError(
                    _("The link belongs in the text, not in the subject."),
                    code="link_in_subject",
                )
            }
        )
    stored = mail.take_out(body, invitation)
    if mail.LINK not in stored:
        raise ValidationError(
            {
                "body": ValidationError(
                    _("The invitation's link has to stay in the text: %(url)s"),
                    code="link_missing",
                    params={"url": invitation.url},
                )
            }
        )
    invitation.subject, invitation.body = " ".join(subject.split()), stored


def mailto(invitation: Invitation) -> tuple[str, bool]:
    """A mailto link with recipient, subject and text, and whether the text fitted.

    When it did not, the link carries the subject and the invitation's link only.
    """

    def link(body: str) -> str:
        return (
            f"mailto:{quote(invitation.recipient_email, safe='@')}"
            f"?subject={quote(invitation.subject)}&body={quote(body)}"
        )

    whole = link(text_for(invitation).replace("\n", "\r\n"))
    if len(whole) <= MAILTO_LIMIT:
        return whole, True
    return link(invitation.url), False
