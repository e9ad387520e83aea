"""A worker: takes jobs up one by one, and says all the time that it lives."""

import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

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
from .models import Worker

log = logging.getLogger(__name__)

BEATS = 4  # within one lease


def new_name() -> str:
    """Whose it is, for a person who looks for the process; never used twice."""
    host = socket.gethostname()[:30]
    return f"{host}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


@contextmanager
def registered(name: str) -> Iterator[None]:
    """Known to the others as alive, until this ends or the process dies."""
    Worker.objects.create(pk=name)
    ended = Event()
    heart = Thread(target=_beat, args=[name, ended], daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()
        with suppress(DatabaseError):
            Worker.objects.filter(pk=name).delete()


def _beat(name: str, ended: Event) -> None:
    while not ended.wait(settings.JOB_LEASE.total_seconds() / BEATS):
        try:
            if not Worker.objects.filter(pk=name).update(seen_at=Now()):
                Worker.objects.create(pk=name)  # it was believed dead
        except DatabaseError as error:
            log.warning("Worker %s cannot say that it lives: %s", name, error)
        finally:
            connection.close()


class Work:
    """The loop of one worker. `stop` lets it finish the job that it has, and end."""

    def __init__(self, *, interval: float = 1, until_empty: bool = False) -> None:
        self.interval = interval
        self.until_empty = until_empty
        self.is_stopped = False
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
                with registered(name):
                    self._work(name)
            except (OperationalError, InterfaceError) as error:
                log.warning("The database does not answer: %s", error)
                connections.close_all()
                time.sleep(self.interval)

    def _work(self, name: str) -> None:
        while not self.is_stopped:
            close_old_connections()
            self._look_after()
            job = running.take_next(name)
            if job is not None:
                log.info("%s %s, attempt %s", job.task_path, job.pk, job.attempt)
                running.run(job)
            elif self.until_empty:
                self.stop()
            else:
                time.sleep(self.interval)

    def _look_after(self) -> None:
        """Every worker does it now and then: none is more important than another."""
        now = time.monotonic()
        if now - self._looked_after >= settings.JOB_LEASE.total_seconds() / BEATS:
            self._looked_after = now
            schedule.enqueue_due()
            running.take_back_lost()
