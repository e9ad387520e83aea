"""A file becomes an import: its rows go into the database, its columns are guessed."""

import codecs
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.foundation import clock
from portal.foundation.bulk import insert_rows
from relationships.actors import Actor
from relationships.exceptions import TransitionNotAllowed
from relationships.models import Customer
from relationships.roles import Action

from ...columns import LABELS, REQUIRED, guess_columns
from ...enums import ImportState
from ...models import Import, ImportChunk, ImportRow
from ...spreadsheets import Row, read_table, refuse
from ..observing import refuse_csp

CHUNK = 2000  # rows that are held in memory at a time


@transaction.atomic
def upload(
    file: BinaryIO,
    name: str,
    *,
    actor: Actor,
    channel: str,
    customer: Customer | None = None,
    day_first: bool = False,
    separator: str = "",
    encoding: str = "",
) -> Import:
    """Read the whole file, CSV or XLSX; nothing is compared yet.

    A tenant's import is always for that tenant. Raises PermissionDenied, or
    ValidationError `file` (what is wrong with it) or `channel`.
    """
    actor.require(Action.RECORD_OBSERVATION)
    assert actor.user is not None  # only people record
    refuse_csp(channel)
    _check_size(file)
    rows = read_table(file, separator=separator, encoding=encoding)
    _line, header = next(rows, (0, []))
    if not header:
        raise refuse(_("The file is empty."))
    run = Import.objects.create(
        channel=channel,
        customer=actor.customer or customer,
        stated_by_customer=actor.is_tenant,
        file_name=_safe(name),
        header=header,
        columns=guess_columns(header),
        day_first=day_first,
        created_by=actor.user,
    )
    run.total = _keep(run, rows)
    run.save(update_fields=["total"])
    return run


def _check_size(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    if size > settings.IMPORT_MEGABYTES * 1_000_000:
        raise refuse(
            _("The file has more than %(most)s MB. Divide it."),
            most=settings.IMPORT_MEGABYTES,
        )


def _safe(name: str) -> str:
    """The file's name without what a database or a page could stumble over."""
    plain = codecs.decode(name.encode("utf-8", "ignore"), "utf-8")
    return "".join(c for c in plain if c.isprintable())[-200:] or "-"


def _keep(run: Import, rows: Iterator[Row]) -> int:
    total = 0

    def chunks() -> Iterable[tuple[object, ...]]:
        nonlocal total
        number = 0
        while part := list(islice(rows, CHUNK)):
            total += len(part)
            yield run.pk, number, part
            number += 1

    insert_rows(ImportChunk, ("run", "number", "rows"), chunks())
    if not total:
        raise refuse(_("The file has a header and nothing under it."))
    return total


@transaction.atomic
def choose_columns(
    run: Import, *, actor: Actor, columns: dict[str, int], day_first: bool
) -> Import:
    """Say which column holds what; the import is to be compared (anew).

    Raises TransitionNotAllowed when it was started, or is being compared, and
    ValidationError `columns`.
    """
    run = lock_import(run)
    actor.require(Action.RECORD_OBSERVATION, run)
    if run.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        raise TransitionNotAllowed(_("This import is under way already."))
    require_rows(run)
    _check_columns(run, columns)
    run.columns, run.day_first = columns, day_first
    run.state, run.counts, run.changed_meanwhile = ImportState.CHECKING, {}, False
    run.save()
    return run


def _check_columns(run: Import, columns: dict[str, int]) -> None:
    missing = [str(LABELS[name]) for name in REQUIRED if name not in columns]
    if missing:
        raise ValidationError(
            _("Say which column holds: %(missing)s."),
            code="columns",
            params={"missing": ", ".join(missing)},
        )
    used = list(columns.values())
    if len(set(used)) < len(used) or not set(used) <= set(range(len(run.header))):
        raise ValidationError(_("Each column can hold one thing."), code="columns")


def find_customer(tenant: str, *, actor: Actor) -> Customer | None:
    """By its tenant id or its verified domain, among those that the actor sees."""
    tenant = tenant.strip().lower()
    rows = Customer.objects.visible_to(actor)
    try:
        named = Q(tenant_id=UUID(tenant))
    except ValueError:
        named = Q(primary_domain=tenant)
    found: Customer | None = rows.filter(named).first() if tenant else None
    return found


def sample(run: Import, rows: int = 5) -> list[list[str]]:
    """The first rows of the file, each as wide as the header."""
    first: list[Row] = next(chunks_of(run), [])[:rows]
    width = len(run.header)
    return [(cells + [""] * width)[:width] for _line, cells in first]


def require_rows(run: Import) -> None:
    """Raises TransitionNotAllowed when the file was forgotten."""
    if not run.chunks.exists():
        raise TransitionNotAllowed(
            _("Its rows are not kept any more. Upload the file again.")
        )


def lock_import(run: Import) -> Import:
    rows = Import.objects.select_related("customer", "created_by")
    return rows.select_for_update(of=("self",)).get(pk=run.pk)


def chunks_of(run: Import) -> Iterator[list[Row]]:
    """The file's rows again, some at a time."""
    rows = ImportChunk.objects.filter(run=run).order_by("number")
    for number in rows.values_list("number", flat=True):
        yield rows.values_list("rows", flat=True).get(number=number)


def forget_old_files() -> None:
    """What was uploaded long ago; the import itself and what it recorded stay."""
    oldest = clock.now() - timedelta(days=settings.JOB_HISTORY_DAYS)
    for model in (ImportRow, ImportChunk):
        model.objects.filter(run__created_at__lt=oldest).delete()


def forget_rows(run: Import) -> None:
    ImportRow.objects.filter(run=run).delete()
