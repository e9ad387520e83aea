"""Attesting the customer agreement, where it was accepted elsewhere."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation import clock
from relationships.models import Customer, CustomerAgreement
from relationships.roles import Action
from relationships.services.agreements import attest_agreement


class AttestForm(forms.Form):
    """Who of the customer accepted the agreement, and on which day."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=100)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=100)
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    accepted_on = forms.DateField(
        label=gettext_lazy("Accepted on (UTC)"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"accepted_on": clock.now().date()})
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Row(Column("first_name"), Column("last_name")),
            Row(Column("email"), Column("accepted_on")),
        )


def attest_view(
    request: HttpRequest, customer: Customer, admin_site: Any, opts: Any
) -> HttpResponse:
    """GET asks who and when; POST attests, and goes on to ordering."""
    actor = request.actor  # type: ignore[attr-defined]
    actor.require(Action.ATTEST_AGREEMENT, customer)
    form = AttestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            attest_agreement(customer, actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The agreement is attested."))
            ordering = reverse("admin:relationships_customer_order", args=[customer.pk])
            return HttpResponseRedirect(ordering)
    context = {
        **admin_site.each_context(request),
        "opts": opts,
        "original": customer,
        "object_url": customer.get_absolute_url(),
        "title": _("Attest the customer agreement"),
        "question": _(
            "You attest that this person accepted the %(agreement)s for %(customer)s. "
            "Your name is kept with it."
        )
        % {"agreement": CustomerAgreement.current_name(), "customer": customer},
        "form": form,
        "is_possible": True,
    }
    return TemplateResponse(request, "admin/confirm.html", context)
