"""Plays a cell of the SMTP matrix: one reminder, a mail server that fails once, and then one that is well."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Event as Flag

from sqlalchemy import RowMapping, Table, select

from adapters.marker import find_markers
from adapters.quickbooks.oauth import Tokens
from adapters.quickbooks.sandbox.app import QuickBooksSandbox
from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.sandbox.books import Books
from connector.bootstrap import open_service
from connector.clock import SimulatedClock
from connector.connect import confirm, propose
from connector.demo.time import WorldTime
from connector.jobs import Job, all_jobs, run
from connector.release import set_mode
from connector.settings import MailSettings, Security
from connector.store.companies import Mode
from connector.store.engine import Database, open_engine
from connector.store.tables import dispatch, entry, reminder, task
from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.e2e.crashing.company import BILLED, DUE, MORNING
from tests.e2e.crashing.outside import LedgerServer
from tests.e2e.crashing.service import Errand, Running, settings_of
from tests.e2e.crashing.smtp_cells import READERS, Cell, States, after_the_fault, in_the_end, may_have_got
from tests.e2e.crashing.stands import STANDS
from tests.unit.reminders.channels.certificates import Tls
from tests.unit.reminders.channels.fake_smtp import FakeSmtpServer, Fault, Place

USER, PASSWORD = "ar@creditor.example", "correct horse"
HANG = 1
"""Seconds after which the service takes a server that hangs for lost."""
_PATIENCE = 60
"""... and seconds for which it waits for one that does not, on a busy machine."""
_LATER = timedelta(minutes=21)
_STAND = STANDS["quickbooks"]
_LONG = 1_500_000
"""Bytes that both ends of a connection cannot hold together, so that a mail can be met in its middle."""


@dataclass(frozen=True)
class Ledger:
    """One customer with some readers owes one invoice."""

    books: Books
    time: WorldTime
    face: QuickBooksSandbox


def ledger_with(readers: int) -> Ledger:
    """The books on the morning."""
    time = WorldTime(BILLED)
    books = Books(
        now=time, name="Creditor Inc.", home_currency="USD", country="US", zone="America/New_York", multicurrency=False
    )
    emails = ", ".join(f"reader{number}@debtor.example" for number in range(readers))
    customer = books.add_customer("Debtor", emails=emails, country="US", region="NY")
    books.bill(customer, Decimal("100.00"), issue_date=BILLED.date(), due_date=DUE)
    time.set(MORNING)
    return Ledger(books, time, QuickBooksSandbox(books, now=time, settings=SandboxSettings(open_door=True)))


class Evenings:
    """Makes cases: copies of a company that has read its books and decided nothing yet. Any number at a time."""

    def __init__(
        self, folder: Path, databases: SqliteDatabases | PostgresDatabases, server: LedgerServer, tls: Tls, pem: Path
    ) -> None:
        self.folder = folder
        self.server = server
        self.tls = tls
        self.pem = pem
        self.databases = databases
        self._numbers = count()
        self._templates = {readers: self._connected(readers) for readers in READERS}

    def _connected(self, readers: int) -> str:
        url, ledger = self.databases.new_url(), ledger_with(readers)
        api = self.server.serve(_STAND, ledger.face, at=f"template{readers}")
        settings = settings_of(data=self.folder, api=api, database_url=url, mail=MailSettings(), stand=_STAND)
        service = open_service(settings, clock=SimulatedClock(MORNING))
        tokens = Tokens(realm="1", access_token="a", access_expires_at=MORNING + timedelta(days=1), refresh_token="r")
        company = confirm(service, propose(service, tokens, "1"), zone_name="America/New_York", country="US")
        office = service.office(company)
        assert run(office, Job.SYNC, all_jobs(None)[Job.SYNC]).is_well
        set_mode(office, Mode.AUTOMATIC, by="person")
        service.close()
        return url

    def play(self, cell: Cell) -> list[str]:
        """Plays a cell. Returns a sentence for everything that is not as it must be."""
        number = next(self._numbers)
        evening = _Evening(self, cell, self.folder / str(number), self.databases.copy_of(self._templates[cell.readers]))
        try:
            return list(evening.play())
        except (AssertionError, TimeoutError) as error:
            return [str(error)]
        finally:
            self.databases.drop(evening.database_url)


class _Evening:
    def __init__(self, evenings: Evenings, cell: Cell, folder: Path, database_url: str) -> None:
        self._evenings = evenings
        self._cell = cell
        self._folder = folder
        self.database_url = database_url
        self._ledger = ledger_with(cell.readers)
        self._api = evenings.server.serve(_STAND, self._ledger.face, at=folder.name)
        self._arrived: Counter[str] = Counter()
        folder.mkdir(parents=True)

    def play(self) -> Iterator[str]:
        kept = self._while_it_fails()
        before = self._states()
        allowed = after_the_fault(self._cell, kept=kept)
        if before not in allowed:
            either = " or ".join(str(dict(each)) for each in allowed)
            yield f"after the fault the dispatches are {dict(before)}, not {either}"
        yield from self._arrivals()
        self._ledger.time.set(MORNING + _LATER)
        with FakeSmtpServer(tls=self._evenings.tls.server, logins={USER: PASSWORD}) as server:
            code = self._start(server, (Job.REMIND, Job.NOTES), _PATIENCE).ended()
        self._count(server)
        if code:
            yield f"the service that ran again ended with {code}"
        after = self._states()
        if after != in_the_end(before):
            yield f"in the end the dispatches are {dict(after)}, not {dict(in_the_end(before))}"
        yield from self._arrivals()
        yield from self._mentions()

    def _while_it_fails(self) -> bool:
        """Runs the service while its mail server fails. Returns whether the connection that failed was a kept one."""
        cell = self._cell
        may_fail, connections = Flag(), list[int]()
        running: list[Running] = []

        def failing() -> None:
            connections.append(server.connections)
            if cell.killed:
                may_fail.wait(_PATIENCE)
                running[0].kill()

        server = FakeSmtpServer(
            place=cell.place,
            fault=cell.fault,
            skips=cell.skips,
            on_fault=failing,
            tls=self._evenings.tls.server,
            logins={USER: PASSWORD},
        )
        with server:
            # nobody sees a connection that does not come about: there, the process dies with the bad news in its hands
            alone = cell.killed and cell.place is Place.CONNECT
            running.append(
                self._start(server, (Job.REMIND,), _waits(cell), die_at=("after send", 1) if alone else None)
            )
            may_fail.set()
            code = running[0].ended()
        self._count(server)
        if code != (-9 if cell.killed else 0):
            raise AssertionError(f"the service ended with {code}")
        return bool(cell.skips and connections == [1])

    def _start(
        self, server: FakeSmtpServer, jobs: tuple[Job, ...], waits: int, die_at: tuple[str, int] | None = None
    ) -> Running:
        mail = MailSettings(
            host=server.host,
            port=server.port,
            security=Security.STARTTLS,
            user=USER,
            password=PASSWORD,  # type: ignore[arg-type]
            sender_address="ar@creditor.example",
            connect_timeout_seconds=waits,
            command_timeout_seconds=waits,
            reply_timeout_seconds=waits,
        )
        settings = settings_of(
            data=self._folder, api=self._api, database_url=self.database_url, mail=mail, stand=_STAND
        )
        errand = Errand(
            settings=settings,
            now=self._ledger.time.now(),
            jobs=jobs,
            journal=self._folder / "journal",
            trusted=self._evenings.pem,
            padding=_LONG if self._cell.place is Place.MID_BODY else 0,
            die_at=die_at,
        )
        return Running(errand)

    def _count(self, server: FakeSmtpServer) -> None:
        self._arrived.update(recipient for mail in server.accepted for recipient in mail.recipients)

    # -- what is so

    def _rows(self, table: Table) -> Sequence[RowMapping]:
        database = Database(open_engine(self.database_url))
        with database.read() as connection:
            rows = connection.execute(select(table)).mappings().all()
        database.dispose()
        return rows

    def _states(self) -> States:
        return Counter(row["state"] for row in self._rows(dispatch))

    def _arrivals(self) -> Iterator[str]:
        """Nobody got two, and each dispatch says what its reader's server knows."""
        states = {row["address"]: row["state"] for row in self._rows(dispatch)}
        for address in sorted(set(states) | set(self._arrived)):
            if self._arrived[address] not in may_have_got(states.get(address, "waiting")):
                yield f"{address} got {self._arrived[address]} mails and is {states.get(address)}"

    def _mentions(self) -> Iterator[str]:
        """What did not certainly arrive is a task; what was said is a note, and one alone."""
        tasks = Counter(row["key"] for row in self._rows(task) if row["state"] == "open")
        wanted, states = Counter[str](), self._states()
        for row in self._rows(dispatch):
            if row["state"] == "uncertain":
                wanted[f"uncertain:{row['reminder']}:{row['address']}"] += 1
            if row["state"] == "refused":
                wanted[f"refused:{row['address']}"] += 1
        if tasks != wanted:
            yield f"the tasks are {dict(tasks)}, not {dict(wanted)}"
        (only,) = self._rows(reminder)
        said = bool(states["sent"] + states["uncertain"])
        if only["state"] != ("said" if said else "refused"):
            yield f"the reminder is {only['state']}"
        notes = [note.text for note in self._ledger.books.notes()]
        if [key for text in notes for key in find_markers(text)] != [f"reminder:{only['id']}"] * said:
            yield f"the ledger has the notes {notes}"
        if self._cell.readers == 1 and said and ("acceptance unknown" in notes[0]) != bool(states["uncertain"]):
            yield f"the dispatch is {dict(states)}, and the note says: {notes[0]}"
        if {row["state"] for row in self._rows(entry)} - {"written"}:
            yield "a note is still on its way"


def _waits(cell: Cell) -> int:
    return HANG if cell.fault is Fault.HANG else _PATIENCE
