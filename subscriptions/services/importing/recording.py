"""An import records what is new: all of it in one transaction, or nothing."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from portal.foundation.bulk import insert_rows
from relationships.actors import Actor
from relationships.enums import Operation
from relationships.exceptions import TransitionNotAllowed
from relationships.roles import Action
from relationships.services.activity import record, record_of_customers

from ...enums import ImportState, RowOutcome
from ...models import Import, ImportedObservation, ImportRow, Subscription
from .. import events
from ..locking import lock_customers
from ..observing import NOTHING_SAID
from .checking import Progress, check, no_progress, tally
from .holding import hold_back
from .judging import Judge, Verdict
from .uploading import chunks_of, lock_import, require_rows

STATED = ("product_name", "quantity", *NOTHING_SAID)
OBSERVATION = (
    "id",
    "customer",
    "channel",
    "recorded_at",
    "supersedes",
    "stated_by_customer",
    "por_correction_reason",
    "partner_of_record",
    *STATED,
)
_stated = itemgetter(*STATED)
WRITTEN = (RowOutcome.NEW, RowOutcome.SUPERSEDES)


class ChangedMeanwhileError(Exception):
    """More rows are refused now than the person has seen in the preview."""


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

    The rows are judged anew, under the locks. Where more of them are refused than in
    the preview, nothing is written and there is a new preview.
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
    recording = _Recording(run, actor)
    done = 0
    for rows in chunks_of(run):
        recording.take(rows)
        done += len(rows)
        progress(done, run.total)
    recording.tell()
    run.counts, run.finished_at = dict(recording.counts), recording.at
    run.state = ImportState.DONE
    run.save(update_fields=["counts", "finished_at", "state"])
    if not run.stated_by_customer:  # who sees the end of it on the screen
        _tell_of_end(run, actor, recording.counts)
    return run


def _tell_of_end(run: Import, actor: Actor, counts: Counter[str]) -> None:
    events.import_finished(
        actor,
        event=str(run.pk),
        path=run.get_absolute_url(),
        recorded=sum(counts[outcome] for outcome in WRITTEN),
        refused=counts[RowOutcome.REFUSED],
    )


class _Recording:
    """Goes through the file within the transaction, and counts."""

    def __init__(self, run: Import, actor: Actor) -> None:
        self.run, self.actor = run, actor
        self.judge = Judge(run, actor)
        self.at: datetime = clock.now()
        self.counts: Counter[str] = Counter()
        self.of_customers: dict[UUID, Counter[str]] = {}

    def take(self, rows: list[Any]) -> None:
        verdicts = self.judge.judge(rows)
        self._as_seen(verdicts)
        written = [v for v in verdicts if v.outcome in WRITTEN]
        ids = [uuid4() for _verdict in written]
        insert_rows(Subscription, OBSERVATION, self._observations(ids, written))
        links = ((pk, self.run.pk) for pk in ids)
        insert_rows(ImportedObservation, ("subscription", "run"), links)
        held = [v for v in verdicts if v.is_held_back and not v.was_dismissed]
        if held:
            hold_back(held, run=self.run, actor=self.actor)
        self._count(verdicts)

    def _as_seen(self, verdicts: list[Verdict]) -> None:
        """What the preview refused stays out; more than that stops everything."""
        if not verdicts:
            return
        lines = (verdicts[0].line, verdicts[-1].line)
        rows = ImportRow.objects.filter(run=self.run, line__range=lines)
        seen = {
            line: (outcome, reason)
            for line, outcome, reason in rows.values_list("line", "outcome", "reason")
        }
        for verdict in verdicts:
            outcome, reason = seen[verdict.line]
            if outcome == RowOutcome.REFUSED:
                verdict.refuse(reason)
            elif verdict.is_refused:
                raise ChangedMeanwhileError
        self._note_changes(verdicts, {line: seen[line][0] for line in seen})

    def _note_changes(self, verdicts: list[Verdict], seen: dict[int, str]) -> None:
        """The list of rows tells what came, where that is not what was seen."""
        changed: dict[str, list[int]] = {}
        for verdict in verdicts:
            if verdict.outcome != seen[verdict.line]:
                changed.setdefault(verdict.outcome.value, []).append(verdict.line)
        for outcome, lines in changed.items():
            ImportRow.objects.filter(run=self.run, line__in=lines).update(
                outcome=outcome
            )

    def _observations(
        self, ids: list[UUID], verdicts: list[Verdict]
    ) -> Iterator[tuple[Any, ...]]:
        run = self.run
        for pk, verdict in zip(ids, verdicts, strict=True):
            fields, partner = verdict.fields, verdict.fields["partner_of_record"]
            yield (
                pk,
                verdict.customer,
                run.channel,
                self.at,
                verdict.known.pk if verdict.known else None,
                run.stated_by_customer,
                "",
                partner.pk if partner else None,
                *_stated(fields),
            )

    def _count(self, verdicts: list[Verdict]) -> None:
        self.counts += tally(verdicts)
        for verdict in verdicts:
            if verdict.customer and verdict.outcome in WRITTEN:
                counted = self.of_customers.setdefault(verdict.customer, Counter())
                counted[verdict.outcome.value] += 1

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
                pk: {"channel": self.run.channel, **counted}
                for pk, counted in self.of_customers.items()
            },
        )
