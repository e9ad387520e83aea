"""Real worker processes on the database of the test."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic, sleep
from typing import Any

from django.db import connection

from portal.jobs.models import Job

from .examples import PATIENCE

ROOT = Path(__file__).resolve().parent.parent.parent
LEASE = 1.0  # seconds


def database_url() -> str:
    """Of the database of the tests, which is not the one of the settings."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", os.environ["DATABASE_URL"], count=1)


def eventually(condition: Callable[[], Any]) -> Any:
    """What the condition returns, once that is true."""
    deadline = monotonic() + PATIENCE
    while not (result := condition()):
        assert monotonic() < deadline, "It did not happen."
        sleep(0.01)
    return result


def jobs_are_over() -> bool:
    return not Job.objects.unfinished().exists()


WORK = [sys.executable, "manage.py", "work", "--interval", "0.05"]


def started(log: Path, command: list[str], **environment: str) -> subprocess.Popen:
    """A process that works on the database of the test."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                "DEBUG": "on",
                "DATABASE_URL": database_url(),
                "JOB_LEASE_SECONDS": str(LEASE),
                **environment,
            },
            stdout=output,
            stderr=output,
        )


class WorkerProcess:
    def __init__(self, log: Path, **environment: str) -> None:
        self.process = started(log, WORK, **environment)

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """As the kernel does when memory is short: no line of it runs any more."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def kill_when(self, event: Event) -> None:
        assert event.wait(PATIENCE), "It did not happen."
        self.kill()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """Its exit status, once it has ended by itself."""
        return self.process.wait(PATIENCE)


class Team:
    """Starts workers; all of them are gone when the test is over."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "workers.log"
        self.members: list[WorkerProcess] = []

    def start(self, **environment: str) -> WorkerProcess:
        self.members.append(WorkerProcess(self.log, **environment))
        return self.members[-1]


@contextmanager
def team(folder: Path) -> Iterator[Team]:
    workers = Team(folder)
    try:
        yield workers
    finally:
        for member in workers.members:
            member.kill()
