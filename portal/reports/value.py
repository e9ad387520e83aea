"""Seats and monthly list value at the end of each month, from the entries themselves.

Seats, terms and statuses are entries with a moment and are never changed, so any past
day is told exactly, however late the question comes. Each pair of a seat entry and a
term of the same subscription counts from when both have begun until the next term
begins, or the subscription is billed no more.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    F,
    FilteredRelation,
    IntegerField,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relationships.actors import Actor
from relationships.roles import Column as Restricted
from subscriptions.enums import BILLING_MONTHS, SubscriptionStatus, Term
from subscriptions.models import SeatEntry

from .columns import Column, Kind, Result, Row
from .periods import Period, start_of
from .pictures import OverTime, line_of
from .queries import PERIOD, Query
from .report import Choice, Report

TERM = "subscription__terms"
CURRENCY = f"{TERM}__currency"
CUSTOMER = "subscription__customer"
NAME = f"{CUSTOMER}__company_name"
# By which fields rows are told apart; the first one names them.
GROUPS = {
    "all": (),
    "product": (f"{TERM}__offer__product__title",),
    "term": (f"{TERM}__offer__term",),
    "customer": (NAME, CUSTOMER),
}
# The statuses that are billed no more: each is taken on once, in this order.
UNBILLED = (
    SubscriptionStatus.EXPIRED,
    SubscriptionStatus.DISABLED,
    SubscriptionStatus.DELETED,
)
# Of so many months prices are added up, so that no sum is divided before its end.
MONTHS = 36
CENT = Decimal("0.01")
SEATS_WORDS = gettext_lazy(
    "Seats at the end of this UTC day, of CSP subscriptions that were active or "
    "suspended then: from their seat and status entries."
)
VALUE_WORDS = gettext_lazy(
    "Those seats at the end of this UTC day at the list price of their term, for a "
    "month: a twelfth of an annual price. Active and suspended ones are billed. "
    "Currencies are never added."
)


class ValueReport(Report):
    slug = "value"
    title = gettext_lazy("Seats and monthly list value")
    about = gettext_lazy(
        "CSP seats and what they are worth a month at list prices, exact on any past "
        "day."
    )
    filters = (*PERIOD, "partner", "product", "country")

    def choices(self, actor: Actor) -> dict[str, Choice]:
        show = [("seats", gettext_lazy("Seats"))]
        if actor.may_see(Restricted.REVENUE):
            show.insert(0, ("value", gettext_lazy("Monthly list value")))
        by = [
            ("all", gettext_lazy("All together")),
            ("product", gettext_lazy("Product")),
            ("term", gettext_lazy("Term")),
            ("customer", gettext_lazy("Customer")),
        ]
        return {
            "show": Choice(gettext_lazy("Show"), show),
            "by": Choice(gettext_lazy("A row for each"), by),
        }

    def result(self, query: Query) -> Result:
        is_money = query.sees_revenue and query["show"] != "seats"
        by, days = query["by"] or "all", last_days(query.period)
        entries = _entries(query, days)
        rows = _sums(entries, _keys(by, is_money=is_money), days)
        if by == "customer":  # too many to be added up here
            together = _sums(entries, _keys("all", is_money=is_money), days)
        else:
            rows = list(rows)
            together = _added(rows, days, is_money=is_money)
        totals = [{**row, "what": _("All")} for row in together]
        return Result(
            [_name(by), *_columns(days, is_money=is_money)],
            totals if by == "all" else rows,
            totals=[] if by == "all" else [_named(row, by) for row in totals],
            pictures=[_picture(row, days) for row in totals],
            summary=_("%(period)s.") % {"period": query.period.words},
        )


def last_days(period: Period) -> list[date]:
    """Of each month of the period."""
    return [part.last for part in period.months()]


def _keys(by: str, *, is_money: bool) -> tuple[str, ...]:
    return (*GROUPS[by], *((CURRENCY,) if is_money else ()))


def _end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1))


def _entries(query: Query, days: Sequence[date]) -> Any:
    """Pairs of a seat entry and a term that count on one of these days, perhaps."""
    visible = SeatEntry.objects.visible_to(query.actor).order_by()
    narrowed = query.narrow(
        visible,
        partner="subscription__relationship__partner",
        country=f"{CUSTOMER}__country",
    )
    unbilled = {
        str(status): FilteredRelation(
            "subscription__status_entries",
            condition=Q(subscription__status_entries__status=status),
        )
        for status in UNBILLED
    }
    ends = Coalesce(*(F(f"{status}__at") for status in UNBILLED))
    pairs = narrowed.annotate(**unbilled).alias(billed_until=ends)
    first, last = _end_of(days[0]), _end_of(days[-1])
    wanted = _has_begun(last) & _lasts(first)
    if query["product"]:
        wanted &= Q(**{f"{TERM}__offer__product": query["product"]})
    return pairs.filter(wanted)


def _has_begun(moment: datetime) -> Q:
    return Q(at__lt=moment, **{f"{TERM}__starts_at__lt": moment})


def _lasts(moment: datetime) -> Q:
    """The last term goes on until the subscription is billed no more."""
    term = Q(**{f"{TERM}__ends_at__gte": moment}) | Q(
        **{f"{TERM}__ends_at__gte": F("subscription__commitment_ends_at")}
    )
    return term & (Q(billed_until=None) | Q(billed_until__gte=moment))


def _sums(entries: Any, keys: Sequence[str], days: Sequence[date]) -> Any:
    """For each group a sum for each day: with a currency money, of 36 months."""
    amount: Any = F("change")
    field: Any = IntegerField()
    if CURRENCY in keys:
        amount = F("change") * F(f"{TERM}__unit_price") * _periods()
        field = DecimalField(max_digits=20, decimal_places=2)
    sums = {
        f"day_{number}": Sum(
            amount, filter=_has_begun(end) & _lasts(end), default=0, output_field=field
        )
        for number, end in enumerate(map(_end_of, days))
    }
    if not keys:
        return [entries.aggregate(**sums)]
    return entries.values(*keys).annotate(**sums).order_by(*keys)


def _added(rows: list[Row], days: Sequence[date], *, is_money: bool) -> list[Row]:
    """All groups together: a row for each currency, or the one of all seats."""
    nothing: dict[str, Any] = {f"day_{number}": 0 for number in range(len(days))}
    sums = {} if is_money else {"": dict(nothing)}
    for row in rows:
        of_currency = sums.setdefault(row.get(CURRENCY, ""), dict(nothing))
        for name in nothing:
            of_currency[name] += row[name]
    if not is_money:
        return list(sums.values())
    return [{CURRENCY: currency, **sums[currency]} for currency in sorted(sums)]


def _periods() -> Case:
    """How often each billing plan is billed in 36 months."""
    return Case(
        *(
            When(**{f"{TERM}__offer__billing_plan": plan}, then=Value(MONTHS // months))
            for plan, months in BILLING_MONTHS.items()
        )
    )


def a_month(money: Decimal) -> Decimal:
    """Of a sum of 36 months, to the cent."""
    return (Decimal(money) / MONTHS).quantize(CENT, ROUND_HALF_UP)


def _name(by: str) -> Column:
    if by == "all":
        return Column("what", _("CSP subscriptions"))
    if by == "product":
        return Column(GROUPS[by][0], _("Product"))
    if by == "term":
        return Column(GROUPS[by][0], _("Term"), labels=dict(Term.choices))
    return Column(NAME, _("Customer"), url=_customer_page)


def _customer_page(row: Row) -> str:
    if CUSTOMER not in row:
        return ""
    return reverse("admin:relationships_customer_change", args=[row[CUSTOMER]])


def _named(row: Row, by: str) -> Row:
    return {**row, GROUPS[by][0]: row["what"]}


def _columns(days: Sequence[date], *, is_money: bool) -> list[Column]:
    restricted = str(Restricted.REVENUE) if is_money else ""
    currency = Column(CURRENCY, _("Currency"), restricted=restricted)
    figures = [
        Column(
            f"day_{number}",
            date_format(day, "j M Y"),
            VALUE_WORDS if is_money else SEATS_WORDS,
            Kind.MONEY if is_money else Kind.NUMBER,
            restricted=restricted,
            read=a_month if is_money else None,
        )
        for number, day in enumerate(days)
    ]
    return [currency, *figures] if is_money else figures


def _picture(row: Row, days: Sequence[date]) -> OverTime:
    names = [(date_format(day, "M"), date_format(day, "j F Y")) for day in days]
    values = [row[f"day_{number}"] for number in range(len(days))]
    if CURRENCY not in row:
        return line_of(_("Seats"), names, values)
    title = _("Monthly list value, %(currency)s") % {"currency": row[CURRENCY]}
    return line_of(title, names, [a_month(value) for value in values])
