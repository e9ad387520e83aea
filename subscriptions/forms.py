from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.foundation.admin import TransitionForm


class SeatsForm(TransitionForm):
    """The new number of seats, with the one that the person was shown."""

    quantity = forms.IntegerField(label=_("Seats in all"), min_value=1)
    shown = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        self.fields["quantity"].initial = obj.quantity
        self.fields["shown"].initial = obj.quantity
        self.fields["quantity"].help_text = _("There are %(seats)s now.") % {
            "seats": obj.quantity
        }


class NameForm(TransitionForm):
    friendly_name = forms.CharField(
        label=_("Friendly name"),
        max_length=100,
        required=False,
        help_text=_("Empty: the product's own name."),
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        self.fields["friendly_name"].initial = obj.friendly_name
