"""What becomes of invitations, and how long customers take to accept."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connections
from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Q,
    Window,
)
from django.db.models.functions import RowNumber, TruncMonth
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relationships.actors import Actor
from relationships.enums import OPEN_STATUSES, InvitationStatus
from relationships.models import Invitation
from relationships.roles import Column as Restricted

from .columns import Column, Kind, Result, Row, number
from .periods import Period
from .pictures import Funnel, funnel_of
from .queries import PERIOD, Query
from .report import Choice, Report

STATUS = InvitationStatus
STAGES = ("created", "sent", "opened", "signed_in", "accepted")
COUNTS = {
    "created": Count("pk"),
    "sent": Count("sent_at"),
    "opened": Count("opened_at"),
    "signed_in": Count("signed_in_at"),
}
OUTCOMES = ("accepted", "declined", "expired", "withdrawn", "open")
FIGURES = (*COUNTS, *OUTCOMES)
DAY = timedelta(days=1)
# How many percent of the accepted ones took so long, or less.
PARTS = {"median": 50, "slow": 90}
SPAN = ExpressionWrapper(F("accepted_at") - F("sent_at"), DurationField())


# One pass for each group and for all, for which the ORM has no words. Numbers are
# sorted faster than intervals.
SECONDS = Func(
    SPAN, template="DATE_PART('epoch', %(expressions)s)", output_field=FloatField()
)
AT_ONCE = """
SELECT {names}, status_now, GROUPING({names}) > 0 AS is_all, count(*) AS created,
  count(sent_at) AS sent, count(opened_at) AS opened, count(signed_in_at) AS signed_in,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
  percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS slow
FROM ({asked}) AS asked
GROUP BY GROUPING SETS (({names}, status_now), (status_now)) ORDER BY {order}
"""
Times = dict[str, float]  # days to accept: `median` and `slow`
# What a row stands for: how its invitations are told apart, and what orders the rows.
GROUPS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "month": ({"month": TruncMonth("created_at", tzinfo=UTC)}, ("-month",)),
    "staff": (
        {"who": F("created_by"), "name": F("created_by__full_name")},
        ("name", "who"),
    ),
}

COLUMNS = (
    Column(
        "created",
        gettext_lazy("Created"),
        gettext_lazy(
            "Invitations created in the period, also drafts; a tenant that comes by "
            "the partner link has its own. All other figures are of these."
        ),
        Kind.NUMBER,
    ),
    Column(
        "sent",
        gettext_lazy("Sent"),
        gettext_lazy("Sent by hand or by the portal, or opened, so it was sent."),
        Kind.NUMBER,
    ),
    Column(
        "opened",
        gettext_lazy("Opened"),
        gettext_lazy("The link was opened, possibly by a scanner of e-mail."),
        Kind.NUMBER,
    ),
    Column(
        "signed_in",
        gettext_lazy("Signed in"),
        gettext_lazy("Somebody signed in to a tenant: from here on it is a person."),
        Kind.NUMBER,
    ),
    Column(
        "accepted",
        gettext_lazy("Accepted"),
        gettext_lazy("Accepted by now, whenever that was."),
        Kind.NUMBER,
    ),
    Column(
        "declined",
        gettext_lazy("Declined"),
        gettext_lazy("Declined by now."),
        Kind.NUMBER,
    ),
    Column(
        "expired",
        gettext_lazy("Expired"),
        gettext_lazy("Past its expiry without an answer."),
        Kind.NUMBER,
    ),
    Column(
        "withdrawn",
        gettext_lazy("Withdrawn"),
        gettext_lazy("Taken back by the partner."),
        Kind.NUMBER,
    ),
    Column(
        "open",
        gettext_lazy("Open"),
        gettext_lazy("Still to be answered. A renewed link begins as a draft again."),
        Kind.NUMBER,
    ),
    Column(
        "median",
        gettext_lazy("Days to accept, median"),
        gettext_lazy(
            "From sent to accepted: half of the accepted ones took this long or less. "
            "A day has 24 hours."
        ),
        Kind.DAYS,
    ),
    Column(
        "slow",
        gettext_lazy("Days to accept, 90th percentile"),
        gettext_lazy("Nine in ten of the accepted ones took this long or less."),
        Kind.DAYS,
    ),
)


class FunnelReport(Report):
    slug = "invitations"
    title = gettext_lazy("Invitation funnel")
    about = gettext_lazy(
        "How far invitations come, and how long customers take to accept. Not by "
        "country: a customer tells its own when it accepts."
    )
    filters = (*PERIOD, "partner", "staff")

    def choices(self, actor: Actor) -> dict[str, Choice]:
        """Who asked is personal data."""
        if not actor.may_see(Restricted.PERSONAL_DATA):
            return {}
        by = [("month", gettext_lazy("Month")), ("staff", gettext_lazy("Staff member"))]
        return {"by": Choice(gettext_lazy("A row for each"), by)}

    def result(self, query: Query) -> Result:
        by = query["by"] or "month"
        found, totals = _counted(_invitations(query), by)
        of_months = _every_month(found, query.period) if by == "month" else found
        return Result(
            [_name(by), *COLUMNS],
            of_months,
            totals=[{by: _("All"), **totals}],
            pictures=[_picture(totals)],
            summary=_summary(totals, query.period),
        )


def _invitations(query: Query) -> Any:
    made = Invitation.objects.visible_to(query.actor).with_current_status().order_by()
    in_period = made.filter(
        created_at__gte=query.period.start, created_at__lt=query.period.end
    )
    return query.narrow(in_period, partner="partner", staff="created_by")


def _name(by: str) -> Column:
    if by == "month":
        return Column("month", _("Month created"))
    return Column("staff", _("Requested by"), restricted=Restricted.PERSONAL_DATA)


def _counted(rows: Any, by: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A row for each, and one for all of them."""
    keys, order = GROUPS[by]
    if connections[rows.db].vendor == "postgresql":
        counted = _at_once(rows, keys, order)
        found = _folded([row for row in counted if not row["is_all"]], keys)
        [every] = _folded([row for row in counted if row["is_all"]], ()) or [{}]
    else:
        name, expression = next(iter(keys.items()))
        times, every = _times(rows, name, expression)
        counts = rows.values("status_now", **keys).annotate(**COUNTS).order_by(*order)
        folded = _folded(counts, keys)
        found = [{**row, **times.get(row[name], {})} for row in folded]
    if by == "staff":
        link = _("By the partner link")
        found = [{**row, "staff": row["name"] or link} for row in found]
    sums = {figure: sum(row[figure] for row in found) for figure in FIGURES}
    return found, {**every, **sums}


def _at_once(rows: Any, keys: Mapping[str, Any], order: Sequence[str]) -> list[Any]:
    """On PostgreSQL: by key and status, and by status alone (`is_all`)."""
    wanted = ("status_now", "sent_at", "opened_at", "signed_in_at")
    asked = rows.values(*wanted, **keys, seconds=SECONDS).query
    sql, values = asked.get_compiler(rows.db).as_sql()
    statement = AT_ONCE.format(
        names=", ".join(keys),
        asked=sql,
        order=", ".join(
            f"{name[1:]} DESC" if name[0] == "-" else name for name in order
        ),
    )
    with connections[rows.db].cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _folded(counted: Any, keys: Iterable[str]) -> list[dict[str, Any]]:
    """A row for each, of those that are told by status: so each status is judged once,
    and times to accept are those of the accepted ones."""
    found: dict[Any, dict[str, Any]] = {}
    for row in counted:
        key = {name: row[name] for name in keys}
        nothing = {**key, **dict.fromkeys(FIGURES, 0)}
        told = found.setdefault(tuple(key.values()), nothing)
        for figure in COUNTS:
            told[figure] += row[figure]
        told[_outcome(row["status_now"])] += row["created"]
        if row["status_now"] == STATUS.ACCEPTED:
            told |= _in_days(row)
    return list(found.values())


def _outcome(status: str) -> str:
    return "open" if status in OPEN_STATUSES else status


def _in_days(row: Mapping[str, Any]) -> Times:
    """To the microsecond, as a moment is stored."""
    return {
        part: timedelta(microseconds=round(row[part] * 1_000_000)) / DAY
        for part in PARTS
        if row.get(part) is not None
    }


def _every_month(found: list[dict[str, Any]], period: Period) -> list[Row]:
    """Also those without an invitation, the newest first."""
    by_month = {row["month"].date(): row for row in found}
    nothing = dict.fromkeys(FIGURES, 0)
    return [
        {**by_month.get(part.first.replace(day=1), nothing), "month": part.month}
        for part in reversed(period.months())
    ]


def _times(rows: Any, name: str, expression: Any) -> tuple[dict[Any, Times], Times]:
    """Of each group, and of all, for a database that knows no percentiles."""
    accepted = rows.filter(status=STATUS.ACCEPTED).annotate(
        **{name: expression}, span=SPAN
    )
    ranked = accepted.annotate(**_ranks("own", [F(name)]), **_ranks("all", None))
    at = [_is_at(of, part) for of in ("own", "all") for part in PARTS]
    wanted = ranked.filter(reduce(or_, at)).values(
        name, "span", "own_rank", "own_count", "all_rank", "all_count"
    )
    times: dict[Any, Times] = {}
    every: Times = {}
    for row in wanted:
        days = row["span"] / DAY
        for of, told in (("own", times.setdefault(row[name], {})), ("all", every)):
            for part, percent in PARTS.items():
                if 0 <= row[f"{of}_rank"] - percent * row[f"{of}_count"] < 100:
                    told[part] = days
    return times, every


def _ranks(of: str, group: Any) -> dict[str, Any]:
    """A hundred times the rank, how many there are, and each part of a hundred."""
    rank = Window(RowNumber(), partition_by=group, order_by="span")
    count = Window(Count("pk"), partition_by=group)
    parts = {f"{of}_{part}": count * percent for part, percent in PARTS.items()}
    return {f"{of}_rank": rank * 100, f"{of}_count": count, **parts}


def _is_at(of: str, part: str) -> Q:
    """The first rank that reaches that part of all."""
    reached = F(f"{of}_{part}")
    return Q(
        **{f"{of}_rank__gte": reached, f"{of}_rank__lt": reached + 100},
    )


def _summary(totals: Row, period: Period) -> str:
    told = ngettext(
        "%(count)s invitation, %(period)s.",
        "%(count)s invitations, %(period)s.",
        totals["created"],
    )
    return told % {"count": number(totals["created"]), "period": period.words}


def _picture(totals: Row) -> Funnel:
    names = {column.name: str(column.label) for column in COLUMNS}
    steps, before = [], None
    for stage in STAGES:
        share = _share(totals, stage, before) if before else _("all invitations")
        steps.append((names[stage], totals[stage], share))
        before = stage
    outcomes = [
        ("ok", _("%(count)s accepted") % {"count": number(totals["accepted"])}),
        ("wait", _("%(count)s open") % {"count": number(totals["open"])}),
        ("bad", _("%(count)s declined") % {"count": number(totals["declined"])}),
        ("off", _("%(count)s expired") % {"count": number(totals["expired"])}),
        ("off", _("%(count)s withdrawn") % {"count": number(totals["withdrawn"])}),
    ]
    return funnel_of(_("Invitation funnel"), steps, outcomes, _typical(totals))


def _share(totals: Row, stage: str, before: str) -> str:
    if not totals[before]:
        return ""
    share = round(100 * totals[stage] / totals[before])
    names = {column.name: str(column.label).lower() for column in COLUMNS}
    return _("%(share)s %% of %(before)s") % {"share": share, "before": names[before]}


def _typical(totals: Row) -> str:
    if "median" not in totals:
        return ""
    days = round(totals["median"], 1)
    return _("Median time to accept: %(days)s days") % {"days": days}
