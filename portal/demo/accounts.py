"""Whom a newcomer can sign in as, as long as DEBUG is on."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import User
from relationships import roles
from relationships.models import Invitation, TenantMembership
from relationships.services.rules import obstacle

from . import companies

PASSWORD = "demo-portal-2026"  # noqa: S105 -- published on purpose, in DEBUG only

# Two who can accept an invitation now, one who cannot, one with two tenants, and one
# whom nobody has invited yet; each with the other people of its tenant.
TENANTS = ["quarzhaus", "verdoyer", "larkmead", "tannberg", "feldlerche"]
LOGINS = [
    companies.OPERATOR[1],
    *map(companies.staff_login, companies.STAFF),
    *(login for key in TENANTS for login in companies.logins_of(key)),
]


@dataclass(frozen=True)
class DemoAccount:
    """An account of the demo: who it is, and the address to start from."""

    login: str
    password: str
    who: str
    goes_to: str


def demo_accounts() -> list[DemoAccount]:
    """Those that exist here, in the order of the demo; none unless DEBUG is on."""
    if not settings.DEBUG:
        return []
    people = User.objects.filter(login__in=LOGINS, is_active=True).prefetch_related(
        "staff_memberships__partner", "tenant_memberships__customer__relationships"
    )
    known = {user.login: user for user in people}
    users = [known[login] for login in LOGINS if login in known]
    invitations = _open_invitations(users)
    return [_account(user, invitations) for user in users]


def _account(user: User, invitations: list[Invitation]) -> DemoAccount:
    who, goes_to = [], _address("my")
    if user.is_superuser:
        who, goes_to = [_("Operator of the portal")], _address("admin:index")
    for staff in user.staff_memberships.all():
        who.append(f"{staff.get_role_display()}, {staff.partner}")
        goes_to = _address("admin:index")
    for membership in user.tenant_memberships.all():
        who.append(f"{membership.get_role_display()}, {membership.customer}")
        invitation = _invitation_for(membership, invitations)
        if invitation is not None:
            who[-1] += f" ({_what_it_may(membership, invitation)})"
            goes_to = invitation.url
        elif not membership.customer.relationships.all():
            who[-1] += " (" + _("nobody has invited it yet: do") + ")"
    return DemoAccount(user.login, PASSWORD, "; ".join(who), goes_to)


def _address(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)


def _open_invitations(users: list[User]) -> list[Invitation]:
    tenants = [m.customer for user in users for m in user.tenant_memberships.all()]
    invited = Q(customer_tenant_id__in=[tenant.tenant_id for tenant in tenants])
    came = Q(customer__in=tenants)
    return list(
        Invitation.objects.open().filter(invited | came).select_related("partner")
    )


def _invitation_for(
    membership: TenantMembership, invitations: list[Invitation]
) -> Invitation | None:
    customer = membership.customer
    mine = (
        invitation
        for invitation in invitations
        if customer.pk == invitation.customer_id
        or customer.tenant_id == invitation.customer_tenant_id
    )
    return next(mine, None)


def _what_it_may(membership: TenantMembership, invitation: Invitation) -> str:
    words = {"partner": str(invitation.partner)}
    if not roles.is_granted(membership.role, roles.Action.ANSWER_INVITATION):
        return _("invited by %(partner)s, may not accept in this role") % words
    kind = obstacle(invitation.partner, membership.customer)
    if kind is not None:
        words["why"] = str(kind.label)
        return _("invited by %(partner)s, cannot accept. %(why)s.") % words
    return _("can accept the invitation of %(partner)s now") % words
