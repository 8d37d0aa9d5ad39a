"""Mornings on which the service may be killed: each case has a database, books, a mailbox and a journal of its own."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import select

from connector.jobs import Job
from connector.note_style import NoteStyle
from connector.settings import MailSettings, Security
from connector.store.engine import Database, open_engine
from connector.store.tables import batch, reminder
from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.e2e.crashing import company, journal
from tests.e2e.crashing.journal import Event, Journal
from tests.e2e.crashing.outside import LedgerServer, MailServer, Taken
from tests.e2e.crashing.service import Errand, Running, settings_of
from tests.e2e.crashing.stands import Stand

Boundary = tuple[str, int]
KILLED = -9
#: Longer than a claim's lease and than a batch waits for its answer.
_LATER = timedelta(minutes=21)
_MOST_ROUNDS = 3


class Survived(Exception):
    """The service came to its end, and never to the boundary at which it was to die."""


class Mornings:
    """Makes cases, one after the other: copies of one connected company."""

    def __init__(
        self,
        folder: Path,
        databases: SqliteDatabases | PostgresDatabases,
        servers: tuple[LedgerServer, MailServer],
        trusted: Path,
        style: NoteStyle,
        stand: Stand,
    ) -> None:
        self.folder = folder
        self.stand = stand
        self.databases = databases
        self.ledger_server, self.mail_server = servers
        self.trusted = trusted
        self._numbers = count()
        self._template = databases.new_url()
        ledger = company.opened(stand)
        api = self.ledger_server.serve(stand, ledger.face)
        settings = settings_of(data=folder, api=api, database_url=self._template, mail=self.mail, stand=stand)
        company.connect(settings, ledger, style)

    @property
    def mail(self) -> MailSettings:
        return MailSettings(
            host="127.0.0.1",
            port=self.mail_server.port,
            security=Security.NONE,
            sender_address="ar@creditor.example",
        )

    def another(self) -> "Morning":
        """The morning once more, as if nothing had happened yet."""
        return Morning(self, self.folder / str(next(self._numbers)), self.databases.copy_of(self._template))


class Morning:
    """One case. The service is started on it again and again; books and mail server live on."""

    def __init__(self, mornings: Mornings, folder: Path, database_url: str) -> None:
        self._mornings = mornings
        self.inbox = folder / "inbox"
        self.ledger = company.opened(mornings.stand)
        company.paid_short(self.ledger)
        company.moves_on(self.ledger, self.inbox)
        self.database_url = database_url
        api = mornings.ledger_server.serve(mornings.stand, self.ledger.face)
        self.settings = settings_of(
            data=folder, api=api, database_url=database_url, mail=mornings.mail, stand=mornings.stand
        )
        self._folder = folder
        self.runs: list[list[Event]] = []

    def start(self, die_at: Boundary | None = None, jobs: tuple[Job, ...] = tuple(Job)) -> list[Event]:
        """The service's jobs once, in a process of their own. Returns what happened. Raises `Survived`."""
        path = self._folder / f"journal-{len(self.runs)}"
        told = Journal(path)
        self._mornings.ledger_server.serve(self.ledger.stand, self.ledger.face, told)
        self._mornings.mail_server.serve(told, fresh=not self.runs)
        running = Running(
            Errand(
                settings=self.settings,
                now=self.ledger.time.now(),
                jobs=jobs,
                journal=path,
                stand=self.ledger.stand.name,
                trusted=self._mornings.trusted,
                die_at=die_at,
            )
        )
        code = running.ended()
        told.close()
        events = journal.read(path)
        self.runs.append(events)
        if die_at and code == 0:
            raise Survived(f"it never came to {die_at}")
        if code != (KILLED if die_at else 0):
            failures = [each.name for each in events if each.kind == "failed"]
            raise AssertionError(f"the service ended with {code}: {failures}")
        return events

    def wait(self) -> None:
        """Until every lease has ended and whatever was to be tried again may be."""
        self.ledger.time.set(self.ledger.time.now() + _LATER)

    def recover(self) -> None:
        """Started again at once, and then whenever every lease and waiting time is over, while something is open."""
        self.start()
        for _ in range(_MOST_ROUNDS):
            self.wait()
            self.start(jobs=(Job.REMIND, Job.NOTES))
            if not self._is_anything_open():
                return

    def _is_anything_open(self) -> bool:
        database = Database(open_engine(self.database_url))
        with database.read() as connection:
            states = set(connection.scalars(select(reminder.c.state))) | set(connection.scalars(select(batch.c.state)))
        database.dispose()
        return bool(states & {"ready", "claimed", "composed", "sending", "unknown"})

    @property
    def taken(self) -> Sequence[Taken]:
        """The mails that the server took."""
        return self._mornings.mail_server.taken

    def forget(self) -> None:
        """Gives its database back."""
        self._mornings.databases.drop(self.database_url)
