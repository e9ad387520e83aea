"""One small form per step; `clean_*` checks the shape of input only."""

from datetime import date, datetime, time, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.foundation.admin import TransitionForm, words

from .actors import Actor
from .models import Partner
from .services.invitations import default_expiry
from .services.partners import correct_partner
from .validators import validate_domain


class PartnerForm(forms.ModelForm):
    """A correction takes a reason; what was recorded elsewhere stays as recorded."""

    change_reason = forms.CharField(
        label=_("Reason for the correction"),
        max_length=500,
        help_text=_(
            "Kept in the activity log. Subscriptions keep the Partner of Record as it "
            "was recorded."
        ),
    )

    class Meta:
        model = Partner
        fields = (
            "name",
            "mpn_id",
            "tenant_id",
            "country",
            "currency",
            "is_csp_transacting",
            "is_advisor",
            "contact_email",
            "contact_phone",
            "website",
        )

    def save_correction(self, actor: Actor) -> None:
        values = {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name != "change_reason"
        }
        reason = self.cleaned_data["change_reason"]
        correct_partner(self.instance, actor=actor, reason=reason, **values)


class PersonForm(forms.ModelForm):
    """A person with a local account; the password is set here and never shown."""

    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: the password stays as it is."),
    )

    class Meta:
        model = User
        fields = ("full_name", "login", "email", "is_active", "is_superuser")

    def clean_new_password(self) -> str:
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return str(password)

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["new_password"]:
            self.instance.set_password(self.cleaned_data["new_password"])
        elif not self.instance.pk:
            self.instance.set_unusable_password()
        if self.instance.is_superuser:
            self.instance.is_staff = True
        return super().save(commit)


class ReasonForm(TransitionForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RecipientsField(forms.CharField):
    """Addresses separated by commas, semicolons or lines, as a list without doubles."""

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        for separator in (";", "\n", "\r", "\t", " "):
            text = text.replace(separator, ",")
        addresses = [part.strip() for part in text.split(",") if part.strip()]
        wrong = [address for address in addresses if not self._is_address(address)]
        if wrong:
            raise ValidationError(
                _("Not an e-mail address: %(wrong)s."),
                params={"wrong": ", ".join(wrong)},
            )
        return list({address.lower(): address for address in addresses}.values())

    @staticmethod
    def _is_address(address: str) -> bool:
        try:
            validate_email(address)
        except ValidationError:
            return False
        return True


class RequestForm(forms.Form):
    """Who the request is for."""

    SHARED = ("customer_domain", "reference", "expires_at")

    recipients = RecipientsField(
        label=_("Recipients"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "One address, several (separated by commas), or none yet. Each gets its "
            "own link."
        ),
    )
    customer_domain = forms.CharField(
        label=_("Customer domain"),
        required=False,
        max_length=253,
        help_text=_("Only a tenant with this domain can accept. Empty: any tenant."),
    )
    reference = forms.CharField(
        label=_("Your reference"),
        required=False,
        max_length=100,
        help_text=_("Shown to your staff only."),
    )
    expires_on = forms.DateField(
        label=_("The link works until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("To the end of that day, UTC."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"expires_on": default_expiry().date()})
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "recipients",
            Row(
                Column("customer_domain"),
                Column("reference"),
                Column("expires_on"),
            ),
        )

    def clean_customer_domain(self) -> str:
        domain = str(self.cleaned_data["customer_domain"]).strip().lower()
        if domain:
            validate_domain(domain)
        return domain

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day: date | None = cleaned.pop("expires_on", None)
        if day is not None:
            midnight = datetime.combine(
                day, time.min, tzinfo=timezone.get_current_timezone()
            )
            cleaned["expires_at"] = midnight + timedelta(days=1, seconds=-1)
        return cleaned

    def add_refusal(self, error: ValidationError) -> None:
        """Show a service's refusal beside the field it is about, with a way on."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                field = {
                    "expires_at": "expires_on",
                    "recipient_email": "recipients",
                }.get(name, name)
                self.add_error(field if field in self.fields else None, errors)
            return
        params = getattr(error, "params", None) or {}
        target = params.get("invitation") or params.get("customer")
        if target is None:
            self.add_error(None, error)
            return
        way_on = (
            _("Open the invitation")
            if "invitation" in params
            else _("Open the customer")
        )
        text = format_html(
            '{} <a href="{}">{}</a>', words(error), target.get_absolute_url(), way_on
        )
        self.add_error("recipients", text)


class MessageForm(forms.Form):
    """Subject and text of an invitation's e-mail."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(
        label=_("E-mail text"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("Change it as you like; the link has to stay in it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def add_refusal(self, error: Exception) -> None:
        if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                self.add_error(name if name in self.fields else None, errors)
        else:
            self.add_error(None, words(error))
