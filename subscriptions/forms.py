from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import TransitionForm, words

LARGEST_NUMBER = 2_147_483_647  # that a column for seats holds


class SeatsForm(TransitionForm):
    """The new number of seats, with the one that the person was shown."""

    refused_field = "quantity"

    quantity = forms.IntegerField(
        label=_("Seats in all"), min_value=1, max_value=LARGEST_NUMBER
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        self.fields["quantity"].initial = obj.quantity
        self.fields["shown"].initial = obj.quantity
        self.fields["quantity"].help_text = _("There are %(seats)s now.") % {
            "seats": obj.quantity
        }

    def clean_shown(self) -> int:
        """Junk is no number that was ever shown, and the service says so."""
        shown = self.cleaned_data["shown"]
        return self.obj.quantity if shown == str(self.obj.quantity) else -1

    def add_refusal(self, error: Exception) -> None:
        """Show the seats of now, so that the person can decide again."""
        moved = getattr(error, "code", "") == "seats_changed_meanwhile"
        if moved:
            self.add_error("quantity", words(error))
        else:
            super().add_refusal(error)
        data = self.data.copy()  # type: ignore[attr-defined]
        data["shown"] = self.obj.quantity
        self.data = data


class NameForm(TransitionForm):
    refused_field = "friendly_name"

    friendly_name = forms.CharField(
        label=_("Friendly name"),
        max_length=100,
        required=False,
        help_text=_("Empty: the product's own name."),
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        self.fields["friendly_name"].initial = obj.friendly_name
