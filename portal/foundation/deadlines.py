"""An end for a whole exchange over the network, however slowly the other side talks.

A timeout of a socket begins anew with every byte; this one does not.
"""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread, Timer
from time import monotonic
from typing import Any, TypeVar

Found = TypeVar("Found")


class Deadline:
    """Cuts what it watches when the time is over, whatever is waited for then."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._end = seconds, monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        for connection in self._watched:
            connection.close()

    @property
    def left(self) -> float:
        return max(self._end - monotonic(), 0.001)

    @property
    def is_over(self) -> bool:
        return monotonic() >= self._end

    def result_of(self, run: Callable[..., Found], *given: Any) -> Found:
        """What it returns; TimeoutError when that takes too long.

        In a thread of its own, which is left behind then: a look-up of a name, for one,
        is ended by nobody.
        """
        found: Future[Found] = Future()

        def answer() -> None:
            try:
                found.set_result(run(*given))
            except Exception as error:
                found.set_exception(error)

        Thread(target=answer, daemon=True).start()
        return found.result(self.left)

    def connect(self, addresses: list[str], port: int) -> socket.socket:
        """To the first of these addresses that answers, all within the time."""
        failure = OSError("no address")
        for address in addresses:
            try:
                connection = socket.create_connection((address, port), self.left)
            except OSError as error:
                failure = error
            else:
                self._watch(connection)
                return connection
        raise failure

    def _watch(self, connection: socket.socket) -> None:
        """A second handle on it, since TLS takes the first one over."""
        self._watched.append(connection.dup())
        if self.is_over:
            connection.close()
            raise TimeoutError

    def _cut(self) -> None:
        for connection in self._watched:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
