"""Renewals that need a decision: of what a person can still change, and no more.

A monthly subscription that goes on from month to month needs none, nor does one whose
change at the renewal is scheduled or whose question was answered: that is decided.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    Sum,
    TextChoices,
    Value,
    When,
)
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relationships.actors import Actor
from relationships.roles import Column as Restricted
from subscriptions.enums import (
    BILLING_MONTHS,
    TERM_MONTHS,
    BillingPlan,
    Term,
)
from subscriptions.models import RenewalDecision, Subscription

from .columns import Column, Kind, Result, Row, number
from .pictures import Bars, bars_of
from .queries import Query
from .report import Choice, Report

WINDOWS = (7, 30, 60, 90)  # days
DEFAULT_WINDOW = 30


class Decision(TextChoices):
    RENEWS = "renews", gettext_lazy("Renews by itself")
    ENDS = "ends", gettext_lazy("Ends")
    RENEWED = "renewed", gettext_lazy("Has just renewed by itself")


BADGES = {Decision.RENEWS: "warn", Decision.ENDS: "wait", Decision.RENEWED: "bad"}
COLUMNS = (
    Column(
        "customer__company_name",
        gettext_lazy("Customer"),
        url=lambda row: (
            reverse("admin:relationships_customer_change", args=[row["customer"]])
            if "customer" in row
            else ""
        ),
    ),
    Column(
        "product_name",
        gettext_lazy("Subscription"),
        url=lambda row: reverse(
            "admin:subscriptions_cspsubscription_change", args=[row["pk"]]
        ),
    ),
    Column("term", gettext_lazy("Term"), labels=dict(Term.choices)),
    Column(
        "decision",
        gettext_lazy("If nobody acts"),
        gettext_lazy(
            "Renews by itself: auto-renew is on, for a year or three. Ends: auto-renew "
            "is off. Has just renewed by itself: it can still be cancelled."
        ),
        Kind.BADGE,
        labels=dict(Decision.choices),
        badges=BADGES,
    ),
    Column(
        "decide_by",
        gettext_lazy("Decide by"),
        gettext_lazy(
            "When the term ends or, just renewed, when the window to cancel does."
        ),
        Kind.MOMENT,
    ),
    Column(
        "quantity",
        gettext_lazy("Seats"),
        gettext_lazy("Seats of the subscription now."),
        Kind.NUMBER,
    ),
    Column("terms__currency", gettext_lazy("Currency"), restricted=Restricted.REVENUE),
    Column(
        "at_stake",
        gettext_lazy("At stake, list price"),
        gettext_lazy(
            "These seats for one whole term at the list price of the present term. "
            "Currencies are never added."
        ),
        Kind.MONEY,
        restricted=Restricted.REVENUE,
    ),
)


class RenewalsReport(Report):
    slug = "renewals"
    title = gettext_lazy("Renewals to decide")
    about = gettext_lazy(
        "Active CSP subscriptions on whose renewal a person can still decide, and has "
        "not. What goes on from month to month, is answered or is scheduled is left "
        "out."
    )
    filters = ("partner", "product", "country", "owner")

    def choices(self, actor: Actor) -> dict[str, Choice]:
        days = [(str(window), _within(window)) for window in WINDOWS]
        what = [("", gettext_lazy("All")), *Decision.choices]
        return {
            "within": Choice(gettext_lazy("Decide within"), days),
            "decision": Choice(gettext_lazy("If nobody acts"), what),
        }

    @property
    def defaults(self) -> dict[str, str]:
        return {"within": str(DEFAULT_WINDOW)}

    def result(self, query: Query) -> Result:
        every = _waiting(query)
        days = int(query["within"] or DEFAULT_WINDOW)
        rows = every.filter(decide_by__lte=query.now + timedelta(days=days))
        shown = rows.order_by("decide_by", "customer__company_name", "pk").values(
            "pk",
            "customer",
            *(column.name for column in COLUMNS),
        )
        told = _told(every, query)
        totals = _totals([row for row in told if row["window"] <= days], query)
        return Result(
            COLUMNS,
            shown,
            totals=totals,
            pictures=[_picture(told)],
            summary=_("%(count)s within %(days)s days.")
            % {"count": number(totals[0]["count"]), "days": days},
        )


def _within(days: int) -> str:
    return _("%(days)s days") % {"days": days}


def _waiting(query: Query) -> Any:
    """All within the longest window, with `decision`, `decide_by` and `at_stake`.

    The last term is the one that ends when the commitment does. Whose is active, its
    partner manages: no relationship ends before.
    """
    now, latest = query.now, query.now + timedelta(days=max(WINDOWS))
    ends_soon = Q(commitment_ends_at__gt=now, commitment_ends_at__lte=latest)
    is_long = ~Q(term=Term.P1M)
    renews = ends_soon & is_long & Q(auto_renews=True, scheduled_change=None)
    ends = ends_soon & Q(auto_renews=False)
    just_renewed = Q(terms__number__gt=1, terms__reducible_until__gt=now)
    renewed = is_long & just_renewed
    # Says nothing new, but of terms alone: most of them need not be looked at.
    is_due = Q(terms__ends_at__gt=now) & (Q(terms__ends_at__lte=latest) | just_renewed)
    rows = Subscription.objects.visible_to(query.actor).csp().active().order_by()
    rows = rows.filter(
        Q(terms__ends_at__gte=F("commitment_ends_at")),
        is_due & (renews | ends | renewed),
    ).annotate(
        last_term=F("terms__pk"),
        decision=Case(
            When(ends_soon & Q(auto_renews=True), then=Value(str(Decision.RENEWS))),
            When(ends_soon, then=Value(str(Decision.ENDS))),
            default=Value(str(Decision.RENEWED)),
        ),
        decide_by=Case(
            When(ends_soon, then=F("commitment_ends_at")),
            default=F("terms__reducible_until"),
            output_field=DateTimeField(),
        ),
        at_stake=F("quantity") * F("terms__unit_price") * _periods(),
    )
    decisions = RenewalDecision.objects.filter(term=OuterRef("last_term"))
    rows = rows.filter(~Exists(decisions.exclude(answer="")))
    if query["owner"]:
        rows = rows.filter(Exists(decisions.filter(owner=query["owner"])))
    return query.narrow(
        rows,
        partner="relationship__partner",
        product="offer__product",
        country="customer__country",
        decision="decision",
    )


def _periods() -> Case:
    """How many billing periods one term has."""
    return Case(
        *(
            When(
                term=term,
                billing_plan=plan,
                then=Value(max(1, TERM_MONTHS[term] // BILLING_MONTHS[plan])),
            )
            for term in Term
            for plan in BillingPlan
        )
    )


def _told(rows: Any, query: Query) -> list[dict[str, Any]]:
    """How many there are, by currency, by decision and by the window they are in."""
    money = {"at_stake": Sum("at_stake")} if query.sees_revenue else {}
    window = Case(
        *(
            When(decide_by__lte=query.now + timedelta(days=days), then=Value(days))
            for days in WINDOWS
        )
    )
    told = rows.values("terms__currency", "decision", window=window).annotate(
        count=Count("*"), seats=Sum("quantity"), **money
    )
    return list(told.order_by("terms__currency"))


def _totals(told: list[dict[str, Any]], query: Query) -> list[Row]:
    """All seats, and a row for the money of each currency."""
    sums: dict[str, Counter[str]] = {}
    for row in told:
        of_currency = sums.setdefault(row["terms__currency"], Counter())
        for name in ("count", "seats", "at_stake"):
            of_currency[name] += row.get(name, 0)
    first = {
        "customer__company_name": _("All"),
        "count": sum(row["count"] for row in told),
        "quantity": sum(row["seats"] for row in told),
    }
    label = _("All in %(currency)s")
    of_money = [
        {
            "customer__company_name": label % {"currency": currency},
            "terms__currency": currency,
            **of_currency,
        }
        for currency, of_currency in sums.items()
        if query.sees_revenue
    ]
    return [first, *of_money]


def _picture(told: list[dict[str, Any]]) -> Bars:
    """What is to be decided within a shorter time is within a longer one too."""
    counts: Counter[tuple[str, int]] = Counter()
    for row in told:
        counts[row["decision"], row["window"]] += row["count"]
    bars = [
        (
            _within(days),
            [
                sum(counts[decision, each] for each in WINDOWS if each <= days)
                for decision in Decision
            ],
        )
        for days in WINDOWS
    ]
    keys = [str(decision.label) for decision in Decision]
    return bars_of(_("To decide within"), bars, keys)
