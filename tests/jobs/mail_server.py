"""A mail server on this machine that behaves as it is told to."""

import asyncio
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller

TAKEN = "250 taken"


class MailServer:
    """`answers` by step (`RCPT`, `DATA`) and recipient, `breaks_at` a step.

    At `stalls_at` it says nothing until it stops; `came` is set when it gets there.
    """

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answers: dict[tuple[str, str], str] = {}
        self.breaks_at = self.stalls_at = ""
        self.came = Event()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        return sorted(str(message["To"]) for message in self.received)

    def start(self) -> None:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        self._controller = controller

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    async def _step(self, name: str, server: Any, recipient: str) -> str:
        if self.breaks_at == name:
            server.transport.abort()
        if self.stalls_at == name:
            self.came.set()
            await asyncio.Event().wait()
        return self.answers.get((name, recipient), TAKEN)

    async def handle_RCPT(  # noqa: N802 -- the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answer = await self._step("RCPT", server, address)
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        [recipient] = envelope.rcpt_tos
        answer = self.answers.get(("DATA", recipient), TAKEN)
        if answer == TAKEN:
            message = message_from_bytes(envelope.content, policy=policy.default)
            self.received.append(message)  # type: ignore[arg-type]
        return await self._step("DATA", server, recipient)
