"""What a tenant's people ask their partner for, from My partners."""

from typing import Any
from uuid import UUID

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.signin import sessions
from relationships.exceptions import TransitionNotAllowed
from relationships.models import ResellerRelationship
from relationships.roles import Action
from relationships.services.cases import ask_to_end

from .views import for_tenants


class AskToEndForm(forms.Form):
    message = forms.CharField(
        label=gettext_lazy("Message (optional)"),
        help_text=gettext_lazy("The partner's staff reads it."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.add_input(Submit("ask", _("Ask to end it")))


@for_tenants
@require_http_methods(["GET", "HEAD", "POST"])
def ask_to_end_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET says what will happen; POST asks, and changes nothing else."""
    actor = sessions.actor_of(request)
    assert actor is not None  # for_tenants
    rows = ResellerRelationship.objects.visible_to(actor).select_related("partner")
    relationship = rows.filter(pk=pk).first()
    if relationship is None:
        return render(request, "404.html", status=404)
    form = AskToEndForm(request.POST or None)
    may_ask = actor.may(Action.ASK_TO_END, relationship)
    if may_ask and request.method == "POST" and form.is_valid():
        try:
            ask_to_end(relationship, actor=actor, **form.cleaned_data)
        except TransitionNotAllowed as error:
            messages.error(request, str(error))
        else:
            told = _("%(partner)s was told that you ask to end the relationship.")
            messages.success(request, told % {"partner": relationship.partner})
        return redirect("my")
    context = {"relationship": relationship, "form": form, "may_ask": may_ask}
    status = 403 if request.method == "POST" and not may_ask else 200
    return render(request, "my/end.html", context, status=status)
