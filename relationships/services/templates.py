"""A partner's own text of its invitations: checked, previewed, saved, given up.

A placeholder is `[[name]]`. Those of the text are filled in when an invitation is made;
link and expiry only as it leaves, so that no table holds a link.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation import clock

from ..actors import Actor
from ..enums import Operation
from ..models import Invitation, InvitationTemplate, Partner
from ..roles import Action
from . import composing, mail
from .activity import record
from .invitations import default_expiry
from .locking import lock_partner

PLACEHOLDERS = {
    "link": gettext_lazy("the invitation's link; has to be there"),
    "expires": gettext_lazy("until when the link works"),
    "partner": gettext_lazy("your company's name"),
    "domain": gettext_lazy("the customer's domain; empty where none was given"),
    "name": gettext_lazy("the name that a list has for the recipient; else empty"),
    "who_accepts": gettext_lazy("the roles that may accept"),
    "does_not": gettext_lazy("the five lines of what accepting does not do"),
    "contact": gettext_lazy("your company's name, MPN ID, e-mail and phone"),
}
IN_SUBJECT = ("partner", "domain")
EXAMPLE_DOMAIN = "customer.example"
EXAMPLE_NAME = gettext_lazy("Your customer")


def check(subject: str, body: str) -> None:
    """ValidationError by field: `placeholder_unknown`, `link_missing`."""
    faults: dict[str, Any] = {}
    for name, text, known in (
        ("subject", subject, IN_SUBJECT),
        ("body", body, tuple(PLACEHOLDERS)),
    ):
        unknown = [
            found for found in composing.PLACEHOLDER.findall(text) if found not in known
        ]
        if unknown:
            faults[name] = _unknown(unknown, known)
    if mail.LINK not in body and "body" not in faults:
        faults["body"] = ValidationError(
            _("The link has to be in the text: %(link)s"),
            code="link_missing",
            params={"link": mail.LINK},
        )
    if faults:
        raise ValidationError(faults)


def _unknown(names: list[str], known: tuple[str, ...]) -> ValidationError:
    return ValidationError(
        _("Not known here: %(names)s. There are: %(known)s."),
        code="placeholder_unknown",
        params={
            "names": ", ".join(f"[[{name}]]" for name in dict.fromkeys(names)),
            "known": ", ".join(f"[[{name}]]" for name in known),
        },
    )


def current_text(partner: Partner, language: str) -> tuple[str, str]:
    """The partner's own text, or the standard one to begin with."""
    own = partner.invitation_templates.filter(language=language).first()
    if own is not None:
        return own.subject, own.body
    with translation.override(language):
        return composing.standard_text(_example(partner))


def preview(
    partner: Partner, language: str, *, subject: str, body: str
) -> tuple[str, str]:
    """As a customer would get it, with a link that leads nowhere."""
    example = _example(partner, EXAMPLE_DOMAIN)
    with translation.override(language):
        name = str(EXAMPLE_NAME)
        subject, body = composing.fill_template(subject, body, example, name=name)
        return subject, mail.fill_in(body, example)


def _example(partner: Partner, domain: str = "") -> Invitation:
    """Never saved."""
    return Invitation(
        partner=partner, customer_domain=domain, expires_at=default_expiry()
    )


@transaction.atomic
def save_template(
    partner: Partner, *, actor: Actor, language: str, subject: str, body: str
) -> InvitationTemplate:
    """For invitations from now on. ValidationError: see `check`."""
    actor.require(Action.EDIT_TEMPLATE, partner)
    assert actor.user is not None  # only staff has the right
    body = body.replace("\r\n", "\n")
    subject = " ".join(subject.split())
    check(subject, body)
    partner = lock_partner(partner.pk)
    template = partner.invitation_templates.filter(language=language).first()
    template = template or InvitationTemplate(partner=partner, language=language)
    template.subject, template.body = subject, body
    template.changed_at, template.changed_by = clock.now(), actor.user
    template.save()
    _record(partner, actor, {"language": language})
    return template


@transaction.atomic
def drop_template(partner: Partner, *, actor: Actor, language: str) -> None:
    """Back to the standard text; without a text of one's own, nothing happens."""
    actor.require(Action.EDIT_TEMPLATE, partner)
    dropped, _rows = partner.invitation_templates.filter(language=language).delete()
    if dropped:
        _record(partner, actor, {"language": language, "is_standard": True})


def _record(partner: Partner, actor: Actor, new: dict[str, Any]) -> None:
    record(Operation.EDIT_TEMPLATE, partner, actor=actor, partner=partner, new=new)
