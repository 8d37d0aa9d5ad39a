"""A firm whose office is furnished by hand: a database, a simulated clock, scripted books and a scripted mail server.

Its zone is London, where November knows no summer time: the clock shows the firm's own time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import RowMapping, Table, select

from adapters.money import Money
from connector import promises, release
from connector.clock import SimulatedClock
from connector.decisions import Reminded
from connector.deliver import deliver
from connector.jobs import Job, Ran, run, sync_company
from connector.letters import Delivered
from connector.office import Letterhead, Office
from connector.remind import remind
from connector.store import companies
from connector.store.companies import Mode
from connector.store.engine import Database, NoBoundaries
from connector.store.tables import account, address, dispatch, entry, history, reminder, reminder_item, task
from reminders.assignment import Assignment
from reminders.cadence_file import BUILTIN, load_builtin
from reminders.working_days import WorkingDays
from tests.unit.connector.speaking.fakes import Books, ScriptedMailer

MONDAY = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
FIRM = "firm"
LONG_DUE = date(2026, 10, 12)  # three weeks past due on Monday


@dataclass
class Firm:
    """The firm and what its people do. Two customers at most are needed to tell most stories."""

    database: Database
    mode: Mode = Mode.AUTOMATIC
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(MONDAY))

    def __post_init__(self) -> None:
        self.books = Books(now=self.clock.now)
        self.mailer = ScriptedMailer(self.clock)
        numbers = count(1)
        self.office = Office(
            company=FIRM,
            database=self.database,
            ledger=self.books,
            mailer=self.mailer,
            clock=self.clock,
            zone="Europe/London",
            calendar=WorkingDays("GB"),
            cadences={name: load_builtin(name) for name in BUILTIN},
            assignment=Assignment(default="standard"),
            letterhead=Letterhead(sender="ar@firm.example", sender_name="The Firm"),
            new_id=lambda: f"id-{next(numbers):04}",
        )
        with self.database.write("connect") as connection:
            companies.add(
                connection,
                id=FIRM,
                ledger="quickbooks",
                ledger_ref="1001",
                name="The Firm",
                home_currency="USD",
                country="GB",
                zone="Europe/London",
                mode=self.mode.value,
                connected_at=self.clock.now(),
            )

    # -- the books

    def customer(self, ref: str, *emails: str, **more: object) -> None:
        """A customer with these addresses; without any, `c<ref>@example.com`."""
        self.books.customer(ref, f"Customer {ref}", emails=emails or (f"c{ref}@example.com",), country="", **more)

    def owes(self, ref: str, amount: str = "100.00", due: date = LONG_DUE, *emails: str, number: str = "") -> str:
        """A customer that owes one invoice, `i<ref>` unless told otherwise. Returns the invoice."""
        if ref not in self.books.customers:
            self.customer(ref, *emails)
        return self.books.bill(number or f"i{ref}", ref, amount, due)

    # -- a day's work

    def sync(self) -> None:
        sync_company(self.office)

    def remind(self) -> Reminded:
        return remind(self.office)

    def deliver(self, office: Office | None = None) -> Delivered:
        return deliver(office or self.office)

    def work(self) -> Delivered:
        """Syncs, decides and delivers."""
        self.sync()
        self.remind()
        return self.deliver()

    def run(self, job: Job, work: Callable[[Office], object], *, now_please: bool = False) -> Ran:
        return run(self.office, job, work, now_please=now_please)

    def next_day(self, days: int = 1) -> None:
        """Ten in the morning, so many days later."""
        self.clock.advance(timedelta(days=days))

    def another_process(self, mailer: ScriptedMailer | None = None) -> Office:
        """A second service on the same database, and with the same clock."""
        return replace(self.office, mailer=mailer or ScriptedMailer(self.clock), holder="another process")

    def commits(self, seen: Callable[[], object] = lambda: None) -> list[str]:
        """The names of the commits from now on, each with what was seen when it was made."""
        names: list[str] = []

        class Watching(NoBoundaries):
            def after(self, name: str) -> None:
                what = seen()
                names.append(name if what is None else f"{name}, {what}")

        self.database.boundaries = Watching()
        return names

    # -- what people do

    def set_mode(self, mode: Mode) -> None:
        release.set_mode(self.office, mode, by="anna")

    def approve(self, *ids: str) -> int:
        return release.approve(self.office, list(ids) or None, by="anna")

    def promise(self, ref: str, amount: str = "100.00", day: date = date(2026, 11, 20)) -> str:
        return promises.make_promise(self.office, promises.Said(account=ref, amount=Money.of(amount, "USD"), day=day))

    # -- what is written down

    def rows(self, table: Table, **where: object) -> Sequence[RowMapping]:
        """The rows of a table, in the order of their keys."""
        keys = list(table.primary_key.columns)
        statement = select(table).order_by(*keys)
        for name, value in where.items():
            statement = statement.where(table.c[name] == value)
        with self.database.read() as connection:
            return connection.execute(statement).mappings().all()

    def reminders(self, **where: object) -> Sequence[RowMapping]:
        return self.rows(reminder, **where)

    def only_reminder(self) -> RowMapping:
        (row,) = self.reminders()
        return row

    def dispatches(self) -> dict[str, str]:
        """The state of each dispatch, by address."""
        return {row["address"]: row["state"] for row in self.rows(dispatch)}

    def steps(self) -> list[tuple[str, str, str]]:
        """Item, step and how it was taken."""
        return [(row["item"], row["step_id"], row["how"]) for row in self.rows(reminder_item)]

    def tasks(self, kind: str | None = None) -> Sequence[RowMapping]:
        return [row for row in self.rows(task) if row["state"] == "open" and kind in {None, row["kind"]}]

    def stopped(self) -> list[str]:
        return [row["address"] for row in self.rows(address)]

    def entries(self, kind: str | None = None) -> Sequence[RowMapping]:
        return [row for row in self.rows(entry) if kind in {None, row["kind"]}]

    def events(self, kind: str) -> Sequence[RowMapping]:
        return self.rows(history, kind=kind)

    def account(self, ref: str) -> RowMapping:
        (row,) = self.rows(account, ref=ref)
        return row

    def facts(self) -> dict[str, Any]:
        return dict(self.only_reminder()["facts"])
