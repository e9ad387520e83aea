"""One small form a step. They check the shape of input; the services know the rules."""

from datetime import UTC, datetime, time
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row, Submit
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relationships.models import CustomerAgreement, Partner
from relationships.validators import validate_mpn_id
from subscriptions.enums import OTHER_CHANNELS
from subscriptions.import_forms import UploadForm
from subscriptions.services.observations import Statement

MOST_SEATS = 1_000_000


def _outlined(name: str, label: str) -> Submit:
    """A button beside the one that people come for."""
    button = Submit(name, label)
    button.field_classes = "btn btn-outline-secondary"
    return button


class PostedForm(forms.Form):
    """Goes to an address of its own; the page beside it has other forms."""

    def __init__(self, data: Any = None, *, action: str) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.form_action = action


class AgreementForm(PostedForm):
    """Accept. Whether the agreement has to be confirmed is the service's to say."""

    agreed = forms.BooleanField(required=False)

    def __init__(
        self, data: Any = None, *, action: str, partner: Partner, customer: str
    ) -> None:
        super().__init__(data, action=action)
        agreement = CustomerAgreement.current_name()
        self.fields["agreed"].label = _(
            "I have read the %(agreement)s, and I agree to it for %(customer)s."
        ) % {"agreement": agreement, "customer": customer}
        self.fields["agreed"].help_text = _(
            "Your name, your role and the time (UTC) are recorded with your decision."
        )
        accept = _("Accept %(partner)s as reseller") % {"partner": partner.name}
        self.helper.add_input(Submit("accept", accept))


class DeclineForm(PostedForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason (optional)"),
        help_text=gettext_lazy("The partner's staff reads it."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, action: str) -> None:
        super().__init__(data, action=action)
        self.helper.add_input(_outlined("decline", _("Decline the invitation")))


class AskForm(PostedForm):
    """Ask the partner for a new link."""

    message = forms.CharField(
        label=gettext_lazy("Message (optional)"),
        help_text=gettext_lazy("Who you are and how to reach you, for example."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, action: str) -> None:
        super().__init__(data, action=action)
        self.helper.add_input(Submit("ask", _("Ask for a new link")))


class FileForm(UploadForm):
    """The product export of the customer's admin centre, or any such list."""

    def __init__(self, data: Any = None, files: Any = None, *, action: str) -> None:
        super().__init__(data, files)
        self.auto_id = "of_file_%s"  # the short form beside it has a channel too
        self.fields["file"].help_text = _(
            "The product export of your admin centre, or any list with a header: CSV "
            "or XLSX."
        )
        self.helper = FormHelper()
        self.helper.form_action = action
        self.helper.layout = Layout(
            Row(
                Column("file", css_class="col-md-7"),
                Column("channel", css_class="col-md-5"),
            )
        )
        self.helper.add_input(_outlined("upload", _("Show what would be added")))


class LeaveOutForm(forms.Form):
    leave_out = forms.BooleanField(
        label=gettext_lazy("The refused rows stay out"), required=False
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


class StatementForm(PostedForm):
    """What the customer has from another channel, in its own words."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Bought"),
        choices=[("", "---------")]
        + [(channel.value, channel.label) for channel in OTHER_CHANNELS],
    )
    product_name = forms.CharField(label=gettext_lazy("Product"), max_length=200)
    quantity = forms.IntegerField(
        label=gettext_lazy("Seats"), min_value=1, max_value=MOST_SEATS
    )
    commitment_ends_at = forms.DateField(
        label=gettext_lazy("Runs until (optional)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    por_name = forms.CharField(
        label=gettext_lazy("Partner of Record (optional)"),
        max_length=200,
        required=False,
    )
    por_mpn_id = forms.CharField(
        label=gettext_lazy("Its MPN ID (optional)"),
        max_length=20,
        required=False,
        validators=[validate_mpn_id],
    )
    external_id = forms.CharField(
        label=gettext_lazy("Subscription ID (optional)"),
        help_text=gettext_lazy("As your admin centre shows it."),
        max_length=100,
        required=False,
    )

    def __init__(self, data: Any = None, *, action: str) -> None:
        super().__init__(data, action=action)
        self.helper.layout = Layout(
            Row(
                Column("product_name", css_class="col-md-5"),
                Column("channel", css_class="col-md-4"),
                Column("quantity", css_class="col-md-3"),
            ),
            Row(
                Column("por_name", css_class="col-md-5"),
                Column("por_mpn_id", css_class="col-md-4"),
                Column("commitment_ends_at", css_class="col-md-3"),
            ),
            Row(Column("external_id", css_class="col-md-5")),
        )
        self.helper.add_input(_outlined("add", _("Add to the list")))

    def statement(self) -> Statement:
        values = dict(self.cleaned_data)
        day = values.pop("commitment_ends_at")
        return Statement(
            commitment_ends_at=datetime.combine(day, time.min, UTC) if day else None,
            **values,
        )
