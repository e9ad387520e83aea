"""Relationships won, lost and active, month by month."""

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from relationships.models import ResellerRelationship

from .columns import Column, Kind, Result, Row, number
from .over_time import active_at, by_month
from .periods import INSTANT, Period
from .pictures import OverTime, columns_of, line_of
from .queries import PERIOD, Query
from .report import Report

COLUMNS = (
    Column("month", gettext_lazy("Month")),
    Column(
        "before",
        gettext_lazy("Active before"),
        gettext_lazy("Established and not ended when the first of these days began."),
        Kind.NUMBER,
    ),
    Column(
        "won",
        gettext_lazy("Won"),
        gettext_lazy(
            "Established on these days: by an invitation, or a tenant was added."
        ),
        Kind.NUMBER,
    ),
    Column(
        "lost",
        gettext_lazy("Lost"),
        gettext_lazy("Ended on these days, whenever they were established."),
        Kind.NUMBER,
    ),
    Column(
        "after",
        gettext_lazy("Active after"),
        gettext_lazy("Active before, and won, less lost. A day is a UTC day."),
        Kind.NUMBER,
    ),
)


class RelationshipsReport(Report):
    slug = "relationships"
    title = gettext_lazy("Relationships over time")
    about = gettext_lazy("Reseller relationships won, lost and active.")
    filters = (*PERIOD, "partner", "country", "staff")

    def result(self, query: Query) -> Result:
        rows = _months(query)
        first, last = rows[0], rows[-1]
        totals = {
            "month": _("All"),
            "before": first["before"],
            "won": sum(row["won"] for row in rows),
            "lost": sum(row["lost"] for row in rows),
            "after": last["after"],
        }
        return Result(
            COLUMNS,
            list(reversed(rows)),
            totals=[totals],
            pictures=_pictures(rows, query.period),
            summary=_("%(won)s won and %(lost)s lost, %(period)s.")
            % {
                "won": number(totals["won"]),
                "lost": number(totals["lost"]),
                "period": query.period.words,
            },
        )


def _months(query: Query) -> list[dict[str, Any]]:
    """From the oldest on; each begins with what the one before has left."""
    relationships = query.narrow(
        ResellerRelationship.objects.visible_to(query.actor),
        partner="partner",
        country="customer__country",
        staff="invitation__created_by",
    )
    start, end = query.period.start, query.period.end
    [active] = active_at(relationships, [start - INSTANT])
    won = by_month(relationships, "established_at", start, end)
    lost = by_month(relationships, "ended_at", start, end)
    rows = []
    for part in query.period.months():
        key = part.first.replace(day=1)
        row = {"before": active, "won": won.get(key, 0), "lost": lost.get(key, 0)}
        active += row["won"] - row["lost"]
        rows.append({"month": part.month, "after": active, **row})
    return rows


def _pictures(rows: Sequence[Row], period: Period) -> list[OverTime]:
    names = [
        (date_format(part.first, "M"), str(row["month"]))
        for part, row in zip(period.months(), rows, strict=True)
    ]
    changes = {
        _("Won"): [row["won"] for row in rows],
        _("Lost"): [row["lost"] for row in rows],
    }
    after = [row["after"] for row in rows]
    return [
        line_of(_("Active at the end of each month"), names, after),
        columns_of(_("Won and lost"), names, changes),
    ]
