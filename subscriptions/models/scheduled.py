from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel
from relationships.actors import Actor

from ..querysets import HistoryQuerySet
from .catalogue import Offer
from .subscription import Subscription


class ScheduledChange(RuledModel):
    """What a CSP subscription becomes at its next renewal; at most one.

    Only while it is active and renews automatically, which the database keeps. The
    renewal applies it at the price of that day; whatever changes the subscription
    before then drops it.
    """

    subscription = models.OneToOneField(
        Subscription, models.PROTECT, related_name="scheduled_change"
    )
    offer = models.ForeignKey(
        Offer,
        models.PROTECT,
        related_name="scheduled_changes",
        verbose_name=_("offer"),
    )
    quantity = models.PositiveIntegerField(_("seats"))
    scheduled_at = models.DateTimeField(_("scheduled at"), default=clock.now)
    scheduled_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="scheduled_changes",
        verbose_name=_("by"),
    )

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled change")
        verbose_name_plural = _("scheduled changes")
        ordering = ["subscription"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="scheduled_change_has_seats"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.offer}"

    def belongs_to(self, actor: Actor) -> bool:
        return self.subscription.belongs_to(actor)
