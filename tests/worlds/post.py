"""A mail server that now and then refuses, asks to come back, or hangs up at the worst moment."""

from asyncio import WriteTransport
from pathlib import Path
from random import Random

from aiosmtpd.smtp import SMTP, Envelope, Session

from connector.demo.post import Sink
from connector.demo.time import WorldTime

_RCPT = ((0.015, "450 4.2.0 greylisted, come back later"), (0.004, "550 5.1.1 no such user here"))
_DATA = ((0.01, "452 4.3.1 out of storage"), (0.004, "554 5.6.0 message refused"))
_LOST, _TAKEN = 0.006, 0.012  # it hangs up before or after it took the mail, and says nothing


class FickleSink(Sink):
    """The demo's sink with faults, drawn from a seed; `faults` counts them."""

    def __init__(self, folder: Path, time: WorldTime, rng: Random) -> None:
        super().__init__(folder, time)
        self._rng = rng
        self.calm = False
        self.faults = 0
        self.uncertain = 0
        self._taken: set[tuple[str, str]] = set()

    def has(self, reminder: str, address: str) -> bool:
        """Whether a mail of this reminder came to this address."""
        return (reminder, address.casefold()) in self._taken

    @property
    def reminders(self) -> int:
        """How many reminders came to at least one address."""
        return len({reminder for reminder, _ in self._taken})

    def _drawn(self, table: tuple[tuple[float, str], ...]) -> str:
        dice = self._rng.random()
        for often, reply in table:
            dice -= often
            if dice < 0 and not self.calm:
                self.faults += 1
                return reply
        return ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """One recipient."""
        refusal = self._drawn(_RCPT)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 go on"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One mail: taken, refused, or taken and never answered for."""
        refusal = self._drawn(_DATA)
        if refusal:
            return refusal
        dice = 1.0 if self.calm else self._rng.random()
        if dice >= _LOST:
            reply = await super().handle_DATA(server, session, envelope)
            self._taken |= {(_reminder(envelope), each.casefold()) for each in envelope.rcpt_tos}
        if dice < _LOST + _TAKEN:
            self.faults += 1
            self.uncertain += 1
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
            return "421 4.3.2 gone"
        return reply


def _reminder(envelope: Envelope) -> str:
    data = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
    for line in data.splitlines():
        if line.lower().startswith(b"x-duecourse-reminder:"):
            return line.partition(b":")[2].strip().decode()
    return ""
