"""People whom an identity provider has proved: who they are, and of which tenant.

A person is (issuer, tenant id, object id) and nothing else. Two people may share an
e-mail address, and one person may have two accounts in two tenants: those are two.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.accounts.models import Identity, User

from ..actors import Actor
from ..enums import CustomerOrigin, Operation, TenantRole
from ..models import Customer, Partner, TenantMembership
from .activity import record
from .locking import lock_customer

LONGEST_LOGIN = 254


@dataclass(frozen=True)
class ProvedIdentity:
    """What a verified token says. `role` is None when it does not tell."""

    issuer: str
    tenant_id: UUID
    object_id: str
    full_name: str
    email: str
    role: TenantRole | None


def person_of(proof: ProvedIdentity) -> User | None:
    """Whoever has this identity here already."""
    identity = _identities(proof).select_related("user").first()
    return identity.user if identity else None


def sign_in_to_tenant(proof: ProvedIdentity) -> TenantMembership | None:
    """The person's membership, with the role of this very sign-in.

    A role that is gone there is gone here. None when nobody of the tenant has been
    here yet: `state_company` is what comes next.
    """
    customer = Customer.objects.filter(tenant_id=proof.tenant_id).first()
    return None if customer is None else _join(customer, proof)


@transaction.atomic
def state_company(
    proof: ProvedIdentity, *, company_name: str, country: str
) -> TenantMembership:
    """A tenant seen for the first time becomes a customer, in its own words.

    When a colleague was quicker, the colleague's words stay. ValidationError: as the
    fields' validators say.
    """
    customer = Customer(
        tenant_id=proof.tenant_id,
        company_name=company_name.strip(),
        country=country.strip().upper(),
        origin=CustomerOrigin.EXISTING_TENANT,
        stated_by_customer=True,
    )
    customer.full_clean(validate_unique=False)
    # Two people of one tenant at the same instant: the second finds the first one's.
    Customer.objects.bulk_create([customer], ignore_conflicts=True)
    stored = Customer.objects.get(tenant_id=proof.tenant_id)
    membership = _join(stored, proof)
    if stored.pk != customer.pk:
        return membership
    record(
        Operation.STATE_COMPANY,
        customer,
        actor=Actor.tenant(membership),
        customer=customer,
        new={"origin": customer.origin, "country": customer.country},
    )
    return membership


@transaction.atomic
def _join(customer: Customer, proof: ProvedIdentity) -> TenantMembership:
    if proof.role is None:
        raise PermissionDenied(_("The sign-in did not tell which roles you have."))
    customer = lock_customer(customer.pk)
    user = _sign_in(proof)
    membership = TenantMembership.objects.filter(user=user, customer=customer).first()
    before = membership.role if membership else ""
    if before == proof.role:
        assert membership is not None  # it has the role
        return membership
    membership = membership or TenantMembership(user=user, customer=customer)
    membership.role = proof.role
    membership.save()
    record(
        Operation.CHANGE_TENANT_ROLE,
        membership,
        actor=Actor.tenant(membership),
        customer=customer,
        old={"role": before} if before else None,
        new={"role": membership.role},
    )
    return membership


def _sign_in(proof: ProvedIdentity) -> User:
    """Find or make the person; name and address are as the provider has them now.

    The caller holds the customer's lock, so that two first sign-ins follow each other.
    """
    user = person_of(proof)
    if user is None:
        user = User.objects.create_user(
            _login_for(proof), full_name=proof.full_name, email=proof.email
        )
        Identity.objects.create(user=user, **_key(proof))
    elif not user.has_usable_password():  # a local account is its owner's to keep
        _bring_up_to_date(user, proof)
    return user


def _bring_up_to_date(user: User, proof: ProvedIdentity) -> None:
    told = {"full_name": proof.full_name, "email": proof.email}
    changed = [name for name, value in told.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, told[name])
    if changed:
        user.save(update_fields=changed)


def _login_for(proof: ProvedIdentity) -> str:
    """`<object id>@<tenant id>`, or a hash for what is no sign-in name or taken."""
    login = f"{proof.object_id}@{proof.tenant_id}"
    is_usable = login == login.lower() and len(login) <= LONGEST_LOGIN
    if is_usable and not User.objects.filter(login=login).exists():
        return login
    words = f"{proof.issuer} {proof.object_id}"
    return f"{hashlib.sha256(words.encode()).hexdigest()}@{proof.tenant_id}"


def partner_of_tenant(tenant_id: UUID) -> Partner | None:
    """The partner whose own tenant this is."""
    return Partner.objects.filter(tenant_id=tenant_id).first()


@transaction.atomic
def link_identity(proof: ProvedIdentity, *, actor: Actor) -> Identity:
    """Let a member of staff sign in by this identity of the partner's own tenant.

    ValidationError `other_tenant`, or `taken` when it is somebody's already.
    """
    user, partner = actor.user, actor.partner
    if user is None or partner is None:
        raise PermissionDenied(_("Only staff of a partner links an account."))
    if proof.tenant_id != partner.tenant_id:
        raise ValidationError(
            _("This account is not of the tenant of %(partner)s."),
            code="other_tenant",
            params={"partner": partner},
        )
    Identity.objects.bulk_create(
        [Identity(user=user, **_key(proof))], ignore_conflicts=True
    )
    identity = _identities(proof).get()
    if identity.user_id != user.pk:
        raise ValidationError(
            _("This account belongs to somebody here already."), code="taken"
        )
    record(Operation.ADD_RECORD, identity, actor=actor, partner=partner)
    return identity


@transaction.atomic
def unlink_identity(identity: Identity, *, actor: Actor) -> None:
    """This identity no longer signs in; every session of the person ends."""
    if actor.user is None or identity.user_id != actor.user.pk:
        raise PermissionDenied(_("This account is not linked to you."))
    record(Operation.DELETE_RECORD, identity, actor=actor, partner=actor.partner)
    identity.delete()
    actor.user.end_sessions()


def _identities(proof: ProvedIdentity) -> QuerySet[Identity]:
    return Identity.objects.filter(**_key(proof))


def _key(proof: ProvedIdentity) -> dict[str, Any]:
    return {
        "issuer": proof.issuer,
        "tenant_id": proof.tenant_id,
        "object_id": proof.object_id,
    }
