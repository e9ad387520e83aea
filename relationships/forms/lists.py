from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.foundation.refusals import words

from ..services import recipients
from ..services.invitations import check_expiry
from .asking import AskingForm

MOST_BYTES = 2_000_000  # of a list of recipients


class BatchForm(AskingForm):
    """Many recipients: a file or a pasted list."""

    field_order = ("request_key", "file", "text", "expires_on", "language", "sends")

    file = forms.FileField(
        label=_("CSV file"), required=False, help_text=_("In UTF-8 or Windows-1252.")
    )
    text = forms.CharField(
        label=_("Or paste the list"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    sends = forms.BooleanField(
        label=_("Let the portal send the e-mails"), required=False
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        self.fields["expires_on"].label = _("The links work until")
        self.lines: list[recipients.Line] = []
        self.helper.disable_csrf = True

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is too large. Divide it."))
        return recipients.decoded(file.read())

    def clean(self) -> dict[str, Any]:
        """The file, when there is one; the text is what it says from then on."""
        cleaned = super().clean()
        if "expires_at" in cleaned:
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
