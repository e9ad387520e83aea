import base64
import uuid

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.ruled import RuledModel, UUIDModel, choice_constraint

from .. import links
from ..actors import Actor
from ..enums import DeliveryState, WebhookEvent
from ..querysets import WebhookDeliveryQuerySet, WebhookEndpointQuerySet
from ..validators import validate_events, validate_place, validate_web_address
from .partner import Partner

SECRET_PREFIX = "whsec_"  # noqa: S105 -- begins every secret, and is none


class WebhookEndpoint(UUIDModel, RuledModel):
    """A partner's own server that is told of events; its admin agents manage it.

    The secret with which it knows the portal is derived from id and generation.
    """

    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="webhook_endpoints"
    )
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[validate_web_address, validate_place],
        help_text=_("Of your server, with https://. It has to be on the Internet."),
    )
    events = models.JSONField(_("events"), default=list, validators=[validate_events])
    is_active = models.BooleanField(
        _("switched on"),
        default=True,
        help_text=_("Switched off, it is told of nothing."),
    )
    # After it did not answer; what is for it waits.
    rests_until = models.DateTimeField(null=True, editable=False)
    secret_generation = models.PositiveSmallIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("added at"), default=clock.now, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["url"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "url"],
                name="webhook_one_per_partner_and_address",
                violation_error_message=_("This address is told already."),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    def get_absolute_url(self) -> str:
        return reverse("admin:relationships_webhookendpoint_change", args=[self.pk])

    @property
    def secrets(self) -> list[bytes]:
        """Newest first; what is sent is signed with each."""
        return links.webhook_secrets(self.pk, self.secret_generation)

    @property
    def secret(self) -> str:
        """As its people put it into their program."""
        return SECRET_PREFIX + base64.b64encode(self.secrets[0]).decode()

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.partner_id)


class WebhookDelivery(UUIDModel):
    """One event for one endpoint, and how telling it went.

    Only `relationships.services.webhooks` moves its state. `answers` has what each of
    the last attempts brought: at, said (its status and first words), seconds.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint,
        models.CASCADE,
        related_name="deliveries",
        verbose_name=_("webhook"),
    )
    event = models.CharField(_("event"), max_length=60, choices=WebhookEvent)
    event_id = models.UUIDField(_("event's id"), default=uuid.uuid4)
    payload = models.TextField(_("what is sent"))
    state = models.CharField(
        _("state"), max_length=20, choices=DeliveryState, default=DeliveryState.QUEUED
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # Counts how often somebody set it off: a job of an earlier time does nothing.
    sending = models.PositiveIntegerField(default=1, editable=False)
    answers = models.JSONField(_("answers"), default=list)
    queued_at = models.DateTimeField(_("queued at"), default=clock.now)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-queued_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id"], name="webhook_event_told_once"
            ),
            choice_constraint("webhook_event_is_known", "event", WebhookEvent.values),
            choice_constraint("webhook_state_is_known", "state", DeliveryState.values),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-queued_at"], name="webhook_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()}, {self.queued_at:%Y-%m-%d %H:%M} UTC"

    def belongs_to(self, actor: Actor) -> bool:
        return actor.is_for(partner_id=self.endpoint.partner_id)
