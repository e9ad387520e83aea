"""All benchmarks, each in a process of its own: `python -m tests.benchmarks [NAME ...]`

On the database of `DATABASE_URL`; `make bench` gives it a PostgreSQL.
"""

import os
import subprocess
import sys
from pathlib import Path

SHARED = {"__init__", "__main__", "harness", "reports_by_hand"}


def names() -> list[str]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if file.stem not in SHARED]


def main(chosen: list[str]) -> int:
    failed = [name for name in chosen or names() if not succeeds(name)]
    if failed:
        sys.stdout.write(f"\nFailed: {', '.join(failed)}\n")
    return bool(failed)


def succeeds(name: str) -> bool:
    sys.stdout.write(f"\n== {name}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", f"{__package__}.{name}"]
    environment = {"DEBUG": "on", "EMAIL_URL": "memorymail://", **os.environ}
    return subprocess.call(command, env=environment) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
