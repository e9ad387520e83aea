"""*Add customer*: a new tenant's record, with the relationship established at once."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation.countries import CountrySelect
from portal.foundation.refusals import show_refusal
from relationships.models import Customer
from relationships.services.tenants import CONTACT_FIELDS, provision_customer


class AddCustomerForm(forms.ModelForm):
    """The new tenant's company, domain, contact and address; the service saves."""

    stated_domain = forms.CharField(
        label=gettext_lazy("Primary domain"),
        max_length=253,
        help_text=gettext_lazy(
            "The domain of the new tenant, such as contoso.example. A customer that "
            "has a tenant already is asked for a reseller relationship instead."
        ),
    )

    country = forms.CharField(
        label=gettext_lazy("Country"),
        max_length=2,
        widget=CountrySelect,
    )

    class Meta:
        model = Customer
        fields = ("company_name", "stated_domain", "country", *CONTACT_FIELDS)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Fieldset(
                _("Company"),
                Row(Column("company_name"), Column("stated_domain"), Column("country")),
            ),
            Fieldset(
                _("Contact"),
                Row(
                    Column("contact_name"),
                    Column("contact_email"),
                    Column("contact_phone"),
                ),
            ),
            Fieldset(
                _("Billing address"),
                Row(Column("address_line1"), Column("address_line2")),
                Row(
                    Column("address_postal_code"),
                    Column("address_city"),
                    Column("address_region"),
                ),
            ),
        )

    def _post_clean(self) -> None:
        """The service makes the row and says what is wrong with it."""

    def add_refusal(self, error: ValidationError) -> None:
        show_refusal(self, error, at="country")  # the rule `region` is about it


def add_customer(request: HttpRequest, admin_site: Any, opts: Any) -> HttpResponse:
    """The caller has checked the right."""
    form = AddCustomerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actor = request.actor  # type: ignore[attr-defined]
            customer = provision_customer(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_refusal(error)
        else:
            messages.success(
                request,
                _("%(customer)s is your customer now.") % {"customer": customer},
            )
            return HttpResponseRedirect(customer.get_absolute_url())
    context = {
        **admin_site.each_context(request),
        "opts": opts,
        "title": _("Add customer"),
        "form": form,
    }
    return TemplateResponse(request, "admin/relationships/customer/add.html", context)
