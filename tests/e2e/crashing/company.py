"""The company of the crash matrix: small books in which as much as possible happens on one morning.

`opened` are the books as they were when the company was connected; `moves_on` is what happened to them, and what came
in, until the morning on which the service is killed.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from adapters.money import Money
from adapters.sandbox.books import Books
from connector import pauses, promises
from connector.bootstrap import open_service
from connector.clock import SimulatedClock
from connector.connect import confirm
from connector.demo.time import WorldTime
from connector.jobs import Job, all_jobs, run
from connector.note_style import NoteStyle, change_note_style
from connector.office import Office
from connector.release import set_mode
from connector.settings import Settings
from connector.store.books import save_pay_links
from connector.store.companies import Mode
from tests.e2e.crashing.stands import ZONE, Face, Stand

BILLED = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)
CONNECTED = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)  # a Monday morning in New York
MORNING = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)  # the Tuesday of the week after
DUE = date(2026, 10, 31)

#: Who gets a reminder on that morning, and where.
REMINDED = {
    "Two Readers": ("one@debtor.example", "silent@debtor.example"),  # and was paused until this morning
    "Half Refused": ("good@debtor.example", "bad@debtor.example"),  # and broke its promise
    "Deferred": ("deferred@debtor.example",),  # and its short payment was flagged last week
}
PAUSED, BROKE, FLAGGED, KEPT = "Two Readers", "Half Refused", "Deferred", "Kept Its Promise"
#: Who owes and gets none: refused by the server; a reply waits; nothing is owed any more.
OTHERS = {
    "Refused": ("refused@debtor.example",),
    "Disputes": ("disputes@debtor.example",),
    KEPT: ("kept@debtor.example",),
}
#: Whose invoice has no online payment page yet.
ASKS_FOR_LINK = "Deferred"
REFUSES = frozenset({"refused@debtor.example", "bad@debtor.example"})
DEFERS_ONCE = frozenset({"deferred@debtor.example"})
FALLS_SILENT = frozenset({"silent@debtor.example"})
#: Of whom people wrote something long before, where the ledger has a place for it that is ours, too.
LIVED_IN = (BROKE, KEPT)
#: The notes that the ledger is to have in the end, beside the reminders'.
NOTES = {"promise_made": 2, "promise_kept": 1, "promise_broken": 1, "pause": 1, "reply": 1}

_REPLY = b"""From: <disputes@debtor.example>\r
To: ar@creditor.example\r
Subject: Your invoice\r
Message-ID: <reply-1@debtor.example>\r
Date: Tue, 10 Nov 2026 09:00:00 -0500\r
\r
Hello,\r
\r
we dispute this invoice: half of the goods arrived damaged.\r
\r
Kind regards\r
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The books, whose clock is `time`, and the ledger's face over them."""

    stand: Stand
    books: Books
    time: WorldTime
    face: Face
    invoices: dict[str, str]
    customers: dict[str, str]


def opened(stand: Stand) -> Ledger:
    """The books when the company was connected: everybody owes a hundred and some dollars since the end of October."""
    time = WorldTime(BILLED)
    books = Books(now=time, name="Creditor Inc.", home_currency="USD", country="US", zone=ZONE, multicurrency=False)
    customers, invoices = {}, {}
    for number, (name, emails) in enumerate((REMINDED | OTHERS).items()):
        ident = books.add_customer(name, emails=", ".join(emails), country="US", region="NY")
        amount = Decimal(100 + number)
        customers[name] = ident
        invoices[name] = books.bill(ident, amount, issue_date=BILLED.date(), due_date=DUE)
    time.set(CONNECTED)
    face = stand.face(books, time)
    stand.lived_in(face, [customers[each] for each in LIVED_IN])
    return Ledger(stand, books, time, face, invoices, customers)


def paid_short(ledger: Ledger) -> None:
    """Later on the Monday of the connection: a payment leaves a small rest, which may be a deduction."""
    apply = {ledger.invoices[FLAGGED]: Decimal("92.00")}
    ledger.books.pay(ledger.customers[FLAGGED], Decimal("92.00"), on=CONNECTED.date(), apply=apply)


def moves_on(ledger: Ledger, inbox: Path) -> None:
    """What happened until the morning: a promise was kept, another was not, and an answer came by mail."""
    ledger.time.set(MORNING - timedelta(hours=1))
    amount = ledger.books.document(ledger.invoices[KEPT]).open
    apply = {ledger.invoices[KEPT]: amount}
    ledger.books.pay(ledger.customers[KEPT], amount, on=MORNING.date(), apply=apply)
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "reply.eml").write_bytes(_REPLY)
    ledger.time.set(MORNING)


def connect(settings: Settings, ledger: Ledger, style: NoteStyle) -> None:
    """Connects the company, reads its books, and lets its people say what they said on that Monday."""
    clock = SimulatedClock(CONNECTED)
    service = open_service(settings, clock=clock)
    company = confirm(service, ledger.stand.propose(service), zone_name=ZONE, country="US")
    office = service.office(company)
    _sync(office)
    change_note_style(office, style)
    set_mode(office, Mode.AUTOMATIC, by="person")
    _said_on_monday(office, ledger)
    service.close()


def _said_on_monday(office: Office, ledger: Ledger) -> None:
    for name, day in ((KEPT, date(2026, 11, 12)), (BROKE, date(2026, 11, 3))):
        amount = Money.of(ledger.books.document(ledger.invoices[name]).open, "USD")
        promises.make_promise(office, promises.Said(account=ledger.customers[name], amount=amount, day=day))
    pauses.pause(office, ledger.customers[PAUSED], reason="a new bank", until=MORNING.date())
    paid_short(ledger)
    _sync(office)
    if not ledger.stand.has_pay_pages:
        return
    known = {f"invoice:{ident}": "" for name, ident in ledger.invoices.items() if name != ASKS_FOR_LINK}
    with office.database.write("known pay links") as connection:
        save_pay_links(connection, office.company, known)


def _sync(office: Office) -> None:
    ran = run(office, Job.SYNC, all_jobs(None)[Job.SYNC])
    assert ran.is_well, ran.error
