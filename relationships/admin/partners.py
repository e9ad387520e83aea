from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ..forms import PartnerForm
from ..models import CountryMarket, Partner, StaffMembership
from ..roles import Action, Column
from .base import PortalModelAdmin


@admin.register(Partner)
class PartnerAdmin(PortalModelAdmin):
    """Partners: the operator onboards and corrects them, with a reason."""

    view_action = Action.MANAGE_PARTNERS
    add_action = Action.MANAGE_PARTNERS
    change_action = Action.MANAGE_PARTNERS
    form = PartnerForm
    list_display = ("name", "mpn_id", "country", "is_csp_transacting", "is_advisor")
    list_filter = ("is_csp_transacting", "is_advisor", "country")
    search_fields = ("name", "mpn_id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["tenant_id"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)
        return fields if obj else [name for name in fields if name != "change_reason"]

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        form.save_correction(request.actor)  # type: ignore[attr-defined]


@admin.register(StaffMembership)
class StaffMembershipAdmin(PortalModelAdmin):
    """Who works for which partner, in which role, until when."""

    view_action = Action.VIEW_STAFF
    add_action = Action.MANAGE_PEOPLE
    change_action = Action.MANAGE_PEOPLE
    delete_action = Action.MANAGE_PEOPLE
    list_display = ("user", "partner", "role", "expires_at")
    list_filter = ("role",)
    list_select_related = ("user", "partner")
    search_fields = ("user__full_name", "user__login", "partner__name")
    autocomplete_fields = ("user", "partner")
    restricted = {"user": Column.PERSONAL_DATA}


@admin.register(CountryMarket)
class CountryMarketAdmin(PortalModelAdmin):
    """The table behind the rule `region`."""

    view_action = Action.MANAGE_PARTNERS
    add_action = Action.MANAGE_PARTNERS
    change_action = Action.MANAGE_PARTNERS
    delete_action = Action.MANAGE_PARTNERS
    list_display = ("country", "market")
    list_filter = ("market",)
    search_fields = ("country", "market")
