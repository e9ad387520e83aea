"""Rows that the back office edits: partners, people, webhooks."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User

from ..actors import Actor
from ..enums import WebhookEvent
from ..models import Partner, WebhookEndpoint
from ..services.locking import lock_partner
from ..services.partners import correct_partner


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
        lock_partner(self.partner.pk)
        others = self.partner.webhook_endpoints.exclude(pk=self.instance.pk)
        if others.filter(url=url).exists():
            raise ValidationError(_("This address is told already."))
        return url
