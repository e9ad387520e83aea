from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, choice_constraint

from ..actors import Actor
from ..enums import CaseKind
from ..querysets import CaseQuerySet
from .customer import Customer
from .invitation import Invitation
from .partner import Partner
from .relationship import ResellerRelationship


class Case(RuledModel):
    """What stopped a customer, or what it asks for; waits for the partner's staff."""

    kind = models.CharField(_("kind"), max_length=30, choices=CaseKind)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="cases")
    invitation = models.ForeignKey(
        Invitation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("invitation"),
    )
    relationship = models.ForeignKey(
        ResellerRelationship,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("reseller relationship"),
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("customer"),
    )
    message = models.TextField(_("message of the customer"), blank=True)
    opened_at = models.DateTimeField(_("opened at"), default=clock.now)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases_closed",
        verbose_name=_("closed by"),
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-opened_at"]
        constraints = [
            choice_constraint("case_kind_is_known", "kind", CaseKind.values),
            models.CheckConstraint(
                condition=Q(invitation__isnull=False) ^ Q(relationship__isnull=False),
                name="case_is_about_one_thing",
            ),
            models.UniqueConstraint(
                fields=["relationship", "kind"],
                condition=Q(closed_at__isnull=True),
                name="case_one_open_per_relationship_and_kind",
            ),
            models.UniqueConstraint(
                fields=["invitation", "kind"],
                condition=Q(closed_at__isnull=True),
                name="case_one_open_per_invitation_and_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"

    @property
    def subject(self) -> Invitation | ResellerRelationship:
        """What it is about: an invitation, or a relationship."""
        subject = self.invitation or self.relationship
        assert subject is not None  # the constraint says so
        return subject

    @property
    def subject_url(self) -> str:
        """Where staff looks at what it is about."""
        if self.relationship is not None:
            return self.relationship.customer.get_absolute_url()
        assert self.invitation is not None  # the constraint says so
        return self.invitation.get_absolute_url()

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id)
