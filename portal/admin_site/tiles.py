"""The front page's tiles: a figure, a small picture, and the picture's numbers."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.foundation import clock
from portal.reports.columns import number
from portal.reports.over_time import active_at
from portal.reports.pictures import SHADES, Part, parts_of, points_of
from relationships.actors import Actor
from relationships.enums import OPEN_STATUSES, InvitationStatus
from relationships.models import Invitation, ResellerRelationship
from relationships.roles import Action, Column
from subscriptions.enums import (
    BILLING_MONTHS,
    BillingPlan,
    Channel,
    SubscriptionStatus,
)
from subscriptions.models import Subscription

MONTHS = 12  # in a line over time, this one included
VALUE_ABOUT = gettext_lazy(
    "CSP seats that are active or suspended now, at their list price for a month. "
    "Currencies are never added."
)
BILLED = (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)


@dataclass(frozen=True)
class Tile:
    """`parts` make a bar, `points` ("x,y x,y ...", 0-100 and 0-40) a line.

    `about` says what is counted; with `empty` there is nothing yet, and where to begin.
    """

    title: str
    url: str
    value: str
    delta: str
    text: str
    about: str
    parts: list[Part] = field(default_factory=list)
    points: str = ""
    span: tuple[str, str] | None = None
    empty: str = ""


def tiles_of(actor: Actor) -> list[Tile]:
    """Those that this role may see."""
    tiles = []
    if actor.may(Action.VIEW_INVITATIONS):
        tiles.append(_invitations(actor))
    if actor.may(Action.VIEW_CUSTOMERS):
        tiles.append(_relationships(actor))
    if actor.may(Action.VIEW_SUBSCRIPTIONS):
        tiles.append(_seats(actor))
        if actor.may_see(Column.REVENUE):
            tiles += _monthly_list_value(actor)
    return tiles


def _report(slug: str) -> str:
    return reverse("admin:report", args=[slug])


def _invitations(actor: Actor) -> Tile:
    """Open ones by their state."""
    rows = Invitation.objects.visible_to(actor).open()
    counts = dict(rows.order_by().values_list("status").annotate(Count("pk")))
    states = [InvitationStatus(status) for status in reversed(OPEN_STATUSES)]
    return Tile(
        _("Open invitations"),
        _report("invitations"),
        value=number(sum(counts.values())),
        delta=_expiring(rows.expiring_soon().count()),
        text=_("Open invitations by state"),
        about=_("Not answered yet and not expired; drafts too."),
        parts=parts_of([(str(state.label), counts.get(state, 0)) for state in states]),
    )


def _expiring(count: int) -> str:
    if count == 0:
        return _("none expires within 7 days")
    return ngettext(
        "%(count)s expires within 7 days", "%(count)s expire within 7 days", count
    ) % {"count": count}


def _relationships(actor: Actor) -> Tile:
    """Active ones at the start of each month, and now."""
    moments = [*_month_starts(clock.now()), clock.now()]
    values = active_at(ResellerRelationship.objects.visible_to(actor), moments)
    return Tile(
        _("Active relationships"),
        _report("relationships"),
        value=number(values[-1]),
        delta=_change(values[-1] - values[-2]),
        text=_("Active relationships month by month: %(values)s")
        % {"values": ", ".join(str(value) for value in values)},
        about=_("Established and not ended, now and as each month began (UTC)."),
        points=points_of(values),
        span=(_month(moments[0]), _("today")),
    )


def _seats(actor: Actor) -> Tile:
    """Of active and suspended subscriptions, as they are known now."""
    rows = Subscription.objects.visible_to(actor).current().filter(status__in=BILLED)
    told = rows.order_by().values_list("channel").annotate(Sum("quantity"))
    seats = dict(told)
    tenants = rows.aggregate(count=Count("customer", distinct=True))["count"]
    labels = {Channel.CSP: _("CSP, managed by you")} if actor.is_staff else {}
    return Tile(
        _("Seats by channel"),
        _report("coexistence"),
        value=number(sum(seats.values())),
        delta=ngettext("in %(count)s tenant", "in %(count)s tenants", tenants)
        % {"count": number(tenants)},
        text=_("Seats by channel"),
        about=_("Of subscriptions that are active or suspended now."),
        parts=parts_of(
            [
                (labels.get(channel, str(channel.label)), seats.get(channel, 0))
                for channel in Channel
            ]
        ),
    )


def _monthly_list_value(actor: Actor) -> list[Tile]:
    """One tile a currency, by product: never added across currencies."""
    rows = Subscription.objects.visible_to(actor).csp().filter(status__in=BILLED)
    told = rows.order_by().values_list(
        "offer__currency", "offer__product__title", "offer__billing_plan"
    )
    sums: dict[str, Counter[str]] = {}
    priced = told.annotate(price=Sum(F("quantity") * F("offer__unit_price")))
    for currency, product, plan, price in priced:
        products = sums.setdefault(currency, Counter())
        products[product] += price / BILLING_MONTHS[BillingPlan(plan)]
    if not sums:
        return [_no_value()]
    return [_value_tile(currency, sums[currency]) for currency in sorted(sums)]


def _no_value() -> Tile:
    return Tile(
        _("Monthly list value"),
        _report("value"),
        value="–",
        delta=_("at list prices"),
        text="",
        about=str(VALUE_ABOUT),
        empty=_("No CSP subscription yet. Order the first one from a customer's page."),
    )


def _value_tile(currency: str, products: Any) -> Tile:
    first = products.most_common(len(SHADES) - 1)
    total = sum(products.values(), Decimal(0))
    rest = total - sum(value for _product, value in first)
    shares = [(product, value) for product, value in first]
    if len(products) > len(first):
        shares.append((_("All others"), rest))
    return Tile(
        _("Monthly list value"),
        _report("value"),
        value=f"{currency} {number(round(total))}",
        delta=_("at list prices"),
        text=_("Monthly list value by product"),
        about=str(VALUE_ABOUT),
        parts=parts_of([(label, round(value)) for label, value in shares]),
    )


def _month_starts(now: datetime) -> list[datetime]:
    """The first moments of this month and of those before it, the oldest first."""
    this = now.year * 12 + now.month - 1
    months = [divmod(this - back, 12) for back in reversed(range(MONTHS))]
    return [datetime(year, month + 1, 1, tzinfo=UTC) for year, month in months]


def _change(gained: int) -> str:
    if gained == 0:
        return _("unchanged this month")
    return _("%(count)+d this month") % {"count": gained}


def _month(moment: datetime) -> str:
    return date_format(moment, "F Y")
