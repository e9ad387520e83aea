"""An import records what is new: all of it in one transaction, or nothing."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Value
from django.db.models.functions import NullIf
from django.utils.translation import gettext as _

from portal.foundation import clock
from portal.foundation.bulk import insert_selected
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.roles import Action
from relationships.services.activity import record, record_of_customers

from ...enums import ImportState, RowOutcome
from ...models import Import, ImportedObservation, ImportRow, Subscription
from .. import events
from ..locking import lock_customers
from .basis import has_changed
from .checking import SAID, WRITTEN, Progress, check, counted, keep, no_progress
from .holding import hold_back
from .judging import Judge, Verdict
from .uploading import chunks_of, lock_import, require_rows

COPIED = ("product_name", "quantity", "partner_of_record", *SAID)


class ChangedMeanwhileError(Exception):
    """The person has seen another preview: fewer refusals, or other customers."""


@transaction.atomic
def start(run: Import, *, actor: Actor, leave_out_refused: bool = False) -> Import:
    """Let it be recorded; a second click starts it no second time.

    Raises TransitionNotAllowed before the preview, and ValidationError `refused_rows`
    where rows are refused and nobody said that they stay out.
    """
    run = lock_import(run)
    actor.require(Action.RECORD_OBSERVATION, run)
    if run.state in (ImportState.RUNNING, ImportState.DONE):
        return run
    if run.state != ImportState.CHECKED:
        raise TransitionNotAllowed(_("Look at the preview first."))
    require_rows(run)
    if run.refused and not leave_out_refused:
        raise ValidationError(
            _("Confirm that the refused rows stay out, or mend the file."),
            code="refused_rows",
        )
    run.state, run.started_at = ImportState.RUNNING, clock.now()
    run.leaves_out_refused = leave_out_refused
    run.save(update_fields=["state", "started_at", "leaves_out_refused"])
    return run


def record_rows(
    run: Import, *, actor: Actor, progress: Progress = no_progress
) -> Import:
    """Record what was started: new and superseding rows, and cases. Done once.

    Where anything that the preview rests on has changed, the rows are judged anew,
    under the locks. Where more of them are refused then, or one would be another
    customer's, nothing is written and there is a new preview.
    """
    actor.require(Action.RECORD_OBSERVATION, run)
    try:
        return _record_all(run, actor, progress)
    except ChangedMeanwhileError:
        Import.objects.filter(pk=run.pk, state=ImportState.RUNNING).update(
            state=ImportState.CHECKING, changed_meanwhile=True
        )
        return check(run, actor=actor, progress=progress)


@transaction.atomic
def _record_all(run: Import, actor: Actor, progress: Progress) -> Import:
    run = lock_import(run)
    if run.state != ImportState.RUNNING:
        return run
    lock_customers(ImportRow.objects.filter(run=run).values("customer"))
    if has_changed(run):
        _judge_anew(run, actor)
    recording, done = _Recording(run, actor), 0
    for rows in _parts(run):
        recording.take(rows)
        done += rows.count()
        progress(done, run.total)
    recording.tell()
    run.counts, run.finished_at = recording.counts, recording.at
    run.state = ImportState.DONE
    run.save(update_fields=["counts", "finished_at", "state"])
    if not run.stated_by_customer:  # who sees the end of it on the screen
        _tell_of_end(run, actor)
    return run


def _tell_of_end(run: Import, actor: Actor) -> None:
    events.import_finished(
        actor,
        event=str(run.pk),
        path=run.get_absolute_url(),
        recorded=run.to_record,
        refused=run.refused,
    )


def _judge_anew(run: Import, actor: Actor) -> None:
    """The rows of the preview as they are now, but what it refused stays out."""
    judge = Judge(run, actor)
    for rows in chunks_of(run):
        verdicts = judge.judge(rows)
        stored = run.rows.filter(line__range=(rows[0][0], rows[-1][0]))
        seen = {row.line: row for row in stored}
        for verdict in verdicts:
            _as_seen(verdict, seen[verdict.line])
        stored.delete()
        keep(run, verdicts)


def _as_seen(verdict: Verdict, row: ImportRow) -> None:
    if row.outcome == RowOutcome.REFUSED:
        verdict.refuse(row.reason)
    elif verdict.is_refused or verdict.customer != row.customer_id:
        raise ChangedMeanwhileError


def _parts(run: Import) -> Iterator[Any]:
    """The rows of the preview, as many at a time as a part of the file has."""
    parts = run.chunks.order_by("number").values_list("rows__0__0", flat=True)
    for first, following in pairwise([*parts, None]):
        rows = ImportRow.objects.filter(run=run, line__gte=first)
        yield rows if following is None else rows.filter(line__lt=following)


class _Recording:
    """Writes what the rows of the preview hold, and tells of it."""

    def __init__(self, run: Import, actor: Actor) -> None:
        self.run, self.actor = run, actor
        self.at: datetime = clock.now()
        self.observation: dict[str, Any] = {
            "id": "observation",
            "customer": "customer",
            "channel": Value(run.channel),
            "recorded_at": Value(self.at),
            "supersedes": "known",
            "stated_by_customer": Value(run.stated_by_customer),
            "por_correction_reason": Value(""),
            "external_id": NullIf("key", Value("")),
            **{name: name for name in COPIED},
        }

    def take(self, rows: Any) -> None:
        """Within the database, which judges each row by its constraints and guards."""
        written = rows.filter(outcome__in=WRITTEN)
        insert_selected(Subscription, self.observation, written)
        link = {"subscription": "observation", "run": "run"}
        insert_selected(ImportedObservation, link, written)
        held = list(rows.filter(outcome=RowOutcome.POR_CASE))
        if held:
            hold_back(held, run=self.run, actor=self.actor)

    @cached_property
    def counts(self) -> dict[str, int]:
        return counted(self.run)

    def tell(self) -> None:
        """One line in the activity log for the file, and one for each customer."""
        record(
            Operation.IMPORT_OBSERVATIONS,
            self.run,
            actor=self.actor,
            new={"channel": self.run.channel, **self.counts},
        )
        record_of_customers(
            Operation.IMPORT_OBSERVATIONS,
            self.run,
            actor=self.actor,
            news={
                pk: {"channel": self.run.channel, **counts}
                for pk, counts in self._of_customers().items()
            },
        )

    def _of_customers(self) -> dict[UUID, dict[str, int]]:
        rows = self.run.rows.filter(outcome__in=WRITTEN).order_by()
        found: dict[UUID, dict[str, int]] = {}
        by_customer = rows.values_list("customer", "outcome")
        for customer, outcome, count in by_customer.annotate(count=Count("pk")):
            found.setdefault(customer, {})[outcome] = count
        return found
