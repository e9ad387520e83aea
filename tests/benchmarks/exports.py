"""A list as a file: the memory of ten thousand rows against that of a million.

    python -m tests.benchmarks.exports [ROWS]

The activity log, by the address that its list offers. Each file is read to its end in a
process of its own, so that the most memory it had can be told.
"""

import subprocess
import sys
from typing import Any

from . import harness

FEW = 10_000
LIST = "admin:relationships_activityrecord_"
PAGES = {"csv": "export", "xlsx": "export_xlsx"}
ROWS = """
INSERT INTO relationships_activityrecord (at, partner_id, customer_id, actor_id,
  actor_role, operation, resource_type, resource_id, old_value, new_value, reason,
  request_id)
SELECT at, partner_id, customer_id, actor_id, actor_role, operation, resource_type,
  resource_id, old_value, new_value, reason, request_id
FROM relationships_activityrecord ORDER BY id LIMIT %s
"""


def fill_to(rows: int) -> None:
    """The log's own lines once more, until there are so many."""
    from django.db import connection

    from relationships.models import ActivityRecord

    while (there := ActivityRecord.objects.count()) < rows:
        with connection.cursor() as cursor:
            cursor.execute(ROWS, [min(there, rows - there)])


def measured(kind: str, rows: int) -> list[str]:
    """Lines or bytes, seconds and megabytes, as the other process tells them."""
    from django.db import connection

    command = [sys.executable, "-m", __spec__.name, "read", kind]
    command += [str(connection.settings_dict["NAME"]), str(rows)]
    return subprocess.check_output(command, text=True).split()


def read(kind: str, database: str, rows: str) -> None:
    """Read one file to its end, and say how it was."""
    from django.db import connection
    from django.test.utils import setup_test_environment
    from django.urls import reverse

    connection.settings_dict["NAME"] = database
    setup_test_environment(debug=False)
    address = reverse(LIST + PAGES[kind])
    client: Any = harness.operators_client()
    size = 0

    def run() -> None:
        nonlocal size
        answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        for part in answer.streaming_content:
            size += len(part)

    seconds = harness.timed(run)
    harness.say(f"{size} {seconds:.1f} {harness.peak_megabytes():.0f}")


def main(many: int = 1_000_000) -> None:
    with harness.database():
        harness.seed(600, 3_000)
        results = []
        for rows in (FEW, many):
            fill_to(rows)
            for kind in PAGES:
                results.append([kind, rows, *measured(kind, rows)])
    harness.table(
        "The activity log as a file",
        ["", "rows", "bytes", "seconds", "MB at most"],
        sorted(results, key=lambda row: row[0]),
    )
    for kind in PAGES:
        least, most = (float(row[-1]) for row in results if row[0] == kind)
        harness.say(f"{kind}: {most / least:.2f} times the memory")


if __name__ == "__main__":
    harness.begin()
    if sys.argv[1:2] == ["read"]:
        read(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
