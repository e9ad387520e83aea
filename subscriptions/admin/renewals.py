from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.foundation.admin import Transition, TransitionForm
from portal.foundation.filters import ChoiceFilter
from relationships.admin.base import PortalModelAdmin, badge
from relationships.roles import Action, Column

from ..enums import RenewalAnswer
from ..models import RenewalDecision
from ..services import renewals

BADGES = {
    "": "wait",
    RenewalAnswer.RENEW: "ok",
    RenewalAnswer.CHANGE: "ok",
    RenewalAnswer.END: "off",
}


class AnswerForm(TransitionForm):
    refused_field = "answer"

    answer = forms.ChoiceField(
        label=_("Answer"), choices=RenewalAnswer.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was agreed, and with whom at the customer."),
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        """The way to what "with a change" needs first."""
        super().__init__(data, obj=obj, actor=actor)
        if renewals.has_change(obj):
            return
        page = "admin:subscriptions_cspsubscription_schedule"
        self.fields["answer"].help_text = format_html(
            '{} <a href="{}">{}</a>',
            _("No change is scheduled."),
            reverse(page, args=[obj.subscription_id]),
            _("Schedule one first"),
        )


class OwnerForm(TransitionForm):
    refused_field = "owner"

    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Owner"), required=False, empty_label=_("Nobody")
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        owners = [user.pk for user in renewals.possible_owners(obj)]
        field: Any = self.fields["owner"]
        field.queryset = User.objects.filter(pk__in=owners)
        field.initial = obj.owner_id


class OpenFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "state"
    options = (("open", _("To decide")), ("answered", _("Answered")))

    def found(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        is_open = value == "open"
        return (
            queryset.timely().unanswered() if is_open else queryset.exclude(answer="")
        )


@admin.register(RenewalDecision)
class RenewalDecisionAdmin(PortalModelAdmin):
    """What happens at the end of a term; answered by a button, never edited."""

    view_action = Action.VIEW_SUBSCRIPTIONS
    list_title = _("Renewal decisions")
    when_empty = _("No renewal is to be decided: no term ends soon.")
    list_display = ("__str__", "state", "ends", "then", "owner")
    list_filter = (OpenFilter, "answer")
    list_select_related = ("subscription__customer", "term", "owner")
    search_fields = (
        "subscription__product_name",
        "subscription__friendly_name",
        "subscription__customer__company_name",
        "subscription__customer__tenant_id",
    )
    restricted = dict.fromkeys(("owner", "note", "answered_by"), Column.PERSONAL_DATA)
    fields = (
        "subscription_link",
        "ends",
        "then",
        "state",
        "owner",
        "note",
        "answered_at",
        "answered_by",
    )
    transitions = (
        Transition(
            "answer",
            _("Answer"),
            Action.CHANGE_SUBSCRIPTION,
            renewals.decide,
            question=_(
                "%(object)s: what happens at the end of its term? The answer is done "
                "at once: auto-renew is switched on, or off where it ends. A change "
                "has to be scheduled on the subscription's page before; it is dropped "
                "where the answer is another one."
            ),
            done=_("Decided: %(object)s."),
            is_possible=lambda decision: decision.is_timely,
            why_not=renewals.why_too_late,
            form_class=AnswerForm,
        ),
        Transition(
            "assign",
            _("Assign"),
            Action.CHANGE_SUBSCRIPTION,
            renewals.assign,
            question=_("%(object)s: whose decision is it?"),
            done=_("Assigned: %(object)s."),
            is_possible=lambda decision: decision.is_timely,
            why_not=renewals.why_too_late,
            form_class=OwnerForm,
        ),
    )

    @admin.display(description=_("state"), ordering="answer")
    def state(self, decision: RenewalDecision) -> str:
        if decision.answer:
            return badge(BADGES[decision.answer], decision.get_answer_display())
        if decision.is_timely:
            return badge("wait", str(_("To decide")))
        return badge("off", str(_("Not answered")))

    @admin.display(description=_("term ends"), ordering="term__ends_at")
    def ends(self, decision: RenewalDecision) -> str:
        return date_format(decision.due_at, "DATETIME_FORMAT")

    @admin.display(description=_("renews"), boolean=True)
    def then(self, decision: RenewalDecision) -> bool | None:
        return decision.subscription.auto_renews if decision.is_timely else None

    @admin.display(description=_("subscription"))
    def subscription_link(self, decision: RenewalDecision) -> str:
        page = decision.subscription.get_absolute_url()
        return format_html('<a href="{}">{}</a>', page, decision)
