"""Who did what, and how often: the activity log, counted."""

from typing import Any

from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from relationships.actors import Actor
from relationships.enums import Operation
from relationships.models import ActivityRecord
from relationships.roles import LETTERS, role_label
from relationships.roles import Column as Restricted

from .columns import Column, Kind, Result, number
from .periods import Period
from .pictures import Bars, bars_of
from .queries import PERIOD, Query
from .report import Choice, Report

MOST_BARS = 10
# By which fields records are told apart.
GROUPS: dict[str, tuple[str, ...]] = {
    "person-operation": ("actor__full_name", "actor", "actor_role", "operation"),
    "person": ("actor__full_name", "actor", "actor_role"),
    "role-operation": ("actor_role", "operation"),
    "operation": ("operation",),
}
WITHOUT_PEOPLE = ("role-operation", "operation")


class ActivityReport(Report):
    slug = "activity"
    title = gettext_lazy("Activity")
    about = gettext_lazy("Who did what, and how often, as the activity log has it.")
    filters = (*PERIOD, "partner", "staff")

    def choices(self, actor: Actor) -> dict[str, Choice]:
        names = {
            "person-operation": gettext_lazy("Person and operation"),
            "person": gettext_lazy("Person"),
            "role-operation": gettext_lazy("Role and operation"),
            "operation": gettext_lazy("Operation"),
        }
        sees_people = actor.may_see(Restricted.PERSONAL_DATA)
        by = [
            (key, name)
            for key, name in names.items()
            if sees_people or key in WITHOUT_PEOPLE
        ]
        return {"by": Choice(gettext_lazy("A row for each"), by)}

    def result(self, query: Query) -> Result:
        by = query["by"] or next(iter(self.choices(query.actor)["by"].options))[0]
        records = _records(query)
        rows = records.values(*GROUPS[by]).annotate(**FIGURES)
        operations = _operations(records)
        count = sum(operations.values())
        return Result(
            _columns(by),
            rows.order_by("-count", *GROUPS[by]),
            totals=[{_columns(by)[0].name: _("All"), "count": count}],
            pictures=[_picture(operations)],
            summary=_summary(count, query.period),
        )


FIGURES = {"count": Count("*"), "newest": Max("at")}
NAMES = {
    "actor__full_name": Column(
        "actor__full_name",
        gettext_lazy("Person"),
        gettext_lazy("Nobody: by somebody who had not signed in, or by time."),
        restricted=Restricted.PERSONAL_DATA,
        missing=gettext_lazy("Nobody"),
    ),
    "operation": Column(
        "operation", gettext_lazy("Operation"), labels=dict(Operation.choices)
    ),
}
COUNTS = (
    Column(
        "count",
        gettext_lazy("Records"),
        gettext_lazy("Records of the activity log in the period, by UTC days."),
        Kind.NUMBER,
    ),
    Column(
        "newest",
        gettext_lazy("Newest"),
        gettext_lazy("When the newest of them was written."),
        Kind.MOMENT,
    ),
)


def _summary(count: int, period: Period) -> str:
    told = ngettext(
        "%(count)s record, %(period)s.", "%(count)s records, %(period)s.", count
    )
    return told % {"count": number(count), "period": period.words}


def _records(query: Query) -> Any:
    of_period = ActivityRecord.objects.visible_to(query.actor).filter(
        at__gte=query.period.start, at__lt=query.period.end, at__lte=query.now
    )
    return query.narrow(of_period.order_by(), partner="partner", staff="actor")


def _columns(by: str) -> list[Column]:
    roles = {str(role): role_label(str(role)) for role in LETTERS.values()}
    named = {**NAMES, "actor_role": Column("actor_role", _("Role"), labels=roles)}
    return [*(named[key] for key in GROUPS[by] if key in named), *COUNTS]


def _operations(records: Any) -> dict[str, int]:
    """How many records there are of each, the most frequent first."""
    counted = records.values_list("operation").annotate(count=Count("*"))
    return dict(counted.order_by("-count", "operation"))


def _picture(operations: dict[str, int]) -> Bars:
    most = list(operations.items())[:MOST_BARS]
    rows = [(str(Operation(name).label), [count]) for name, count in most]
    return bars_of(_("The most frequent operations"), rows, [_("Records")])
