"""The catalogue from a price list: products, and an offer per term and billing plan."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock

from ..enums import BillingPlan, Term
from ..models import Offer, Product

PRICE_COLUMNS = {
    "P1Y_AnnualPrice": (Term.P1Y, BillingPlan.ANNUAL),
    "P1Y_MonthlyPrice": (Term.P1Y, BillingPlan.MONTHLY),
    "P1M_MonthlyPrice": (Term.P1M, BillingPlan.MONTHLY),
}
COLUMNS = {"ProductId", "SkuId", "SkuTitle", "Currency", "MaxSeats", *PRICE_COLUMNS}
# A list may have these too: prices of three years, and `MinSeats`.
FURTHER_PRICES = {
    "P3Y_TriennialPrice": (Term.P3Y, BillingPlan.TRIENNIAL),
    "P3Y_AnnualPrice": (Term.P3Y, BillingPlan.ANNUAL),
    "P3Y_MonthlyPrice": (Term.P3Y, BillingPlan.MONTHLY),
}
SAYS = ("unit_price", "minimum_seats", "maximum_seats")


@dataclass
class ImportResult:
    """`unnamed`: what is sold in the list's currencies and is not on it."""

    products: int = 0
    new_offers: int = 0
    new_prices: int = 0
    unnamed: list[Offer] = field(default_factory=list)


@transaction.atomic
def import_catalogue(lines: Iterable[str]) -> ImportResult:
    """Take over a price list (CSV with COLUMNS); the same list twice changes nothing.

    A new price is a new offer, and the old one stops being available. Nothing happens
    to an offer that the list does not name. ValidationError `catalogue` with the line's
    number; then nothing is taken over.
    """
    reader = csv.DictReader(lines)
    try:
        return _import(reader)
    except csv.Error as error:
        raise ValidationError(
            _("Line %(line)s of the price list is not CSV."),
            code="catalogue",
            params={"line": reader.line_num + 1},
        ) from error


def _import(reader: "csv.DictReader[str]") -> ImportResult:
    missing = COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise ValidationError(
            _("The price list lacks these columns: %(columns)s."),
            code="catalogue",
            params={"columns": ", ".join(sorted(missing))},
        )
    result = ImportResult()
    named: dict[int, Offer] = {}
    for row in reader:
        try:
            named.update((offer.pk, offer) for offer in _import_row(row, result))
        except (ArithmeticError, ValueError, ValidationError) as error:
            raise ValidationError(
                _("Line %(line)s of the price list cannot be read: %(row)s"),
                code="catalogue",
                params={"line": reader.line_num, "row": row.get("SkuTitle")},
            ) from error
    currencies = {offer.currency for offer in named.values()}
    sold = Offer.objects.available().filter(currency__in=currencies)
    rows = sold.select_related("product").order_by("product__title", "pk")
    result.unnamed = [offer for offer in rows if offer.pk not in named]
    return result


def _import_row(row: dict[str, Any], result: ImportResult) -> list[Offer]:
    """What is sold from now on by this row."""
    key = {"product_id": row["ProductId"], "sku_id": row["SkuId"]}
    known = Product.objects.filter(**key).first()
    product = known or Product(**key)
    product.title = row["SkuTitle"] or ""
    product.full_clean()
    product.save()
    result.products += known is None
    offers = []
    for column, (term, billing_plan) in {**PRICE_COLUMNS, **FURTHER_PRICES}.items():
        if row.get(column):
            offer = Offer(
                product=product,
                term=term,
                billing_plan=billing_plan,
                currency=row["Currency"],
                unit_price=Decimal(row[column]),
                minimum_seats=int(row.get("MinSeats") or 1),
                maximum_seats=int(row["MaxSeats"]) if row["MaxSeats"] else None,
            )
            offers.append(_taken_over(offer, result))
    return offers


def _taken_over(offer: Offer, result: ImportResult) -> Offer:
    """This offer, or the one that is sold already and says the same."""
    same_terms = Offer.objects.available().filter(
        product=offer.product,
        term=offer.term,
        billing_plan=offer.billing_plan,
        currency=offer.currency,
    )
    current = same_terms.first()
    if current is None:
        result.new_offers += 1
    elif all(getattr(current, name) == getattr(offer, name) for name in SAYS):
        return current
    else:
        current.is_available = False
        current.save(update_fields=["is_available", "sold_until"])
        result.new_prices += 1
    offer.sold_from = clock.now()
    offer.save()
    return offer
