"""An operator's import as background jobs: the preview, and the recording.

A worker that dies is followed by another one, which begins anew: a preview forgets what
it had, a recording that did not commit has written nothing, one that did is over.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from portal.jobs.defining import LOW, GiveUp, JobContext, JobTask, TakenAway, job
from relationships.actors import Actor

from ...enums import ImportState
from ...models import Import
from .checking import Progress, check, no_progress
from .recording import record_rows, start
from .uploading import choose_columns


@job(_("Compare a file of subscriptions"), priority=LOW)
def check_in_background(context: JobContext, run_id: str) -> None:
    run = Import.objects.get(pk=run_id)
    check(run, actor=_actor_of(run), progress=context.progress)


@job(_("Record a file of subscriptions"), priority=LOW)
def record_in_background(context: JobContext, run_id: str) -> None:
    run = Import.objects.get(pk=run_id)
    actor = _actor_of(run)
    with _progress_beside(context) as progress:
        run = record_rows(run, actor=actor, progress=progress)
    if run.state == ImportState.CHECKING:  # its new preview was not finished
        check(run, actor=actor, progress=context.progress)


def _actor_of(run: Import) -> Actor:
    """Who uploaded it, with the rights of now."""
    try:
        return Actor.operator(run.created_by)
    except PermissionDenied as error:
        raise GiveUp(str(error)) from error


@contextmanager
def _progress_beside(context: JobContext) -> Iterator[Progress]:
    """By a connection of its own: within the transaction nobody would see it.

    SQLite has one writer, and that is the import: nothing is told before its end.
    """
    if connection.vendor == "sqlite":
        yield no_progress
        return
    with ThreadPoolExecutor(max_workers=1) as pool:

        def tell(done: int, total: int) -> None:
            pool.submit(_tell, context, done, total)

        try:
            yield tell
        finally:
            pool.submit(_close_own_connection)


def _close_own_connection() -> None:
    """Of the thread that calls it: each has its own."""
    connection.close()


def _tell(context: JobContext, done: int, total: int) -> None:
    """Whoever took the job away finds the import locked, and then over."""
    with suppress(TakenAway, DatabaseError):
        context.progress(done, total)


@transaction.atomic
def preview(
    run: Import, *, actor: Actor, columns: dict[str, int], day_first: bool
) -> Import:
    """Choose the columns, and let a worker make the preview."""
    run = choose_columns(run, actor=actor, columns=columns, day_first=day_first)
    return _enqueue(check_in_background, run)


@transaction.atomic
def begin(run: Import, *, actor: Actor, leave_out_refused: bool = False) -> Import:
    """Let a worker record it; a second click begins nothing."""
    has_begun = lock_state(run) in (ImportState.RUNNING, ImportState.DONE)
    run = start(run, actor=actor, leave_out_refused=leave_out_refused)
    return run if has_begun else _enqueue(record_in_background, run)


def lock_state(run: Import) -> str:
    return Import.objects.select_for_update().get(pk=run.pk).state


def _enqueue(task: JobTask, run: Import) -> Import:
    run.job_id = str(task.enqueue(str(run.pk)).id)
    run.save(update_fields=["job_id"])
    return run
