from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel
from relationships.actors import Actor
from relationships.models import Customer, ResellerRelationship

from ..querysets import OrderLineQuerySet, OrderQuerySet
from .catalogue import Offer
from .subscription import Subscription


class Order(UUIDModel, RuledModel):
    """What was bought, by whom, when; append-only.

    `request_key` comes with the form: a second click finds the same order.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    relationship = models.ForeignKey(
        ResellerRelationship, models.PROTECT, related_name="orders"
    )
    request_key = models.UUIDField(unique=True, editable=False)
    placed_at = models.DateTimeField(_("placed at"), default=clock.now)
    placed_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="orders", verbose_name=_("by")
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at"]

    def __str__(self) -> str:
        return f"{self.customer}, {self.placed_at:%Y-%m-%d}"

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(
            partner_id=self.relationship.partner_id, customer_id=self.customer_id
        )


class OrderLine(RuledModel):
    """One offer of an order and the subscription that came of it; append-only."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField(_("seats"))
    unit_price = models.DecimalField(_("list price"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    subscription = models.OneToOneField(
        Subscription, models.PROTECT, related_name="order_line"
    )

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="order_line_has_seats"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer}, {self.quantity}"

    @property
    def price_per_period(self) -> Decimal:
        return self.unit_price * self.quantity
