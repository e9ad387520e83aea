from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.foundation import clock
from relationships.admin.base import PortalModelAdmin
from relationships.roles import Action, Column

from ..models import Offer, Product, ProductAlias


class ProductAliasInline(admin.StackedInline):
    """Names that other channels use, beside their product."""

    model = ProductAlias
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.actor.may(Action.VIEW_CATALOGUE)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.actor.may(Action.MANAGE_CATALOGUE)  # type: ignore[attr-defined]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)


@admin.register(Product)
class ProductAdmin(PortalModelAdmin):
    """The catalogue's products."""

    view_action = Action.VIEW_CATALOGUE
    add_action = Action.MANAGE_CATALOGUE
    change_action = Action.MANAGE_CATALOGUE
    logged_fields = ("title", "product_id", "sku_id")
    list_title = _("Products")
    when_empty = _(
        "No product yet. The command import_catalogue takes over a price list."
    )
    list_display = ("title", "product_id", "sku_id")
    search_fields = ("title", "product_id", "aliases__name")
    inlines = (ProductAliasInline,)


@admin.register(ProductAlias)
class ProductAliasAdmin(PortalModelAdmin):
    """Staff says which product a name stands for; the operator mends a wrong word."""

    view_action = Action.VIEW_CATALOGUE
    add_action = Action.NAME_PRODUCT
    change_action = Action.MANAGE_CATALOGUE
    delete_action = Action.MANAGE_CATALOGUE
    logged_fields = ("name",)
    list_title = _("Names of products elsewhere")
    when_empty = _(
        "No other name yet. Add one where another channel calls a product otherwise."
    )
    list_display = ("name", "product")
    list_select_related = ("product",)
    search_fields = ("name", "product__title")


@admin.register(Offer)
class OfferAdmin(PortalModelAdmin):
    """Offers: a price is never changed; the old offer is retired, a new one added."""

    view_action = Action.VIEW_CATALOGUE
    add_action = Action.MANAGE_CATALOGUE
    change_action = Action.MANAGE_CATALOGUE
    logged_fields = (
        *("term", "billing_plan", "currency", "unit_price"),
        *("minimum_seats", "maximum_seats", "is_available"),
    )
    list_title = _("Offers")
    when_empty = _(
        "No offer yet. The command import_catalogue takes over a price list."
    )
    list_display = (
        "product",
        "term",
        "billing_plan",
        "currency",
        "unit_price",
        "minimum_seats",
        "maximum_seats",
        "is_available",
    )
    list_filter = ("is_available", "term", "billing_plan", "currency")
    list_select_related = ("product",)
    search_fields = ("product__title", "product__product_id")
    restricted = {"unit_price": Column.REVENUE}

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: Any
    ) -> None:
        if not change:
            obj.sold_from = clock.now()
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Once made, an offer is only retired: what was sold has its price."""
        if obj is None:
            return []
        return [
            field.name
            for field in self.opts.fields
            if field.name not in {"id", "is_available"}
        ]
