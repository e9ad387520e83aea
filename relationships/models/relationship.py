from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint

from ..actors import Actor
from ..enums import RelationshipOrigin
from ..querysets import ResellerRelationshipQuerySet
from .customer import Customer
from .invitation import Invitation
from .partner import Partner

if TYPE_CHECKING:
    from ..existing import RelationshipSubscriptions


class ResellerRelationship(UUIDModel, RuledModel):
    """A partner may sell CSP subscriptions to a customer, from start to end.

    Written once at acceptance (or provisioning); only its end is added later, by
    `end_relationship`. The database keeps both.
    """

    partner = models.ForeignKey(
        Partner,
        models.PROTECT,
        related_name="relationships",
        verbose_name=_("partner"),
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="relationships",
        verbose_name=_("customer"),
    )
    invitation = models.OneToOneField(
        Invitation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relationship",
        verbose_name=_("invitation"),
    )
    origin = models.CharField(_("origin"), max_length=20, choices=RelationshipOrigin)
    established_at = models.DateTimeField(_("established at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relationships_ended",
        verbose_name=_("ended by"),
    )
    end_reason = models.TextField(_("reason for the end"), blank=True)
    existing_snapshot = models.JSONField(_("existing subscriptions at the start"))
    existing_count = models.PositiveIntegerField(_("existing subscriptions"))
    existing_fingerprint = models.CharField(_("fingerprint"), max_length=80)

    objects = ResellerRelationshipQuerySet.as_manager()

    if TYPE_CHECKING:
        subscriptions: RelationshipSubscriptions

    class Meta:
        verbose_name = _("reseller relationship")
        verbose_name_plural = _("reseller relationships")
        ordering = ["-established_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(ended_at__isnull=True),
                name="relationship_one_active_per_customer",
                violation_error_code="one_transacting_partner",
                violation_error_message=_(
                    "This customer already has a CSP transacting partner."
                ),
            ),
            models.CheckConstraint(
                condition=Q(origin="invitation", invitation__isnull=False)
                | Q(origin="provisioned", invitation__isnull=True),
                name="relationship_origin_matches_invitation",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(ended_at__gte=F("established_at")),
                name="relationship_ends_after_its_start",
                violation_error_message=_(
                    "A relationship cannot end before it was established."
                ),
            ),
            choice_constraint(
                "relationship_origin_is_known", "origin", RelationshipOrigin.values
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "ended_at"], name="relationship_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.partner} – {self.customer}"

    @property
    def is_active(self) -> bool:
        return self.ended_at is None

    @property
    def short_fingerprint(self) -> str:
        return self.existing_fingerprint[:14]

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id, customer_id=self.customer_id)
