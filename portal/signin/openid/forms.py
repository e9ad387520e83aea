"""What a token does not carry: the company of a tenant seen for the first time."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.foundation.countries import CountrySelect
from relationships.validators import validate_country


class CompanyForm(forms.Form):
    company_name = forms.CharField(
        label=gettext_lazy("Company name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.CharField(
        label=gettext_lazy("Country"),
        max_length=2,
        widget=CountrySelect,
    )

    def __init__(self, data: Any = None, *, action: str) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.form_action = action
        self.helper.add_input(Submit("state", _("Go on")))

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].strip().upper()
        validate_country(country)
        return str(country)
