from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from portal.foundation.admin import Transition
from portal.foundation.filters import ChoiceFilter
from relationships.admin.base import PortalModelAdmin, badge
from relationships.roles import Action, Column

from ..enums import OTHER_CHANNELS, SubscriptionStatus
from ..forms import ObservationForm, RetractForm
from ..models import CspSubscription, ExistingSubscription, Subscription
from ..services.importing.uploading import find_customer
from ..services.observations import record_observation, retract_observation
from .managing import WAYS, subscription_page

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
        "customer__tenant_id",
    )
    search_help_text = _("Product, customer, tenant ID or subscription ID")
    change_form_template = "admin/subscriptions/subscription.html"

    @admin.display(description=_("status"), ordering="status")
    def state(self, subscription: Subscription) -> str:
        status = SubscriptionStatus(subscription.status)
        return badge(BADGES[status], str(status.label))

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        chain = self._chain(request, obj)
        return {**super().page_context(request, obj), "chain": chain}

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
    when_empty = _(
        "No CSP subscription yet. Order the first one from a customer's page."
    )
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
    transitions = tuple(way.transition for way in WAYS)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.select_related("customer", "relationship__partner")

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        actor = request.actor  # type: ignore[attr-defined]
        return {
            **super().page_context(request, obj),
            **subscription_page(obj, actor),
            "transitions": [],  # the page has them, with what is not possible now
            "shows_revenue": actor.may_see(Column.REVENUE),
            "shows_people": actor.may_see(Column.PERSONAL_DATA),
        }

    def object_url(self, obj: Any) -> str:
        return obj.customer.get_absolute_url()


class ChannelFilter(ChoiceFilter):
    title = _("channel")
    parameter_name = "channel"
    options = [(channel.value, channel.label) for channel in OTHER_CHANNELS]

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(channel=value)


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
    """Subscriptions of other channels: recorded by the operator, changed by nobody."""

    add_action = Action.RECORD_OBSERVATION
    list_title = _("Existing subscriptions")
    when_empty = _(
        "None is known. You see a customer's existing subscriptions once it has "
        "accepted your invitation."
    )
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
            form_class=RetractForm,
            css="danger",
        ),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        may_import = self._may(request, Action.RECORD_OBSERVATION)
        context = {"may_import": may_import, **(extra_context or {})}
        return super().changelist_view(request, context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        form = ObservationForm(data, tenant=request.GET.get("tenant", ""))
        if form.is_valid() and (made := self._take_in(request, form)):
            return HttpResponseRedirect(made.get_absolute_url())
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Record an existing subscription"),
            "form": form,
        }
        template = "admin/subscriptions/existingsubscription/add.html"
        return TemplateResponse(request, template, context)

    def _take_in(
        self, request: HttpRequest, form: ObservationForm
    ) -> Subscription | None:
        actor, began = request.actor, clock.now()  # type: ignore[attr-defined]
        customer = find_customer(form.cleaned_data["tenant"], actor=actor)
        if customer is None:
            form.add_error("tenant", _("Unknown tenant."))
            return None
        try:
            made = record_observation(customer, actor=actor, statement=form.statement())
        except ValidationError as error:
            form.add_refusal(error)
            return None
        is_new = made.recorded_at >= began
        told = _("Recorded: %(made)s.") if is_new else _("Recorded before: %(made)s.")
        messages.success(request, told % {"made": made})
        return made

    def _may(self, request: HttpRequest, action: str | None, obj: Any = None) -> bool:
        """These rows are nobody's: the role alone decides on a retraction."""
        return super()._may(request, action)
