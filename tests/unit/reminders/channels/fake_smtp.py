"""A mail server that fails at a chosen place in a chosen way, over real sockets. For tests alone.

It counts what it accepted: a mail is accepted in the moment in which the line with its dot has been read, unless the
fault there is a clear refusal. A fault happens `times` times, then the server is well again.
"""

import base64
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from threading import Event, Lock, Thread
from typing import BinaryIO, Self, cast


class Place(StrEnum):
    """Where in the conversation."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MID_BODY = "mid_body"
    AFTER_DOT = "after_dot"
    AFTER_250 = "after_250"
    QUIT = "quit"


class Fault(StrEnum):
    """In what way."""

    CUT = "cut"
    HANG = "hang"
    TEMPORARY = "4xx"
    PERMANENT = "5xx"
    GARBAGE = "garbage"


_WORDS = {
    Fault.TEMPORARY: b"451 4.3.0 try again later\r\n",
    Fault.PERMANENT: b"554 5.5.0 never\r\n",
    Fault.GARBAGE: b"\x00\xffwhat?\r\n",
}


class Cut(Exception):
    """The server ends the conversation."""


@dataclass(frozen=True)
class Accepted:
    """A mail that the server took, with the transaction's addresses."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


@dataclass
class FakeSmtpServer:
    """A server on a free port of this machine, from `with` on. `tls` is a server's context, for STARTTLS or at once."""

    place: Place | None = None
    fault: Fault | None = None
    times: int = 1
    skips: int = 0  # so many visits of the place go well first
    on_fault: Callable[[], object] = lambda: None  # what else happens in the moment of the fault
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    offers_starttls: bool = True
    auth: str = "PLAIN LOGIN XOAUTH2"
    logins: Mapping[str, str] = field(default_factory=dict)  # user -> password or token
    replies: Mapping[str, bytes] = field(default_factory=dict)  # verb -> reply, instead of the usual one
    ending: bytes = b""  # said after the dot instead of 250, and then the server hangs up
    accepted: list[Accepted] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    host: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        self._faults_left = self.times if self.fault else 0
        self._skips_left = self.skips
        self._lock = Lock()
        self._released = Event()
        self._threads: list[Thread] = []
        self._open: list[socket.socket] = []
        self._filler: socket.socket | None = None  # what fills the port's queue

    def __enter__(self) -> Self:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # so that a big mail cannot hide in it,
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # nor in the sender's own buffer
        self._listener.bind((self.host, 0))
        self._listener.listen(0 if (self.place, self.fault) == (Place.CONNECT, Fault.HANG) else 128)
        self.port = self._listener.getsockname()[1]
        if (self.place, self.fault) == (Place.CONNECT, Fault.HANG):
            self._filler = socket.create_connection((self.host, self.port))
            return self
        if (self.place, self.fault) == (Place.CONNECT, Fault.CUT):
            self._listener.close()
            return self
        self._start(Thread(target=self._listen, daemon=True))
        return self

    def __exit__(self, *exc: object) -> None:
        self._released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._filler:
            self._filler.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(5)

    def _start(self, thread: Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._start(Thread(target=self._converse, args=(connection,), daemon=True))

    def _converse(self, connection: socket.socket) -> None:
        conversation = _Conversation(self, connection)
        with contextlib.suppress(Cut, OSError, ValueError):
            conversation.run()
        conversation.end()

    def fault_at(self, place: Place) -> Fault | None:
        """The fault to show at `place` now, counted."""
        with self._lock:
            if place is not self.place or not self._faults_left:
                return None
            if self._skips_left:
                self._skips_left -= 1
                return None
            self._faults_left -= 1
        self.on_fault()
        return self.fault

    def wait(self) -> None:
        """Hangs until the test is over."""
        self._released.wait()


class _Conversation:
    def __init__(self, server: FakeSmtpServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.sender = ""
        self.recipients: list[str] = []
        self.is_protected = False
        self._reader = cast("BinaryIO", connection.makefile("rb"))

    def run(self) -> None:
        if fault := self.server.fault_at(Place.CONNECT):
            self._show(fault)
            raise Cut
        if self.server.tls_at_once:
            self._protect()
        self._reply(Place.BANNER, b"220 fake.example ESMTP\r\n")
        for line in self._lines():
            verb, blank, rest = line.partition(" ")
            verb = verb.upper()
            self.server.commands.append(verb + blank + rest)
            if verb in self.server.replies:
                self._send(self.server.replies[verb])
            else:
                self._answer(verb, line)

    def _answer(self, verb: str, line: str) -> None:
        match verb:
            case "EHLO":
                self._reply(Place.EHLO, self._hello())
            case "STARTTLS":
                if self._reply(Place.STARTTLS, b"220 go ahead\r\n"):
                    self._protect()
            case "AUTH":
                self._log_in(line)
            case "MAIL":
                self.sender = line.partition("<")[2].partition(">")[0]
                self._reply(Place.MAIL, b"250 ok\r\n")
            case "RCPT":
                self.recipients.append(line.partition("<")[2].partition(">")[0])
                self._reply(Place.RCPT, b"250 ok\r\n")
            case "DATA":
                if self._reply(Place.DATA, b"354 go ahead\r\n"):
                    self._body()
            case "QUIT":
                self._reply(Place.QUIT, b"221 bye\r\n")
                raise Cut
            case _:  # RSET, NOOP
                self.recipients.clear()
                self._send(b"250 ok\r\n")

    def _hello(self) -> bytes:
        lines = ["fake.example", "SIZE 50000000"]
        if self.server.tls and self.server.offers_starttls and not self.is_protected:
            lines.append("STARTTLS")
        if self.server.auth and (self.is_protected or not self.server.tls):
            lines.append(f"AUTH {self.server.auth}")
        return "".join(f"250{'-' if at < len(lines) - 1 else ' '}{line}\r\n" for at, line in enumerate(lines)).encode()

    def _log_in(self, line: str) -> None:
        _, mechanism, *rest = line.split(" ")
        if mechanism == "LOGIN":
            user = _decoded(self._ask(b"334 VXNlcm5hbWU6\r\n"))
            secret = _decoded(self._ask(b"334 UGFzc3dvcmQ6\r\n"))
        elif mechanism == "PLAIN":
            _, user, secret = _decoded(rest[0]).split("\0")
        else:
            user, bearer, *_ = _decoded(rest[0]).split("\x01")
            user, secret = user.removeprefix("user="), bearer.removeprefix("auth=Bearer ")
            if self.server.logins.get(user) != secret:
                self._ask(b"334 eyJzdGF0dXMiOiI0MDEifQ==\r\n")
        is_right = self.server.logins.get(user) == secret
        self._reply(Place.AUTH, b"235 welcome\r\n" if is_right else b"535 5.7.8 wrong\r\n")

    def _ask(self, challenge: bytes) -> str:
        self._send(challenge)
        return next(self._lines())

    def _body(self) -> None:
        if self.server.place is Place.MID_BODY:
            self._reader.read(1000)
            if fault := self.server.fault_at(Place.MID_BODY):
                self._show(fault)
                self._read_on()
        data = b"".join(iter(self._line_of_body, b".\r\n"))
        fault = self.server.fault_at(Place.AFTER_DOT)
        if fault not in {Fault.TEMPORARY, Fault.PERMANENT}:
            self.server.accepted.append(Accepted(self.sender, tuple(self.recipients), data))
        self.recipients.clear()
        if fault:
            self._show(fault)
            return
        self._send(self.server.ending or b"250 2.0.0 taken\r\n")
        if self.server.ending:
            raise Cut
        if fault := self.server.fault_at(Place.AFTER_250):
            self._show(fault)

    def _line_of_body(self) -> bytes:
        line = self._reader.readline()
        if not line:
            raise Cut
        return line

    def _read_on(self) -> None:
        """Reads whatever comes; should the dot come, the mail counts as taken."""
        data = b"".join(iter(self._line_of_body, b".\r\n"))
        self.server.accepted.append(Accepted(self.sender, tuple(self.recipients), data))
        raise Cut

    def _reply(self, place: Place, usual: bytes) -> bool:
        """Says the usual, or shows the fault; whether it was the usual."""
        fault = self.server.fault_at(place)
        if fault:
            self._show(fault)
        else:
            self._send(usual)
        return fault is None

    def _show(self, fault: Fault) -> None:
        if fault is Fault.CUT:
            raise Cut
        if fault is Fault.HANG:
            self.server.wait()
            raise Cut
        self._send(_WORDS[fault])

    def _protect(self) -> None:
        assert self.server.tls is not None
        self._reader.close()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self._reader = cast("BinaryIO", self.connection.makefile("rb"))
        self.is_protected = True

    def _lines(self) -> Iterator[str]:
        for _ in count():
            line = self._reader.readline()
            if not line:
                raise Cut
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def _send(self, words: bytes) -> None:
        self.connection.sendall(words)

    def end(self) -> None:
        self._reader.close()
        with contextlib.suppress(OSError):
            self.connection.close()


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
