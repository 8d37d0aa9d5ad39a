"""Deliver: claim, read afresh, decide again, send, record.

A message leaves only on figures read from the ledger at most `fresh_seconds` before, and only if the same rules that
planned it still say so (connector.letters). `sending` is committed before the message is handed over; what became of
it is committed after (connector.handover), over several connections at once (connector.sending). A process that dies
between the two leaves a dispatch that is `uncertain`, which no timer ever settles (design, section 5).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import LedgerRejected
from connector.drafts import documents_of
from connector.handover import close_or_ready, is_fresh
from connector.letters import Delivered, Letter, prepare
from connector.office import CompanyPaused, Office
from connector.said import Handed, record_said
from connector.sending import Lanes
from connector.store import books, dispatches, reminders
from connector.store.claims import Claim, abandoned, ours, put_back, take_over
from connector.store.claims import claim as claim_some
from connector.store.companies import Mode
from connector.sync import apply_fresh
from reminders.channels import SendOutcome, SendResult
from reminders.message_parts import MOST_LINKS

#: What could not be read afresh is tried again after this long.
_UNREAD = timedelta(minutes=15)
_MOST_STALE_READS = 2


def deliver(office: Office) -> Delivered:
    """Sends what is ready. Raises LedgerError where freshness cannot be read, and `CompanyPaused`."""
    done, pace = Delivered(), _Pace(office)
    recover(office)
    with Lanes(office) as lanes:
        while claims := _claim(office, pace.many):
            pace.begin()
            try:
                for letters in _letters(office, claims, pace, done):
                    lanes.send(letters, done)
            finally:
                _put_back(office, claims)
            pace.end(len(claims))
    return done


class _Pace:
    """How many reminders are claimed and read afresh at once: as many as leave within half of the time that reading
    leaves to the figures.

    A fast mail server gets large readings, which cost few calls; a slow one gets small ones, so that little is read
    twice. A ledger that answers slowly makes no reading smaller than that: it would be asked the more often.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._began = office.now()
        self._reading = self._last_reading = timedelta(0)
        self.many = min(office.sending.first_batch, office.sending.batch)

    def begin(self) -> None:
        """Some were claimed."""
        self._began = self._office.now()
        self._reading = timedelta(0)

    def was_read(self, began: datetime) -> None:
        """They were read afresh from `began` until now."""
        self._last_reading = self._office.now() - began
        self._reading += self._last_reading

    def end(self, count: int) -> None:
        """They are done. The next ones are twice as many at the most."""
        taken = max((self._office.now() - self._began - self._reading).total_seconds(), 0.001)
        left = self._office.sending.fresh_seconds - self._last_reading.total_seconds()
        wanted = int(count / taken * left / 2)
        self.many = max(self._office.sending.connections, min(wanted, 2 * self.many, self._office.sending.batch))


def recover(office: Office) -> int:
    """Settles what a process left behind when it died: `sending` becomes `uncertain`, the rest is ready again."""
    now = office.now()
    with office.database.write("recover claims") as connection:
        rows = abandoned(connection, office.company, now)
        taken = [row["id"] for row in rows if take_over(connection, row) is not None]
        states = dispatches.states(connection, taken)
        sending = [key for key, state in states.items() if state == "sending"]
        handed = [Handed(reminder=of, address=address, result=_DIED) for of, address in sending]
        record_said(office, connection, handed)
        states |= dict.fromkeys(sending, "uncertain")
        for reminder in taken:
            close_or_ready(connection, reminder, {state for (of, _), state in states.items() if of == reminder})
    return len(rows)


_DIED = SendResult(outcome=SendOutcome.UNCERTAIN, reply="the process ended while handing over")


def _claim(office: Office, many: int) -> list[Claim]:
    with office.database.write("claim reminders") as connection:
        row = office.row(connection)
        if row.paused_because:
            raise CompanyPaused(row.paused_because)
        if row.mode is Mode.DRY_RUN:
            return []
        if row.mode is Mode.REVIEW:
            reminders.hold_back(connection, office.company)
        lease = timedelta(seconds=office.sending.lease_seconds)
        return claim_some(connection, office.company, now=office.now(), lease=lease, limit=many)


def _put_back(office: Office, claims: Sequence[Claim]) -> None:
    """Whatever is still claimed after a run (an error stopped it) is ready again for the next one."""
    with office.database.write("put claims back") as connection:
        left = ours(connection, claims)
        states = dispatches.states(connection, left)
        sending = {of for (of, _), state in states.items() if state == "sending"}
        for claim in claims:
            if claim.id in left - sending:
                put_back(connection, claim.id, not_before=claim.row["not_before"])


def _letters(office: Office, claims: Sequence[Claim], pace: _Pace, done: Delivered) -> Iterator[Sequence[Letter]]:
    """The letters that may leave, some at a time; read again when the figures grew too old.

    What the ledger did not tell about waits for the next run, and so does everything where reading alone takes longer
    than figures may age.
    """
    waiting, rounds = list(claims), 0
    while waiting and rounds <= _MOST_STALE_READS:
        read = _read_afresh(office, waiting)
        pace.was_read(read.at)
        rounds += not is_fresh(office, read.at)
        waiting = _without_untold(office, waiting, read, done)
        while waiting and is_fresh(office, read.at):
            some, waiting = waiting[: office.sending.together], waiting[office.sending.together :]
            if office.sending.pay_links:
                linked = (ref for claim in some for ref in documents_of(claim.row["facts"])[:MOST_LINKS])
                _fetch_pay_links(office, list(linked))
            yield from prepare(office, some, read.at, done)
    _put_off(office, waiting, done)


@dataclass(frozen=True, slots=True)
class _Read:
    """A fresh reading: the instant its figures are true for, and what it does not tell about."""

    at: datetime
    untold: frozenset[str]  # documents, those of a customer that cannot be read among them
    unread: frozenset[str]  # such customers: one of them may have been blocked, or left


def _read_afresh(office: Office, claims: Sequence[Claim]) -> _Read:
    documents = list(dict.fromkeys(ref for claim in claims for ref in documents_of(claim.row["facts"])))
    customers = list(dict.fromkeys(claim.row["customer"] for claim in claims))
    with office.database.read() as connection:
        cursor = office.row(connection).cursor
    assert cursor is not None
    at = office.now()  # before the call, and by our own clock: the ledger's may go wrong
    page = office.ledger.fresh(documents, customers, cursor)
    apply_fresh(office, page)
    unread = frozenset(each.customer for each in page.problems if each.customer)
    told = {each.ref for each in page.documents if each.customer not in unread}
    told |= {each.ref for each in page.tombstones}
    return _Read(at, frozenset(documents) - told, unread)


def _without_untold(office: Office, claims: Sequence[Claim], read: _Read, done: Delivered) -> list[Claim]:
    """Without the reminders that name a document which could not be read, or whose customer could not: old figures
    never leave as fresh ones.
    """
    untold = [
        claim
        for claim in claims
        if claim.row["customer"] in read.unread or not read.untold.isdisjoint(documents_of(claim.row["facts"]))
    ]
    _put_off(office, untold, done)
    return [claim for claim in claims if claim not in untold]


def _put_off(office: Office, claims: Sequence[Claim], done: Delivered) -> None:
    if not claims:
        return
    with office.database.write("put off") as connection:
        for of in sorted(ours(connection, claims)):
            done.deferred += 1
            put_back(connection, of, not_before=office.now() + _UNREAD)


def _fetch_pay_links(office: Office, documents: Sequence[str]) -> None:
    """Asks the ledger for an online payment page, once per invoice, and keeps the answer, also that there is none."""
    with office.database.read() as connection:
        missing = books.without_pay_link(connection, office.company, documents)
    for ref in missing:
        try:
            link = office.ledger.pay_link(ref)
        except LedgerRejected:
            link = ""
        with office.database.write("keep pay link") as connection:
            books.save_pay_links(connection, office.company, {ref: link})
