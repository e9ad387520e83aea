from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import UUIDModel, choice_constraint

from ..enums import NoticeKind
from ..querysets import NoticeQuerySet
from .customer import Customer
from .partner import Partner


def read_moments(data: dict[str, Any]) -> dict[str, Any]:
    """JSON's values by name; what is called `..._at` is a moment."""
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") else value
        for name, value in data.items()
    }


class Notice(UUIDModel):
    """What one person is told of one event, within one partner, one tenant or neither.

    Only `relationships.services.notices` writes it, once; then it is read. `data` fills
    in the sentence and holds nobody's name or address.
    """

    recipient = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="notices",
        verbose_name=_("recipient"),
    )
    kind = models.CharField(_("kind"), max_length=30, choices=NoticeKind)
    partner = models.ForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="notices"
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="notices"
    )
    key = models.CharField(_("event"), max_length=200)
    data = models.JSONField(_("values"), default=dict, blank=True)
    path = models.CharField(_("page"), max_length=300)
    created_at = models.DateTimeField(_("told at"), default=clock.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "id"]
        constraints = [
            choice_constraint("notice_kind_is_known", "kind", NoticeKind.values),
            models.CheckConstraint(
                condition=Q(partner__isnull=True) | Q(customer__isnull=True),
                name="notice_is_read_in_one_office",
            ),
            models.UniqueConstraint(
                fields=["recipient", "key"], name="notice_once_per_event"
            ),
        ]
        indexes = [
            models.Index(
                fields=["recipient"], condition=Q(read_at=None), name="notice_unread"
            )
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """What happened, in the reader's language: the subject of the e-mail."""
        template = f"relationships/email/{self.kind}_subject.txt"
        return render_to_string(template, read_moments(self.data)).strip()


class NoticeChoice(models.Model):
    """Whether a person wants notices of a kind by e-mail too; without a row, yes."""

    user = models.ForeignKey(
        "accounts.User", models.CASCADE, related_name="notice_choices"
    )
    kind = models.CharField(_("kind"), max_length=30, choices=NoticeKind)
    by_email = models.BooleanField(_("by e-mail"), default=True)

    class Meta:
        verbose_name = _("choice of notices")
        verbose_name_plural = _("choices of notices")
        constraints = [
            choice_constraint("notice_choice_is_known", "kind", NoticeKind.values),
            models.UniqueConstraint(
                fields=["user", "kind"], name="notice_choice_once_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.by_email}"
