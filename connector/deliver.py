"""Deliver: claim, read afresh, decide again, send, record.

A message leaves only on figures read from the ledger at most `fresh_seconds` before, and only if the same rules that
planned it still say so (connector.letters). `sending` is committed before the message is handed over; what became of
it is committed after (connector.sending). A process that dies between the two leaves a dispatch that is `uncertain`,
which no timer ever settles (design, section 5).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from connector.drafts import documents_of
from connector.letters import Delivered, Letter, prepare
from connector.office import CompanyPaused, Office
from connector.said import record_said
from connector.sending import close_or_ready, is_fresh, send
from connector.store import books, reminders
from connector.store.companies import Mode
from connector.store.reminders import Claim
from connector.sync import apply_fresh
from reminders.channels import SendOutcome, SendResult


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
        rows = reminders.abandoned(connection, office.company, now)
        for row in rows:
            fence = reminders.take_over(connection, row)
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
        return reminders.claim(connection, office.company, now=office.now(), lease=lease, limit=office.sending.batch)


def _put_back(office: Office, claims: Sequence[Claim]) -> None:
    """Whatever is still claimed after a run (an error stopped it) is ready again for the next one."""
    with office.database.write("put claims back") as connection:
        for claim in claims:
            row = reminders.by_id(connection, claim.id)
            if row and row["state"] == "claimed" and row["fence"] == claim.fence:
                states = {each["state"] for each in reminders.dispatches(connection, claim.id)}
                if "sending" not in states:
                    reminders.put_back(connection, claim.id, not_before=row["not_before"])


def _letters(office: Office, claims: Sequence[Claim], done: Delivered) -> Iterator[Letter]:
    """The letters that may leave, some at a time; read again when the figures grew too old."""
    waiting = list(claims)
    while waiting:
        read_at = _read_afresh(office, waiting)
        while waiting and is_fresh(office, read_at):
            some, waiting = waiting[: office.sending.together], waiting[office.sending.together :]
            if office.sending.pay_links:
                _fetch_pay_links(office, [ref for claim in some for ref in documents_of(claim.row["facts"])])
            yield from prepare(office, some, read_at, done)


def _read_afresh(office: Office, claims: Sequence[Claim]) -> datetime:
    documents = list(dict.fromkeys(ref for claim in claims for ref in documents_of(claim.row["facts"])))
    customers = list(dict.fromkeys(claim.row["customer"] for claim in claims))
    with office.database.read() as connection:
        cursor = office.row(connection).cursor
    assert cursor is not None
    read_at = office.now()  # before the call, and by our own clock: the ledger's may go wrong
    apply_fresh(office, office.ledger.fresh(documents, customers, cursor))
    return read_at


def _fetch_pay_links(office: Office, documents: Sequence[str]) -> None:
    """Asks the ledger for an online payment page, once per invoice, and keeps the answer."""
    with office.database.read() as connection:
        missing = books.without_pay_link(connection, office.company, documents)
    links = {ref: office.ledger.pay_link(ref) for ref in missing}
    if links:
        with office.database.write("keep pay links") as connection:
            books.save_pay_links(connection, office.company, links)
