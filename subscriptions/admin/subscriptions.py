from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from relationships.admin.base import PortalModelAdmin, badge
from relationships.forms import ReasonForm
from relationships.roles import Action

from ..enums import OTHER_CHANNELS, Channel, SubscriptionStatus, SubscriptionVerb
from ..forms import NameForm, SeatsForm
from ..models import CspSubscription, ExistingSubscription, Subscription
from ..services import lifecycle
from ..services.observations import retract_observation

BADGES = {
    SubscriptionStatus.ACTIVE: "ok",
    SubscriptionStatus.SUSPENDED: "warn",
    SubscriptionStatus.EXPIRED: "warn",
    SubscriptionStatus.DISABLED: "bad",
    SubscriptionStatus.DELETED: "off",
}


class SubscriptionAdmin(PortalModelAdmin):
    """What the two lists share: no form ever edits a subscription."""

    view_action = Action.VIEW_SUBSCRIPTIONS
    list_select_related = ("customer",)
    search_fields = (
        "product_name",
        "friendly_name",
        "external_id",
        "customer__company_name",
    )
    change_form_template = "admin/subscriptions/subscription.html"

    @admin.display(description=_("status"), ordering="status")
    def state(self, subscription: Subscription) -> str:
        status = SubscriptionStatus(subscription.status)
        return badge(BADGES[status], str(status.label))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        subscription = self.scoped_object(request, object_id)
        chain = self._chain(request, subscription)
        context = {"chain": chain, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def _chain(self, request: HttpRequest, subscription: Subscription) -> Any:
        """What the actor sees of the same subscription, the newest first."""
        if subscription.is_csp or not subscription.external_id:
            return []
        same = self.get_queryset(request).filter(
            customer=subscription.customer,
            channel=subscription.channel,
            external_id=subscription.external_id,
        )
        return same.select_related("superseded_by", "retraction").order_by(
            "-recorded_at"
        )


@admin.register(CspSubscription)
class CspSubscriptionAdmin(SubscriptionAdmin):
    """CSP subscriptions: managed by buttons, each confirmed first."""

    list_title = _("CSP subscriptions")
    list_display = (
        "__str__",
        "customer",
        "quantity",
        "state",
        "term",
        "commitment_ends_at",
        "auto_renews",
    )
    list_filter = ("status", "term", "auto_renews")
    fields = (
        "customer",
        "product_name",
        "friendly_name",
        "quantity",
        "status",
        "term",
        "billing_plan",
        "started_at",
        "commitment_ends_at",
        "auto_renews",
        "relationship",
    )
    transitions = (
        Transition(
            "seats",
            _("Add seats"),
            Action.CHANGE_SUBSCRIPTION,
            lifecycle.change_seats,
            question=_("%(object)s: how many seats in all?"),
            done=_("Seats changed: %(object)s."),
            is_possible=lambda row: row.status == SubscriptionStatus.ACTIVE,
            form_class=SeatsForm,
        ),
        Transition(
            "suspend",
            _("Suspend"),
            Action.CHANGE_SUBSCRIPTION,
            lifecycle.suspend,
            question=_(
                "%(object)s: its users are blocked at once. It is billed on until its "
                "term ends, and it no longer renews automatically."
            ),
            done=_("Suspended: %(object)s."),
            is_possible=lambda row: row.can(SubscriptionVerb.SUSPEND),
            css="danger",
        ),
        Transition(
            "reactivate",
            _("Reactivate"),
            Action.CHANGE_SUBSCRIPTION,
            lifecycle.reactivate,
            question=_(
                "%(object)s: its users can work again at once. It does not renew "
                "automatically."
            ),
            done=_("Active again: %(object)s."),
            is_possible=lambda row: row.can(SubscriptionVerb.REACTIVATE),
        ),
        Transition(
            "rename",
            _("Friendly name"),
            Action.RENAME_SUBSCRIPTION,
            lifecycle.rename,
            question=_("%(object)s: what do you call it?"),
            done=_("The friendly name is saved."),
            form_class=NameForm,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("customer", "relationship__partner")

    def possible_transitions(self, request: HttpRequest, obj: Any) -> list[Transition]:
        """None without an active relationship: only time moves the row then."""
        actor = request.actor  # type: ignore[attr-defined]
        if not obj.customer.belongs_to(actor):
            return []
        return super().possible_transitions(request, obj)

    def object_url(self, obj: Any) -> str:
        return obj.customer.get_absolute_url()


class ChannelFilter(admin.SimpleListFilter):
    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(channel.value, channel.label) for channel in OTHER_CHANNELS]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in Channel.values:
            return queryset.filter(channel=self.value())
        return queryset


class CurrentFilter(admin.SimpleListFilter):
    """The newest word of each channel, unless older observations are asked for."""

    title = _("observations")
    parameter_name = "observations"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("past", _("Superseded or retracted")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        current, *others = super().choices(changelist)
        yield {**current, "display": _("Current")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        past = Q(superseded_by__isnull=False) | Q(retraction__isnull=False)
        if self.value() == "all":
            return queryset
        if self.value() == "past":
            return queryset.filter(past)
        return queryset.exclude(past)


def _is_current(observation: Subscription) -> bool:
    return not (
        hasattr(observation, "superseded_by") or hasattr(observation, "retraction")
    )


@admin.register(ExistingSubscription)
class ExistingSubscriptionAdmin(SubscriptionAdmin):
    """Subscriptions of other channels: view only, for everybody, for good."""

    list_title = _("Existing subscriptions")
    list_display = (
        "product_name",
        "customer",
        "channel",
        "partner_of_record_text",
        "quantity",
        "state",
        "commitment_ends_at",
    )
    list_filter = (CurrentFilter, ChannelFilter, "status")
    fields = (
        "customer",
        "channel",
        "product_name",
        "friendly_name",
        "quantity",
        "status",
        "term",
        "billing_plan",
        "started_at",
        "commitment_ends_at",
        "auto_renews",
        "external_id",
        "por_name",
        "por_mpn_id",
        "recorded_at",
        "stated_by_customer",
        "por_correction_reason",
    )
    transitions = (
        Transition(
            "retract",
            _("Retract"),
            Action.RETRACT_OBSERVATION,
            retract_observation,
            question=_(
                "%(object)s: this observation was wrong and leaves the current view. "
                "The row stays, with your reason beside it."
            ),
            done=_("Retracted: %(object)s."),
            is_possible=_is_current,
            form_class=ReasonForm,
            css="danger",
        ),
    )

    def _may(self, request: HttpRequest, action: str | None, obj: Any = None) -> bool:
        """These rows are nobody's: the role alone decides on a retraction."""
        return super()._may(request, action)
