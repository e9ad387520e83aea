import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.foundation.filters import ChoiceFilter, TextFilter

from ..models import ActivityRecord, Customer, Partner
from ..querysets import model_of
from ..roles import LETTERS, Action, Column, role_label
from .base import PortalModelAdmin

MOST_FOUND = 100  # customers, partners or people of one name


class RoleFilter(ChoiceFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(role), role_label(role)) for role in LETTERS.values()]

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(actor_role=value)


class CustomerFilter(TextFilter):
    title = _("customer")
    parameter_name = "of_customer"
    help_text = _("Name or tenant ID")

    def found(self, request: HttpRequest, queryset: Any, term: str) -> Any:
        actor = request.actor  # type: ignore[attr-defined]
        customers = Customer.objects.visible_to(actor).search(term, actor)
        return queryset.filter(customer__in=_ids(customers))


class PartnerFilter(TextFilter):
    title = _("partner")
    parameter_name = "of_partner"
    help_text = _("Name or MPN ID")

    def found(self, request: HttpRequest, queryset: Any, term: str) -> Any:
        by_name = Partner.objects.filter(name__icontains=term)
        return queryset.filter(
            partner__in=_ids(by_name | Partner.objects.filter(mpn_id=term))
        )


class PersonFilter(TextFilter):
    title = _("person")
    parameter_name = "of_person"
    help_text = _("Name or sign-in name")

    def found(self, request: HttpRequest, queryset: Any, term: str) -> Any:
        by_name = User.objects.filter(full_name__icontains=term)
        return queryset.filter(
            actor__in=_ids(by_name | User.objects.filter(login__icontains=term))
        )


def _ids(rows: Any) -> list[Any]:
    """Looked up beforehand, so that an index of the log serves."""
    return list(rows.values_list("pk", flat=True)[:MOST_FOUND])


@admin.register(ActivityRecord)
class ActivityRecordAdmin(PortalModelAdmin):
    """The log, view only for everybody."""

    view_action = Action.VIEW_ACTIVITY
    list_title = _("Activity log")
    when_empty = _(
        "Nothing is recorded yet. Whatever you and your customers do is written here."
    )
    list_display = (
        *("at", "operation", "resource", "changes", "reason"),
        *("partner", "customer", "actor", "role"),
    )
    list_display_links = ("at",)
    list_select_related = ("partner", "customer", "actor")
    search_fields = ("resource_id", "request_id")
    search_help_text = _("ID of an object or of a request")
    restricted = {"actor": Column.PERSONAL_DATA}
    export_more = ("resource_id", "before", "after", "request_id")
    ordering = ("-at", "-id")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Staff sees lines of its own partner alone."""
        actor = request.actor  # type: ignore[attr-defined]
        columns = super().get_list_display(request)
        return [name for name in columns if name != "partner" or actor.is_operator]

    def get_list_filter(self, request: HttpRequest) -> Any:
        actor = request.actor  # type: ignore[attr-defined]
        people = [PersonFilter] if actor.may_see(Column.PERSONAL_DATA) else []
        partners = [PartnerFilter] if actor.is_operator else []
        return ["at", CustomerFilter, *partners, *people, RoleFilter, "operation"]

    @admin.display(description=_("role"), ordering="actor_role")
    def role(self, record: ActivityRecord) -> str:
        return record.actor_role_label

    @admin.display(description=_("object"), ordering="resource_type")
    def resource(self, record: ActivityRecord) -> SafeString:
        """Its kind, which leads to all that the log has about it."""
        model = model_of(record.resource_type)
        kind = model._meta.verbose_name if model else record.resource_type
        words = capfirst(str(kind))
        return format_html('<a href="?q={}">{}</a>', record.resource_id, words)

    @admin.display(description=_("changes"))
    def changes(self, record: ActivityRecord) -> str:
        return record.changes

    @admin.display(description=_("before"))
    def before(self, record: ActivityRecord) -> str:
        return _as_text(record.old_value)

    @admin.display(description=_("after"))
    def after(self, record: ActivityRecord) -> str:
        return _as_text(record.new_value)


def _as_text(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""
