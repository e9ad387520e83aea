"""The faulty provider as a server on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .faulty import Faulty


class Listening:
    """Serves a Faulty on a free port of loopback, as a context manager."""

    def __init__(self) -> None:
        self.server = Server()
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def __enter__(self) -> Faulty:
        self.thread.start()
        return self.server.provider

    def __exit__(self, *error: object) -> None:
        self.server.provider.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.provider = Faulty()
        self.provider.base = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    @property
    def provider(self) -> Faulty:
        return self.server.provider

    def do_GET(self) -> None:
        self._answer("GET", {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        form = dict(parse_qsl(self.rfile.read(length).decode()))
        if not self.provider.knows(self.headers.get("Authorization"), form):
            self._send(401, {"error": "invalid_client"})
            return
        self._answer("POST", form)

    def _answer(self, method: str, form: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        status, content = self.provider.answer(method, path, form)
        if isinstance(content, Iterator):
            self._pour(content)
        else:
            self._send(status, content)

    def _pour(self, pieces: Iterator[bytes]) -> None:
        with suppress(ConnectionError):  # the portal has stopped waiting
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()

    def _send(self, status: int, content: Any) -> None:
        is_raw = isinstance(content, bytes)
        body = content if is_raw else json.dumps(content).encode()
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", f"{self.provider.base}/elsewhere")
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Tests print nothing."""
