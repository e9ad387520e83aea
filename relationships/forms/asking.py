"""A reseller relationship is asked for: of whom, until when, in which words."""

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.foundation.refusals import show_refusal, words

from ..services.invitations import default_expiry
from ..validators import validate_domain

END_OF_DAY = time(23, 59, 59)


class RecipientsField(forms.CharField):
    """Addresses separated by commas, semicolons or lines, as a list without doubles."""

    MOST = 50

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
        different = {address.lower(): address for address in addresses}
        if len(different) > self.MOST:
            raise ValidationError(
                _("%(count)s addresses are too many: give at most %(most)s at once."),
                params={"count": len(different), "most": self.MOST},
            )
        return list(different.values())

    @staticmethod
    def _is_address(address: str) -> bool:
        try:
            validate_email(address)
        except ValidationError:
            return False
        return True


class RequestKeyField(forms.UUIDField):
    """Names one filled-in form, to know a second click; junk is no key (None)."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> uuid.UUID | None:
        try:
            return super().clean(value)
        except ValidationError:
            return None


class AskingForm(forms.Form):
    """What one request and a list of them have in common."""

    request_key = RequestKeyField()
    expires_on = forms.DateField(
        label=_("The link works until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("To the end of that day, UTC."),
    )
    language = forms.ChoiceField(
        label=_("Language of the text"), choices=settings.LANGUAGES, required=False
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        first = {"expires_on": default_expiry().date(), "request_key": uuid.uuid4()}
        super().__init__(data, files, initial=first)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or settings.LANGUAGE_CODE

    def clean(self) -> dict[str, Any]:
        """The day as the moment at which it ends."""
        cleaned = super().clean() or {}
        day: date | None = cleaned.get("expires_on")
        if day is not None:
            cleaned["expires_at"] = datetime.combine(day, END_OF_DAY, tzinfo=UTC)
        return cleaned

    @property
    def key(self) -> uuid.UUID:
        return self.cleaned_data["request_key"] or uuid.uuid4()


class RequestForm(AskingForm):
    """Who the request is for."""

    SHARED = ("customer_domain", "reference", "expires_at", "language")
    SHOWN_AT = {"expires_at": "expires_on", "recipient_email": "recipients"}

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

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.helper.layout = Layout(
            "request_key",
            "recipients",
            Row(
                Column("customer_domain"),
                Column("reference"),
                Column("expires_on"),
                Column("language"),
            ),
        )

    def clean_customer_domain(self) -> str:
        domain = str(self.cleaned_data["customer_domain"]).strip().lower()
        if domain:
            validate_domain(domain)
        return domain

    @property
    def ids(self) -> dict[uuid.UUID, str]:
        """An id for each address; the same form posted again has the same ones."""
        key = self.key
        shared = [str(self.cleaned_data[name]) for name in self.SHARED]
        addresses = self.cleaned_data["recipients"] or [""]
        return {
            uuid.uuid5(key, "\n".join([address.lower(), *shared])): address
            for address in addresses
        }

    def add_refusal(self, error: ValidationError) -> None:
        """Show a service's refusal beside the field it is about, with a way on."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                field = self.SHOWN_AT.get(name, name)
                self.add_error(field if field in self.fields else None, errors)
        elif error.code == "already_linked":
            has_domain = self.cleaned_data["customer_domain"]
            field = "customer_domain" if has_domain else "recipients"
            self.add_error(field, _with_way_on(error, "customer"))
        else:
            self.add_error("recipients", _with_way_on(error, "invitation"))


def _with_way_on(error: ValidationError, to: str) -> str:
    label = {"customer": _("Open the customer"), "invitation": _("Open the invitation")}
    address = (error.params or {})[to].get_absolute_url()
    return format_html('{} <a href="{}">{}</a>', words(error), address, label[to])


class MessageForm(forms.Form):
    """Subject and text of an invitation's e-mail."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    body = forms.CharField(
        label=_("E-mail text"),
        max_length=20_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("Change it as you like; the link has to stay in it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def add_refusal(self, error: ValidationError) -> None:
        show_refusal(self, error)
