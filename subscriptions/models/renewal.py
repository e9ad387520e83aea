from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint
from relationships.actors import Actor

from ..enums import RenewalAnswer, SubscriptionStatus
from ..querysets import RenewalDecisionQuerySet
from .history import SubscriptionTerm
from .subscription import Subscription


class RenewalDecision(UUIDModel, RuledModel):
    """What happens at the end of one term: whose question it is, and the answer.

    Asked by time, once for each term; answered by the partner's staff, and answered
    anew until the term ends. Only `subscriptions.services.renewals` writes it.
    """

    subscription = models.ForeignKey(
        Subscription,
        models.PROTECT,
        related_name="renewal_decisions",
        verbose_name=_("subscription"),
    )
    term = models.OneToOneField(
        SubscriptionTerm, models.PROTECT, related_name="renewal_decision"
    )
    owner = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="renewal_decisions",
        verbose_name=_("owner"),
    )
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    answer = models.CharField(
        _("answer"), max_length=10, choices=RenewalAnswer, blank=True
    )
    note = models.TextField(_("note"), blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="renewals_answered",
        verbose_name=_("answered by"),
    )

    objects = RenewalDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("renewal decision")
        verbose_name_plural = _("renewal decisions")
        ordering = ["term__ends_at", "id"]
        constraints = [
            choice_constraint(
                "renewal_answer_is_known", "answer", ["", *RenewalAnswer.values]
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None)
                | ~Q(answer="")
                & Q(answered_at__isnull=False, answered_by__isnull=False),
                name="renewal_answer_has_person_and_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription}, {self.subscription.customer}"

    def get_absolute_url(self) -> str:
        return reverse("admin:subscriptions_renewaldecision_change", args=[self.pk])

    @property
    def due_at(self) -> datetime:
        return self.term.ends_at

    @property
    def partner(self) -> Any:
        return self.subscription.seller

    @property
    def customer(self) -> Any:
        return self.subscription.customer

    @property
    def is_timely(self) -> bool:
        """Whether the term still runs, and the subscription with it."""
        return (
            self.subscription.status == SubscriptionStatus.ACTIVE
            and self.subscription.commitment_ends_at == self.due_at > clock.now()
        )

    def belongs_to(self, actor: Actor) -> bool:
        return self.subscription.belongs_to(actor)
