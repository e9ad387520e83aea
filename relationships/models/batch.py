from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_tasks import TaskResultStatus

from portal.foundation import clock
from portal.foundation.ruled import UUIDModel
from portal.jobs.models import WorkedOn

from ..actors import Actor
from ..querysets import BatchRowQuerySet, InvitationBatchQuerySet
from .invitation import Invitation
from .partner import Partner


class InvitationBatch(UUIDModel, WorkedOn):
    """A list of recipients that somebody had invited; a job creates the invitations.

    The id comes of the filled-in form: a second click finds the first one's batch.
    """

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="invitation_batches"
    )
    created_by = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        related_name="invitation_batches",
        verbose_name=_("requested by"),
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    expires_at = models.DateTimeField(_("links expire at"))
    sends = models.BooleanField(_("sent by the portal"), default=False)
    language = models.CharField(_("language of the text"), max_length=10, default="en")

    objects = InvitationBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("list of invitations")
        verbose_name_plural = _("lists of invitations")
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} UTC"

    def get_absolute_url(self) -> str:
        return reverse("admin:relationships_invitationbatch_change", args=[self.pk])

    @property
    def has_stopped(self) -> bool:
        """Its job has failed for good, and lines wait."""
        job = self.job
        failed = job is not None and job.status == TaskResultStatus.FAILED
        return failed and self.rows.waiting().exists()

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id)


class BatchRow(models.Model):
    """One line of the list: it waits, has its invitation, or says why it has none."""

    batch = models.ForeignKey(InvitationBatch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("line"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    recipient_email = models.EmailField(_("recipient"))
    customer_domain = models.CharField(_("customer domain"), max_length=253, blank=True)
    reference = models.CharField(_("your reference"), max_length=100, blank=True)
    invitation = models.OneToOneField(
        Invitation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="batch_row",
        verbose_name=_("invitation"),
    )
    problem = models.TextField(_("why there is no invitation"), blank=True)

    objects = BatchRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a list of invitations")
        verbose_name_plural = _("lines of lists of invitations")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "number"], name="batch_row_one_per_line"
            ),
            models.CheckConstraint(
                condition=Q(invitation__isnull=True) | Q(problem=""),
                name="batch_row_invitation_or_problem",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.recipient_email
