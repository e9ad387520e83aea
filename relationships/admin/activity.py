from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ..models import ActivityRecord
from ..roles import Action, Column
from .base import PortalModelAdmin


@admin.register(ActivityRecord)
class ActivityRecordAdmin(PortalModelAdmin):
    """The log, view only for everybody."""

    view_action = Action.VIEW_ACTIVITY
    list_title = _("Activity log")
    list_display = ("at", "operation", "partner", "customer", "actor", "role")
    list_display_links = ("at",)
    list_filter = ("at", "actor_role", "operation")
    list_select_related = ("partner", "customer", "actor")
    search_fields = ("resource_id", "request_id")
    restricted = {"actor": Column.PERSONAL_DATA}
    ordering = ("-at", "-id")

    @admin.display(description=_("role"), ordering="actor_role")
    def role(self, record: ActivityRecord) -> str:
        return record.actor_role_label
