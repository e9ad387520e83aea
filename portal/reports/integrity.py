"""Whether what customers had before is as it was: each relationship's fingerprint."""

from typing import Any

from django.db.models import Case, CharField, Count, TextChoices, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relationships.actors import Actor
from relationships.models import ResellerRelationship
from subscriptions.enums import VerificationResult

from .columns import Column, Kind, Result, number
from .pictures import Bars, shaded_bars_of
from .queries import Query
from .report import Choice, Report


class Outcome(TextChoices):
    """Of a check, or that there was none."""

    UNCHANGED = VerificationResult.UNCHANGED.value, VerificationResult.UNCHANGED.label
    DIFFERENT = VerificationResult.DIFFERENT.value, VerificationResult.DIFFERENT.label
    NOTHING = VerificationResult.NOTHING.value, VerificationResult.NOTHING.label
    UNCHECKED = "unchecked", gettext_lazy("Not verified yet")


BADGES = {
    Outcome.UNCHANGED: "ok",
    Outcome.DIFFERENT: "bad",
    Outcome.NOTHING: "off",
    Outcome.UNCHECKED: "wait",
}
SHADES = dict(zip(Outcome, ("mine", "a", "b", "c"), strict=True))
# What was found wrong stands first, and nothing found is never a proof.
RESULT = Case(
    When(
        last_verification__result=VerificationResult.DIFFERENT,
        then=Value(str(Outcome.DIFFERENT)),
    ),
    When(existing_count=0, then=Value(str(Outcome.NOTHING))),
    default=Coalesce("last_verification__result", Value(str(Outcome.UNCHECKED))),
    output_field=CharField(),
)
COLUMNS = (
    Column(
        "customer__company_name",
        gettext_lazy("Customer"),
        url=lambda row: reverse(
            "admin:relationships_resellerrelationship_change", args=[row["pk"]]
        ),
    ),
    Column("partner__name", gettext_lazy("Partner")),
    Column("established_at", gettext_lazy("Established"), kind=Kind.MOMENT),
    Column("ended_at", gettext_lazy("Ended"), kind=Kind.MOMENT),
    Column(
        "existing_count",
        gettext_lazy("Existing subscriptions"),
        gettext_lazy(
            "Subscriptions of other channels that were known when the relationship was "
            "established."
        ),
        Kind.NUMBER,
    ),
    Column(
        "existing_fingerprint",
        gettext_lazy("Fingerprint"),
        gettext_lazy(
            "A version and SHA-256 over those subscriptions, taken when the "
            "relationship was established."
        ),
        Kind.CODE,
    ),
    Column(
        "result",
        gettext_lazy("Result"),
        gettext_lazy(
            "Unchanged: the very same rows, read again, give the same fingerprint. "
            "Where nothing was found there is nothing to verify."
        ),
        Kind.BADGE,
        labels=dict(Outcome.choices),
        badges=BADGES,
    ),
    Column(
        "last_verification__verified_at",
        gettext_lazy("Verified"),
        gettext_lazy("When the rows were read again last: every day, by itself."),
        Kind.MOMENT,
    ),
)


class IntegrityReport(Report):
    slug = "integrity"
    title = gettext_lazy("Integrity")
    about = gettext_lazy(
        "Whether the subscriptions that customers had already are as they were."
    )
    filters = ("partner", "country")

    def choices(self, actor: Actor) -> dict[str, Choice]:
        results = [("", gettext_lazy("All")), *Outcome.choices]
        return {"result": Choice(gettext_lazy("Result"), results)}

    def result(self, query: Query) -> Result:
        rows = query.narrow(
            ResellerRelationship.objects.visible_to(query.actor)
            .annotate(result=RESULT)
            .order_by(),
            partner="partner",
            country="customer__country",
        )
        told = rows.values_list("result").annotate(count=Count("*"))
        counts = {Outcome(outcome): count for outcome, count in told}
        shown = query.narrow(rows, result="result")
        columns = [column for column in COLUMNS if not _is_own_name(column, query)]
        return Result(
            columns,
            shown.order_by("customer__company_name", "-established_at", "pk").values(
                "pk", *(column.name for column in columns)
            ),
            pictures=[_picture(counts)],
            summary=_summary(counts),
        )


def _is_own_name(column: Column, query: Query) -> bool:
    """Whoever acts for a partner would read its own name in every row."""
    return column.name == "partner__name" and query.actor.partner is not None


def _summary(counts: Any) -> str:
    if different := counts.get(Outcome.DIFFERENT):
        told = ngettext(
            "%(count)s differs: look into it.",
            "%(count)s differ: look into them.",
            different,
        )
        return told % {"count": number(different)}
    return _("%(count)s unchanged, none differs.") % {
        "count": number(counts.get(Outcome.UNCHANGED, 0))
    }


def _picture(counts: Any) -> Bars:
    rows = [
        (str(outcome.label), counts.get(outcome, 0), SHADES[outcome])
        for outcome in Outcome
    ]
    return shaded_bars_of(_("Relationships by result"), rows)
