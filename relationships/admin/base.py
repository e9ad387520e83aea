"""What every admin of a portal's model shares: the scope, and the activity log."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.foundation.admin import ScopedModelAdmin
from portal.foundation.exports import RESPONSES, table_of_list
from portal.foundation.lists import list_url

from ..enums import InvitationStatus, Operation
from ..models import ActivityRecord
from ..roles import Action, Column
from ..services.activity import record
from ..services.log import told_of

LONGEST_HISTORY = 200  # records on one page

BADGES = {
    InvitationStatus.DRAFT: "off",
    InvitationStatus.SENT: "wait",
    InvitationStatus.OPENED: "wait",
    InvitationStatus.SIGNED_IN: "wait",
    InvitationStatus.ACCEPTED: "ok",
    InvitationStatus.DECLINED: "bad",
    InvitationStatus.EXPIRED: "warn",
    InvitationStatus.WITHDRAWN: "off",
}


def badge(kind: str, label: str) -> SafeString:
    """A status as a shape and a word; `kind` as in templates/portal/badge.html."""
    return format_html('<span class="badge {}">{}</span>', kind, label)


class PortalModelAdmin(ScopedModelAdmin):
    """A scoped admin whose history is the activity log.

    Of `logged_fields` it tells values too: never names or addresses of people.
    """

    logged_fields: tuple[str, ...] = ()
    change_form_template = "admin/object_with_transitions.html"
    object_history_template = "admin/object_history.html"

    @property
    def media(self) -> Media:
        scripts = ["portal/autocomplete.js"] if self.autocomplete_fields else []
        return super().media + Media(js=scripts)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        may_see_history = self._may(request, Action.VIEW_ACTIVITY)
        stock = super().page_context(request, obj)
        return {**stock, "may_see_history": may_see_history}

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.scoped_object(request, object_id)
        actor = request.actor  # type: ignore[attr-defined]
        actor.require(Action.VIEW_ACTIVITY)
        records = ActivityRecord.objects.visible_to(actor).about(obj)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(object)s") % {"object": obj},
            "opts": self.opts,
            "original": obj,
            "records": records.select_related("actor")[:LONGEST_HISTORY],
            "shows_people": actor.may_see(Column.PERSONAL_DATA),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.object_history_template, context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [
            path("export/", view, {"kind": "csv"}, self.url_name("export")),
            path("export/xlsx/", view, {"kind": "xlsx"}, self.url_name("export_xlsx")),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The list as a file, with the columns that this role sees."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            table = table_of_list(self, request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(list_url(request, self.opts))
        actor = request.actor  # type: ignore[attr-defined]
        record(
            Operation.EXPORT,
            actor.partner or actor.user,
            actor=actor,
            partner=actor.partner,
            new={"list": self.opts.model_name},
        )
        return RESPONSES[kind](table)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Also what `logged_fields` were before, and are now."""
        changed, logged = form.changed_data, self.logged_fields
        values: dict[str, Any] = {"new": told_of(form.cleaned_data, changed, logged)}
        if not add:
            values["old"] = told_of(form.initial, changed, logged)
        message = super().construct_change_message(request, form, formsets, add)
        return [*message, values]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._record(Operation.ADD_RECORD, request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self._record(Operation.CHANGE_RECORD, request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return [
            self._record(Operation.DELETE_RECORD, request, obj, []) for obj in queryset
        ]

    def _record(
        self, operation: Operation, request: HttpRequest, obj: Any, message: Any
    ) -> ActivityRecord:
        """Field names, and values of `logged_fields`. Whose row it is may read it."""
        told: dict[str, dict[str, Any]] = {"old": {}, "new": {}}
        changed: list[str] = []
        for part in message:
            changed += map(str, part.get("changed", {}).get("fields", []))
            for side, values in told.items():
                values |= part.get(side, {})
        return record(
            operation,
            obj,
            actor=request.actor,  # type: ignore[attr-defined]
            partner=getattr(obj, "partner", None),
            customer=getattr(obj, "customer", None),
            old=told["old"],
            new={**({"fields": changed} if changed else {}), **told["new"]},
        )
