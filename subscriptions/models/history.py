"""The append-only history of a CSP subscription: terms, seats, statuses."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, choice_constraint

from ..enums import SubscriptionStatus
from ..querysets import HistoryQuerySet
from .catalogue import Offer
from .subscription import Subscription


class SubscriptionTerm(RuledModel):
    """One term of a CSP subscription at the list price of the day it started."""

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="terms")
    number = models.PositiveIntegerField(_("term number"))
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="terms")
    unit_price = models.DecimalField(_("list price"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    reducible_until = models.DateTimeField(
        _("reducible until"),
        null=True,
        blank=True,
        help_text=_("Until then seats can be taken away and all can be cancelled."),
    )

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("term of a subscription")
        verbose_name_plural = _("terms of a subscription")
        ordering = ["subscription", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "number"], name="term_number_is_used_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="term_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription}, {self.number}"


class SeatEntry(RuledModel):
    """Seats added (positive) or taken away (negative); the sum is the quantity.

    A reduction names the entry that it takes from, while that one is reducible.
    """

    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="seat_entries"
    )
    change = models.IntegerField(_("change"))
    at = models.DateTimeField(_("at"), default=clock.now)
    reducible_until = models.DateTimeField(_("reducible until"), null=True, blank=True)
    reduces = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reductions",
        verbose_name=_("takes from"),
    )
    unit_price = models.DecimalField(_("list price"), max_digits=12, decimal_places=2)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat entry")
        verbose_name_plural = _("seat entries")
        ordering = ["subscription", "at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(change__gt=0, reduces__isnull=True)
                | Q(change__lt=0, reduces__isnull=False),
                name="seat_entry_reduction_names_its_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription}, {self.change:+d}"


class StatusEntry(RuledModel):
    """A status that a CSP subscription took on, and when."""

    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="status_entries"
    )
    status = models.CharField(_("status"), max_length=10, choices=SubscriptionStatus)
    at = models.DateTimeField(_("at"), default=clock.now)

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("status entry")
        verbose_name_plural = _("status entries")
        ordering = ["subscription", "at", "id"]
        constraints = [
            choice_constraint(
                "status_entry_status_is_known", "status", SubscriptionStatus.values
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription}, {self.get_status_display()}"
