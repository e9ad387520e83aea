"""Customers' tenants and people: add, correct, anonymise."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import history, second_factor, throttling
from portal.accounts.models import User

from ..actors import Actor
from ..enums import CustomerOrigin, Operation
from ..exceptions import TransitionNotAllowed
from ..models import Customer, Partner
from ..roles import Action
from . import notices, rules
from .activity import record
from .forgetting import forget
from .locking import lock_customer, lock_transacting
from .log import told_of
from .relationships import establish_by_provisioning

CONTACT_FIELDS = (
    "contact_name",
    "contact_email",
    "contact_phone",
    "address_line1",
    "address_line2",
    "address_city",
    "address_region",
    "address_postal_code",
)
ANONYMISED = "anonymised-"  # how the sign-in name of such a person begins
# What the customer stated or a directory verified; only the operator corrects it.
STATEMENT_FIELDS = ("company_name", "country", "primary_domain")
LOGGED_FIELDS = ("country", "primary_domain")  # a company may bear a person's name


@transaction.atomic
def provision_customer(
    *,
    actor: Actor,
    company_name: str,
    stated_domain: str,
    country: str,
    **contact: str,
) -> Customer:
    """A new tenant's record, with the reseller relationship established at once.

    The domain is the partner's own statement: nothing tells whether it is known here
    elsewhere. `contact` takes CONTACT_FIELDS. ValidationError: `already_linked`,
    `region`, or what the fields' validators say.
    """
    actor.require(Action.ADD_CUSTOMER)
    assert actor.partner is not None  # only staff roles may add
    partner = lock_transacting(actor.partner)
    customer = Customer(
        tenant_id=uuid.uuid4(),
        company_name=company_name.strip(),
        stated_domain=stated_domain,
        country=country.strip().upper(),
        origin=CustomerOrigin.PROVISIONED,
        **contact,
    )
    customer.clean_fields()
    _refuse_second_of_own(partner, customer)
    rules.refuse_other_market(partner, customer)
    customer.save(force_insert=True)
    record(
        Operation.ADD_CUSTOMER,
        customer,
        actor=actor,
        partner=partner,
        customer=customer,
        new={"origin": customer.origin, "country": customer.country},
    )
    establish_by_provisioning(customer, actor=actor)
    return customer


def _refuse_second_of_own(partner: Partner, customer: Customer) -> None:
    """A customer of this partner already has the domain; others' are not looked at."""
    own = Customer.objects.of_active_relationships(partner)
    linked = own.with_domain(customer.stated_domain).first()
    if linked is not None:
        already = ValidationError(
            _("%(customer)s in your customer list has this domain already."),
            code="already_linked",
            params={"customer": linked},
        )
        raise ValidationError({"stated_domain": already})


@transaction.atomic
def correct_customer(customer: Customer, *, actor: Actor, **values: Any) -> Customer:
    """Correct contact and address; the operator also name, country and domain.

    A corrected name or country is no longer marked as the customer's own statement.
    """
    customer = lock_customer(customer.pk)
    actor.require(Action.CORRECT_CUSTOMER, customer)
    if not set(values) <= {*CONTACT_FIELDS, *STATEMENT_FIELDS}:
        raise ValueError("Only contact, address, name, country and domain.")
    values = {name: (value or "").strip() for name, value in values.items()}
    if "primary_domain" in values:
        values["primary_domain"] = values["primary_domain"].lower() or None
    changed = sorted(name for name in values if getattr(customer, name) != values[name])
    if set(changed) & set(STATEMENT_FIELDS):
        actor.require(Action.CORRECT_STATEMENTS)
    if set(changed) & {"company_name", "country"}:
        customer.stated_by_customer = False
    before = {name: getattr(customer, name) for name in changed}
    for name in changed:
        setattr(customer, name, values[name])
    if changed:
        customer.save()
        record(
            Operation.CORRECT_CUSTOMER,
            customer,
            actor=actor,
            partner=actor.partner,
            customer=customer,
            old=told_of(before, changed, LOGGED_FIELDS),
            new={"fields": changed, **told_of(values, changed, LOGGED_FIELDS)},
        )
    return customer


@transaction.atomic
def anonymise_person(user: User, *, actor: Actor, reason: str) -> User:
    """Take a person's name, address and ways to sign in away; what it did stays."""
    actor.require(Action.MANAGE_PEOPLE)
    if not reason.strip():
        raise ValidationError(_("Say why this person is anonymised."), code="reason")
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.login.startswith(ANONYMISED):
        raise TransitionNotAllowed(_("This person is anonymised already."))
    forget(user)
    notices.forget_person(user)
    throttling.unlock(user)
    user.full_name = str(_("Anonymised person"))
    user.login = f"{ANONYMISED}{uuid.uuid4()}"
    user.email = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()
    user.identities.all().delete()
    history.blank(user)
    second_factor.remove(user)
    user.staff_memberships.all().delete()
    user.tenant_memberships.all().delete()
    record(Operation.ANONYMISE_PERSON, user, actor=actor, reason=reason.strip())
    return user
