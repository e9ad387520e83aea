from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, choice_constraint
from relationships.actors import Actor
from relationships.models import OutgoingEmail, Partner
from relationships.roles import Action

if TYPE_CHECKING:
    from collections.abc import Sequence


class Every(models.TextChoices):
    WEEK = "week", _("Every Monday")
    MONTH = "month", _("On the first of each month")

    def period_of(self, day: date) -> date:
        """The day on which the week or month of `day` began, in UTC."""
        if self is Every.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1)


def this_period(every: str) -> date:
    return Every(every).period_of(clock.now().date())


class ReportSubscriptionQuerySet(models.QuerySet["ReportSubscription"]):
    def of(self, actor: Actor) -> Any:
        """A person's own, for whom it acts now."""
        return self.filter(user=actor.user, partner=actor.partner)

    def due(self) -> Any:
        """Whose week or month has begun since they were sent last."""
        dues = [Q(every=every, sent_for__lt=this_period(every)) for every in Every]
        return self.filter(dues[0] | dues[1])


class ReportSubscription(RuledModel):
    """A person gets a report by e-mail, with these filters, weekly or monthly.

    The person itself orders it and stops it. `partner` is for whom it acted; null: the
    operator. `sent_for` is the first day of the period that it was last sent for.
    """

    user = models.ForeignKey(
        "accounts.User", models.CASCADE, related_name="report_subscriptions"
    )
    partner = models.ForeignKey(
        Partner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="report_subscriptions",
    )
    report = models.SlugField(_("report"), max_length=40)
    filters = models.CharField(_("filters"), max_length=1000, blank=True)
    every = models.CharField(_("every"), max_length=10, choices=Every)
    sent_for = models.DateField(_("sent for"))

    objects = ReportSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("report by e-mail")
        verbose_name_plural = _("reports by e-mail")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "partner", "report"],
                name="report_subscription_one_per_person_and_partner",
            ),
            models.UniqueConstraint(
                fields=["user", "report"],
                condition=Q(partner__isnull=True),
                name="report_subscription_one_per_operator",
            ),
            choice_constraint(
                "report_subscription_every_is_known", "every", Every.values
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report}, {self.user}, {self.get_every_display()}"

    @property
    def actor(self) -> Actor | None:
        """As whom it may see the report now; None when that right has ended."""
        if not self.user.is_active:
            return None
        found = [actor for actor in self._actors() if actor.may(Action.VIEW_REPORTS)]
        return found[0] if found else None

    def _actors(self) -> Sequence[Actor]:
        if self.partner is None:
            return [Actor.operator(self.user)] if self.user.is_superuser else []
        memberships = self.user.staff_memberships.current().filter(partner=self.partner)
        return [Actor.staff(row) for row in memberships.select_related("partner")]


class ReportEmail(models.Model):
    """An e-mail that a report goes with: made as it leaves, and stored nowhere."""

    email = models.OneToOneField(
        OutgoingEmail, models.CASCADE, related_name="report", primary_key=True
    )
    subscription = models.ForeignKey(
        ReportSubscription, models.CASCADE, related_name="emails"
    )

    class Meta:
        verbose_name = _("e-mail with a report")
        verbose_name_plural = _("e-mails with a report")

    def __str__(self) -> str:
        return str(self.email)
