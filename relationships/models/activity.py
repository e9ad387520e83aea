from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.foundation.ruled import RuledModel, choice_constraint

from ..changes import in_words
from ..enums import Operation, StaffRole, TenantRole
from ..querysets import ActivityRecordQuerySet
from ..roles import role_label
from .customer import Customer
from .partner import Partner


class ActivityRecord(RuledModel):
    """What somebody did, to what, and what changed; append-only.

    It holds ids, field names and states, no names or addresses of people.
    """

    at = models.DateTimeField(_("at"), db_index=True)
    partner = models.ForeignKey(
        Partner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="activity",
        verbose_name=_("partner"),
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="activity",
        verbose_name=_("customer"),
    )
    actor = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="activity",
        verbose_name=_("by"),
    )
    actor_role = models.CharField(_("role"), max_length=30, blank=True)
    operation = models.CharField(_("operation"), max_length=50, choices=Operation)
    resource_type = models.CharField(_("kind"), max_length=50)
    resource_id = models.CharField(_("id"), max_length=40)
    old_value = models.JSONField(_("before"), default=dict, blank=True)
    new_value = models.JSONField(_("after"), default=dict, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request"), max_length=40, blank=True)

    objects = ActivityRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity record")
        verbose_name_plural = _("activity log")
        ordering = ["-at", "-id"]
        constraints = [
            choice_constraint(
                "activity_operation_is_known", "operation", Operation.values
            ),
        ]
        indexes = [
            models.Index(
                fields=["resource_type", "resource_id"], name="activity_of_resource"
            ),
            models.Index(fields=["partner", "-at"], name="activity_of_partner"),
            models.Index(fields=["customer", "-at"], name="activity_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()}, {self.at:%Y-%m-%d %H:%M} UTC"

    @property
    def actor_role_label(self) -> str:
        return role_label(self.actor_role)

    @property
    def is_of_tenant(self) -> bool:
        return self.actor_role in TenantRole.values

    @property
    def is_of_staff(self) -> bool:
        return self.actor_role in StaffRole.values

    @property
    def changes(self) -> str:
        """Such as "seats 25 → 30", or empty where nothing but the operation is told."""
        return in_words(self.old_value, self.new_value)
