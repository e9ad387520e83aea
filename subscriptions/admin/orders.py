from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from relationships.admin.base import PortalModelAdmin
from relationships.models import Customer
from relationships.roles import Action, Column

from ..models import Order, OrderLine


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    fields = ("offer", "quantity", "unit_price", "currency", "subscription")
    extra = 0

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        prices = {"unit_price", "currency"}
        if request.actor.may_see(Column.REVENUE):  # type: ignore[attr-defined]
            prices = set()
        return [name for name in self.fields if name not in prices]

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("offer__product", "subscription")
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.actor.may(Action.VIEW_ORDERS)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class CustomerFilter(admin.SimpleListFilter):
    """One customer's orders, from its page; offered only while it is asked for."""

    title = _("customer")
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        found = self._customers(request).first()
        return [(str(found.pk), str(found))] if found else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(customer__in=self._customers(request))

    def _customers(self, request: HttpRequest) -> Any:
        rows = Customer.objects.visible_to(request.actor)  # type: ignore[attr-defined]
        try:
            return rows.filter(pk=UUID(request.GET.get("customer", "")))
        except ValueError:
            return rows.none()


@admin.register(Order)
class OrderAdmin(PortalModelAdmin):
    """What was bought, view only; orders are placed on the customer's page."""

    view_action = Action.VIEW_ORDERS
    list_title = _("Orders")
    when_empty = _("No order yet. Order from a customer's page.")
    list_display = ("placed_at", "customer", "what", "placed_by")
    list_filter = ("placed_at", CustomerFilter)
    list_select_related = ("customer", "placed_by")
    search_fields = ("customer__company_name", "customer__tenant_id")
    restricted = {"placed_by": Column.PERSONAL_DATA}
    inlines = (OrderLineInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows.prefetch_related("lines__offer__product")

    @admin.display(description=_("ordered"))
    def what(self, order: Order) -> str:
        lines = order.lines.all()
        return ", ".join(f"{line.quantity} × {line.offer}" for line in lines)
