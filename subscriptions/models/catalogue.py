from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, choice_constraint
from relationships.validators import validate_currency

from ..enums import BILLING_MONTHS, TERM_MONTHS, BillingPlan, Term
from ..querysets import OfferQuerySet, ProductQuerySet


class Product(models.Model):
    """A product of the catalogue; `import_catalogue` and the operator write it."""

    product_id = models.CharField(_("product ID"), max_length=40)
    sku_id = models.CharField(_("SKU ID"), max_length=20)
    title = models.CharField(_("title"), max_length=200)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(
                fields=["product_id", "sku_id"],
                name="product_one_per_sku",
                violation_error_message=_("This SKU is in the catalogue already."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ProductAlias(models.Model):
    """A name that other channels' statements use for a product.

    Kept beside the immutable rows, so that a wrong match can be mended.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="aliases")
    name = models.CharField(_("name elsewhere"), max_length=200)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("name of a product elsewhere")
        verbose_name_plural = _("names of a product elsewhere")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="product_alias_means_one_product",
                violation_error_message=_("This name stands for a product already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Offer(RuledModel):
    """A product at a term, a billing plan and a list price.

    A new price is a new row; the old one only stops being available. From when until
    when it was sold tells the price of any day.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="offers")
    term = models.CharField(_("term"), max_length=3, choices=Term)
    billing_plan = models.CharField(
        _("billing plan"), max_length=10, choices=BillingPlan
    )
    currency = models.CharField(
        _("currency"), max_length=3, validators=[validate_currency]
    )
    unit_price = models.DecimalField(
        _("list price"),
        max_digits=12,
        decimal_places=2,
        help_text=_("Of one seat for one billing period."),
    )
    minimum_seats = models.PositiveIntegerField(_("minimum seats"), default=1)
    maximum_seats = models.PositiveIntegerField(
        _("maximum seats"), null=True, blank=True, help_text=_("Empty: no limit known.")
    )
    is_available = models.BooleanField(_("available"), default=True)
    sold_from = models.DateTimeField(
        _("sold from"), null=True, editable=False, help_text=_("Empty: not known.")
    )
    sold_until = models.DateTimeField(_("sold until"), null=True, editable=False)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["product__title", "term", "billing_plan", "currency"]
        constraints = [
            choice_constraint("offer_term_is_known", "term", Term.values),
            choice_constraint(
                "offer_billing_plan_is_known", "billing_plan", BillingPlan.values
            ),
            models.UniqueConstraint(
                fields=["product", "term", "billing_plan", "currency"],
                condition=Q(is_available=True),
                name="offer_one_available_per_terms",
                violation_error_message=_(
                    "An offer with these terms is available already. Retire it first."
                ),
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0),
                name="offer_price_is_not_negative",
                violation_error_message=_("A price is not negative."),
            ),
            models.CheckConstraint(
                condition=Q(minimum_seats__gte=1)
                & (
                    Q(maximum_seats__isnull=True)
                    | Q(maximum_seats__gte=F("minimum_seats"))
                ),
                name="offer_seat_limits_make_sense",
                violation_error_message=_(
                    "At least one seat, and no more at the least than at the most."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}, {self.terms_text}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Note when it stops being sold."""
        if self.is_available:
            self.sold_until = None
        elif self.sold_until is None:
            self.sold_until = clock.now()
        super().save(*args, **kwargs)

    @property
    def terms_text(self) -> str:
        """Term and billing plan: "1 year, monthly"."""
        return f"{self.get_term_display()}, {self.get_billing_plan_display().lower()}"

    @property
    def periods_in_term(self) -> int:
        """How many billing periods one term has."""
        return max(1, TERM_MONTHS[Term(self.term)] // self.months_in_period)

    @property
    def months_in_period(self) -> int:
        return BILLING_MONTHS[BillingPlan(self.billing_plan)]

    def price_per_period(self, seats: int) -> Decimal:
        return self.unit_price * seats

    def price_per_term(self, seats: int) -> Decimal:
        return self.price_per_period(seats) * self.periods_in_term

    def was_sold_at(self, moment: datetime) -> bool:
        """As far as is known: one that was retired in unknown times was not."""
        if self.sold_from is not None and moment < self.sold_from:
            return False
        if self.sold_until is None:
            return self.is_available
        return moment < self.sold_until

    def has_terms_of(self, other: Offer) -> bool:
        """The same product, term and billing plan; perhaps at another price."""
        return (self.product_id, self.term, self.billing_plan) == (
            other.product_id,
            other.term,
            other.billing_plan,
        )

    def allows_seats(self, seats: int) -> bool:
        return self.minimum_seats <= seats and (
            self.maximum_seats is None or seats <= self.maximum_seats
        )
