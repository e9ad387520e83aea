"""One small form per step; `clean_*` checks the shape of input only."""

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.foundation.admin import TransitionForm, words

from .actors import Actor
from .enums import WebhookEvent
from .existing import Blocker
from .models import Partner, WebhookEndpoint
from .services import recipients
from .services.invitations import check_expiry, default_expiry
from .services.partners import correct_partner
from .services.relationships import blockers_of
from .validators import validate_domain

END_OF_DAY = time(23, 59, 59)
MOST_BYTES = 2_000_000  # of a list of recipients


class PartnerForm(forms.ModelForm):
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
            "needs_second_person",
        )


class PartnerCorrectionForm(PartnerForm):
    """A correction takes a reason; what was recorded elsewhere stays as recorded."""

    change_reason = forms.CharField(
        label=_("Reason for the correction"),
        max_length=500,
        help_text=_(
            "Kept in the activity log. Subscriptions keep the Partner of Record as it "
            "was recorded."
        ),
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

    def _post_clean(self) -> None:
        """Also judge the password, once the person's name and address are known."""
        super()._post_clean()  # type: ignore[misc]
        password = self.cleaned_data.get("new_password")
        if password:
            try:
                validate_password(password, self.instance)
            except ValidationError as error:
                self.add_error("new_password", error)

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


class EndForm(ReasonForm):
    """Why it ends; `blockers` have to be stopped before."""

    @property
    def blockers(self) -> list[Blocker]:
        return blockers_of(self.obj)


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


class RequestForm(forms.Form):
    """Who the request is for."""

    SHARED = ("customer_domain", "reference", "expires_at", "language")
    SHOWN_AT = {"expires_at": "expires_on", "recipient_email": "recipients"}

    request_key = RequestKeyField()
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

    language = forms.ChoiceField(
        label=_("Language of the text"), choices=settings.LANGUAGES, required=False
    )

    def __init__(self, data: Any = None) -> None:
        first = {"expires_on": default_expiry().date(), "request_key": uuid.uuid4()}
        super().__init__(data, initial=first)
        self.helper = FormHelper()
        self.helper.form_tag = False
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

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or settings.LANGUAGE_CODE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day: date | None = cleaned.pop("expires_on", None)
        if day is not None:
            cleaned["expires_at"] = datetime.combine(day, END_OF_DAY, tzinfo=UTC)
        return cleaned

    @property
    def ids(self) -> dict[uuid.UUID, str]:
        """An id for each address; the same form posted again has the same ones."""
        key = self.cleaned_data["request_key"] or uuid.uuid4()
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
        elif error.code == "already_linked" and self.cleaned_data["customer_domain"]:
            self.add_error("customer_domain", _with_way_on(error, "customer"))
        elif error.code == "already_linked":
            self.add_error("recipients", _with_way_on(error, "customer"))
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
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            self.add_error(name if name in self.fields else None, errors)


class WebhookForm(forms.ModelForm):
    """`partner` is set by the page: whose webhook it is."""

    partner: Partner

    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[
            choice for choice in WebhookEvent.choices if choice[0] != WebhookEvent.TEST
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "events", "is_active")

    def clean_url(self) -> str:
        """Two clicks follow each other: the second one finds what the first made."""
        url = str(self.cleaned_data["url"]).strip()
        Partner.objects.select_for_update(no_key=True).get(pk=self.partner.pk)
        others = self.partner.webhook_endpoints.exclude(pk=self.instance.pk)
        if others.filter(url=url).exists():
            raise ValidationError(_("This address is told already."))
        return url


class BatchForm(forms.Form):
    """Many recipients: a file or a pasted list."""

    request_key = RequestKeyField()
    file = forms.FileField(
        label=_("CSV file"), required=False, help_text=_("In UTF-8 or Windows-1252.")
    )
    text = forms.CharField(
        label=_("Or paste the list"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    expires_on = forms.DateField(
        label=_("The links work until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("To the end of that day, UTC."),
    )
    language = forms.ChoiceField(
        label=_("Language of the text"), choices=settings.LANGUAGES, required=False
    )
    sends = forms.BooleanField(
        label=_("Let the portal send the e-mails"), required=False
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        first = {"expires_on": default_expiry().date(), "request_key": uuid.uuid4()}
        super().__init__(data, files, initial=first)
        self.lines: list[recipients.Line] = []
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or settings.LANGUAGE_CODE

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is too large. Divide it."))
        return recipients.decoded(file.read())

    def clean(self) -> dict[str, Any]:
        """The file, when there is one; the text is what it says from then on."""
        cleaned = super().clean() or {}
        if "expires_on" in cleaned:
            day: date = cleaned["expires_on"]
            cleaned["expires_at"] = datetime.combine(day, END_OF_DAY, tzinfo=UTC)
            try:
                check_expiry(cleaned["expires_at"])
            except ValidationError as error:
                self.add_refusal(error)
        text = cleaned.get("file") or cleaned.get("text", "")
        if not self.has_error("file"):
            try:
                self.lines = recipients.read(text)
            except ValidationError as error:
                self.add_error("text", error)
        return cleaned

    @property
    def key(self) -> uuid.UUID:
        return self.cleaned_data["request_key"] or uuid.uuid4()

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The same form once more, for the preview to hand on."""
        return [
            ("request_key", str(self.key)),
            ("text", recipients.as_text(self.lines)),
            ("expires_on", str(self.cleaned_data["expires_on"])),
            ("language", self.cleaned_data["language"]),
            *([("sends", "on")] if self.cleaned_data["sends"] else []),
        ]

    def add_refusal(self, error: ValidationError) -> None:
        is_of_day = hasattr(error, "error_dict")
        self.add_error("expires_on" if is_of_day else "text", words(error))
