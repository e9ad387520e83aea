"""A web server on this machine that answers as it is told to."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

DRIP = 0.05  # seconds between two bytes of a slow answer


class WebServer:
    """`answers` in their order, the last one for ever: a status, bytes or a function.

    `requests` has what came: path, headers (lower case) and body.
    """

    def __init__(self, *answers: Any, context: SSLContext | None = None) -> None:
        self.answers = list(answers) or [200]
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.came, self.ended = threading.Event(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_args: None  # type: ignore[method-assign]
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=[0.01], daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/events") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler: Any) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((handler.path, headers, body))
        self.came.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer(self, handler)
        elif isinstance(answer, bytes):
            handler.wfile.write(answer)
        else:
            handler.send_response(answer)
            handler.end_headers()
            handler.wfile.write(b"said so")


def _handler_of(server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.answer(self)

        def log_message(self, *args: Any) -> None:
            """Not on the console of the tests."""

    return Handler


def says_nothing(server: WebServer, handler: Any) -> None:
    server.ended.wait()


def drips_head(server: WebServer, handler: Any) -> None:
    """A byte of the first line now and then, and never the end of it."""
    handler.wfile.write(b"HTTP/1.")
    while not server.ended.wait(DRIP):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def drips_text(server: WebServer, handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 202 Accepted\r\n\r\n")
    while not server.ended.wait(DRIP):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def redirects_to(address: str) -> Any:
    def redirect(server: WebServer, handler: Any) -> None:
        handler.send_response(307)
        handler.send_header("Location", address)
        handler.end_headers()

    return redirect
