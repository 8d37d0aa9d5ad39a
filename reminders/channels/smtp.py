"""Mail handed over by SMTP: one recipient a transaction, and never a doubt that is not said.

When may a message count as not taken? A server takes it when it has read the line with the single dot. Until we
have given the first byte of that line to the operating system, the server cannot have read it, whatever else went
wrong, in the middle of the body too: such a failure is `DEFERRED` (or `REFUSED`, if the server said so). From that
moment only a clear reply settles it. Silence, a lost connection, or words that are no reply mean `UNCERTAIN`, and
nobody here tries again. To keep that moment short, we look once more just before the dot whether the server is there.

A refusal of the connection as such (banner, HELLO, STARTTLS, login) says nothing about this mail or its recipient:
it is `DEFERRED` whatever its code, and `stage` tells where it happened. A wrong password must not cost an address.
"""

import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import Self

from reminders.channels import SendOutcome, SendResult, Stage
from reminders.channels.addresses import parse_address
from reminders.channels.smtp_session import Security, Session, SmtpServer, as_wire, unopened

__all__ = ["Security", "SmtpServer", "SmtpTransport"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SmtpTransport(SmtpServer):
    """A `Mailer` over SMTP. Thread-safe: at most `pool_size` connections at once, kept and used again."""

    pool_size: int = 4
    mails_per_connection: int = 100
    idle_seconds: float = 30
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    _idle: list[Session] = field(init=False, default_factory=list, repr=False)
    _lock: Lock = field(init=False, default_factory=Lock, repr=False)
    _slots: BoundedSemaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "_slots", BoundedSemaphore(self.pool_size))

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        """See `reminders.channels.Mailer.send`."""
        sender, recipient, wire = parse_address(sender), parse_address(recipient), as_wire(data)
        with self._slots:
            if kept := self._kept():
                result = kept.transact(sender, recipient, wire, at_data)
                if not _may_be_stale(result):
                    self._keep(kept)
                    return result
                kept.drop()
            session = self._opened()
            if isinstance(session, SendResult):
                return session
            result = session.transact(sender, recipient, wire, at_data)
            self._keep(session)
            return result

    def check(self) -> SendResult:
        """Connects and logs in, without a mail: `ACCEPTED` where that works, else what went wrong and where."""
        session = self._opened()
        if isinstance(session, SendResult):
            return session
        session.leave()
        return SendResult(outcome=SendOutcome.ACCEPTED, reply="the server is ready", stage=Stage.LOGIN)

    def close(self) -> None:
        """Says QUIT on the connections that were kept."""
        with self._lock:
            idle, self._idle[:] = list(self._idle), []
        for session in idle:
            session.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _opened(self) -> Session | SendResult:
        """A new connection, logged in, or why there is none. What `password` or `access_token` raises is raised."""
        session = Session(self)
        try:
            session.open()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:  # UnicodeError: a host that is no name
            session.drop()
            return unopened(session, error)
        except BaseException:
            session.drop()
            raise
        return session

    def _kept(self) -> Session | None:
        """A connection that is still good, as far as one can see without asking."""
        while True:
            with self._lock:
                session = self._idle.pop() if self._idle else None
            if session is None:
                return None
            if self.monotonic() - session.used_at <= self.idle_seconds and session.is_quiet():
                return session
            session.drop()

    def _keep(self, session: Session) -> None:
        if not session.is_open:
            return
        session.mails += 1
        session.used_at = self.monotonic()
        if session.mails >= self.mails_per_connection:
            session.leave()
            return
        with self._lock:
            self._idle.append(session)


def _may_be_stale(result: SendResult) -> bool:
    """Whether a kept connection failed at its first word.

    The answer may be an old one, meant for the mail before. Nothing of this mail was said, so a new one may be asked.
    """
    return result.stage is Stage.SENDER
