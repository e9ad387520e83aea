"""Everybody acts as somebody: one user for exactly one partner, tenant or office."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from . import roles
from .enums import StaffRole, TenantRole

if TYPE_CHECKING:
    from django.db import models

    from portal.accounts.models import User

    from .models import Customer, Partner, StaffMembership, TenantMembership


@runtime_checkable
class Scoped(Protocol):
    """An object that knows whose it is to act upon."""

    def belongs_to(self, actor: Actor) -> bool: ...


@dataclass(frozen=True)
class Actor:
    """Who acts, and for whom. Rights, rows and columns are decided from it alone.

    Exactly one of: staff (partner and staff role), tenant (customer and tenant role),
    operator, clock, or visitor (nobody known, on a public page). The last two have no
    user.
    """

    role: str
    user: User | None = None
    partner: Partner | None = None
    customer: Customer | None = None

    def __post_init__(self) -> None:
        shape = (self.user is not None, self.partner is not None, bool(self.customer))
        allowed = {
            **dict.fromkeys(StaffRole.values, (True, True, False)),
            **dict.fromkeys(TenantRole.values, (True, False, True)),
            roles.OPERATOR: (True, False, False),
            roles.CLOCK: (False, False, False),
            roles.VISITOR: (False, False, False),
        }
        if allowed.get(self.role) != shape:
            raise ValueError(f"Nobody acts as {self.role} in this way.")

    @classmethod
    def staff(cls, membership: StaffMembership) -> Actor:
        return cls(membership.role, membership.user, partner=membership.partner)

    @classmethod
    def tenant(cls, membership: TenantMembership) -> Actor:
        return cls(membership.role, membership.user, customer=membership.customer)

    @classmethod
    def operator(cls, user: User) -> Actor:
        if not user.is_superuser:
            raise PermissionDenied(_("Only an operator acts for the platform."))
        return cls(roles.OPERATOR, user)

    @classmethod
    def clock(cls) -> Actor:
        return cls(roles.CLOCK)

    @classmethod
    def visitor(cls) -> Actor:
        return cls(roles.VISITOR)

    @property
    def is_operator(self) -> bool:
        return self.role == roles.OPERATOR

    @property
    def is_staff(self) -> bool:
        return self.partner is not None

    @property
    def is_tenant(self) -> bool:
        return self.customer is not None

    @property
    def key(self) -> str:
        """Names this actor among those of the same user, for the session."""
        if self.partner is not None:
            return f"partner:{self.partner.pk}"
        if self.customer is not None:
            return f"customer:{self.customer.pk}"
        return self.role

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def email(self) -> str:
        """Where the portal writes to this person; empty: nowhere."""
        return self.user.email if self.user else ""

    @property
    def role_label(self) -> str:
        return roles.role_label(self.role)

    @property
    def organisation(self) -> str:
        """The partner or the customer acted for, as people call it."""
        return str(self.partner or self.customer or _("Platform"))

    def is_for(self, *, partner_id: object = None, customer_id: object = None) -> bool:
        """Whether this actor acts for that partner or that customer.

        The operator and the clock act for the whole platform, a visitor for nobody.
        """
        if self.partner is not None:
            return self.partner.pk == partner_id
        if self.customer is not None:
            return self.customer.pk == customer_id
        return self.role != roles.VISITOR

    def may(self, action: str, obj: models.Model | Scoped | None = None) -> bool:
        """Whether the role grants `action` and `obj` (if any) is this actor's own."""
        if not roles.is_granted(self.role, action):
            return False
        return obj is None or not isinstance(obj, Scoped) or obj.belongs_to(self)

    def may_see(self, column: str) -> bool:
        return roles.is_visible(self.role, column)

    def require(self, action: str, obj: models.Model | Scoped | None = None) -> None:
        """Raise PermissionDenied with a sentence unless `may`."""
        if not self.may(action, obj):
            raise PermissionDenied(
                _("Your role %(role)s does not allow this.") % {"role": self.role_label}
            )


def actors_of(user: User) -> list[Actor]:
    """All that `user` can act as now: operator first, then partners, then tenants."""
    actors = [Actor.operator(user)] if user.is_superuser else []
    staff = user.staff_memberships.current().select_related("partner", "user")
    tenants = user.tenant_memberships.select_related("customer", "user")
    actors += [Actor.staff(membership) for membership in staff]
    actors += [Actor.tenant(membership) for membership in tenants]
    return actors
