"""Jobs of the tests, which real workers import too."""

import os
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from portal.jobs.defining import GiveUp, JobContext, job

PATIENCE = 60  # seconds, for a machine that is busy
PAUSES = (timedelta(minutes=1), timedelta(minutes=10))


def write_line(file: str, line: str) -> None:
    with Path(file).open("a") as lines:
        lines.write(line + "\n")


@job("Write a line")
def write(context: JobContext, file: str, line: str) -> None:
    write_line(file, f"{line} {os.getpid()}")


@job("Wait for a file")
def hold(context: JobContext, began: str, release: str) -> None:
    """Tell that it began, and go on when the other file is there."""
    context.progress(1, 2)
    write_line(began, str(os.getpid()))
    deadline = monotonic() + PATIENCE
    while not Path(release).exists() and monotonic() < deadline:
        sleep(0.01)


@job("Fail", pauses=PAUSES)
def fail(context: JobContext, token: str = "") -> None:
    raise LookupError(f"as expected {token}".strip())


@job("Give up", pauses=PAUSES)
def give_up(context: JobContext) -> None:
    raise GiveUp("It makes no sense.")


@job("Fail without words", pauses=())
def fail_without_words(context: JobContext) -> None:
    raise LookupError


@job("Hang", pauses=PAUSES, limit=timedelta(seconds=0.1))
def hang(context: JobContext, began: str) -> None:
    """Once; the second attempt does well."""
    write_line(began, str(os.getpid()))
    while context.attempt == 1:
        sleep(PATIENCE)


@job("Do nothing")
def nothing(context: JobContext) -> None:
    """What is left is the queue's own work."""
