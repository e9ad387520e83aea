"""The catalogue from a price list: products, and an offer per term and billing plan."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass
class ImportResult:
    products: int = 0
    new_offers: int = 0
    new_prices: int = 0


@transaction.atomic
def import_catalogue(lines: Iterable[str]) -> ImportResult:
    """Take over a price list (CSV with COLUMNS); the same list twice changes nothing.

    A new price is a new offer, and the old one stops being available.
    ValidationError `catalogue` with the line's number; then nothing is taken over.
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
    for row in reader:
        try:
            _import_row(row, result)
        except (ArithmeticError, ValueError, ValidationError) as error:
            raise ValidationError(
                _("Line %(line)s of the price list cannot be read: %(row)s"),
                code="catalogue",
                params={"line": reader.line_num, "row": row.get("SkuTitle")},
            ) from error
    return result


def _import_row(row: dict[str, Any], result: ImportResult) -> None:
    key = {"product_id": row["ProductId"], "sku_id": row["SkuId"]}
    known = Product.objects.filter(**key).first()
    product = known or Product(**key)
    product.title = row["SkuTitle"] or ""
    product.full_clean()
    product.save()
    result.products += known is None
    for column, (term, billing_plan) in PRICE_COLUMNS.items():
        if row[column]:
            offer = Offer(
                product=product,
                term=term,
                billing_plan=billing_plan,
                currency=row["Currency"],
                unit_price=Decimal(row[column]),
                maximum_seats=int(row["MaxSeats"]) if row["MaxSeats"] else None,
            )
            _take_over(offer, result)


def _take_over(offer: Offer, result: ImportResult) -> None:
    same_terms = Offer.objects.available().filter(
        product=offer.product,
        term=offer.term,
        billing_plan=offer.billing_plan,
        currency=offer.currency,
    )
    current = same_terms.first()
    if current is None:
        result.new_offers += 1
    elif (current.unit_price, current.maximum_seats) == (
        offer.unit_price,
        offer.maximum_seats,
    ):
        return
    else:
        current.is_available = False
        current.save(update_fields=["is_available", "sold_until"])
        result.new_prices += 1
    offer.sold_from = clock.now()
    offer.save()
