"""Sentences that are put together here and shown on more than one page."""

from django.utils.translation import gettext as _

from relationships import roles
from relationships.models import Invitation
from relationships.services.mail import expiry_text


def who_may_accept() -> str:
    return _(" or ").join(roles.accepting_roles())


def what_the_partner_may_do() -> list[str]:
    return [
        _("Order new CSP subscriptions for your tenant when you ask for them."),
        _("Change, suspend and renew those CSP subscriptions."),
        _("See which subscriptions you have, so that you do not pay twice."),
    ]


def text_to_forward(invitation: Invitation) -> str:
    """For somebody who may not accept to send to somebody who may."""
    return _(
        "Hello,\n\n"
        "%(partner)s asks to become our reseller for Microsoft cloud services. "
        "To accept or decline, the role %(roles)s is needed in our tenant. "
        "Please open this link, sign in and read what it means:\n\n"
        "%(url)s\n\n"
        "The link works until %(expires)s. Opening it and signing in decide nothing."
    ) % {
        "partner": invitation.partner.name,
        "roles": who_may_accept(),
        "url": invitation.url,
        "expires": expiry_text(invitation),
    }
