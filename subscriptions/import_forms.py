"""The forms of an import, for the back office and for a customer's own pages."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.utils.translation import gettext_lazy as _

from .columns import LABELS, REQUIRED
from .enums import OTHER_CHANNELS
from .models import Import

CHANNELS = [("", "---------"), *((c.value, c.label) for c in OTHER_CHANNELS)]


class UploadForm(forms.Form):
    """A file and what it cannot say of itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX, with a header."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    channel = forms.ChoiceField(label=_("Bought"), choices=CHANNELS)

    def __init__(self, data: Any = None, files: Any = None, **initial: Any) -> None:
        super().__init__(data, files, initial=initial)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


class ColumnsForm(forms.Form):
    """Which column of the file holds what; first as its header tells."""

    day_first = forms.BooleanField(
        label=_("Dates have the day first, such as 31.12.2026"), required=False
    )

    def __init__(self, data: Any = None, *, run: Import, among: Any = LABELS) -> None:
        super().__init__(data, initial={"day_first": run.day_first})
        headers = [
            (str(number), head or _("Column %(number)s") % {"number": number + 1})
            for number, head in enumerate(run.header)
        ]
        self.names = [name for name in LABELS if name in among]
        for name in self.names:
            needed = name in REQUIRED
            nothing = ("", "---------" if needed else _("Not in the file"))
            self.fields[name] = forms.TypedChoiceField(
                label=LABELS[name],
                choices=[nothing, *headers],
                coerce=int,
                empty_value=None,
                required=needed,
                initial=run.columns.get(name),
            )
        self.order_fields([*self.names, "day_first"])
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        pairs = [self.names[n : n + 3] for n in range(0, len(self.names), 3)]
        self.helper.layout = Layout(
            *(
                Row(*(Column(name, css_class="col-md-4") for name in pair))
                for pair in pairs
            ),
            "day_first",
        )

    def columns(self) -> dict[str, int]:
        return {
            name: self.cleaned_data[name]
            for name in self.names
            if self.cleaned_data[name] is not None
        }
