from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation.admin import Transition

from ..enums import ApprovalOutcome
from ..forms import ReasonForm
from ..models import Approval
from ..roles import Action, Column
from ..services.approvals import approve, refuse, withdraw
from .base import PortalModelAdmin, badge

BADGES = {
    ApprovalOutcome.WAITING: "wait",
    ApprovalOutcome.APPROVED: "ok",
    ApprovalOutcome.REFUSED: "bad",
    ApprovalOutcome.WITHDRAWN: "off",
    ApprovalOutcome.EXPIRED: "off",
}


def told_of_approval(result: Any) -> str:
    """What to say where nothing happened yet: a second person was asked."""
    if not isinstance(result, Approval):
        return ""
    return _(
        "Nothing happened yet: a second person has to approve it. %(sentence)s"
    ) % {"sentence": result}


@admin.register(Approval)
class ApprovalAdmin(PortalModelAdmin):
    """What waits for a second person; decided by buttons, never edited."""

    view_action = Action.VIEW_ACTIVITY
    list_title = gettext_lazy("Approvals")
    when_empty = gettext_lazy(
        "No approval was asked for. What takes a second person waits here."
    )
    list_display = ("sentence", "state", "asked_by", "asked_at", "expires_at")
    list_filter = ("outcome", "verb")
    list_select_related = ("asked_by",)
    restricted = dict.fromkeys(("asked_by", "decided_by"), Column.PERSONAL_DATA)
    search_fields = ("sentence", "customer__company_name", "customer__tenant_id")
    fields = (
        "sentence",
        "customer",
        "state",
        "asked_by",
        "asked_at",
        "expires_at",
        "decided_by",
        "decided_at",
        "reason",
    )
    transitions = (
        Transition(
            "approve",
            gettext_lazy("Approve"),
            Action.DECIDE_APPROVAL,
            approve,
            question=gettext_lazy("This happens as soon as you approve: %(object)s"),
            done=gettext_lazy("Approved, and done: %(object)s"),
            is_possible=lambda approval: approval.is_waiting,
            css="danger",
        ),
        Transition(
            "refuse",
            gettext_lazy("Refuse"),
            Action.DECIDE_APPROVAL,
            refuse,
            question=gettext_lazy("This will not happen: %(object)s"),
            done=gettext_lazy("Refused: %(object)s"),
            is_possible=lambda approval: approval.is_waiting,
            form_class=ReasonForm,
        ),
        Transition(
            "take-back",
            gettext_lazy("Withdraw"),
            Action.DECIDE_APPROVAL,
            withdraw,
            question=gettext_lazy("You no longer ask for this: %(object)s"),
            done=gettext_lazy("Withdrawn: %(object)s"),
            is_possible=lambda approval: approval.is_waiting,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("customer")

    def possible_transitions(self, request: HttpRequest, obj: Any) -> list[Transition]:
        """Who asked takes it back, anybody else decides."""
        is_own = obj.asked_by_id == request.actor.user.pk  # type: ignore[attr-defined]
        found = super().possible_transitions(request, obj)
        return [each for each in found if (each.name == "take-back") == is_own]

    @admin.display(description=gettext_lazy("state"), ordering="outcome")
    def state(self, approval: Approval) -> str:
        outcome = approval.current_outcome
        return badge(BADGES[outcome], str(outcome.label))
