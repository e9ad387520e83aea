"""What the benchmarks share: a database of its own, a seeded portal, times, a table.

Each module here measures one thing by its `main`, and prints ratios: those stay the
same where seconds depend on the machine.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import django


def begin() -> None:
    """The portal's settings, for a module that is run by itself."""
    os.environ.setdefault("DEBUG", "on")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as their widest cell; floats with two digits."""
    cells = [list(heads), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    say(f"\n{title}")
    for row in cells:
        first, *others = zip(row, widths, strict=True)
        line = [first[0].ljust(first[1])]
        say("  ".join(line + [cell.rjust(width) for cell, width in others]).rstrip())


def _text(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def timed(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def usual_time(run: Callable[[], Any], times: int = 5) -> float:
    """The median, after a first time that does not count."""
    run()
    return median(timed(run) for _time in range(times))


def peak_megabytes() -> float:
    """The most memory that this process has ever had. `getrusage` also counts that of
    the process which started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def database() -> Iterator[None]:
    """Empty, beside the one of `DATABASE_URL`, and dropped at the end.

    The one that `BENCHMARK_DATABASE` names (on SQLite a file) stays as it is filled:
    the next benchmark finds it so.
    """
    from django.db import connection

    old, kept = connection.settings_dict["NAME"], os.environ.get("BENCHMARK_DATABASE")
    with tempfile.TemporaryDirectory() as folder:
        if kept or connection.vendor == "sqlite":
            file = Path(folder, "benchmark.sqlite3")
            connection.settings_dict["TEST"]["NAME"] = kept or str(file)
        connection.creation.create_test_db(
            verbosity=0, autoclobber=True, serialize=False, keepdb=bool(kept)
        )
        try:
            yield
        finally:
            connection.creation.destroy_test_db(old, verbosity=0, keepdb=bool(kept))


def seed(customers: int, subscriptions: int) -> float:
    """Fill, or go on filling in the same proportion; the seconds that it took."""
    from portal.demo.benchmark.filling import Size, fill
    from portal.foundation import clock

    size = Size(customers, subscriptions)
    return timed(lambda: fill(size, clock.now(), lambda done, total: None))


def operators_client() -> Any:
    """A browser in which the operator has signed in."""
    from django.conf import settings
    from django.test import Client

    from portal.accounts.models import User

    settings.WHITENOISE_AUTOREFRESH = True  # nobody has collected static files
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(is_superuser=True))
    return client
