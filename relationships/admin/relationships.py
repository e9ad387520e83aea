from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import Transition
from portal.foundation.filters import ChoiceFilter

from ..enums import ApprovalVerb
from ..forms import EndForm
from ..models import ResellerRelationship
from ..roles import Action, Column
from ..services.approvals import do_or_ask
from .approvals import told_of_approval
from .base import PortalModelAdmin, badge


class ActiveFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "state"
    options = (("active", _("Active")), ("ended", _("Ended")))

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        is_active = value == "active"
        return queryset.active() if is_active else queryset.exclude(ended_at=None)


@admin.register(ResellerRelationship)
class ResellerRelationshipAdmin(PortalModelAdmin):
    """Relationships, view only; *End* is a button."""

    view_action = Action.VIEW_CUSTOMERS
    list_title = _("Reseller relationships")
    when_empty = _(
        "No relationship yet. It begins when a customer accepts your invitation."
    )
    list_display = (
        "customer",
        "partner",
        "state",
        "origin",
        "established_at",
        "ended_at",
        "existing_count",
    )
    list_filter = (ActiveFilter, "origin")
    # An invitation is called by its recipient's address.
    restricted = {"invitation": Column.PERSONAL_DATA}
    list_select_related = ("customer", "partner")
    search_fields = ("customer__company_name", "customer__tenant_id")
    fields = (
        "customer",
        "partner",
        "origin",
        "invitation",
        "established_at",
        "ended_at",
        "end_reason",
        "existing_count",
        "existing_fingerprint",
    )
    transitions = (
        Transition(
            "end",
            _("End the relationship"),
            Action.END_RELATIONSHIP,
            partial(do_or_ask, ApprovalVerb.END_RELATIONSHIP),
            question=_(
                "%(object)s: the relationship ends at once and for good. You can no "
                "longer order or manage anything for this customer. It is told. Its "
                "existing subscriptions stay as they are."
            ),
            done=_("Ended: %(object)s."),
            is_possible=lambda relationship: relationship.is_active,
            form_class=EndForm,
            css="danger",
            template="admin/relationships/end.html",
            told=told_of_approval,
        ),
    )

    @admin.display(description=_("state"))
    def state(self, relationship: ResellerRelationship) -> str:
        if relationship.is_active:
            return badge("ok", str(_("Active")))
        return badge("off", str(_("Ended")))

    def object_url(self, obj: Any) -> str:
        return obj.customer.get_absolute_url()
