"""The named rules of an invitation that are not the database's alone."""

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _

from ..actors import Actor
from ..enums import ApprovalVerb, CaseKind
from ..models import Approval, CountryMarket, Customer, Invitation, Partner


def require_transacting(partner: Partner) -> None:
    """PermissionDenied for the staff of a partner that is an Advisor only."""
    if not partner.is_csp_transacting:
        raise PermissionDenied(
            _(
                "Only a CSP transacting partner asks for a reseller relationship, adds "
                "customers and orders."
            )
        )


def refuse_advisor(partner: Partner) -> None:
    """ValidationError for the customer of a partner that is an Advisor only."""
    if not partner.is_csp_transacting:
        raise ValidationError(
            _("%(partner)s is not a CSP transacting partner. Nothing was changed."),
            code="not_transacting",
            params={"partner": partner},
        )


def refuse_wrong_tenant(invitation: Invitation, customer: Customer) -> None:
    if not invitation.admits(customer):
        raise ValidationError(
            _("Another tenant was invited, not %(customer)s."),
            code="wrong_tenant",
            params={"customer": customer},
        )


def refuse_without_agreement(*, agreed: bool) -> None:
    if not agreed:
        raise ValidationError(
            _("Confirm the customer agreement to accept."), code="agreement"
        )


def refuse_second_partner(customer: Customer) -> None:
    """Rule `one_transacting_partner`; the constraint keeps it against races too."""
    if customer.active_relationship is not None:
        raise ValidationError(
            _(
                "%(customer)s already has a CSP transacting partner, and a customer "
                "has one at a time. Nothing was changed."
            ),
            code="one_transacting_partner",
            params={"customer": customer},
        )


def refuse_alone(
    verb: ApprovalVerb,
    target: Model,
    partner: Partner,
    *,
    actor: Actor,
    approval: Approval | None,
) -> None:
    """ValidationError `second_person` where the partner wants one and there is none.

    The last check before what cannot be undone: whatever else is refused is refused
    before somebody is asked.
    """
    if not partner.needs_second_person:
        return
    is_approved = (
        approval is not None
        and approval.is_waiting
        and (approval.verb, approval.target_id) == (verb, target.pk)
        and approval.asked_by != actor.user
    )
    if not is_approved:
        raise ValidationError(
            _("A second person has to approve this."), code="second_person"
        )


def markets_match(partner: Partner, customer: Customer) -> bool:
    """Rule `region`: the same market, unless `MARKETS_MUST_MATCH` is off."""
    if not settings.MARKETS_MUST_MATCH:
        return True
    market_of = CountryMarket.market_of
    return market_of(partner.country) == market_of(customer.country)


def refuse_other_market(partner: Partner, customer: Customer) -> None:
    if not markets_match(partner, customer):
        raise ValidationError(
            _(
                "%(partner)s sells in another market than the one of %(customer)s. "
                "Nothing was changed."
            ),
            code="region",
            params={"partner": partner, "customer": customer},
        )


def obstacle(partner: Partner, customer: Customer) -> CaseKind | None:
    """What keeps this customer from accepting this partner, for staff to see."""
    relationship = customer.active_relationship
    if relationship is not None:
        is_own = relationship.partner_id == partner.pk
        return None if is_own else CaseKind.ONE_TRANSACTING_PARTNER
    return None if markets_match(partner, customer) else CaseKind.REGION


def refuse_linked_customer(invitation: Invitation) -> None:
    """No invitation for whoever is this partner's customer already.

    Looked for among the partner's own customers only, by the invited tenant, by the
    domain and by the domain of the address: nothing is told about anybody else's.
    """
    domain = invitation.customer_domain or _domain_of(invitation.recipient_email)
    own = Customer.objects.of_active_relationships(invitation.partner)
    invited = own.filter(tenant_id=invitation.customer_tenant_id)
    linked = invited.first() or own.with_domain(domain).first()
    if linked is not None:
        raise ValidationError(
            _("%(customer)s is already linked to you: it is in your customer list."),
            code="already_linked",
            params={"customer": linked},
        )


def refuse_second_open_invitation(invitation: Invitation) -> None:
    """One open invitation per address and domain: the first can be renewed instead."""
    if not invitation.recipient_email:
        return
    first = (
        Invitation.objects.open()
        .filter(
            partner=invitation.partner,
            recipient_email__iexact=invitation.recipient_email,
            customer_domain=invitation.customer_domain,
        )
        .exclude(pk=invitation.pk)
        .first()
    )
    if first is not None:
        raise ValidationError(
            _("%(address)s has an open invitation already. Renew that one instead."),
            code="already_invited",
            params={"address": invitation.recipient_email, "invitation": first},
        )


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
