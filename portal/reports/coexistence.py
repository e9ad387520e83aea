"""CSP beside other channels: whose customers have what, and who pays twice."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relationships.actors import Actor
from relationships.models import Customer
from subscriptions.enums import Channel
from subscriptions.models import Product, ProductAlias, Subscription
from subscriptions.services.overlaps import IN_USE, titles_by_name

from .columns import Column, Kind, Result, Row, number
from .pictures import SHADES, Bars, shaded_bars_of
from .queries import Query
from .report import Choice, Report

CSP = Q(channel=Channel.CSP)
IN_USE_WORDS = gettext_lazy(
    "Of subscriptions that are active or suspended now. Of another channel the newest "
    "word counts, once; what was retracted does not."
)
KINDS = {
    "both": (gettext_lazy("CSP and other channels"), Q(csp__gt=0, others__gt=0)),
    "csp_only": (gettext_lazy("CSP only"), Q(csp__gt=0, others=0)),
    "others_only": (gettext_lazy("Other channels only"), Q(csp=0, others__gt=0)),
}
CUSTOMERS = (
    Column("kind", gettext_lazy("Customers with")),
    Column(
        "customers",
        gettext_lazy("Customers"),
        gettext_lazy("Those that you see, with a subscription that is in use now."),
        Kind.NUMBER,
    ),
    Column("csp_seats", gettext_lazy("CSP seats"), IN_USE_WORDS, Kind.NUMBER),
    Column(
        "other_seats",
        gettext_lazy("Seats of other channels"),
        gettext_lazy("Advisor, direct and volume licensing together, counted so too."),
        Kind.NUMBER,
    ),
)
SEATS = (
    Column("product", gettext_lazy("Product")),
    *(
        Column(
            str(channel),
            channel.label,
            IN_USE_WORDS,
            Kind.NUMBER,
        )
        for channel in Channel
    ),
)
TWICE = (
    Column(
        "customer__company_name",
        gettext_lazy("Customer"),
        url=lambda row: (
            reverse("admin:relationships_customer_change", args=[row["customer"]])
            if row.get("customer")
            else ""
        ),
    ),
    Column("offer__product__title", gettext_lazy("Product")),
    Column(
        "csp_seats",
        gettext_lazy("CSP seats"),
        gettext_lazy("Of this product, of CSP subscriptions that are in use now."),
        Kind.NUMBER,
    ),
    Column(
        "other_seats",
        gettext_lazy("Seats of other channels"),
        gettext_lazy(
            "Of the same product in use by another channel: it goes by the product's "
            "title there, or by a name that the catalogue knows for it."
        ),
        Kind.NUMBER,
    ),
)


class CoexistenceReport(Report):
    slug = "coexistence"
    title = gettext_lazy("Coexistence")
    about = gettext_lazy(
        "What customers have from CSP and from other channels, as it is known now."
    )
    filters = ("partner", "channel", "product", "country")

    def choices(self, actor: Actor) -> dict[str, Choice]:
        show = [
            ("customers", gettext_lazy("Customers")),
            ("seats", gettext_lazy("Seats by channel and product")),
            ("twice", gettext_lazy("Products paid twice")),
        ]
        return {"show": Choice(gettext_lazy("Show"), show)}

    def result(self, query: Query) -> Result:
        rows = _in_use(query)
        told = _customers(rows)
        answer = ANSWERS[query["show"] or "customers"]
        columns, found, totals = answer(rows, told)
        return Result(
            columns,
            found,
            totals=totals,
            pictures=_pictures(rows, told),
            summary=_summary(told["both"]["customers"]),
        )


def _summary(count: int) -> str:
    told = ngettext(
        "%(count)s customer has both.", "%(count)s customers have both.", count
    )
    return told % {"count": number(count)}


def _in_use(query: Query) -> Any:
    """What counts at all, filtered; a channel is looked at beside CSP."""
    rows = Subscription.objects.visible_to(query.actor).current().order_by()
    rows = rows.filter(status__in=IN_USE)
    if query["partner"]:
        rows = rows.filter(rows.of_partner(query["partner"]))
    if query["channel"]:
        rows = rows.filter(channel__in={str(Channel.CSP), query["channel"]})
    if query["country"]:
        known = Customer.objects.profile_visible_to(query.actor)
        rows = rows.filter(customer__in=known.filter(country=query["country"]))
    if query["product"]:
        rows = _of_product(rows, query["product"])
    return rows


def _of_product(rows: Any, product: Product) -> Any:
    aliases = product.aliases.values_list(Lower("name"), flat=True)
    names = {product.title.lower(), *aliases}
    return rows.alias(name=Lower("product_name")).filter(
        Q(CSP, offer__product=product) | Q(~CSP, name__in=names)
    )


def _customers(rows: Any) -> dict[str, dict[str, int]]:
    """How many customers are of each kind, and with how many seats; one query."""
    by_customer = rows.values("customer").annotate(
        csp=Count("pk", filter=CSP),
        others=Count("pk", filter=~CSP),
        seats=Sum("quantity", filter=CSP, default=0),
        rest=Sum("quantity", filter=~CSP, default=0),
    )
    figures = {
        f"{name}_{kind}": aggregate
        for kind, (_label, is_kind) in KINDS.items()
        for name, aggregate in (
            ("customers", Count("customer", filter=is_kind)),
            ("csp_seats", Sum("seats", filter=is_kind, default=0)),
            ("other_seats", Sum("rest", filter=is_kind, default=0)),
        )
    }
    told = by_customer.aggregate(**figures)
    names = ("customers", "csp_seats", "other_seats")
    return {kind: {name: told[f"{name}_{kind}"] for name in names} for kind in KINDS}


Answer = tuple[tuple[Column, ...], Any, list[Row]]


def _by_customers(rows: Any, told: dict[str, dict[str, int]]) -> Answer:
    found = [
        {"kind": str(label), **told[kind]} for kind, (label, _is_kind) in KINDS.items()
    ]
    return CUSTOMERS, found, [{"kind": _("All"), **_sum(found)}]


def _sum(found: list[dict[str, Any]]) -> dict[str, int]:
    names = ("customers", "csp_seats", "other_seats")
    return {name: sum(row[name] for row in found) for name in names}


def _by_product(rows: Any, told: Any) -> Answer:
    """A row for each product, by its title, or by its name where nobody knows it."""
    titles = titles_by_name()
    seats: dict[str, Counter[str]] = {}
    names: dict[str, str] = {}
    grouped = rows.values_list("channel", "offer__product__title", "product_name")
    for channel, title, name, count in grouped.annotate(seats=Sum("quantity")):
        known = title or titles.get(name.lower(), name)
        names.setdefault(known.lower(), known)
        seats.setdefault(known.lower(), Counter())[channel] += count
    zero = dict.fromkeys(Channel.values, 0)
    found = [{"product": names[key], **zero, **seats[key]} for key in sorted(seats)]
    every: Counter[str] = sum(seats.values(), Counter())
    return SEATS, found, [{"product": _("All"), **zero, **every}]


def _paid_twice(rows: Any, told: Any) -> Answer:
    """Each product of a customer's CSP subscriptions that it also has elsewhere."""
    own_name = Q(name=Lower(OuterRef("offer__product__title")))
    aliases = ProductAlias.objects.alias(known=Lower("name"))
    alias = aliases.filter(
        product=OuterRef(OuterRef("offer__product")), known=OuterRef("name")
    )
    same = (
        rows.exclude(CSP)
        .alias(name=Lower("product_name"))
        .filter(own_name | Exists(alias), customer=OuterRef("customer"))
    )
    seats = same.values("customer").annotate(seats=Sum("quantity")).values("seats")
    found = (
        rows.filter(CSP)
        .filter(Exists(same))
        .values(
            "customer",
            "customer__company_name",
            "offer__product",
            "offer__product__title",
        )
        .annotate(csp_seats=Sum("quantity"), other_seats=Subquery(seats))
        .order_by("customer__company_name", "customer", "offer__product__title")
    )
    return TWICE, found, []


ANSWERS: dict[str, Callable[[Any, Any], Answer]] = {
    "customers": _by_customers,
    "seats": _by_product,
    "twice": _paid_twice,
}


def _pictures(rows: Any, told: dict[str, dict[str, int]]) -> list[Bars]:
    seats = dict(rows.values_list("channel").annotate(Sum("quantity")))
    customers = [
        (str(label), told[kind]["customers"], "a" if kind == "others_only" else "mine")
        for kind, (label, _is_kind) in KINDS.items()
    ]
    channels = [
        (str(channel.label), seats.get(channel, 0), css)
        for channel, css in zip(Channel, SHADES, strict=True)
    ]
    return [
        shaded_bars_of(_("Customers"), customers),
        shaded_bars_of(_("Seats by channel"), channels),
    ]
