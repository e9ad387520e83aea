"""What became of lists of invitations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from portal.foundation.exports import csv_response

from ..batch_views import links_of
from ..enums import LOST_EMAILS, Operation
from ..models import InvitationBatch
from ..roles import Action, Column
from ..services.activity import record
from ..services.batches import go_on
from .base import BADGES, PortalModelAdmin, badge
from .emails import delivery_badge


@admin.register(InvitationBatch)
class InvitationBatchAdmin(PortalModelAdmin):
    """Rows come by *Invite many customers*."""

    view_action = Action.VIEW_INVITATIONS
    list_title = _("Lists of invitations")
    when_empty = _("No list yet. “Invite many customers” takes the first one.")
    list_display = ("__str__", "state", "size", "sends", "created_by")
    list_select_related = ("created_by",)
    restricted = {"created_by": Column.PERSONAL_DATA}
    search_fields = ("rows__recipient_email", "rows__name", "rows__reference")
    fields = ("created_by", "expires_at", "language", "sends")
    transitions = (
        Transition(
            "go-on",
            _("Go on"),
            Action.INVITE,
            go_on,
            question=_(
                "The list of %(object)s has stopped. It goes on with the lines that "
                "still wait; nobody is invited twice."
            ),
            done=_("The invitations are being created."),
            is_possible=lambda batch: batch.has_stopped,
            why_not=lambda batch: str(_("This list is at work already, or done.")),
        ),
    )
    change_form_template = "admin/relationships/invitationbatch/page.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset: Any = super().get_queryset(request)
        return queryset.with_counts()

    @admin.display(description=_("state"), ordering="waiting")
    def state(self, batch: Any) -> str:
        if batch.waiting:
            return badge("wait", str(_("Being created")))
        return badge("ok", str(_("Done")))

    @admin.display(description=_("lines"), ordering="total")
    def size(self, batch: Any) -> int:
        return int(batch.total)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.links_view)
        name = self.url_name("links")
        return [path("<path:object_id>/links/", view, name=name), *super().get_urls()]

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        rows = list(obj.rows.with_delivery().select_related("invitation__customer"))
        made = [row for row in rows if row.invitation]
        return {
            **super().page_context(request, obj),
            "batch": obj,
            "rows": [
                (row, self._badge_of(row), delivery_badge(row.delivery)) for row in rows
            ],
            "made": len(made),
            "refused": sum(1 for row in rows if row.problem),
            "lost": sum(1 for row in rows if row.delivery in LOST_EMAILS),
            "done": obj.total - obj.waiting,
            "stopped": obj.job if obj.has_stopped else None,
        }

    def _badge_of(self, row: Any) -> str:
        if row.invitation:
            status = row.invitation.current_status
            return badge(BADGES[status], str(status.label))
        if row.problem:
            return badge("bad", str(_("Not invited")))
        return badge("wait", str(_("Waiting")))

    def links_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        batch = self.scoped_object(request, object_id)
        actor = request.actor  # type: ignore[attr-defined]
        actor.require(self.view_action, batch)
        record(
            Operation.EXPORT,
            batch,
            actor=actor,
            partner=batch.partner,
            new={"list": "links"},
        )
        return csv_response(links_of(batch))
