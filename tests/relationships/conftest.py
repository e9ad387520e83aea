from collections.abc import Callable, Iterator

import pytest

from ..jobs.mail_server import MailServer
from ..jobs.web_server import WebServer


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    """Where e-mail goes to; it is down until it is started."""
    server = MailServer()
    settings.EMAIL_BACKEND = "portal.foundation.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_TIMEOUT = 30
    yield server
    server.stop()


@pytest.fixture
def running_server(server: MailServer) -> MailServer:
    server.start()
    return server


@pytest.fixture
def serve() -> Iterator[Callable[..., WebServer]]:
    """Starts a web server that gives these answers."""
    servers: list[WebServer] = []

    def start(*answers: object) -> WebServer:
        servers.append(WebServer(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def webhooks_to_this_machine(settings) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    settings.WEBHOOK_SECONDS = 30
