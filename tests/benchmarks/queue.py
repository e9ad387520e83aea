"""The queue's throughput, against a bare loop over as many rows of the same database.

    python -m tests.benchmarks.queue [JOBS]

on the database of `DATABASE_URL`, in a database of its own that is dropped at the end.
The bare loop takes a row and marks it done, each in a transaction and in plain SQL:
what the queue needs more is attempts, reasons, leases, progress and arguments.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

JOBS = 1000
BARE = "bare_queue"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def rate(count: int, run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return count / (time.perf_counter() - began)


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


def enqueue(count: int) -> None:
    """In one transaction, as an import would."""
    from django.db import transaction

    from tests.jobs.examples import nothing

    with transaction.atomic():
        for _number in range(count):
            nothing.enqueue()


def by_workers(workers: int) -> float:
    """Jobs a second, from the first that was taken up to the last that was done."""
    from django.db import connection
    from django.db.models import Count, Max, Min

    from portal.jobs.models import Job
    from tests.jobs.workers import ROOT, database_url

    connection.close()
    command = [sys.executable, "manage.py", "work", "--until-empty"]
    environment = {**os.environ, "DEBUG": "on", "DATABASE_URL": database_url()}
    team = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        for _number in range(workers)
    ]
    for member in team:
        assert member.wait() == 0, "A worker has failed."
    done = Job.objects.successful().aggregate(
        count=Count("pk"), first=Min("started_at"), last=Max("finished_at")
    )
    Job.objects.all().delete()
    return float(done["count"] / (done["last"] - done["first"]).total_seconds())


def bare_loop(count: int) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {BARE} (id integer PRIMARY KEY, state text)")
        rows = [(number, "ready") for number in range(count)]
        cursor.executemany(f"INSERT INTO {BARE} VALUES (%s, %s)", rows)
        cursor.execute(f"CREATE INDEX {BARE}_ready ON {BARE} (state, id)")
    found = rate(count, _empty)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {BARE}")
    return found


def _empty() -> None:
    from django.db import connection, transaction

    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    take = f"SELECT id FROM {BARE} WHERE state = 'ready' ORDER BY id LIMIT 1{lock}"
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(take)
                row = cursor.fetchone()
                if row is None:
                    return
                _mark(cursor, row[0], "running")
            with transaction.atomic():
                _mark(cursor, row[0], "done")


def _mark(cursor: Any, id: int, state: str) -> None:
    cursor.execute(f"UPDATE {BARE} SET state = %s WHERE id = %s", [state, id])


def without_schedule() -> None:
    from portal.foundation import clock
    from portal.jobs.defining import registry
    from portal.jobs.models import Schedule

    later = clock.now() + timedelta(days=1)
    names = [name for name, task in registry.items() if task.every]
    Schedule.objects.bulk_create(Schedule(name, later) for name in names)


def main(count: int = JOBS) -> None:
    from django.db import connection

    with database():
        without_schedule()
        bare = bare_loop(count)
        say(f"{connection.vendor}, {count} jobs that do nothing, each a second:")
        say(f"  bare loop            {bare:8.0f}")
        enqueuing = rate(count, lambda: enqueue(count))
        say(f"  enqueued             {enqueuing:8.0f}  1 : {bare / enqueuing:.1f}")
        for workers in (1, 2):
            if workers > 1:
                enqueue(count)
            found = by_workers(workers)
            say(f"  done by {workers} worker(s)  {found:8.0f}  1 : {bare / found:.1f}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    main(*map(int, sys.argv[1:2]))
