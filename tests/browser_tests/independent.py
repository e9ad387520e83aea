"""An OpenID provider that this project did not write, in a process of its own."""

import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent.parent
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
ORDINARY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
PATIENCE = 30  # seconds for a process to start on a busy machine


@dataclass(frozen=True)
class Independent:
    """Where it listens, and who has an account there, by a name of ours."""

    issuer: str
    people: dict[str, dict[str, Any]]

    def sign_in(self, page: Page, name: str) -> None:
        """On its own page, to which the portal has led."""
        page.wait_for_url(f"{self.issuer}/**")
        page.get_by_role("button", name=self.people[name]["sub"], exact=True).click()

    def refuse(self, page: Page) -> None:
        page.wait_for_url(f"{self.issuer}/**")
        page.get_by_role("button", name="Deny").click()


def person(name: str, tenant_id: uuid.UUID, *wids: str) -> dict[str, Any]:
    return {
        "sub": f"{name.split()[0].lower()}-of-{str(tenant_id)[:8]}",
        "oid": str(uuid.uuid4()),
        "tid": str(tenant_id),
        "wids": [*wids, ORDINARY_USER],
        "name": name,
        "email": f"{name.split()[0].lower()}@people.example",
    }


@contextmanager
def listening(people: dict[str, dict[str, Any]]) -> Iterator[Independent]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", f"{__package__}.demanding_provider"]
    command += ["--port", str(port), "--require-nonce", "true"]
    for claims in people.values():
        command += ["--user-claims", json.dumps(claims)]
    issuer = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(issuer)
        yield Independent(issuer, people)
    finally:
        process.terminate()
        process.wait()


def _wait_for(issuer: str) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(f"{issuer}/jwks", timeout=PATIENCE).raise_for_status()
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
