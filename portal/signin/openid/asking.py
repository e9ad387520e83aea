"""Requests to the provider that end in time, and answers that end at all.

`requests` itself waits anew for every byte, and reads as long as there is something.
"""

import socket
from contextlib import closing
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from portal.foundation.deadlines import Deadline
from portal.foundation.posting import resolve

LONGEST_ANSWER = 1_000_000  # bytes; published keys, the longest, have some 20,000
PIECE = 16_384


class TooLong(requests.RequestException, ValueError):
    """The answer is longer than any that makes sense."""


class BoundedAdapter(HTTPAdapter):
    """One request: connected, sent and answered within `deadline`.

    Raises requests.Timeout when that is over, TooLong when the answer has no end.
    """

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._deadline)
        return pool

    def send(self, *args: Any, **options: Any) -> requests.Response:
        bounded = {**options, "stream": True, "timeout": self._deadline.left}
        try:
            answer = super().send(*args, **bounded)
            answer.raw = BytesIO(_whole(answer.raw))
        except (requests.RequestException, HTTPError, OSError) as error:
            if self._deadline.is_over:
                raise requests.Timeout from error
            if isinstance(error, requests.RequestException):
                raise
            raise requests.ConnectionError from error
        if self._deadline.is_over:  # cut off, where only its end tells its length
            raise requests.Timeout
        return answer


def _watched(kind: type[Any], deadline: Deadline) -> type[Any]:
    """The same kind of connection, which the deadline makes and cuts."""

    def connect(self: Any) -> socket.socket:
        addresses = deadline.result_of(resolve, self.host, self.port)
        return deadline.connect(addresses, self.port)

    return type(kind.__name__, (kind,), {"_new_conn": connect})


def _whole(raw: Any) -> bytes:
    text = b""
    with closing(raw):
        for piece in raw.stream(PIECE, decode_content=True):
            text += piece
            if len(text) > LONGEST_ANSWER:
                raise TooLong
    return text


def within(session: requests.Session, deadline: Deadline) -> None:
    """Let the next request of this session end in time."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, BoundedAdapter(deadline))
