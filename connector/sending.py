"""Sending: letters over several connections, one recipient a transaction, no doubt left unsaid."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from connector.desk import Desk, OwnDesk, SharedDesk
from connector.handover import Ask, Closing, Ending, Opening, is_fresh, write_down
from connector.office import Office
from reminders.channels import SendOutcome, SendResult

if TYPE_CHECKING:
    from connector.letters import Delivered, Letter

log = structlog.get_logger()

_RETRY_DEFERRED = timedelta(minutes=15)


class Lanes:
    """As many lanes as there are connections to the mail server, each with one letter at a time.

    With one, everything happens in the caller's thread and in the letters' order.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._pool: ThreadPoolExecutor | None = None
        self._desk: Desk[Ask] = OwnDesk(self._write)
        self._is_broken = False
        if office.sending.connections > 1:
            self._pool = ThreadPoolExecutor(office.sending.connections, thread_name_prefix="lane")
            self._desk = SharedDesk(self._write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_broken = True  # whatever has not begun stays where it is
        if self._pool:
            self._pool.shutdown()
        self._desk.close()

    def send(self, letters: Sequence["Letter"], done: "Delivered") -> None:
        """Sends these letters to those of their recipients that still wait. Returns when all is written down.

        Raises what stopped a lane; the others finish the letter in their hands, and begin no other.
        """
        if self._pool is None:
            for letter in letters:
                _count(done, _send(self._office, self._desk, letter))
            return
        under_way = [self._pool.submit(self._in_lane, letter) for letter in letters]
        wait(under_way)
        self._desk.finish()
        for each in under_way:
            _count(done, each.result())

    def _in_lane(self, letter: "Letter") -> list[SendResult]:
        if self._is_broken:
            return []
        try:
            return _send(self._office, self._desk, letter)
        except BaseException:
            self._is_broken = True
            raise

    def _write(self, asks: Sequence[Ask]) -> None:
        write_down(self._office, asks)


def _send(office: Office, desk: Desk[Ask], letter: "Letter") -> list[SendResult]:
    results, not_before = [], None
    asks: list[Ask] = []
    for address in letter.waiting:
        if not is_fresh(office, letter.read_at):
            break  # read again first; nobody is asked in vain
        if asks:
            desk.tell(asks)
        gate, began = _Gate(office, desk, letter, address), office.now()
        result = _handed_over(office, letter, address, gate)
        asks = [Ending(letter=letter, address=address, result=result)]
        results.append(result)
        too_slow = result.outcome is SendOutcome.CANCELLED and not is_fresh(office, began)
        if result.outcome is SendOutcome.DEFERRED or too_slow:
            not_before = office.now() + _RETRY_DEFERRED
    desk.tell([*asks, Closing(letter=letter, not_before=not_before)])
    return results


def _handed_over(office: Office, letter: "Letter", address: str, gate: "_Gate") -> SendResult:
    """What became of it. A mailer that fails, against its promise, stops no other letter; our own gate does."""
    try:
        return office.mailer.send(letter.envelope.sender, address, letter.data, gate.open)
    except Exception as error:
        if gate.was_asked and not gate.is_open:
            raise
        log.exception("a mail could not be handed over", reminder=letter.claim.id, company=office.company)
        outcome = SendOutcome.UNCERTAIN if gate.is_open else SendOutcome.DEFERRED
        return SendResult(outcome=outcome, reply=f"a defect of ours: {type(error).__name__}")


class _Gate:
    """Stands immediately before a message is handed over."""

    def __init__(self, office: Office, desk: Desk[Ask], letter: "Letter", address: str) -> None:
        self._office = office
        self._desk = desk
        self._letter = letter
        self._address = address
        self.was_asked = False
        self.is_open = False

    def open(self) -> bool:
        """Has `sending` committed, and looks once more whether the figures are still fresh after the wait for it."""
        self.was_asked = True
        opening = Opening(letter=self._letter, address=self._address)
        if is_fresh(self._office, self._letter.read_at):
            self._desk.ask([opening])
        self.is_open = opening.is_open and is_fresh(self._office, self._letter.read_at)
        return self.is_open


def _count(done: "Delivered", results: Sequence[SendResult]) -> None:
    for each in results:
        if each.outcome is SendOutcome.ACCEPTED:
            done.sent += 1
        elif each.outcome is SendOutcome.UNCERTAIN:
            done.uncertain += 1
        elif each.outcome is SendOutcome.REFUSED:
            done.refused += 1
        else:
            done.deferred += 1
