"""One SMTP connection: smtplib's protocol, with strict replies and a known stage at every moment."""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from reminders.channels import SendOutcome, SendResult, Stage

_LONGEST_LINE, _MOST_LINES = 2048, 100
_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*?))?\r?\n", re.DOTALL)
_CHUNK = 65_536
_CLOSING = 421
_NUL = "\0"


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"  # required: a server that does not offer it gets no mail
    TLS = "tls"
    NONE = "none"  # a relay on the same machine or network; no password is ever sent over it


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where and how to speak. `password` and `access_token` are asked for at each login and never kept.

    Timeouts are seconds; `reply_timeout` is the wait after the dot (RFC 5321 section 4.5.3.2.6: 10 minutes).
    """

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    user: str = ""
    password: Callable[[], str] | None = field(default=None, repr=False)
    access_token: Callable[[], str] | None = field(default=None, repr=False)  # XOAUTH2
    local_name: str = ""  # what we call ourselves in EHLO; empty: this machine's name
    connect_timeout: float = 30
    command_timeout: float = 120
    reply_timeout: float = 600
    tls: ssl.SSLContext | None = field(default=None, repr=False)  # None: the system's certificates

    def __post_init__(self) -> None:
        secret = self.password or self.access_token
        if secret and self.security is Security.NONE:
            raise ValueError("A password or token is never sent over an unprotected connection: use STARTTLS or TLS.")
        if secret and not self.user:
            raise ValueError("A login needs a user.")


class Broken(smtplib.SMTPException):
    """The connection is of no more use: lost, silent, or speaking something that is not SMTP."""


class Refused(smtplib.SMTPException):
    """A clear reply, and not the one hoped for."""

    def __init__(self, code: int, reply: bytes) -> None:
        super().__init__(code)
        self.code = code
        self.reply = reply


class Session(smtplib.SMTP):
    """A connection ready for mails. Raises `Broken`, `Refused` or `OSError` where it does not come about."""

    def __init__(self, server: SmtpServer) -> None:
        super().__init__(local_hostname=server.local_name or _local_name(), timeout=server.connect_timeout)
        self.server = server
        self.stage = Stage.CONNECT
        self.mails = 0
        self.used_at = 0.0

    def open(self) -> None:
        """Connects, protects the connection, logs in."""
        self._host = self.server.host  # what the certificate must name
        self._expect(220, self.connect(self.server.host, self.server.port))
        self._hello()
        if self.server.security is Security.STARTTLS:
            self._protect()
        self._log_in()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout)
        # the dot goes alone after the body: without this it would wait for the body's acknowledgement (Nagle), 40 ms
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.security is Security.TLS:
            sock = self._context().wrap_socket(sock, server_hostname=host)
        self.stage = Stage.BANNER
        return sock

    def _context(self) -> ssl.SSLContext:
        return self.server.tls or ssl.create_default_context()

    def _hello(self) -> None:
        self.stage = Stage.HELLO
        assert self.sock is not None
        self.sock.settimeout(self.server.command_timeout)
        self._expect(250, self.ehlo())

    def _protect(self) -> None:
        self.stage = Stage.STARTTLS
        if not self.has_extn("starttls"):
            raise Broken("the server does not offer STARTTLS")
        try:
            self.starttls(context=self._context())
        except smtplib.SMTPResponseException as error:
            raise Refused(error.smtp_code, _as_bytes(error.smtp_error)) from error
        self._hello()

    def _log_in(self) -> None:
        self.stage = Stage.LOGIN
        user, offered = self.server.user, self.esmtp_features.get("auth", "").upper().split()
        if self.server.access_token:
            self._log_in_by_token(user, self.server.access_token())
        elif self.server.password is None:
            return
        elif "PLAIN" in offered:
            self._expect(235, self.docmd("AUTH", f"PLAIN {_base64(_NUL.join(('', user, self.server.password())))}"))
        elif "LOGIN" in offered:
            self._expect(334, self.docmd("AUTH", "LOGIN"))
            self._expect(334, self.docmd(_base64(user)))
            self._expect(235, self.docmd(_base64(self.server.password())))
        else:
            raise Broken("the server offers neither PLAIN nor LOGIN")

    def _log_in_by_token(self, user: str, token: str) -> None:
        words = f"user={user}\x01auth=Bearer {token}\x01\x01"
        reply = self.docmd("AUTH", f"XOAUTH2 {_base64(words)}")
        if reply[0] == 334:  # the reason as a challenge; an empty answer brings the refusal itself
            reply = self.docmd("")
        self._expect(235, reply)

    def transact(self, sender: str, recipient: str, wire: bytes, at_data: Callable[[], bool]) -> SendResult:
        """One mail to one recipient. Afterwards `is_open` says whether the connection can be used again."""
        try:
            self._envelope(sender, recipient, len(wire))
            if not at_data():
                self._reset()
                return SendResult(outcome=SendOutcome.CANCELLED, stage=Stage.RECIPIENT)
            self.stage = Stage.DATA
            self._expect(354, self.docmd("DATA"))
            self.stage = Stage.BODY
            self._write(wire)
            return self._end()
        except Refused as no:
            return self._refused(no)
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return _failed(SendOutcome.DEFERRED, self.stage, error)
        except BaseException:
            self.drop()
            raise

    def _envelope(self, sender: str, recipient: str, size: int) -> None:
        self.stage = Stage.SENDER
        options = [f"SIZE={size}"] if self.has_extn("size") else []
        self._expect(250, self.mail(sender, options))
        self.stage = Stage.RECIPIENT
        code, reply = self.rcpt(recipient)
        if code not in {250, 251}:
            raise Refused(code, reply)

    def _write(self, wire: bytes) -> None:
        """Everything but the dot. Whatever is raised here, the server cannot have read the end of the mail."""
        assert self.sock is not None
        for start in range(0, len(wire), _CHUNK):
            self.sock.sendall(wire[start : start + _CHUNK])
        early = self._early_words()
        if early is None:
            return
        if answer := re.match(rb"([45]\d\d)[ -](.{0,500})", early):
            self.drop()
            raise Refused(int(answer[1]), answer[2])
        raise Broken("the server spoke or hung up before the mail had ended")

    def _end(self) -> SendResult:
        """The dot. From its first byte on, only a clear reply settles what became of the mail."""
        self.stage = Stage.END
        assert self.sock is not None
        try:
            self.sock.settimeout(self.server.reply_timeout)
            self.sock.sendall(b".\r\n")
            code, reply = self.getreply()
            self.sock.settimeout(self.server.command_timeout)
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return _failed(SendOutcome.UNCERTAIN, self.stage, error)
        if code >= 400:
            raise Refused(code, reply)
        if code >= 300:
            self.drop()
            return _result(SendOutcome.UNCERTAIN, self.stage, code, reply)
        return _result(SendOutcome.ACCEPTED, self.stage, code, reply)

    def _refused(self, no: Refused) -> SendResult:
        if no.code == _CLOSING or no.code < 400:
            self.drop()
        elif self.stage is not Stage.END:
            self._reset()
        outcome = SendOutcome.REFUSED if no.code >= 500 else SendOutcome.DEFERRED
        return _result(outcome, self.stage, no.code, no.reply)

    def _reset(self) -> None:
        try:
            self._expect(250, self.docmd("RSET"))
        except (OSError, smtplib.SMTPException):
            self.drop()

    def getreply(self) -> tuple[int, bytes]:
        """The next reply. Raises `Broken` for anything that is not one: stricter than smtplib, which guesses."""
        lines: list[bytes] = []
        code = b""
        if self.file is None:
            assert self.sock is not None
            self.file = self.sock.makefile("rb")
        while len(lines) < _MOST_LINES:
            line = self.file.readline(_LONGEST_LINE)
            if not line:
                raise Broken("the server hung up")
            parsed = _REPLY.fullmatch(line)
            if parsed is None or code not in {b"", parsed[1]}:
                raise Broken("the server's reply is not SMTP")
            code = parsed[1]
            lines.append((parsed[3] or b"").strip())
            if parsed[2] != b"-":
                return int(code), b"\n".join(lines)
        raise Broken("the server's reply does not end")

    @staticmethod
    def _expect(code: int, reply: tuple[int, bytes]) -> None:
        if reply[0] != code:
            raise Refused(*reply)

    def _early_words(self) -> bytes | None:
        """What the server said without being asked: nothing yet (None), its words, or that it hung up (b"")."""
        assert self.sock is not None
        timeout = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            buffered = self.file.peek(1) if self.file else b""
            return bytes(buffered) or self.sock.recv(1024)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError:
            return b""
        finally:
            self.sock.settimeout(timeout)

    @property
    def is_open(self) -> bool:
        """Whether another mail can go this way."""
        return self.sock is not None

    def is_quiet(self) -> bool:
        """Whether the server neither hung up nor said anything since the last reply."""
        return self.is_open and self._early_words() is None

    def leave(self) -> None:
        """Says QUIT; what goes wrong then does not matter any more."""
        try:
            if self.sock is not None:
                self.sock.settimeout(min(self.server.command_timeout, 5))
                self.docmd("QUIT")
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.drop()

    def drop(self) -> None:
        """Closes the connection without a word."""
        try:
            self.close()
        except OSError:  # closing a broken TLS connection may complain; it is closed nevertheless
            self.sock = self.file = None


def as_wire(data: bytes) -> bytes:
    """`data` as it stands between DATA and the dot: CRLF line ends only, and a dot before each line's dot.

    Bare CR and LF become CRLF, so that no server can read an end of the mail into its middle (SMTP smuggling).
    """
    if not data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r"):
        data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..")


def unopened(session: Session, error: Exception) -> SendResult:
    """Why a session did not come about. Nothing was said about any mail: deferred, whatever the code."""
    if isinstance(error, Refused):
        return _result(SendOutcome.DEFERRED, session.stage, error.code, error.reply)
    return _failed(SendOutcome.DEFERRED, session.stage, error)


def _result(outcome: SendOutcome, stage: Stage, code: int, reply: bytes) -> SendResult:
    words = " ".join(reply[:500].decode("utf-8", "replace").split())
    return SendResult(outcome=outcome, code=code, reply=words, stage=stage)


def _failed(outcome: SendOutcome, stage: Stage, error: Exception) -> SendResult:
    words = "the server did not answer in time" if isinstance(error, TimeoutError) else str(error)
    return SendResult(outcome=outcome, reply=f"{stage.value}: {words}"[:500], stage=stage)


def _as_bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _local_name() -> str:
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
