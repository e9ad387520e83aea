"""A worker: takes jobs up one by one, and says all the time that it lives."""

import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import NoReturn

from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    connections,
)
from django.db.models.functions import Now

from . import running, schedule
from .models import Job, Worker

log = logging.getLogger(__name__)

BEATS = 4  # within one lease
HUNG = 70  # exit status of a worker whose job has hung


def new_name() -> str:
    """Whose it is, for a person who looks for the process; never used twice."""
    host = socket.gethostname()[:30]
    return f"{host}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


@contextmanager
def registered(name: str, in_hand: Callable[[], Job | None]) -> Iterator[None]:
    """Known to the others as alive, until this ends or the process dies."""
    Worker.objects.create(pk=name)
    ended = Event()
    heart = Thread(target=_beat, args=[name, ended, in_hand], daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
        with suppress(DatabaseError):
            Worker.objects.filter(pk=name).delete()


def _beat(name: str, ended: Event, in_hand: Callable[[], Job | None]) -> None:
    while not ended.wait(settings.JOB_LEASE.total_seconds() / BEATS):
        job = in_hand()
        if job is not None and job.has_hung:
            _end_with(job, name)
        try:
            if not Worker.objects.filter(pk=name).update(seen_at=Now()):
                Worker.objects.create(pk=name)  # it was believed dead
        except DatabaseError as error:
            log.warning("Worker %s cannot say that it lives: %s", name, error)
        finally:
            connection.close()


def _end_with(job: Job, name: str) -> NoReturn:
    """Nothing but its process's end stops a function that hangs."""
    log.error("%s %s has hung. Worker %s ends.", job.task_path, job.pk, name)
    try:
        running.note_hung(job)
        Worker.objects.filter(pk=name).delete()
    finally:  # others take it back where the database did not answer
        os._exit(HUNG)


class Work:
    """The loop of one worker. `stop` lets it finish the job that it has, and end."""

    def __init__(self, *, interval: float = 1, until_empty: bool = False) -> None:
        self.interval = interval
        self.until_empty = until_empty
        self.is_stopped = False
        self.job: Job | None = None
        self._looked_after = -float("inf")

    def stop(self) -> None:
        self.is_stopped = True

    def run(self) -> None:
        """Goes on after the database was away, as a new worker.

        The job that the old one had is taken up again.
        """
        while not self.is_stopped:
            name = new_name()
            try:
                with registered(name, lambda: self.job):
                    self._work(name)
            except (OperationalError, InterfaceError) as error:
                log.warning("The database does not answer: %s", error)
                connections.close_all()
                time.sleep(self.interval)

    def _work(self, name: str) -> None:
        was_busy = False
        while not self.is_stopped:
            self._look_after()
            job = running.take_next(name, looks_first=not was_busy)
            was_busy = job is not None
            if job is not None:
                log.info("%s %s, attempt %s", job.task_path, job.pk, job.attempt)
                self.job = job
                running.run(job)
                self.job = None
            elif self.until_empty:
                self.stop()
            else:
                time.sleep(self.interval)

    def _look_after(self) -> None:
        """Every worker does it now and then: none is more important than another."""
        now = time.monotonic()
        if now - self._looked_after >= settings.JOB_LEASE.total_seconds() / BEATS:
            self._looked_after = now
            close_old_connections()  # not for each job: SQLite would write its log back
            schedule.enqueue_due()
            running.take_back_lost()
