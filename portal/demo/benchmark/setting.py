"""Who is there before the first customer: partners, their people and price lists."""

import csv
import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import islice
from random import Random

from portal.accounts.models import User
from portal.foundation import clock
from relationships.enums import StaffRole
from relationships.models import Invitation, Partner, StaffMembership
from relationships.services import composing
from subscriptions.models import Offer
from subscriptions.services.catalogue import PRICE_COLUMNS, import_catalogue

from ..world import CATALOGUE

SEED = 64
MONTHS = 24
NEW_PRICES_DAYS = 200  # ago
CENT = Decimal("0.01")
# Currency, and what a price of the catalogue is in it.
CURRENCIES = {"EUR": Decimal("0.94"), "USD": Decimal(1)}
LAST_YEAR = Decimal("0.92")
TRANSACTING = 8
ADVISORS = 3
PRODUCTS = 10  # the first ones of the catalogue
STAFF = (
    StaffRole.ADMIN_AGENT,
    StaffRole.SALES_AGENT,
    StaffRole.SALES_AGENT,
    StaffRole.HELPDESK_AGENT,
    StaffRole.EXECUTIVE_REPORT_VIEWER,
)
COUNTRIES = {"EUR": ["DE", "AT", "FR", "NL", "IT", "ES", "PL"], "USD": ["US"]}
OPERATOR = "operator@benchmark.example"
NAMESPACE = uuid.UUID("6d8f1f5e-5f0c-4b5b-9f0a-0d4b7a52c7a1")


@dataclass(frozen=True)
class PriceStep:
    """What is sold at these terms from a moment on."""

    since: datetime
    offer: Offer


@dataclass(frozen=True)
class Sold:
    """A product at a term and billing plan: its price lists, the oldest first."""

    steps: tuple[PriceStep, ...]

    def at(self, moment: datetime) -> Offer:
        return next(
            (step.offer for step in reversed(self.steps) if step.since <= moment),
            self.steps[0].offer,
        )


@dataclass(frozen=True)
class Seller:
    """A transacting partner with its sales agents and what it sells."""

    partner: Partner
    agents: tuple[User, ...]
    administrator: User
    subject: str
    body: str
    sold: tuple[Sold, ...]


@dataclass(frozen=True)
class Setting:
    now: datetime
    operator: User
    sellers: tuple[Seller, ...]
    advisors: tuple[Partner, ...]

    @cached_property
    def first_day(self) -> datetime:
        return first_day(self.now)

    def days_ago(self, days: float) -> datetime:
        return (self.now - timedelta(days=days)).replace(microsecond=0)

    def dice(self, *names: object) -> Random:
        """The same numbers on every machine, and others for each name."""
        return Random(":".join(map(str, (SEED, *names))))  # noqa: S311 -- no secret


def first_day(now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=MONTHS * 30)


def tenant_id(name: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, name)


def create_setting(now: datetime) -> None:
    with clock.at(first_day(now)):
        _import_prices(LAST_YEAR)
        User.objects.create_superuser(OPERATOR, full_name="Benchmark Operator")
        for number in range(TRANSACTING):
            _create_seller(number)
        for number in range(ADVISORS):
            _create_partner(TRANSACTING + number, is_advisor=True)
    with clock.at(now - timedelta(days=NEW_PRICES_DAYS)):
        _import_prices(Decimal(1))


def load_setting(now: datetime) -> Setting:
    sold = _sold(now)
    partners = Partner.objects.order_by("mpn_id")
    return Setting(
        now=now,
        operator=User.objects.get(login=OPERATOR),
        sellers=tuple(_seller(row, sold, now) for row in partners.transacting()),
        advisors=tuple(partners.advisors()),
    )


def _import_prices(factor: Decimal) -> None:
    """The beginning of the portal's own catalogue, in each currency."""
    for currency, rate in CURRENCIES.items():
        lines = io.StringIO()
        with CATALOGUE.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            writer = csv.DictWriter(lines, reader.fieldnames or [])
            writer.writeheader()
            for row in islice(reader, PRODUCTS):
                prices = {
                    column: str((Decimal(row[column]) * rate * factor).quantize(CENT))
                    for column in PRICE_COLUMNS
                    if row[column]
                }
                writer.writerow({**row, **prices, "Currency": currency})
        lines.seek(0)
        import_catalogue(lines)


def _create_partner(number: int, *, is_advisor: bool = False) -> Partner:
    currency = "USD" if number % 4 == 3 else "EUR"
    return Partner.objects.create(
        name=f"Benchmark partner {number + 1:02}",
        mpn_id=f"{8_800_000 + number}",
        tenant_id=tenant_id(f"partner {number}"),
        country=COUNTRIES[currency][0],
        currency=currency,
        is_csp_transacting=not is_advisor,
        is_advisor=is_advisor,
        contact_email=f"hello@partner{number + 1:02}.example",
    )


def _create_seller(number: int) -> None:
    partner = _create_partner(number)
    for place, role in enumerate(STAFF):
        user = User.objects.create_user(
            f"staff{place}@partner{number + 1:02}.example",
            full_name=f"{role.label} {number + 1:02}-{place}",
        )
        StaffMembership.objects.create(user=user, partner=partner, role=role)


def _seller(
    partner: Partner, sold: dict[str, tuple[Sold, ...]], now: datetime
) -> Seller:
    staff = list(partner.staff_memberships.order_by("pk").select_related("user"))
    text = Invitation(partner=partner, expires_at=now)
    composing.compose(text)
    return Seller(
        partner=partner,
        agents=tuple(row.user for row in staff if row.role == StaffRole.SALES_AGENT),
        administrator=staff[0].user,
        subject=text.subject,
        body=text.body,
        sold=sold[partner.currency],
    )


def _sold(now: datetime) -> dict[str, tuple[Sold, ...]]:
    """By currency; what is available is what the later price list brought."""
    lists: dict[tuple[str, int, str, str], list[PriceStep]] = {}
    changed = now - timedelta(days=NEW_PRICES_DAYS)
    for offer in Offer.objects.select_related("product").order_by("pk"):
        key = (offer.currency, offer.product_id, offer.term, offer.billing_plan)
        since = changed if offer.is_available else first_day(now)
        lists.setdefault(key, []).append(PriceStep(since, offer))
    return {
        currency: tuple(
            Sold(tuple(steps)) for key, steps in lists.items() if key[0] == currency
        )
        for currency in CURRENCIES
    }
