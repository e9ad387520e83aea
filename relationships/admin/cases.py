from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from portal.foundation.filters import ChoiceFilter

from ..models import Case
from ..roles import Action, Column
from ..services.cases import close_case
from .base import PortalModelAdmin, badge


class OpenFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "state"
    options = (("open", _("Open")), ("closed", _("Closed")))

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.open() if value == "open" else queryset.exclude(closed_at=None)


@admin.register(Case)
class CaseAdmin(PortalModelAdmin):
    """What stopped a customer; closed by a button, never edited."""

    view_action = Action.VIEW_INVITATIONS
    list_title = _("Cases")
    when_empty = _("No case: no customer has been stopped by anything.")
    list_display = ("kind", "state", "subject_link", "customer", "opened_at")
    list_filter = (OpenFilter, "kind")
    list_select_related = (
        "invitation__customer",
        "relationship__partner",
        "relationship__customer",
        "customer",
    )
    search_fields = (
        "invitation__recipient_email",
        "customer__company_name",
        "customer__tenant_id",
    )
    restricted = {"message": Column.PERSONAL_DATA}
    fields = (
        "kind",
        "subject_link",
        "customer",
        "message",
        "opened_at",
        "closed_at",
        "closed_by",
    )
    transitions = (
        Transition(
            "close",
            _("Close the case"),
            Action.HANDLE_CASES,
            close_case,
            question=_("The case “%(object)s” is done with and leaves the list."),
            done=_("Closed: %(object)s."),
            is_possible=lambda case: case.is_open,
        ),
    )

    @admin.display(description=_("state"))
    def state(self, case: Case) -> str:
        if case.is_open:
            return badge("warn", str(_("Open")))
        return badge("off", str(_("Closed")))

    @admin.display(description=_("about"))
    def subject_link(self, case: Case) -> str:
        return format_html('<a href="{}">{}</a>', case.subject_url, case.subject)
