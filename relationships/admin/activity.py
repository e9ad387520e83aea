from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import ActivityRecord
from ..roles import LETTERS, Action, Column, role_label
from .base import PortalModelAdmin


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(role), role_label(role)) for role in LETTERS.values()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(actor_role=self.value()) if self.value() else queryset


@admin.register(ActivityRecord)
class ActivityRecordAdmin(PortalModelAdmin):
    """The log, view only for everybody."""

    view_action = Action.VIEW_ACTIVITY
    list_title = _("Activity log")
    when_empty = _(
        "Nothing is recorded yet. Whatever you and your customers do is written here."
    )
    list_display = ("at", "operation", "partner", "customer", "actor", "role")
    list_display_links = ("at",)
    list_filter = ("at", RoleFilter, "operation")
    list_select_related = ("partner", "customer", "actor")
    search_fields = ("resource_id", "request_id")
    search_help_text = _("ID of an object or of a request")
    restricted = {"actor": Column.PERSONAL_DATA}
    ordering = ("-at", "-id")

    @admin.display(description=_("role"), ordering="actor_role")
    def role(self, record: ActivityRecord) -> str:
        return record.actor_role_label
