"""The demo's post: an SMTP server on this machine that writes each accepted mail into a folder, and the way back."""

import asyncio
import heapq
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from connector.demo.time import WorldTime


def stamp(at: datetime) -> str:
    """An instant as the sink writes it: ISO 8601, UTC, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Mood = Callable[[str, str], str]
"""What a mail server says instead of taking a mail: told the stage (`MAIL`, `RCPT`, `DATA`) and the address in
question; `CUT` ends the connection, `TAKE AND CUT` takes the mail first, an empty text means: as usual."""

CUT, TAKE_AND_CUT = "CUT", "TAKE AND CUT"


class Sink:
    """Takes mails like a mail server does, for `with`. Each becomes one .eml with what the envelope said on top.

    `mood` may be set while it runs.
    """

    def __init__(self, folder: Path, time: WorldTime) -> None:
        self._folder = folder
        self._time = time
        self._controller: Controller | None = None
        self._socket = _bound()
        self.arrived: list[tuple[str, bytes]] = []
        self.count = 0
        self.mood: Mood = lambda _stage, _address: ""

    @property
    def port(self) -> int:
        """Where it listens, from its making on: the port is held, so that nobody else takes it meanwhile."""
        port: int = self._socket.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._controller = _Listener(self, self._socket)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._controller is not None
        self._controller.stop()
        self._socket.close()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender is named."""
        del session
        said = self._said(server, "MAIL", address)
        if not said:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return said or "250 2.1.0 well"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient is named."""
        del session
        said = self._said(server, "RCPT", address)
        if not said:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return said or "250 2.1.5 well"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """One mail, read whole."""
        del session
        data = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        said = self._said(server, "DATA", *envelope.rcpt_tos)
        if said and said != TAKE_AND_CUT:
            return said
        for recipient in envelope.rcpt_tos:
            self.count += 1
            head = (
                f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipient}\r\n"
                f"X-Accepted-At: {stamp(self._time.now())}\r\n"
            )
            (self._folder / f"{self.count:05}.eml").write_bytes(head.encode() + data)
            self.arrived.append((recipient, data))
        return "250 2.0.0 taken"

    def _said(self, server: SMTP, stage: str, address: str) -> str:
        said = self.mood(stage, address)
        if said in {CUT, TAKE_AND_CUT}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return said if said in {"", TAKE_AND_CUT} or said[:1].isdigit() else "421 4.3.2 gone"

    def take(self) -> list[tuple[str, bytes]]:
        """What arrived since the last time: (recipient, mail)."""
        taken, self.arrived = self.arrived, []
        return taken


class Postman:
    """Carries customers' answers: each lies in the inbox folder once its instant has come."""

    def __init__(self, inbox: Path, now: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._now = now
        self._bag: list[tuple[datetime, int, bytes]] = []
        self._count = 0
        inbox.mkdir(parents=True, exist_ok=True)

    def give(self, at: datetime, eml: bytes) -> None:
        """A mail on its way, arriving `at`."""
        self._count += 1
        heapq.heappush(self._bag, (at, self._count, eml))

    def deliver(self) -> int:
        """Leaves what has arrived by now. Returns how many."""
        count = 0
        while self._bag and self._bag[0][0] <= self._now():
            _, number, eml = heapq.heappop(self._bag)
            draft = self._inbox / f".{number:05}.part"
            draft.write_bytes(eml)
            draft.rename(self._inbox / f"{number:05}.eml")
            count += 1
        return count


_BUSY_SECONDS = 120  # a machine with much else to do still gets its mail server up


class _Listener(Controller):
    """Listens on a socket that is bound already."""

    def __init__(self, sink: Sink, bound: socket.socket) -> None:
        host, port = bound.getsockname()
        super().__init__(sink, hostname=host, port=port, ready_timeout=_BUSY_SECONDS)
        self._bound = bound

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)


def _bound() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made
