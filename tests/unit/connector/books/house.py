"""A small company on a database, with a fake ledger: its books are read, judged and looked into here."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, select

from adapters.ledger import Page
from adapters.money import Money
from connector import jobs, sync
from connector.accounts import Loaded, load_accounts
from connector.apply import Applied
from connector.clock import SimulatedClock
from connector.office import Letterhead, Office
from connector.promises import Said, make_promise
from connector.store import companies, tables
from connector.store.companies import CompanyRow, Mode
from connector.store.engine import Database
from connector.store.tables import account, dispute, document, entry, history, hold, item, promise, task
from reminders.account import HoldKind, OwedItem
from reminders.assignment import Assignment
from reminders.cadence_file import load_builtin
from reminders.steps import Cadence
from reminders.working_days import WorkingDays
from tests.fakes import FakeMailer
from tests.unit.connector.books.fakes import PagedLedger

MONDAY = datetime(2026, 11, 2, 17, 30, tzinfo=UTC)  # half past twelve in New York: all of the country is at work
COMPANY = "qbo-1001"


class House:
    """One company. Every question opens its own transaction; every change goes through the ledger and a sync."""

    def __init__(self, database: Database, *, currency: str = "USD", **rules: object) -> None:
        self.clock = SimulatedClock(MONDAY)
        self.ledger = PagedLedger(now=self.clock.now)
        self.mailer = FakeMailer()
        self.database = database
        standard = load_builtin("standard")
        cadence = replace(standard, rules=replace(standard.rules, **rules))  # type: ignore[arg-type]  # its fields
        self.office = _office(database, self.ledger, self.mailer, self.clock, cadence)
        with database.write("connect") as connection:
            companies.add(
                connection,
                id=COMPANY,
                ledger="fake",
                ledger_ref="1001",
                name="Harbour Supplies",
                home_currency=currency,
                country="US",
                zone="America/New_York",
                mode=Mode.AUTOMATIC.value,
                connected_at=self.clock.now(),
            )

    # -- time and work

    @property
    def today(self) -> date:
        return self.office.today()

    def in_days(self, number: int) -> date:
        """The day that lies so many days ahead."""
        return self.today + timedelta(days=number)

    def wait(self, *, days: int = 0, minutes: int = 0) -> None:
        """Time passes."""
        self.clock.advance(timedelta(days=days, minutes=minutes))

    def read(self, *, whole: bool = False, believe: bool = False) -> None:
        """The books are read, and nothing else happens."""
        sync.sync(self.office, whole=whole, believe=believe)

    def sync(self) -> None:
        """The books are read, promises judged, flags and holds ended."""
        jobs.sync_company(self.office)

    def remind(self) -> None:
        """What is due is said."""
        jobs.remind_company(self.office)

    def take(self, page: Page) -> Applied:
        """One page is applied, as after a fresh read."""
        return sync.apply_fresh(self.office, page)

    def page(self, *, cursor: str | None = "0", **parts: Any) -> Page:  # noqa: ANN401 - its fields
        """A page with these parts."""
        assert cursor is not None
        return Page(cursor=cursor, read_at=self.clock.now(), **parts)

    # -- questions

    @property
    def row(self) -> CompanyRow:
        with self.database.read() as connection:
            return self.office.row(connection)

    def rows(self, table: Table, *conditions: ColumnElement[bool]) -> list[RowMapping]:
        """The rows of a table."""
        with self.database.read() as connection:
            return list(connection.execute(select(table).where(*conditions)).mappings())

    def item(self, ref: str) -> RowMapping:
        """One item's row."""
        (row,) = self.rows(item, item.c.ref == ref)
        return row

    def document(self, ref: str) -> RowMapping:
        """One document's row."""
        (row,) = self.rows(document, document.c.ref == ref)
        return row

    def account_of(self, ref: str) -> str:
        """The account that an invoice's item belongs to."""
        return str(self.item(f"{ref}#1")["account"])

    def touches(self, ref: str) -> int:
        """How often something about an account changed."""
        return sum(row["touches"] for row in self.rows(account, account.c.ref == ref))

    def asleep(self, *refs: str) -> None:
        """These accounts, or all, are looked at only when something changes."""
        with self.database.write("sleep") as connection:
            statement = account.update().values(look_on=None)
            connection.execute(statement.where(account.c.ref.in_(refs)) if refs else statement)

    def awake(self) -> set[str]:
        """The accounts that are to be looked at today."""
        return {row["ref"] for row in self.rows(account) if row["look_on"] is not None and row["look_on"] <= self.today}

    def tasks(self, kind: str) -> list[RowMapping]:
        """The open tasks of a kind."""
        return self.rows(task, task.c.kind == kind, task.c.state == "open")

    def notes(self, kind: str) -> list[RowMapping]:
        """The notes of a kind, whether they are in the ledger or on their way."""
        return self.rows(entry, entry.c.kind == kind)

    def history(self, kind: str) -> list[RowMapping]:
        """The history's rows of a kind."""
        return self.rows(history, history.c.kind == kind)

    def promise(self, promise_id: str) -> RowMapping:
        """One promise."""
        (row,) = self.rows(promise, promise.c.id == promise_id)
        return row

    def dispute(self, dispute_id: str) -> RowMapping:
        """One dispute or flag."""
        (row,) = self.rows(dispute, dispute.c.id == dispute_id)
        return row

    def flags(self) -> list[RowMapping]:
        """The flags that hold."""
        return self.rows(dispute, dispute.c.state == "flagged")

    def held(self, ref: str) -> list[RowMapping]:
        """The stored holds of an account that nobody has ended."""
        return self.rows(hold, hold.c.account == ref, hold.c.ended_at.is_(None))

    def load(self, ref: str) -> Loaded:
        """An account as the rules judge it."""
        with self.database.read() as connection:
            (found,) = load_accounts(self.office, connection, self.office.row(connection), [ref], today=self.today)
        return found

    def hold_kinds(self, ref: str, invoice: str | None = None) -> set[HoldKind]:
        """What holds an account today (or one of its invoices)."""
        return {
            each.kind
            for each in self.load(ref).account.holds
            if each.begins <= self.today
            and (each.ends is None or each.ends > self.today)
            and (invoice is None or not each.items or f"{invoice}#1" in each.items)
        }

    def owed(self, ref: str, invoice: str) -> OwedItem:
        """An item of an account, as the rules judge it."""
        return next(one for one in self.load(ref).account.items if one.document == invoice)

    def promised(
        self,
        who: str,
        amount: str,
        *,
        days: int,
        currency: str = "USD",
        items: tuple[str, ...] = (),
        by: str = "",
        confirmed: bool = False,
    ) -> str:
        """A customer gives its word. Returns the promise's id."""
        money, day = Money.of(amount, currency), self.in_days(days)
        said = Said(account=who, amount=money, day=day, items=items, by=by, confirmed=confirmed)
        return make_promise(self.office, said)

    def open_totals(self) -> dict[str, int]:
        """Every document that is open with us, in minor units."""
        return {row["ref"]: row["open_minor"] for row in self.rows(document) if row["open_minor"]}

    def everything(self) -> dict[str, list[str]]:
        """Every row of every table, to see that nothing changed."""
        return {each.name: sorted(repr(dict(row)) for row in self.rows(each)) for each in tables.metadata.sorted_tables}

    def problems(self) -> set[str]:
        """The rows that could not be read."""
        return {row["ref"] for row in self.rows(tables.problem)}

    def allocations(self) -> dict[tuple[str, str], int]:
        """What was set against what."""
        return {(row["source"], row["target"]): row["amount_minor"] for row in self.rows(tables.allocation)}


def _office(
    database: Database, ledger: PagedLedger, mailer: FakeMailer, clock: SimulatedClock, cadence: Cadence
) -> Office:
    numbers = count(1)
    return Office(
        company=COMPANY,
        database=database,
        ledger=ledger,
        mailer=mailer,
        clock=clock,
        zone="America/New_York",
        calendar=WorkingDays("US"),
        cadences={cadence.name: cadence},
        assignment=Assignment(default=cadence.name),
        letterhead=Letterhead(sender="ar@harbour.example", sender_name="Harbour Supplies"),
        new_id=lambda: f"id-{next(numbers):06d}",
    )
