from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.foundation.countries import country_name
from portal.foundation.filters import ChoiceFilter

from ..forms import PartnerCorrectionForm, PartnerForm
from ..models import CountryMarket, Partner, StaffMembership
from ..roles import Action, Column
from .base import PortalModelAdmin


@admin.display(description=_("country"), ordering="country")
def country(row: Partner | CountryMarket) -> str:
    return country_name(row.country)


class CountryFilter(ChoiceFilter):
    """Those of the list, by name."""

    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request).order_by("country")
        codes = rows.values_list("country", flat=True).distinct()
        return [(code, country_name(code)) for code in codes]

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(country=value)


@admin.register(Partner)
class PartnerAdmin(PortalModelAdmin):
    """Partners: the operator onboards and corrects them, with a reason."""

    view_action = Action.MANAGE_PARTNERS
    add_action = Action.MANAGE_PARTNERS
    change_action = Action.MANAGE_PARTNERS
    when_empty = _("No partner yet. Add the first one, then its staff.")
    list_display = ("name", "mpn_id", country, "is_csp_transacting", "is_advisor")
    list_filter = ("is_csp_transacting", "is_advisor", CountryFilter)
    search_fields = ("name", "mpn_id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["tenant_id"] if obj else []

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = PartnerCorrectionForm if obj else PartnerForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        form.save_correction(request.actor)  # type: ignore[attr-defined]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The service has told the log already."""


@admin.register(StaffMembership)
class StaffMembershipAdmin(PortalModelAdmin):
    """Who works for which partner, in which role, until when."""

    view_action = Action.VIEW_STAFF
    add_action = Action.MANAGE_PEOPLE
    change_action = Action.MANAGE_PEOPLE
    delete_action = Action.MANAGE_PEOPLE
    when_empty = _("Nobody works for a partner yet. Add a person, then a membership.")
    logged_fields = ("role", "expires_at")
    list_display = ("user", "partner", "role", "expires_at")
    list_filter = ("role",)
    list_select_related = ("user", "partner")
    search_fields = ("user__full_name", "user__login", "partner__name")
    autocomplete_fields = ("user",)
    restricted = {"user": Column.PERSONAL_DATA}

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """A day and a time are two boxes, and Django labels neither."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.SplitDateTimeField):
            day, time = field.widget.widgets
            day.attrs["aria-label"] = _("Expires on (day)")
            time.attrs["aria-label"] = _("Expires at (time)")
        return field


@admin.register(CountryMarket)
class CountryMarketAdmin(PortalModelAdmin):
    """The table behind the rule `region`."""

    scoped = False
    view_action = Action.MANAGE_PARTNERS
    add_action = Action.MANAGE_PARTNERS
    change_action = Action.MANAGE_PARTNERS
    delete_action = Action.MANAGE_PARTNERS
    list_display = ("code", country, "market")
    list_filter = ("market",)
    search_fields = ("country", "market")

    @admin.display(description=_("code"), ordering="country")
    def code(self, row: CountryMarket) -> str:
        return row.country
