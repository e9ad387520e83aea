"""An import of 100,000 rows, against django-import-export and a bare COPY.

    python -m tests.benchmarks.importing [ROWS]

on the database of `DATABASE_URL`, in a database of its own that is dropped at the end.
What counts for ours is everything: reading the file, preview, comparing, recording.
"""

import csv
import io
import os
import sys
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

CUSTOMERS = 1_000
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
PLAIN = "plain_subscription"
SAMPLE = 100  # django-import-export gets one row in so many: its time grows with them


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def timed(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@contextmanager
def database() -> Iterator[None]:
    from django.db import connection

    old = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        name = Path(tempfile.mkdtemp()) / "benchmark.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(name)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(old, verbosity=0)


def write_file(path: Path, tenants: list[Any], rows: int) -> None:
    with path.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(HEADER)
        for number in range(rows):
            writer.writerow(
                (
                    tenants[number % len(tenants)],
                    uuid.uuid4(),
                    f"Office 365 E{number % 40}",
                    number % 300 + 1,
                    "Active",
                    "P1Y",
                    "annual",
                    "2026-01-31",
                    f"2027-01-{number % 28 + 1:02d}",
                    "yes",
                    "",
                )
            )


# Ours


def ours(path: Path, actor: Any) -> Any:
    from subscriptions.services.importing.checking import check
    from subscriptions.services.importing.recording import record_rows, start
    from subscriptions.services.importing.uploading import choose_columns, upload

    with path.open("rb") as file:
        run = upload(file, path.name, actor=actor, channel="direct")
    choose_columns(run, actor=actor, columns=run.columns, day_first=False)
    check(run, actor=actor)
    start(run, actor=actor)
    return record_rows(run, actor=actor)


# The same rows by django-import-export, as its documentation has it


def by_import_export(path: Path) -> None:
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
            skip_unchanged = True

        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            instance.channel = "direct"

    data = tablib.Dataset().load(path.read_text(), "csv")
    for is_preview in (True, False):
        result = Resource().import_data(data, dry_run=is_preview, raise_errors=True)
        assert result.totals["new"] == len(data), result.totals


# A bare COPY of the rows that ours has recorded


def by_copy(table: str) -> float:
    """Out of the table as text, and in again: only the way in counts."""
    from django.db import connection

    content = io.BytesIO()
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY (SELECT * FROM subscriptions_subscription) TO STDOUT"
        ) as rows:
            for part in rows:
                content.write(part)
        if table == PLAIN:
            cursor.execute(f"CREATE TABLE {PLAIN} (LIKE subscriptions_subscription)")
    empty_tables()

    def copy() -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN") as into,
        ):
            into.write(content.getvalue())

    return timed(copy)


def empty_tables() -> None:
    """As before the first import."""
    from django.db import connection

    from portal.foundation import guards
    from subscriptions import models

    with guards.lifted():
        for model in (
            models.ImportRow,
            models.ImportChunk,
            models.ImportedObservation,
            models.Import,
            models.Subscription,
        ):
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {model._meta.db_table}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def peak_memory(path: Path, actor: Any) -> float:
    """Megabytes that Python held at most beside what it holds anyway."""
    tracemalloc.start()
    try:
        ours(path, actor)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def main(rows: int = 100_000) -> None:
    from django.db import connection

    from relationships.actors import Actor
    from tests.factories import CustomerFactory, UserFactory

    with database(), tempfile.TemporaryDirectory() as folder:
        actor = Actor.operator(UserFactory(is_staff=True, is_superuser=True))
        tenants = [CustomerFactory().tenant_id for _n in range(CUSTOMERS)]
        file, small = Path(folder, "list.csv"), Path(folder, "small.csv")
        write_file(file, tenants, rows)
        write_file(small, tenants, rows // 10)
        say(f"{rows} rows, {file.stat().st_size / 1e6:.1f} MB, {connection.vendor}")
        first = timed(lambda: ours(file, actor))
        say(f"ours, all new             {first:7.1f} s")
        again = timed(lambda: ours(file, actor))
        say(f"ours, all unchanged       {again:7.1f} s")
        if connection.vendor == "postgresql":
            for table, name in (
                ("subscriptions_subscription", "the guarded table"),
                (PLAIN, "a table without indexes and guards"),
            ):
                copied = by_copy(table)
                say(
                    f"COPY into {name}: {copied:.1f} s, ours {copied / first:.2f} of it"
                )
                if table != PLAIN:
                    continue
                with connection.cursor() as cursor:
                    cursor.execute(
                        f"INSERT INTO subscriptions_subscription SELECT * FROM {PLAIN}"
                    )
        empty_tables()
        least = peak_memory(small, actor)
        empty_tables()
        most = peak_memory(file, actor)
        say(
            f"peak memory               {least:7.1f} MB at {rows // 10} rows, "
            f"{most:.1f} MB at {rows}: {most / least:.2f} times"
        )
        empty_tables()
        sample = Path(folder, "sample.csv")
        write_file(sample, tenants, rows // SAMPLE)
        theirs = timed(lambda: by_import_export(sample)) * SAMPLE
        say(
            f"django-import-export      {theirs:7.1f} s (from {rows // SAMPLE} rows): "
            f"ours is {theirs / first:.1f} times as fast"
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("DEBUG", "on")
    django.setup()
    main(*map(int, sys.argv[1:]))
