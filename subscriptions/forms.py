from datetime import UTC, datetime, time
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.foundation.admin import TransitionForm
from portal.foundation.refusals import show_refusal, words
from relationships.forms import ReasonForm
from relationships.validators import validate_mpn_id

from .enums import BillingPlan, SubscriptionStatus, Term
from .import_forms import CHANNELS, UploadForm
from .models import Offer, ScheduledChange
from .services.approving import told_of_dropping
from .services.observing import Statement
from .services.possibilities import Verb, judge
from .services.seats import current_term, reducible_seats
from .spreadsheets import SEPARATORS

LARGEST_NUMBER = 2_147_483_647  # that a column for seats holds


def _moment(moment: Any) -> str:
    return date_format(moment, "DATETIME_FORMAT")


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
        self.fields["quantity"].help_text = format_html(
            "{} {} {}",
            self._seats_now(),
            self._what_can_go(),
            told_of_dropping(self.obj),
        )

    def _seats_now(self) -> str:
        return ngettext(
            "There is %(seats)s now.", "There are %(seats)s now.", self.obj.quantity
        ) % {"seats": self.obj.quantity}

    def _what_can_go(self) -> str:
        """Which seats can be taken away and until when, or the way to schedule it."""
        can_go = judge(Verb.TAKE_SEATS, self.obj)
        if can_go.is_allowed:
            found = reducible_seats(self.obj, current_term(self.obj))
            return format_html_join(
                " ",
                str(_("{} of them can go until {} UTC.")),
                ((each.seats, _moment(each.until)) for each in found),
            )
        return format_html("{} {}", can_go.reason, self._way_to_schedule())

    def _way_to_schedule(self) -> str:
        if not judge(Verb.SCHEDULE_CHANGE, self.obj).is_allowed:
            return ""
        address = reverse(
            "admin:subscriptions_cspsubscription_schedule", args=[self.obj.pk]
        )
        return format_html(
            '<a href="{}">{}</a>',
            address,
            _("Schedule it for the renewal on %(day)s")
            % {"day": _moment(self.obj.commitment_ends_at)},
        )

    def clean_shown(self) -> int:
        """Junk is no number that was ever shown, and the service says so."""
        shown = self.cleaned_data["shown"]
        return self.obj.quantity if shown == str(self.obj.quantity) else -1

    def add_refusal(self, error: Exception) -> None:
        """Show the seats of now, so that the person can decide again."""
        code = getattr(error, "code", "")
        if code == "seats_changed_meanwhile":
            self.add_error("quantity", words(error))
        else:
            super().add_refusal(error)
        if code == "seats_not_reducible":  # which has said why
            self.fields["quantity"].help_text = format_html(
                "{} {} {}",
                self._seats_now(),
                self._way_to_schedule(),
                told_of_dropping(self.obj),
            )
        data = self.data.copy()  # type: ignore[attr-defined]
        data["shown"] = self.obj.quantity
        self.data = data


class ScheduleForm(TransitionForm):
    """Seats and offer from the next renewal on; first what is scheduled, or is now."""

    FIELDS = {"seat_limits": "quantity", "offer": "offer"}

    quantity = forms.IntegerField(
        label=_("Seats from the renewal on"), min_value=1, max_value=LARGEST_NUMBER
    )
    offer = forms.ModelChoiceField(
        Offer.objects.none(),
        label=_("Offer"),
        empty_label=None,
        help_text=_("Another product, term or billing plan begins with the new term."),
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        quantity, offer = self.fields["quantity"], self.fields["offer"]
        offer.queryset = Offer.objects.at_renewal_of(obj.offer)  # type: ignore[attr-defined]
        planned = ScheduledChange.objects.filter(subscription=obj).first() or obj
        quantity.initial, offer.initial = planned.quantity, planned.offer_id
        quantity.help_text = _("The term ends on %(day)s UTC.") % {
            "day": _moment(obj.commitment_ends_at)
        }

    def add_refusal(self, error: Exception) -> None:
        self.refused_field = self.FIELDS.get(getattr(error, "code", ""))
        super().add_refusal(error)


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


class OperatorUploadForm(UploadForm):
    tenant = forms.CharField(
        label=_("Tenant"),
        required=False,
        max_length=253,
        help_text=_(
            "Tenant ID or primary domain. Only for a file in which no column says "
            "whose the subscriptions are."
        ),
    )
    separator = forms.ChoiceField(
        label=_("Separator"),
        required=False,
        choices=[
            ("", _("As in the file")),
            *zip(SEPARATORS, (_("Comma"), _("Semicolon"), _("Tab")), strict=True),
        ],
    )
    encoding = forms.ChoiceField(
        label=_("Encoding"),
        required=False,
        choices=[
            ("", _("As in the file")),
            ("utf-8-sig", _("UTF-8")),
            ("cp1252", _("Windows-1252")),
        ],
    )

    def __init__(self, data: Any = None, files: Any = None, **initial: Any) -> None:
        super().__init__(data, files, **initial)
        self.helper.layout = Layout(
            "file",
            Row(Column("channel"), Column("tenant")),
            Row(Column("separator"), Column("encoding")),
        )


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def _choice(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=[("", _("Not said")), *choices]
    )


class ObservationForm(forms.Form):
    """What another channel says of one subscription; what is empty is not said."""

    DAYS = ("started_at", "commitment_ends_at")

    tenant = forms.CharField(
        label=_("Tenant"),
        max_length=253,
        help_text=_("Tenant ID or primary domain."),
    )
    channel = forms.ChoiceField(label=_("Bought"), choices=CHANNELS)
    external_id = forms.CharField(
        label=_("Subscription ID"),
        max_length=100,
        required=False,
        help_text=_("As the other channel shows it. It tells what is superseded."),
    )
    product_name = forms.CharField(label=_("Product"), max_length=200)
    quantity = forms.IntegerField(
        label=_("Seats"), min_value=0, max_value=LARGEST_NUMBER
    )
    status = _choice(_("Status"), SubscriptionStatus.choices)
    term = _choice(_("Term"), Term.choices)
    billing_plan = _choice(_("Billing plan"), BillingPlan.choices)
    started_at = _day(_("Started at"))
    commitment_ends_at = _day(_("Commitment ends at"))
    auto_renews = _choice(
        _("Renews automatically"), [("yes", _("Yes")), ("no", _("No"))]
    )
    friendly_name = forms.CharField(
        label=_("Friendly name"), max_length=100, required=False
    )
    por_name = forms.CharField(
        label=_("Partner of Record"), max_length=200, required=False
    )
    por_mpn_id = forms.CharField(
        label=_("Its MPN ID"),
        max_length=20,
        required=False,
        validators=[validate_mpn_id],
    )

    def __init__(self, data: Any = None, **initial: Any) -> None:
        super().__init__(data, initial=initial)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        rows = (
            ("tenant", "channel"),
            ("product_name", "quantity"),
            ("external_id", "friendly_name"),
            ("status", "auto_renews"),
            ("term", "billing_plan"),
            ("started_at", "commitment_ends_at"),
            ("por_name", "por_mpn_id"),
        )
        self.helper.layout = Layout(*(Row(*map(Column, names)) for names in rows))

    def statement(self) -> Statement:
        said = {n: v for n, v in self.cleaned_data.items() if n != "tenant"}
        for name in self.DAYS:
            day = said[name]
            said[name] = datetime.combine(day, time.min, UTC) if day else None
        renews = {"yes": True, "no": False}.get(said.pop("auto_renews"))
        return Statement(auto_renews=renews, **said)

    def add_refusal(self, error: ValidationError) -> None:
        show_refusal(self, error)


class StartForm(TransitionForm):
    """Where rows are refused, somebody has to say that they stay out."""

    refused_field: str | None = "leave_out_refused"

    leave_out_refused = forms.BooleanField(
        label=_("The refused rows stay out"), required=False
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        if not obj.refused:
            del self.fields["leave_out_refused"]
            self.refused_field = None


class RetractForm(ReasonForm):
    """Why an observation is wrong, and what holds where it superseded another one."""

    restores = forms.BooleanField(
        label=_("What was recorded before it holds again"),
        required=False,
        initial=True,
        help_text=_("It is recorded once more as it was. Otherwise nothing is shown."),
    )

    def __init__(self, data: Any = None, *, obj: Any, actor: Any) -> None:
        super().__init__(data, obj=obj, actor=actor)
        if not self.supersedes():
            del self.fields["restores"]

    def supersedes(self) -> bool:
        return self.obj.supersedes_id is not None


class RetractImportForm(RetractForm):
    def supersedes(self) -> bool:
        rows = self.obj.retractable()
        return bool(rows.filter(supersedes__isnull=False).exists())
