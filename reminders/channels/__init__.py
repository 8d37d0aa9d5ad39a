"""The channels that carry a message to a customer, and what became of it.

A channel takes one recipient at a time and answers with a `SendResult`; it never retries and never guesses. Its
one subtle duty is to say `UNCERTAIN` whenever the other side may have taken the message without our knowing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class SendOutcome(StrEnum):
    """What became of one message to one recipient."""

    ACCEPTED = "accepted"  # the other side said that it has it
    REFUSED = "refused"  # the other side said no for good; the same again will be refused again
    DEFERRED = "deferred"  # certainly not taken; may be tried again later
    UNCERTAIN = "uncertain"  # may have been taken: never to be repeated by a machine
    CANCELLED = "cancelled"  # `at_data` said no; nothing was handed over


class Stage(StrEnum):
    """How far the conversation came: the step at which its result was decided."""

    CONNECT = "connect"
    BANNER = "banner"
    HELLO = "hello"
    STARTTLS = "starttls"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    BODY = "body"
    END = "end"  # the terminating dot had been, or may have been, written


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The outcome, the server's code where it gave one, its words or ours (one line, no secrets), and the stage."""

    outcome: SendOutcome
    code: int | None = None
    reply: str = ""
    stage: Stage = Stage.END

    @property
    def blames_address(self) -> bool:
        """Whether the refusal says that this address does not take mail, rather than that ours is unwelcome."""
        if self.outcome is not SendOutcome.REFUSED or self.stage is not Stage.RECIPIENT:
            return False
        status = self.reply.split(" ", 1)[0]
        if status.startswith("5.") and status.count(".") == 2:
            return status.startswith(("5.1.", "5.2.1")) and status not in {"5.1.7", "5.1.8"}
        return self.code in {550, 551, 553}


class Mailer(Protocol):
    """Hands one built mail to one recipient."""

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        """Hands over `data`, the whole mail as bytes, in a transaction of its own.

        `at_data` is called once, after the recipient was accepted and immediately before the message is handed
        over; `False` cancels. What it raises is raised here, and then nothing was handed over. Both addresses must
        be plain; `BadAddress` otherwise. Everything else that goes wrong is a `SendResult`.
        """
        ...
