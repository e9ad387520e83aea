import csv
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from portal.accounts.models import User
from relationships.actors import Actor
from relationships.models import Customer

from ...columns import LABELS, REQUIRED
from ...enums import OTHER_CHANNELS, ImportState, RowOutcome
from ...models import Import
from ...services.importing.checking import check
from ...services.importing.recording import record_rows, start
from ...services.importing.refusals import refused_rows
from ...services.importing.uploading import (
    choose_columns,
    find_customer,
    upload,
)
from ...spreadsheets import ENCODINGS, SEPARATORS

NAMED_SEPARATORS = dict(zip(("comma", "semicolon", "tab"), SEPARATORS, strict=True))
SHOWN = 20


class Command(BaseCommand):
    help = (
        "Records what another channel says that customers have: the rows of a CSV or "
        "XLSX file, all of them or none. Safe to run again with the same file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--channel", required=True, choices=[str(c) for c in OTHER_CHANNELS]
        )
        parser.add_argument(
            "--tenant",
            default="",
            help="Tenant id or primary domain, for a file that names none.",
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=HEADER",
            help="Where the header does not tell: " + ", ".join(LABELS) + ".",
        )
        parser.add_argument("--encoding", choices=ENCODINGS, default="")
        parser.add_argument("--separator", choices=NAMED_SEPARATORS, default="")
        parser.add_argument(
            "--day-first", action="store_true", help="31.12.2026 or 31/12/2026."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Show the preview, record nothing."
        )
        parser.add_argument(
            "--leave-out-refused",
            action="store_true",
            help="Record the others although some rows are refused.",
        )
        parser.add_argument(
            "--refused-to", type=Path, help="Write refused rows and why into this CSV."
        )
        parser.add_argument(
            "--by", default="", help="Login of the operator; otherwise the first one."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(**options)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error

    def _import(self, *, file: Path, refused_to: Path | None, **options: Any) -> None:
        actor = _operator(options["by"])
        with transaction.atomic():  # a file that cannot be read leaves nothing behind
            run = _upload(file, actor, **options)
            columns = run.columns | _named_columns(run, options["column"])
            choose_columns(
                run, actor=actor, columns=columns, day_first=options["day_first"]
            )
        run = check(run, actor=actor)
        self._tell_preview(run)
        if refused_to is not None:
            with refused_to.open("w", newline="", encoding="utf-8-sig") as lines:
                csv.writer(lines).writerows(refused_rows(run))
        if options["dry_run"]:
            self.stdout.write("Nothing was recorded: this was the preview.")
            return
        leave_out = options["leave_out_refused"]
        if run.refused and not leave_out:
            raise CommandError(
                f"Nothing was recorded: {run.refused} rows are refused. Mend them, or "
                "add --leave-out-refused."
            )
        start(run, actor=actor, leave_out_refused=leave_out)
        run = record_rows(run, actor=actor)
        if run.state != ImportState.DONE:
            raise CommandError(
                "Nothing was recorded: what is recorded has changed meanwhile, and "
                "more rows are refused. Run it again."
            )
        self.stdout.write(f"Recorded: {run.to_record} rows.")

    def _tell_preview(self, run: Import) -> None:
        counts = [f"{count} {outcome.value}" for outcome, count in run.outcomes]
        self.stdout.write(f"{run.total} rows: {', '.join(counts)}.".replace("_", " "))
        self.stdout.write(f"Recorded here and not named: {run.unnamed().count()}.")
        for row in run.rows.filter(outcome=RowOutcome.REFUSED)[:SHOWN]:
            self.stdout.write(f"Line {row.line}: {row.reason}")
        if run.refused > SHOWN:
            self.stdout.write(f"... and {run.refused - SHOWN} more.")


def _operator(login: str) -> Actor:
    operators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    if login:
        operators = operators.filter(login=login.lower())
    user = operators.first()
    if user is None:
        raise CommandError("There is no such operator, in whose name it is recorded.")
    return Actor.operator(user)


def _upload(file: Path, actor: Actor, **options: Any) -> Import:
    with file.open("rb") as content:
        return upload(
            content,
            file.name,
            actor=actor,
            channel=options["channel"],
            customer=_customer(options["tenant"], actor),
            separator=NAMED_SEPARATORS.get(options["separator"], ""),
            encoding=options["encoding"],
        )


def _customer(tenant: str, actor: Actor) -> Customer | None:
    found = find_customer(tenant, actor=actor)
    if tenant and found is None:
        raise CommandError(f"Unknown tenant: {tenant}.")
    return found


def _named_columns(run: Import, given: list[str]) -> dict[str, int]:
    columns = {}
    for text in given:
        name, _equals, header = text.partition("=")
        if name not in LABELS or header not in run.header:
            raise CommandError(
                f"--column {text}: the field is one of {', '.join(LABELS)} "
                f"({', '.join(REQUIRED)} have to be there), and the column one of "
                f"{', '.join(run.header)}."
            )
        columns[name] = run.header.index(header)
    return columns
