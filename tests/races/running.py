"""Several people at the same instant, each on a database connection of their own."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections

from relationships.exceptions import TransitionNotAllowed

REFUSALS = (ValidationError, TransitionNotAllowed, IntegrityError)
PATIENCE = 20  # seconds, for a machine that is busy


def race(*contestants: Callable[[], Any]) -> list[Any]:
    """Start all at once; what each returned, or the refusal that it got.

    Anything else that is raised, such as a deadlock, is raised here.
    """
    barrier = Barrier(len(contestants), timeout=PATIENCE)

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return act()
        except REFUSALS as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(contestants)) as pool:
        return list(pool.map(run, contestants))


def refused(outcomes: Iterable[Any]) -> list[Exception]:
    return [outcome for outcome in outcomes if isinstance(outcome, REFUSALS)]


def succeeded(outcomes: Iterable[Any]) -> list[Any]:
    return [outcome for outcome in outcomes if not isinstance(outcome, REFUSALS)]


def codes(outcomes: Iterable[Any]) -> list[str]:
    """The rules' names of those that were refused."""
    return [refusal.code for refusal in refused(outcomes)]  # type: ignore[attr-defined]


def meanwhile(act: Callable[[], Any]) -> Future:
    """Start `act` on another connection, and return once it waits for a lock of ours.

    To be called inside a transaction; the future has its result, or its refusal.
    """
    waiting: list[int] = []

    def run() -> Any:
        try:
            connection.ensure_connection()
            waiting.append(connection.connection.info.backend_pid)
            return act()
        except REFUSALS as refusal:
            return refusal
        finally:
            connections.close_all()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(run)
    pool.shutdown(wait=False)
    deadline = monotonic() + PATIENCE
    while not (waiting and _is_blocked_by_us(waiting[0])):
        assert not future.done(), f"It did not wait: {future.result()!r}"
        assert monotonic() < deadline, "It neither waits nor ends."
        sleep(0.01)
    return future


def _is_blocked_by_us(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s))", [pid])
        return bool(cursor.fetchone()[0])
