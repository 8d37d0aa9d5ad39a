"""Deliver: claim, read afresh, decide again, send, record.

A message leaves only on figures read from the ledger at most `fresh_seconds` before, and only if the same rules that
planned it still say so (connector.letters). `sending` is committed before the message is handed over; what became of
it is committed after (connector.sending). A process that dies between the two leaves a dispatch that is `uncertain`,
which no timer ever settles (design, section 5).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.errors import LedgerRejected
from connector.drafts import documents_of
from connector.letters import Delivered, Letter, prepare
from connector.office import CompanyPaused, Office
from connector.said import record_said
from connector.sending import close_or_ready, is_fresh, send
from connector.store import books, reminders
from connector.store.claims import Claim, abandoned, is_ours, put_back, take_over
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
    done = Delivered()
    recover(office)
    while claims := _claim(office):
        try:
            for letter in _letters(office, claims, done):
                send(office, letter, done)
        finally:
            _put_back(office, claims)
    return done


def recover(office: Office) -> int:
    """Settles what a process left behind when it died: `sending` becomes `uncertain`, the rest is ready again."""
    now = office.now()
    with office.database.write("recover claims") as connection:
        rows = abandoned(connection, office.company, now)
        for row in rows:
            fence = take_over(connection, row)
            if fence is None:
                continue
            claim = Claim(id=row["id"], fence=fence, row=row)
            for each in reminders.dispatches(connection, row["id"]):
                if each["state"] == "sending":
                    result = SendResult(outcome=SendOutcome.UNCERTAIN, reply="the process ended while handing over")
                    record_said(office, connection, claim, each["address"], result)
            close_or_ready(connection, row["id"])
    return len(rows)


def _claim(office: Office) -> list[Claim]:
    with office.database.write("claim reminders") as connection:
        row = office.row(connection)
        if row.paused_because:
            raise CompanyPaused(row.paused_because)
        if row.mode is Mode.DRY_RUN:
            return []
        if row.mode is Mode.REVIEW:
            reminders.hold_back(connection, office.company)
        lease = timedelta(seconds=office.sending.lease_seconds)
        return claim_some(connection, office.company, now=office.now(), lease=lease, limit=office.sending.batch)


def _put_back(office: Office, claims: Sequence[Claim]) -> None:
    """Whatever is still claimed after a run (an error stopped it) is ready again for the next one."""
    with office.database.write("put claims back") as connection:
        for claim in claims:
            if is_ours(connection, claim):
                states = {each["state"] for each in reminders.dispatches(connection, claim.id)}
                if "sending" not in states:
                    put_back(connection, claim.id, not_before=claim.row["not_before"])


def _letters(office: Office, claims: Sequence[Claim], done: Delivered) -> Iterator[Letter]:
    """The letters that may leave, some at a time; read again when the figures grew too old.

    What the ledger did not tell about waits for the next run, and so does everything where reading alone takes longer
    than figures may age.
    """
    waiting, rounds = list(claims), 0
    while waiting and rounds <= _MOST_STALE_READS:
        read = _read_afresh(office, waiting)
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
    """A fresh reading: the instant its figures are true for, and the documents that it does not tell about."""

    at: datetime
    untold: frozenset[str]


def _read_afresh(office: Office, claims: Sequence[Claim]) -> _Read:
    documents = list(dict.fromkeys(ref for claim in claims for ref in documents_of(claim.row["facts"])))
    customers = list(dict.fromkeys(claim.row["customer"] for claim in claims))
    with office.database.read() as connection:
        cursor = office.row(connection).cursor
    assert cursor is not None
    at = office.now()  # before the call, and by our own clock: the ledger's may go wrong
    page = office.ledger.fresh(documents, customers, cursor)
    apply_fresh(office, page)
    told = {each.ref for each in page.documents} | {each.ref for each in page.tombstones}
    return _Read(at, frozenset(documents) - told)


def _without_untold(office: Office, claims: Sequence[Claim], read: _Read, done: Delivered) -> list[Claim]:
    """Without the reminders that name a document which could not be read: old figures never leave as fresh ones."""
    untold = [claim for claim in claims if not read.untold.isdisjoint(documents_of(claim.row["facts"]))]
    _put_off(office, untold, done)
    return [claim for claim in claims if claim not in untold]


def _put_off(office: Office, claims: Sequence[Claim], done: Delivered) -> None:
    if not claims:
        return
    with office.database.write("put off") as connection:
        for claim in claims:
            if is_ours(connection, claim):
                done.deferred += 1
                put_back(connection, claim.id, not_before=office.now() + _UNREAD)


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
