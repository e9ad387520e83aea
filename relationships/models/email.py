from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import choice_constraint

from ..enums import EmailStatus
from ..querysets import OutgoingEmailQuerySet
from .invitation import Invitation


class OutgoingEmail(models.Model):
    """One message to one recipient; queued with its cause, sent by a worker.

    Only `relationships.services.mail` moves its status. The text holds a placeholder
    where the invitation's link goes in as it leaves. `link_generation` is that of the
    link which it brings, and without one it brings none.
    """

    invitation = models.ForeignKey(
        Invitation, models.PROTECT, null=True, blank=True, related_name="emails"
    )
    recipient = models.EmailField(_("recipient"))
    from_name = models.CharField(_("name of the sender"), max_length=200, blank=True)
    reply_to = models.EmailField(_("reply to"), blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    status = models.CharField(
        _("status"), max_length=20, choices=EmailStatus, default=EmailStatus.QUEUED
    )
    link_generation = models.PositiveSmallIntegerField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    queued_at = models.DateTimeField(_("queued at"), default=clock.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.TextField(_("answer of the mail server"), blank=True)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing e-mail")
        verbose_name_plural = _("outgoing e-mails")
        ordering = ["-queued_at", "-id"]
        constraints = [
            choice_constraint("email_status_is_known", "status", EmailStatus.values),
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="email_newest"),
            models.Index(
                fields=["status", "-queued_at", "-id"], name="email_newest_of_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.recipient})"
