"""What lives on while the service dies: the ledger's server and the mail server; both tell what they were given."""

import socket
from asyncio import WriteTransport
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from adapters.quickbooks.sandbox.oauth import Answer
from adapters.sandbox.faults import Rule
from adapters.sandbox.server import Message, Receive, Sandbox, Scope, Send
from tests.e2e.crashing.journal import Journal
from tests.e2e.crashing.stands import Face, Stand


class LedgerServer:
    """A ledger's face on one port, over the books of each case; tells each write that it is asked for."""

    def __init__(self) -> None:
        self._sandbox = Sandbox(self, now=lambda: datetime.now(UTC))  # for its log of calls, which nobody reads here
        self._faces: dict[str, tuple[Stand, Face, Journal | None]] = {}

    def serve(self, stand: Stand, face: Face, journal: Journal | None = None, *, at: str = "books") -> str:
        """Serves these books from now on, and tells `journal`. Returns their address, which is their own."""
        self._faces[at] = (stand, face, journal)
        return f"{self._sandbox.url}/{at}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at, _, path = scope["path"].removeprefix("/").partition("/")
        stand, face, journal = self._faces[at]
        body = await _read(receive)
        if journal and stand.writes(scope["method"], f"/{path}", body):
            journal.write("post")

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await face({**scope, "path": f"/{path}"}, again, send)

    def faulty(self, rule: Rule) -> Answer | None:
        return None

    def is_metered(self, method: str, path: str) -> bool:
        return False

    def __enter__(self) -> Self:
        self._sandbox.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sandbox.stop()


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the server took, with the envelope's recipient."""

    recipient: str
    message_id: str


@dataclass
class MailServer:
    """Takes mails; some recipients are refused for good, deferred the first time, or taken without a word."""

    refuses: frozenset[str] = frozenset()
    defers_once: frozenset[str] = frozenset()
    falls_silent: frozenset[str] = frozenset()
    taken: list[Taken] = field(default_factory=list)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._deferred: set[str] = set()
        self._journal: Journal | None = None
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)

    def serve(self, journal: Journal, *, fresh: bool) -> None:
        """Tells `journal` from now on; `fresh`: nothing taken, nobody deferred yet."""
        self._journal = journal
        if fresh:
            self.taken, self._deferred = [], set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Mapping[str, str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 no such user"
        if address in self.defers_once and address not in self._deferred:
            self._deferred.add(address)
            return "451 4.2.0 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        data = envelope.content if isinstance(envelope.content, bytes) else b""
        message_id = message_from_bytes(data)["Message-ID"]
        for recipient in envelope.rcpt_tos:
            self.taken.append(Taken(recipient, message_id))
            if self._journal:
                self._journal.write("send", who=recipient)
        if self.falls_silent.intersection(envelope.rcpt_tos):
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
        return "250 2.0.0 taken"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()
