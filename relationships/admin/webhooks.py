"""A partner's webhooks, and what was told to them."""

import json
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from portal.foundation.filters import ChoiceFilter

from ..enums import DeliveryState, WebhookEvent
from ..forms import WebhookForm
from ..models import WebhookDelivery, WebhookEndpoint
from ..roles import Action
from ..services import endpoints
from .base import PortalModelAdmin, badge

STATES = {
    DeliveryState.QUEUED: "wait",
    DeliveryState.DELIVERED: "ok",
    DeliveryState.RETRYING: "warn",
    DeliveryState.GIVEN_UP: "bad",
}


def _state(value: str) -> SafeString:
    state = DeliveryState(value)
    return badge(STATES[state], str(state.label))


def _moment(text: str) -> str:
    return date_format(datetime.fromisoformat(text), "DATETIME_FORMAT")


def _told_secret(endpoint: WebhookEndpoint) -> SafeString:
    return format_html(
        "{} <code>{}</code>",
        _("The secret, which is shown only now. Keep it where your program reads it:"),
        endpoint.secret,
    )


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(PortalModelAdmin):
    """Saved by the services; a secret is shown once, when it is made."""

    form = WebhookForm
    view_action = Action.VIEW_WEBHOOKS
    add_action = Action.MANAGE_WEBHOOKS
    change_action = Action.MANAGE_WEBHOOKS
    list_title = _("Webhooks")
    when_empty = _("No webhook yet. Add one, and your server is told what happens.")
    list_display = ("url", "chosen", "is_active", "newest", "created_at")
    list_filter = ("is_active",)
    search_fields = ("url",)
    transitions = (
        Transition(
            "test",
            _("Send a test"),
            Action.MANAGE_WEBHOOKS,
            endpoints.send_test,
            question=_("%(object)s is told of the event “test-created” now."),
            done=_("The test is on its way: see its state under Deliveries."),
        ),
        Transition(
            "renew-secret",
            _("Renew the secret"),
            Action.MANAGE_WEBHOOKS,
            endpoints.renew_secret,
            question=_(
                "%(object)s: you get a new secret. What is sent from then on is signed "
                "with that one alone."
            ),
            done=_("The secret is new."),
            told=_told_secret,
            stamp=lambda endpoint: endpoint.secret_generation,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        deliveries = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"))
        newest = deliveries.order_by("-queued_at").values("state")[:1]
        return super().get_queryset(request).annotate(newest_state=Subquery(newest))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return ["url", "events"]
        may_change = self.has_change_permission(request, obj)
        events = "events" if may_change else "chosen"
        return ["url", events, "is_active", "deliveries"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["chosen", "deliveries"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.partner = request.actor.partner  # type: ignore[attr-defined]
        return form

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        actor = request.actor  # type: ignore[attr-defined]
        values = {name: form.cleaned_data[name] for name in ("url", "events")}
        if change:
            is_active = form.cleaned_data["is_active"]
            endpoints.change_endpoint(obj, actor=actor, is_active=is_active, **values)
            return
        endpoint = endpoints.add_endpoint(actor=actor, id=obj.pk, **values)
        self.message_user(request, _told_secret(endpoint), messages.SUCCESS)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has told the log already."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has told the log already."""

    @admin.display(description=_("events"))
    def chosen(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(str(WebhookEvent(name).label) for name in endpoint.events)

    @admin.display(description=_("newest delivery"), ordering="newest_state")
    def newest(self, endpoint: Any) -> str:
        return _state(endpoint.newest_state) if endpoint.newest_state else ""

    @admin.display(description=_("deliveries"))
    def deliveries(self, endpoint: WebhookEndpoint) -> str:
        address = reverse("admin:relationships_webhookdelivery_changelist")
        return format_html(
            '<a href="{}?webhook={}">{}</a>',
            *(address, endpoint.pk, _("What it was told, and what it answered")),
        )


class EndpointFilter(ChoiceFilter):
    """By webhook, of those that the person sees."""

    title = _("webhook")
    parameter_name = "webhook"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        actor = request.actor  # type: ignore[attr-defined]
        rows = WebhookEndpoint.objects.visible_to(actor)
        return [(str(row.pk), row.url) for row in rows]

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(endpoint=value)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(PortalModelAdmin):
    """Rows come with events."""

    view_action = Action.VIEW_WEBHOOKS
    list_title = _("Webhook deliveries")
    when_empty = _("No event has been told to a webhook yet.")
    list_display = ("event", "status", "endpoint", "attempts", "queued_at", "last")
    list_filter = ("state", "event", EndpointFilter)
    list_select_related = ("endpoint",)
    search_fields = ("event_id", "endpoint__url")
    fields = (
        "event",
        "status",
        "endpoint",
        "event_id",
        "queued_at",
        "delivered_at",
        "attempts",
        "came",
        "sent",
    )
    transitions = (
        Transition(
            "send-again",
            _("Send again"),
            Action.MANAGE_WEBHOOKS,
            endpoints.send_again,
            question=_(
                "%(object)s: it is told once more, with the same id, by which your "
                "program knows it."
            ),
            done=_("It is on its way again: %(object)s."),
            is_possible=lambda delivery: delivery.state != DeliveryState.QUEUED,
        ),
    )

    @admin.display(description=_("state"), ordering="state")
    def status(self, delivery: WebhookDelivery) -> str:
        return _state(delivery.state)

    @admin.display(description=_("last answer"))
    def last(self, delivery: WebhookDelivery) -> str:
        return str(delivery.answers[-1]["said"]) if delivery.answers else ""

    @admin.display(description=_("answers"))
    def came(self, delivery: WebhookDelivery) -> str:
        return format_html(
            "<ol>{}</ol>",
            format_html_join(
                "",
                "<li>{}, {} s: {}</li>",
                (
                    (_moment(answer["at"]), answer["seconds"], answer["said"])
                    for answer in delivery.answers
                ),
            ),
        )

    @admin.display(description=_("what is sent"))
    def sent(self, delivery: WebhookDelivery) -> str:
        text = json.dumps(json.loads(delivery.payload), indent=2)
        return format_html('<pre tabindex="0">{}</pre>', text)
