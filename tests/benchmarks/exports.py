"""Lists and a report as files: the memory of few rows against that of a million.

    python -m tests.benchmarks.exports [ROWS [FEW]]

The activity log, the list of existing subscriptions and the report with a row for each
relationship, by the addresses that their pages offer. Each file is read to its end in a
process of its own, so that the most memory it had can be told.
"""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from . import harness

FEW = 100_000
KINDS = {"csv": "export", "xlsx": "export_xlsx"}
# What a row gets that is there once more, where it cannot have the same.
NEW_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
NEW_NAME = {"postgresql": "gen_random_uuid()::text", "sqlite": NEW_ID["sqlite"]}
OTHERWISE: dict[str, dict[str, Any]] = {
    "ActivityRecord": {},
    "ExistingSubscription": {"id": NEW_ID, "external_id": NEW_NAME},
    "ResellerRelationship": {
        "id": NEW_ID,
        "invitation_id": "NULL",
        "origin": "'provisioned'",
        "ended_at": "established_at",
    },
}


@dataclass(frozen=True)
class Source:
    """What a file is made of: the rows of a model, behind a list or a report."""

    name: str
    app: str
    model: str
    report: str = ""

    def address(self, kind: str) -> str:
        from django.urls import reverse

        if self.report:
            return reverse("admin:report-export", args=[self.report, kind])
        return reverse(f"admin:{self.app}_{self.model.lower()}_{KINDS[kind]}")

    def rows(self) -> Any:
        """As they are listed. Of observations only those that stand alone."""
        from django.apps import apps

        rows = apps.get_model(self.app, self.model).objects.all()
        if self.model == "ExistingSubscription":
            return rows.current().filter(supersedes=None)
        return rows

    def fill_to(self, count: int) -> None:
        """Its own rows once more, until there are so many."""
        while (there := self.rows().count()) < count:
            self._repeat(min(there, count - there))

    def _repeat(self, count: int) -> None:
        from django.db import connection

        rows = self.rows().order_by("pk")[:count]
        names = [field.column for field in rows.model._meta.concrete_fields]
        if rows.model._meta.auto_field:
            names.remove("id")
        given = OTHERWISE[self.model]
        found, values = rows.values("pk").query.sql_with_params()
        table = rows.model._meta.db_table
        chosen = ", ".join(_value(given.get(name, name), connection) for name in names)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} "
                f"FROM {table} WHERE id IN ({found})",
                values,
            )


def _value(given: Any, connection: Any) -> str:
    return given[connection.vendor] if isinstance(given, dict) else given


SOURCES = {
    source.name: source
    for source in (
        Source("activity log", "relationships", "ActivityRecord"),
        Source("existing subscriptions", "subscriptions", "ExistingSubscription"),
        Source(
            "integrity report", "relationships", "ResellerRelationship", "integrity"
        ),
    )
}


def measured(source: str, kind: str) -> list[str]:
    """Megabytes, seconds and megabytes of memory, as the other process tells them."""
    from django.db import connection

    command = [sys.executable, "-m", __spec__.name, "read", source, kind]
    command.append(str(connection.settings_dict["NAME"]))
    return subprocess.check_output(command, text=True).split()


def read(source: str, kind: str, database: str) -> None:
    """Read one file to its end, and say how it was."""
    from django.db import connection
    from django.test.utils import setup_test_environment

    connection.settings_dict["NAME"] = database
    setup_test_environment(debug=False)
    client: Any = harness.operators_client()
    address, size = SOURCES[source].address(kind), 0

    def run() -> None:
        nonlocal size
        answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        for part in answer.streaming_content:
            size += len(part)

    seconds = harness.timed(run)
    harness.say(f"{size / 1e6:.0f} {seconds:.1f} {harness.peak_megabytes():.0f}")


def main(many: int = 1_000_000, few: int = FEW) -> None:
    results: list[list[Any]] = []
    with harness.database():
        harness.seed(600, 3_000)
        for rows in (few, many):
            for name, source in SOURCES.items():
                source.fill_to(rows)
                results += [[name, kind, rows, *measured(name, kind)] for kind in KINDS]
    results.sort(key=lambda row: row[:2])
    harness.table(
        "Files",
        ["", "", "rows", "MB", "seconds", "memory, MB at most"],
        results,
    )
    for before, after in zip(results[::2], results[1::2], strict=True):
        ratio = float(after[-1]) / float(before[-1])
        harness.say(f"{after[0]}, {after[1]}: {ratio:.2f} times the memory")


if __name__ == "__main__":
    harness.begin()
    if sys.argv[1:2] == ["read"]:
        read(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
