"""An import of 100,000 rows, against django-import-export and a bare COPY.

    python -m tests.benchmarks.importing [ROWS [ROUNDS]]

What counts for ours is everything: reading the file, comparing, the preview's rows,
recording, the log. A bare COPY has none of that: it takes the finished rows, as text
that PostgreSQL wrote itself, into the very table, with its indexes, constraints and
guards; the same into a table without any of these is told beside it. Ours and COPY take
turns, each into empty tables, and the median counts.

django-import-export takes the first rows of the same file into the same table, preview
included: once as its documentation begins, row by row, and once as fast as its options
make it. What is compared is its time per row.

Beside seconds there is what the processors spent, ours and the database's together (on
Linux, where it runs beside): a busy machine changes that less.
"""

import csv
import io
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from . import harness

CUSTOMERS = 1_000
# What django-import-export is set to, and how many rows it takes over then.
THEIRS: dict[str, tuple[int, dict[str, Any]]] = {
    "row by row": (1_000, {}),
    "in bulk": (
        5_000,
        {
            "use_bulk": True,
            "batch_size": 1_000,
            "skip_diff": True,
            "skip_html_diff": True,
        },
    ),
}
HEADER = (
    "Microsoft ID",
    "Subscription ID",
    "Product name",
    "Quantity",
    "Status",
    "Term",
    "Billing plan",
    "Start date",
    "End date",
    "Auto renew",
    "Reseller",
)
TABLE, PLAIN = "subscriptions_subscription", "plain_subscription"


@dataclass
class Cost:
    seconds: float
    busy: float  # seconds of the processors

    def of(self, other: "Cost") -> list[float]:
        """This as a part of the other."""
        busy = self.busy / other.busy if other.busy else 0.0
        return [self.seconds / other.seconds, busy]


def measured(run: Callable[[], Any]) -> Cost:
    began, spent = time.perf_counter(), _busy()
    run()
    return Cost(time.perf_counter() - began, _busy() - spent)


def _busy() -> float:
    return time.process_time() + _busy_in_the_database()


def _busy_in_the_database() -> float:
    from django.db import connection

    if connection.vendor == "sqlite":
        return 0.0
    connection.ensure_connection()
    file = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    if not file.exists():
        return 0.0
    fields = file.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def usual(costs: list[Cost]) -> Cost:
    return Cost(median(c.seconds for c in costs), median(c.busy for c in costs))


def write_file(path: Path, tenants: list[Any], rows: int, *, more: int = 0) -> Path:
    """The same rows each time; every tenth says other seats when `more` are given."""
    with path.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(HEADER)
        for number in range(rows):
            seats = number % 300 + 1
            writer.writerow(
                (
                    tenants[number % len(tenants)],
                    uuid.uuid5(uuid.NAMESPACE_OID, str(number)),
                    f"Office 365 E{number % 40}",
                    seats if number % 10 else seats + more,
                    "Active",
                    "P1Y",
                    "annual",
                    "2026-01-31",
                    f"2027-01-{number % 28 + 1:02d}",
                    "yes",
                    "",
                )
            )
    return path


# Ours


class Ours:
    """An import, step by step."""

    def __init__(self, path: Path, actor: Any) -> None:
        self.path, self.actor, self.run = path, actor, None

    def read(self) -> None:
        from subscriptions.services.importing.uploading import upload

        with self.path.open("rb") as file:
            self.run = upload(file, "list.csv", actor=self.actor, channel="direct")

    def preview(self) -> None:
        from subscriptions.services.importing.checking import check
        from subscriptions.services.importing.uploading import choose_columns

        run: Any = self.run
        choose_columns(run, actor=self.actor, columns=run.columns, day_first=False)
        self.run = check(run, actor=self.actor)

    def record(self) -> None:
        from subscriptions.services.importing.recording import record_rows, start

        run: Any = self.run
        start(run, actor=self.actor)
        self.run = record_rows(run, actor=self.actor)

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        return {
            "reading the file": self.read,
            "preview": self.preview,
            "recording": self.record,
        }


def ours(path: Path, actor: Any) -> dict[str, int]:
    """What came of the rows."""
    made: Any = Ours(path, actor)
    for step in made.steps.values():
        step()
    return dict(made.run.counts)


# The same rows by django-import-export, as its documentation has it


def by_import_export(path: Path, options: dict[str, Any]) -> None:
    """Into the very table, with the guards on; found again by what names a row."""
    import tablib
    from import_export import fields, resources, widgets

    from relationships.models import Customer
    from subscriptions.models import Subscription

    class Resource(resources.ModelResource):
        customer = fields.Field(
            "customer",
            "Microsoft ID",
            widget=widgets.ForeignKeyWidget(Customer, "tenant_id"),
        )
        external_id = fields.Field("external_id", "Subscription ID")
        product_name = fields.Field("product_name", "Product name")
        quantity = fields.Field("quantity", "Quantity", widget=widgets.IntegerWidget())
        term = fields.Field("term", "Term")
        billing_plan = fields.Field("billing_plan", "Billing plan")
        started_at = fields.Field(
            "started_at", "Start date", widget=widgets.DateTimeWidget("%Y-%m-%d")
        )
        commitment_ends_at = fields.Field(
            "commitment_ends_at", "End date", widget=widgets.DateTimeWidget("%Y-%m-%d")
        )

        class Meta:
            model = Subscription
            import_id_fields = ("customer", "external_id")
            fields = (
                *("customer", "external_id", "product_name", "quantity", "term"),
                *("billing_plan", "started_at", "commitment_ends_at"),
            )
            skip_unchanged = "skip_diff" not in options

        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            instance.channel = "direct"

    for name, value in options.items():
        setattr(Resource._meta, name, value)
    data = tablib.Dataset().load(path.read_text(), "csv")
    for is_preview in (True, False):
        result = Resource().import_data(data, dry_run=is_preview, raise_errors=True)
        assert result.totals["new"] == len(data), result.totals


# A bare COPY of the rows that ours has recorded


def copied_out() -> bytes:
    from django.db import connection

    content = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT * FROM {TABLE}) TO STDOUT") as rows,
    ):
        for part in rows:
            content.write(part)
    return content.getvalue()


def copied_in(content: bytes, table: str) -> Cost:
    from django.db import connection

    def copy() -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN") as into,
        ):
            into.write(content)

    return measured(copy)


def empty_tables() -> None:
    """As before the first import."""
    from django.db import connection

    from portal.foundation import guards
    from subscriptions import models

    names = [
        model._meta.db_table
        for model in (
            models.ImportRow,
            models.ImportChunk,
            models.ImportedObservation,
            models.Import,
            models.Subscription,
        )
    ]
    with guards.lifted(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
        else:
            for name in names:
                cursor.execute(f"DELETE FROM {name}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


# What is told


def against_copy(file: Path, actor: Any, rounds: int) -> Cost:
    """Ours and a COPY in turns; on SQLite, which has none, ours alone."""
    from django.db import connection

    first: list[Cost] = []
    copied: list[Cost] = []
    content = b""
    for _round in range(rounds):
        empty_tables()
        first.append(measured(lambda: ours(file, actor)))
        if connection.vendor == "postgresql":
            content = content or copied_out()
            empty_tables()
            copied.append(copied_in(content, TABLE))
    if copied:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {PLAIN} (LIKE {TABLE})")
        plain = copied_in(content, PLAIN)
        say("all rows new", usual(first))
        say("a bare COPY of them", usual(copied))
        say("a COPY without indexes and guards", plain)
        tell_ratio("COPY to ours, in turns", usual(copied).of(usual(first)))
        tell_ratio("COPY without indexes and guards to ours", plain.of(usual(first)))
    else:
        say("all rows new", usual(first))
    return usual(first)


def against_import_export(
    part: Path, how: str, count: int, options: dict[str, Any], ours_per_row: Cost
) -> None:
    empty_tables()
    cost = measured(lambda: by_import_export(part, options))
    say(f"django-import-export {how}, {count} rows", cost)
    per_row = Cost(cost.seconds / count, cost.busy / count)
    tell_ratio("  its time per row to ours", per_row.of(ours_per_row))


def say(what: str, cost: Cost) -> None:
    harness.say(f"{what:45} {cost.seconds:7.1f} s, processors {cost.busy:7.1f} s")


def tell_ratio(what: str, ratios: list[float]) -> None:
    harness.say(f"{what:45} {ratios[0]:7.2f}  , processors {ratios[1]:7.2f}")


def in_a_process_of_its_own(file: Path) -> float:
    """How many megabytes a process grows at most that imports nothing but this."""
    from django.db import connection

    empty_tables()
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", __spec__.name, "memory", name, str(file)]
    return float(subprocess.check_output(command, text=True))


def memory(database: str, file: str) -> None:
    from django.db import connection

    from portal.accounts.models import User
    from relationships.actors import Actor

    connection.settings_dict["NAME"] = database
    actor = Actor.operator(User.objects.get(is_superuser=True))
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak until now
    before = _megabytes("VmRSS")
    counts = ours(Path(file), actor)
    assert counts.keys() == {"new"}, counts
    harness.say(f"{_megabytes('VmHWM') - before:.1f}")


def _megabytes(name: str) -> float:
    """What Linux tells of this process."""
    told = dict(
        line.split(":", 1)
        for line in Path("/proc/self/status").read_text().splitlines()
    )
    return int(told[name].split()[0]) / 1024


def main(rows: int = 100_000, rounds: int = 3) -> None:
    from django.db import connection

    from relationships.actors import Actor
    from tests.factories import CustomerFactory, UserFactory

    with harness.database(), tempfile.TemporaryDirectory() as folder:
        actor = Actor.operator(UserFactory(is_staff=True, is_superuser=True))
        tenants = [CustomerFactory().tenant_id for _n in range(CUSTOMERS)]
        place = Path(folder)
        file = write_file(place / "list.csv", tenants, rows)
        size = file.stat().st_size / 1e6
        harness.say(f"{rows} rows, {size:.1f} MB, {connection.vendor}")
        first = against_copy(file, actor, rounds)
        empty_tables()
        for name, step in Ours(file, actor).steps.items():
            say(f"  {name}", measured(step))
        say("the same file again, nothing new", measured(lambda: ours(file, actor)))
        other = write_file(place / "other.csv", tenants, rows, more=1)
        say("a tenth of the rows supersede", measured(lambda: ours(other, actor)))
        few = write_file(place / "few.csv", tenants, rows // 10)
        least, most = in_a_process_of_its_own(few), in_a_process_of_its_own(file)
        harness.say(
            f"memory beside what a process has anyway: {least:.1f} MB at {rows // 10} "
            f"rows, {most:.1f} MB at {rows}: {most / least:.2f} times"
        )
        per_row = Cost(first.seconds / rows, first.busy / rows)
        for how, (most_rows, options) in THEIRS.items():
            count = min(most_rows, rows)
            part = write_file(place / "part.csv", tenants, count)
            against_import_export(part, how, count, options, per_row)


if __name__ == "__main__":
    harness.begin()
    if sys.argv[1:2] == ["memory"]:
        memory(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
