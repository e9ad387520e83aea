"""The rows that no service makes, written as an operator writes them in the admin."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ObjectDoesNotExist

from portal.accounts.models import User
from relationships.actors import Actor
from relationships.enums import StaffRole, TenantRole
from relationships.models import Customer, Partner, StaffMembership, TenantMembership
from subscriptions.enums import BillingPlan, Term
from subscriptions.models import Offer, Product
from subscriptions.services.catalogue import import_catalogue

from . import companies
from .accounts import PASSWORD
from .timeline import Calendar

SEED = 32
CATALOGUE = Path(settings.BASE_DIR) / "subscriptions" / "data" / "catalogue.csv"
CURRENCY = "USD"  # the currency of the catalogue


class DemoImpossibleError(Exception):
    """Why the demo cannot be written here."""


@dataclass(frozen=True)
class World:
    """Everybody and everything that the stories need."""

    calendar: Calendar
    operator: Actor
    staff: Mapping[tuple[str, StaffRole], Actor]
    administrators: dict[str, Actor]  # of each customer; a new one is added
    people: "People"

    def dice(self, *names: object) -> Random:
        """The same numbers on every machine, and others for each story."""
        return Random(":".join(map(str, (SEED, *names))))  # noqa: S311 -- no secret

    def sales(self, partner: str) -> Actor:
        return self.staff[partner, StaffRole.SALES_AGENT]

    def admin(self, partner: str) -> Actor:
        return self.staff[partner, StaffRole.ADMIN_AGENT]

    def partner(self, key: str) -> Partner:
        partner = self.sales(key).partner
        assert partner is not None  # staff has one
        return partner

    def customer(self, key: str) -> Customer:
        customer = self.administrators[key].customer
        assert customer is not None  # a tenant's actor has one
        return customer

    def seller_of(self, key: str) -> str:
        """The partner with the active relationship."""
        relationship = self.customer(key).active_relationship
        assert relationship is not None  # the story asks at the right time
        return next(
            name
            for name, row in companies.PARTNERS.items()
            if row.mpn_id == relationship.partner.mpn_id
        )


class People:
    """Accounts with the one password; outside DEBUG nobody gets a published one."""

    def __init__(self) -> None:
        self._hash = make_password(PASSWORD if settings.DEBUG else None)
        self._known: dict[str, User] = {}

    def user(self, login: str, name: str, *, is_operator: bool = False) -> User:
        if login not in self._known:
            user = User(
                login=login,
                email=login,
                full_name=name,
                password=self._hash,
                is_staff=is_operator,
                is_superuser=is_operator,
            )
            user.full_clean()
            user.save()
            self._known[login] = user
        return self._known[login]

    def join(
        self, login: str, name: str, customer: Customer, role: TenantRole
    ) -> Actor:
        user = self.user(login, name)
        return Actor.tenant(
            TenantMembership.objects.create(user=user, customer=customer, role=role)
        )


def load_catalogue() -> None:
    if not Product.objects.exists():
        with CATALOGUE.open(newline="", encoding="utf-8-sig") as lines:
            import_catalogue(lines)


def offer(product: str, term: Term, billing_plan: BillingPlan) -> Offer:
    """Today's offer, in the catalogue's currency."""
    try:
        return Offer.objects.available().get(
            product__title=product,
            term=term,
            billing_plan=billing_plan,
            currency=CURRENCY,
        )
    except ObjectDoesNotExist as error:
        raise DemoImpossibleError(
            f"The catalogue here does not sell {product} ({term}, {billing_plan}, "
            f"{CURRENCY}): load {CATALOGUE.name} first."
        ) from error


def create_world(calendar: Calendar, provisioned_later: set[str]) -> World:
    """Partners with their staff, the operator, and all customers but the later ones."""
    people = People()
    name, login = companies.OPERATOR
    operator = Actor.operator(people.user(login, name, is_operator=True))
    partners = {key: _create_partner(row) for key, row in companies.PARTNERS.items()}
    world = World(calendar, operator, _hire(partners, people), {}, people)
    for key in companies.CUSTOMERS:
        if key not in provisioned_later:
            world.administrators[key] = _join_administrator(
                key, _create_customer(key), people
            )
    for person in companies.OTHER_PEOPLE:
        people.join(
            companies.person_login(person),
            person.name,
            world.customer(person.customer),
            person.role,
        )
    return world


def _create_partner(row: companies.PartnerRow) -> Partner:
    return Partner.objects.create(
        name=row.name,
        mpn_id=row.mpn_id,
        tenant_id=companies.tenant_id_of(row.domain),
        country=row.country,
        currency=CURRENCY,
        is_csp_transacting=row.transacts,
        is_advisor=row.advises,
        contact_email=f"hello@{row.domain}",
        contact_phone=row.phone,
        website=f"https://{row.domain}",
    )


def _hire(
    partners: dict[str, Partner], people: People
) -> dict[tuple[str, StaffRole], Actor]:
    staff = {}
    for row in companies.STAFF:
        user = people.user(companies.staff_login(row), row.name)
        for key, role in row.roles.items():
            membership = StaffMembership.objects.create(
                user=user, partner=partners[key], role=role
            )
            staff[key, role] = Actor.staff(membership)
    return staff


def _create_customer(key: str) -> Customer:
    row = companies.CUSTOMERS[key]
    return Customer.objects.create(
        tenant_id=companies.tenant_id_of(row.domain),
        company_name=row.name,
        primary_domain=row.domain,
        country=row.country,
        contact_name=row.administrator,
        contact_email=companies.administrator_login(key),
        address_city=row.city,
    )


def _join_administrator(key: str, customer: Customer, people: People) -> Actor:
    return people.join(
        companies.administrator_login(key),
        companies.CUSTOMERS[key].administrator,
        customer,
        TenantRole.GLOBAL_ADMINISTRATOR,
    )


def welcome(world: World, key: str, customer: Customer) -> None:
    """The administrator of a tenant that a partner has just provisioned."""
    world.administrators[key] = _join_administrator(key, customer, world.people)
