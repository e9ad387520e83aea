from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint

from ..actors import Actor
from ..enums import ApprovalOutcome, ApprovalVerb
from ..querysets import ApprovalQuerySet
from .customer import Customer
from .partner import Partner


class Approval(UUIDModel, RuledModel):
    """Somebody asks a second person to let something happen that cannot be undone.

    What was asked for never changes; it is decided once, by somebody else, or taken
    back by who asked.
    """

    verb = models.CharField(_("what"), max_length=20, choices=ApprovalVerb)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="approvals")
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        related_name="approvals",
        verbose_name=_("customer"),
    )
    target_id = models.UUIDField(_("id"))
    arguments = models.JSONField(_("values"), default=dict, blank=True)
    sentence = models.TextField(_("what will happen"))
    asked_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="approvals_asked",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    expires_at = models.DateTimeField(_("waits until"))
    outcome = models.CharField(
        _("outcome"),
        max_length=10,
        choices=ApprovalOutcome,
        default=ApprovalOutcome.WAITING,
    )
    decided_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="approvals_decided",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.TextField(_("reason of the refusal"), blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-asked_at"]
        constraints = [
            choice_constraint("approval_verb_is_known", "verb", ApprovalVerb.values),
            choice_constraint(
                "approval_outcome_is_known", "outcome", ApprovalOutcome.values
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[ApprovalOutcome.APPROVED, ApprovalOutcome.REFUSED],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                )
                | Q(
                    outcome__in=[
                        ApprovalOutcome.WAITING,
                        ApprovalOutcome.WITHDRAWN,
                        ApprovalOutcome.EXPIRED,
                    ],
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                ),
                name="approval_decision_has_person_and_moment",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="approval_decided_by_a_second_person",
                violation_error_code="second_person",
                violation_error_message=_("Somebody else than who asked decides."),
            ),
            models.UniqueConstraint(
                fields=["verb", "target_id"],
                condition=Q(outcome=ApprovalOutcome.WAITING),
                name="approval_one_waiting_per_verb_and_target",
            ),
        ]

    def __str__(self) -> str:
        return self.sentence

    def get_absolute_url(self) -> str:
        return reverse("admin:relationships_approval_change", args=[self.pk])

    @property
    def is_waiting(self) -> bool:
        """Stored as waiting, and not past its time."""
        return self.outcome == ApprovalOutcome.WAITING and not self.has_expired

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= clock.now()

    @property
    def current_outcome(self) -> ApprovalOutcome:
        """As every reader sees it, whether somebody has stored the expiry or not."""
        if self.outcome == ApprovalOutcome.WAITING and self.has_expired:
            return ApprovalOutcome.EXPIRED
        return ApprovalOutcome(self.outcome)

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id)
