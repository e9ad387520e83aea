"""Threads with a database connection of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def in_a_thread(act: Callable[[], Any]) -> Any:
    """What `act` returns, done on another connection, which is closed again."""

    def run() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
