"""What a report is asked: by whom, when, and which filters the address names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.foundation import clock
from relationships.actors import Actor
from relationships.models import CountryMarket, Partner
from relationships.roles import Column as Restricted
from subscriptions.enums import Channel
from subscriptions.models import Product

from .periods import FIRST, LAST, LONGEST, Period, Span, count_months

if TYPE_CHECKING:
    from .report import Report


@dataclass(frozen=True)
class Query:
    """A question to a report. `chosen` has a value for each filter, None for all;
    `words` has them for people: what each is called, and what was chosen."""

    actor: Actor
    now: datetime
    period: Period
    chosen: Mapping[str, Any]
    words: Sequence[tuple[str, str]] = ()

    def __getitem__(self, name: str) -> Any:
        return self.chosen.get(name)

    @property
    def sees_revenue(self) -> bool:
        return self.actor.may_see(Restricted.REVENUE)

    @property
    def sees_people(self) -> bool:
        return self.actor.may_see(Restricted.PERSONAL_DATA)

    def narrow(self, rows: Any, **lookups: str) -> Any:
        """Rows that pass the filters; `lookups` has each filter's field."""
        chosen = {lookup: self[name] for name, lookup in lookups.items() if self[name]}
        return rows.filter(**chosen)


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"]
    )


def _choice(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False)


def _partner(actor: Actor) -> forms.Field | None:
    """Only for whoever sees several."""
    if actor.partner is not None:
        return None
    return forms.ModelChoiceField(
        Partner.objects.visible_to(actor).transacting(),
        label=_("Partner"),
        empty_label=_("All partners"),
        required=False,
    )


def _channel(actor: Actor) -> forms.Field:
    return _choice(_("Channel"), [("", _("All channels")), *Channel.choices])


def _product(actor: Actor) -> forms.Field:
    return forms.ModelChoiceField(
        Product.objects.visible_to(actor),
        label=_("Product"),
        empty_label=_("All products"),
        required=False,
    )


def _country(actor: Actor) -> forms.Field:
    """Of markets and of partners: customers in another one have no partner here."""
    markets = CountryMarket.objects.values_list("country", flat=True)
    partners = Partner.objects.visible_to(actor).values_list("country", flat=True)
    codes = sorted({*markets, *partners})
    choices = [("", _("All countries")), *((code, code) for code in codes)]
    return _choice(_("Country"), choices)


def _staff(actor: Actor) -> forms.Field | None:
    return _person(actor, _("Staff"))


def _owner(actor: Actor) -> forms.Field | None:
    return _person(actor, _("Owner"))


def _person(actor: Actor, label: str) -> forms.Field | None:
    if not actor.may_see(Restricted.PERSONAL_DATA):
        return None
    people = User.objects.filter(is_staff=True)
    if actor.partner is not None:
        people = people.filter(staff_memberships__partner=actor.partner)
    return forms.ModelChoiceField(
        people.order_by("full_name"),
        label=label,
        empty_label=_("Everybody"),
        required=False,
    )


FIELDS: dict[str, Callable[[Actor], forms.Field | None]] = {
    "period": lambda actor: _choice(_("Period"), Span.choices),
    "first": lambda actor: _day(_("or from")),
    "last": lambda actor: _day(_("to")),
    "partner": _partner,
    "channel": _channel,
    "product": _product,
    "country": _country,
    "staff": _staff,
    "owner": _owner,
}
PERIOD = ("period", "first", "last")


class FilterForm(forms.Form):
    """The filters that apply to a report; whatever is not given is its default.

    A value that is wrong is told and counts as not given.
    """

    error_css_class = "wrong"

    def __init__(
        self, data: Mapping[str, Any], *, report: Report, actor: Actor
    ) -> None:
        given = {name: data[name] for name in data}
        self.defaults = {"period": str(Span.YEAR), **report.defaults}
        super().__init__({**self.defaults, **given})
        self.report, self.actor = report, actor
        for name in report.filters:
            field = FIELDS[name](actor)
            if field is not None:
                self.fields[name] = field
        for name, choice in report.choices(actor).items():
            self.fields[name] = _choice(choice.label, choice.options)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True

    def clean_first(self) -> Any:
        return _known_day(self.cleaned_data["first"])

    def clean_last(self) -> Any:
        return _known_day(self.cleaned_data["last"])

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        first, last = values.get("first"), values.get("last")
        if first and last and first > last:
            self._drop_days(_("The last day is before the first one."))
        elif max(filter(None, (first, last)), default=self._today()) > self._today():
            self._drop_days(_("Give days that have come: today is the last one."))
        elif first and count_months(first, last or self._today()) > LONGEST:
            message = _("A period has at most %(count)s months.")
            self._drop_days(message % {"count": LONGEST})
        return values

    def _drop_days(self, complaint: str) -> None:
        self.add_error("first", complaint)
        self.cleaned_data.pop("last", None)

    def _today(self) -> Any:
        return clock.now().date()

    def query(self) -> Query:
        self.is_valid()
        values = {
            name: self.cleaned_data.get(name) or self.defaults.get(name) or None
            for name in self.fields
        }
        period = self._period(values)
        words = tuple(self._words(period, values))
        return Query(self.actor, clock.now(), period, values, words)

    def _words(
        self, period: Period, values: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        if "period" in self.fields:
            yield _("Period"), period.words
        for name, value in values.items():
            field: Any = self.fields[name]
            if name not in PERIOD:
                yield str(field.label), _chosen(field, value)

    def _period(self, values: dict[str, Any]) -> Period:
        """The days that are given; what is missing comes from the period by name."""
        by_name = Period.until(self._today(), values.get("period") or Span.YEAR)
        first, last = values.get("first"), values.get("last")
        if not (first or last):
            return by_name
        last = last or self._today()
        return Period(first or Period.until(last, Span.YEAR).first, last)

    @property
    def address(self) -> str:
        """The filters as an address has them, without those that say nothing."""
        given = {name: self.data.get(name, "") for name in self.fields}
        return urlencode(
            {
                name: value
                for name, value in given.items()
                if value and value != self.defaults.get(name)
            }
        )


def _chosen(field: Any, value: Any) -> str:
    """The words of an option; the first one is the default."""
    if value is None:
        return str(next(iter(field.choices))[1])
    if isinstance(field, forms.ModelChoiceField):
        return field.label_from_instance(value)
    return str(dict(field.choices)[value])


def _known_day(day: Any) -> Any:
    if day and not FIRST <= day <= LAST:
        raise ValidationError(gettext_lazy("Give a day between 2000 and 2099."))
    return day
