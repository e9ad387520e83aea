"""The preview: every row is judged, and nothing but the verdict is written."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Min, Window
from django.utils.translation import gettext as _

from portal.foundation.bulk import insert_rows
from relationships.actors import Actor
from relationships.roles import Action

from ...enums import ImportState, RowOutcome
from ...models import Import, ImportRow
from .judging import Judge, Verdict
from .uploading import chunks_of, forget_rows, lock_import

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
)
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
            _keep(run, judge.judge(rows))
        done += len(rows)
        progress(done, run.total)
    return _finish(run)


def _keep(run: Import, verdicts: Iterable[Verdict]) -> None:
    insert_rows(ImportRow, ROW, (_row(run, verdict) for verdict in verdicts))


def _row(run: Import, verdict: Verdict) -> tuple[Any, ...]:
    return (
        run.pk,
        verdict.line,
        verdict.outcome.value,
        verdict.reason,
        verdict.customer,
        verdict.key,
        verdict.known.pk if verdict.known else None,
        verdict.fields.get("product_name", ""),
        None if verdict.is_refused else verdict.fields["quantity"],
    )


@transaction.atomic
def _finish(run: Import) -> Import:
    run = lock_import(run)
    _refuse_repeated(run)
    counted = run.rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    run.counts = dict(counted)
    run.state = ImportState.CHECKED
    run.save(update_fields=["counts", "state"])
    return run


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


def tally(verdicts: Iterable[Verdict]) -> Counter[str]:
    return Counter(verdict.outcome.value for verdict in verdicts)
