"""What has to be in order before the first order, as lights, each with a way on."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from relationships.actors import Actor
from relationships.enums import AgreementHow
from relationships.models import Customer, CustomerAgreement
from relationships.roles import Column
from relationships.services.rules import markets_match
from subscriptions.models import Product
from subscriptions.services.overlaps import overlaps


@dataclass(frozen=True)
class Light:
    """`kind` as in templates/portal/badge.html; `way` leads to what mends it."""

    kind: str
    word: str
    text: str
    way: str = ""
    label: str = ""


def readiness(customer: Customer, actor: Actor) -> list[Light]:
    """The lights of a customer with whom the actor's partner has a relationship."""
    return [
        _relationship(customer),
        _market(customer, actor),
        _agreement(customer, actor),
        _address(customer),
        _overlap(customer),
    ]


def is_ready(lights: list[Light]) -> bool:
    return all(light.kind == "ok" for light in lights)


def _ok(text: str) -> Light:
    return Light("ok", _("In order"), text)


def _relationship(customer: Customer) -> Light:
    relationship = customer.active_relationship
    assert relationship is not None  # checked before anybody gets here
    day = date_format(relationship.established_at, "DATE_FORMAT")
    return _ok(_("The reseller relationship is active since %(day)s.") % {"day": day})


def _market(customer: Customer, actor: Actor) -> Light:
    assert actor.partner is not None  # only a partner's staff orders
    if markets_match(actor.partner, customer):
        return _ok(_("You and the customer are in the same market."))
    return Light(
        "bad",
        _("Open"),
        _(
            "The customer is in another market than you, and so you cannot order. The "
            "operator corrects a country that is wrong."
        ),
        customer.get_absolute_url(),
        _("Look at its country"),
    )


def _agreement(customer: Customer, actor: Actor) -> Light:
    agreements = CustomerAgreement.objects.visible_to(actor).filter(customer=customer)
    agreement = agreements.select_related("accepted_by", "attested_by").first()
    if agreement is None:
        return Light(
            "bad",
            _("Open"),
            _("Nobody has accepted the customer agreement, and so you cannot order."),
            reverse("admin:relationships_customer_attest", args=[customer.pk]),
            _("Attest who accepted it"),
        )
    words = {
        "agreement": agreement,
        "day": date_format(agreement.accepted_at, "DATE_FORMAT"),
        "signer": _("the customer"),
        "staff": _("your staff"),
    }
    shows_people = actor.may_see(Column.PERSONAL_DATA)
    if agreement.how == AgreementHow.ACCEPTED:
        if shows_people and agreement.accepted_by is not None:
            words["signer"] = agreement.accepted_by
        return _ok(_("%(signer)s accepted the %(agreement)s on %(day)s.") % words)
    if shows_people:
        words["signer"] = f"{agreement.signer_first_name} {agreement.signer_last_name}"
        words["staff"] = agreement.attested_by
    return _ok(
        _("%(signer)s accepted the %(agreement)s on %(day)s, as %(staff)s attests.")
        % words
    )


def _address(customer: Customer) -> Light:
    if customer.has_billing_address:
        return _ok(_("The billing address is complete."))
    return Light(
        "warn",
        _("To do"),
        _(
            "The billing address lacks its first line, the postal code or the city. "
            "You can order all the same."
        ),
        customer.get_absolute_url() + "?edit=1",
        _("Complete the address"),
    )


def _overlap(customer: Customer) -> Light:
    """Of whatever the catalogue has; the review asks about what was chosen."""
    found = overlaps(customer, Product.objects.all())
    if not found:
        return _ok(_("The customer has none of our products by another channel."))
    return Light(
        "warn",
        _("Look"),
        ngettext(
            "The customer has %(count)s subscription of such products by another "
            "channel: %(names)s. It stays as it is. If you order the same, the review "
            "asks you to acknowledge it.",
            "The customer has %(count)s subscriptions of such products by other "
            "channels: %(names)s. They stay as they are. If you order the same, the "
            "review asks you to acknowledge it.",
            len(found),
        )
        % {"count": len(found), "names": ", ".join(str(row) for row in found)},
    )
