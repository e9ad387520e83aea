"""What log lines hide, in the lines that the server and Django really write."""

import io
import logging
import logging.config
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.core.servers.basehttp import WSGIRequestHandler
from gunicorn.config import Config

from portal.foundation.logs import HIDDEN, redact, without_addresses
from portal.foundation.server_log import RedactingLogger
from tests.public.visitor import Visitor

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "Zm9vYmFyLWJhei1xdXV4-_0123456789abcdefgh"
assert len(TOKEN) == 40


@pytest.mark.parametrize(
    "line",
    [
        '"GET /invitations/{} HTTP/1.1" 200',
        '"GET /invitations/{}/accept/ HTTP/1.1" 302',
        "Not Found: /partners/{}/",
        "Forbidden (CSRF cookie not set.): /invitations/{}/sign-in/",
        '"GET /sign-in/?next=%2Finvitations%2F{}%2F HTTP/1.1" 200',
        '"GET /sign-in/?next=%252finvitations%252f{}%252f HTTP/1.1" 200',
        '"GET /password/new/MQ/{}/ HTTP/1.1" 302',
        '"GET /password/new/{}/set-password/ HTTP/1.1" 200',
        '"GET /openid/callback/?code={}&state=x HTTP/1.1" 302',
        '"GET /openid/callback/?state=x&code={} HTTP/1.1" 302',
        "https://login.example/token?client_secret={}&a=b failed",
        "POST data: {{'password': '{}', 'a': 'b'}}",
        'answer: {{"id_token": "{}"}}',
        "Authorization: Bearer {}",
        "Cookie: sessionid={}; csrftoken=x",
        'Referer "https://portal.example/invitations/{}/"',
    ],
)
def test_token_is_hidden_wherever_it_stands(line):
    hidden = redact(line.format(TOKEN))
    assert TOKEN not in hidden
    assert HIDDEN in hidden
    assert redact(hidden) == hidden


@pytest.mark.parametrize(
    "line",
    [
        '"GET /admin/relationships/invitation/0b0e1d3e/change/ HTTP/1.1" 200 1234',
        '"GET /my/?page=2 HTTP/1.1" 200',
        "E-mail 12 was refused: SMTPServerDisconnected",
        "Watching: 3 codes left, state of play",
    ],
)
def test_line_without_a_secret_stays_as_it_is(line):
    assert redact(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "550 5.1.1 <{}>: Recipient address rejected",
        "Key (lower(recipient_email::text))=({}) already exists.",
        "{{'{}': (550, b'no')}}",
        "mailto:{}",
        "{}",
    ],
)
@pytest.mark.parametrize("address", ["ann@contoso.example", '"ann b"@x', "ä+b@[::1]"])
def test_address_is_hidden_wherever_it_stands(line, address):
    hidden = without_addresses(line.format(address))
    assert "ann" not in hidden
    assert "@" not in hidden
    assert HIDDEN in hidden


def test_line_without_an_address_stays_as_it_is():
    line = "@transaction.atomic, 2 @ 5, <Job object at 0x7f>"
    assert without_addresses(line) == line


@pytest.fixture
def written():
    """What the portal's own logging writes, as settings set it up."""
    stream = io.StringIO()
    before = logging.root.handlers[:]
    logging.config.dictConfig(settings.LOGGING)
    for handler in logging.root.handlers + logging.getLogger("django.server").handlers:
        if type(handler) is logging.StreamHandler:
            handler.setStream(stream)
    yield stream
    logging.root.handlers[:] = before


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["invitations", "partners"])
def test_lines_of_django_hide_links(written, kind):
    Visitor().get(f"/{kind}/{TOKEN}/")
    Visitor().post(f"/{kind}/{TOKEN}/sign-in/")
    text = written.getvalue()
    assert f"Not Found: /{kind}/{HIDDEN}/" in text
    assert f"Forbidden (CSRF cookie not set.): /{kind}/{HIDDEN}/sign-in/" in text
    assert TOKEN not in text


def test_lines_of_the_development_server_hide_links_once(written):
    handler = WSGIRequestHandler.__new__(WSGIRequestHandler)
    handler.request = None
    handler.log_message('"%s" %s %s', f"GET /invitations/{TOKEN}/ HTTP/1.1", "200", "9")
    lines = [line for line in written.getvalue().splitlines() if "GET" in line]
    assert len(lines) == 1
    assert f'"GET /invitations/{HIDDEN}/ HTTP/1.1" 200 9' in lines[0]


def test_traceback_hides_links_too(written):
    try:
        raise ValueError(f"cannot read /invitations/{TOKEN}/")
    except ValueError:
        logging.getLogger("portal.anything").exception("It failed.")
    assert "ValueError: cannot read /invitations/[hidden]/" in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_every_handler_of_the_production_server_hides_links(tmp_path):
    config = Config()
    config.set("accesslog", str(tmp_path / "access"))
    config.set("errorlog", str(tmp_path / "error"))
    logger = RedactingLogger(config)
    logger.access_log.info("GET /invitations/%s/", TOKEN)
    logger.error("broken: /partners/%s/", TOKEN)
    for log in (logger.access_log, logger.error_log):
        for handler in log.handlers[:]:
            handler.close()
            log.removeHandler(handler)
    assert (tmp_path / "access").read_text() == f"GET /invitations/{HIDDEN}/\n"
    assert f"broken: /partners/{HIDDEN}/" in (tmp_path / "error").read_text()


def _answer(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _wait_for(words: str, log: Path) -> str:
    deadline = time.monotonic() + 30
    while words not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return log.read_text()


@pytest.fixture
def production_server(tmp_path):
    """Its address, and the file with its lines; started as `make serve` starts it."""
    makefile = (ROOT / "Makefile").read_text()
    [logger] = re.findall(r"--logger-class (\S+)", makefile)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "lines"
    database = f"sqlite:///{tmp_path}/none.sqlite3"
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind"]
    command += [f"127.0.0.1:{port}", "--access-logfile", "-", "--logger-class", logger]
    command += ["--no-control-socket"]
    environment = {**os.environ, "DEBUG": "on", "DATABASE_URL": database}
    with log.open("w") as lines:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=lines, stderr=lines
        )
    try:
        _wait_for("Booting worker", log)
        yield f"http://127.0.0.1:{port}", log
    finally:
        server.terminate()
        server.wait(timeout=10)


def test_lines_of_the_production_server_hide_links(production_server):
    address, log = production_server
    assert _answer(f"{address}/glossary/?next=%2Finvitations%2F{TOKEN}%2F") == 200
    # Its database is empty: an error, whose traceback is written too.
    assert _answer(f"{address}/invitations/{TOKEN}/") == 500
    text = _wait_for(f'"GET /invitations/{HIDDEN}/ HTTP/1.1" 500', log)
    assert "OperationalError" in text
    assert TOKEN not in text
