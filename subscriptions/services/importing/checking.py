"""The preview: every row is judged, and nothing but the verdict is written."""

from collections.abc import Callable, Iterable
from itertools import islice
from operator import itemgetter
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, F, Min, Window
from django.utils.translation import gettext as _

from portal.foundation.bulk import insert_rows
from relationships.actors import Actor
from relationships.roles import Action

from ...enums import ImportState, RowOutcome
from ...models import Import, ImportRow
from ..observing import NAMED_PARTNER
from ..por_cases import MOMENTS, divided
from .judging import Judge, Verdict
from .uploading import chunks_of, forget_rows, lock_import

WRITTEN = (RowOutcome.NEW, RowOutcome.SUPERSEDES)
SAID = (
    "status",
    "term",
    "billing_plan",
    "started_at",
    "commitment_ends_at",
    "auto_renews",
    "friendly_name",
    *NAMED_PARTNER,
)
NOTHING = {**dict.fromkeys(SAID, ""), **dict.fromkeys((*MOMENTS, "auto_renews"))}
ROW = (
    "run",
    "line",
    "outcome",
    "reason",
    "customer",
    "key",
    "known",
    "product_name",
    "quantity",
    "observation",
    "partner_of_record",
    "statement",
    *SAID,
)
_said = itemgetter(*SAID)
AT_ONCE = 500  # rows that are refused by one statement
Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Nobody watches."""


def check(run: Import, *, actor: Actor, progress: Progress = no_progress) -> Import:
    """Judge every row; safe to begin again, and done once.

    Each part of the file is a transaction of its own, so that others can write.
    """
    actor.require(Action.RECORD_OBSERVATION, run)
    with transaction.atomic():
        run = lock_import(run)
        if run.state != ImportState.CHECKING:
            return run
        forget_rows(run)
    judge, done = Judge(run, actor), 0
    for rows in chunks_of(run):
        with transaction.atomic():
            keep(run, judge.judge(rows))
        done += len(rows)
        progress(done, run.total)
    return _finish(run, judge)


def keep(run: Import, verdicts: Iterable[Verdict]) -> None:
    insert_rows(ImportRow, ROW, (_row(run, verdict) for verdict in verdicts))


def _row(run: Import, verdict: Verdict) -> tuple[Any, ...]:
    fields = verdict.fields
    shown = (
        run.pk,
        verdict.line,
        verdict.outcome.value,
        verdict.reason,
        verdict.customer,
        verdict.key,
        verdict.known.pk if verdict.known else None,
        fields.get("product_name", ""),
        None if verdict.is_refused else fields["quantity"],
    )
    return (*shown, *_to_record(verdict))


def _to_record(verdict: Verdict) -> tuple[Any, ...]:
    """The observation that it would be, or the case."""
    if verdict.outcome in WRITTEN:
        partner = verdict.fields["partner_of_record"]
        pk = partner.pk if partner else None
        return (uuid4(), pk, None, *_said(verdict.fields))
    if verdict.is_held_back:
        named, statement = divided(verdict.fields)
        return (None, None, statement, *_said({**NOTHING, **named}))
    return (None, None, None, *NOTHING.values())


@transaction.atomic
def _finish(run: Import, judge: Judge) -> Import:
    run = lock_import(run)
    _refuse_repeated(run)
    run.counts, run.basis = counted(run), judge.basis.fingerprint
    run.state = ImportState.CHECKED
    run.save(update_fields=["counts", "basis", "state"])
    return run


def counted(run: Import) -> dict[str, int]:
    """By outcome: how many of its rows."""
    rows = run.rows.order_by().values_list("outcome")
    return dict(rows.annotate(count=Count("pk")))


def _refuse_repeated(run: Import) -> None:
    """Of lines that name the same subscription by its id, the first one counts."""
    rows = run.rows.exclude(outcome=RowOutcome.REFUSED).exclude(key="").order_by()
    first = Window(Min("line"), partition_by=["customer", "key"])
    later = rows.annotate(first=first).filter(line__gt=F("first"))
    found = later.values_list("pk", "first").iterator(AT_ONCE)
    while part := list(islice(found, AT_ONCE)):
        refused = [ImportRow(pk=pk, **_names_again(line)) for pk, line in part]
        ImportRow.objects.bulk_update(refused, ["outcome", "reason"])


def _names_again(line: int) -> dict[str, Any]:
    reason = _("Line %(line)s names this subscription already.") % {"line": line}
    return {"outcome": RowOutcome.REFUSED, "reason": reason}
