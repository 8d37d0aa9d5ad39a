"""Whatever is done in the ledger, and however its pages come: afterwards the store tells what the ledger tells."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.documents import item_ref
from adapters.errors import LedgerUnavailable
from adapters.money import Money
from connector import promises
from connector.disputes import end_flags
from connector.store import tables
from tests.contract.databases import PostgresDatabases, SqliteDatabases, opened
from tests.unit.connector.books.house import House

WHO = ("20", "21", "22", "23")  # 21 is billed with 20, 22 by itself; 23 stands alone
ACTS = (
    "bill",
    "pay",
    "part",
    "too much",
    "undo",
    "void",
    "delete",
    "due",
    "address",
    "family",
    "note",
    "credit",
    "time",
)
READS = ("changes", "whole", "broken", "again")

steps = st.lists(
    st.tuples(st.sampled_from(ACTS + READS), st.integers(0, 7), st.integers(1, 9999), st.integers(-30, 30)),
    min_size=5,
    max_size=40,
)


class _Bookkeeper:
    """Does what a drawn step says, where the books allow it."""

    def __init__(self, house: House) -> None:
        self.house, self.ledger = house, house.ledger
        self.ledger.customer("20", "Anna Boats")
        self.ledger.customer("21", "Anna Oars", parent="20", bill_with_parent=True)
        self.ledger.customer("22", "Anna Sails", parent="20")
        self.ledger.customer("23", "Bertram")
        self.ledger.page_size = 3
        self.numbers = iter(range(100, 10_000))

    def do(self, act: str, pick: int, cents: int, shift: int) -> None:
        due, who = self.house.in_days(shift), WHO[pick % len(WHO)]
        invoices = [ref for ref, each in self.ledger.documents.items() if ref.startswith("invoice:") and each.open]
        payments = [
            ref for ref, each in self.ledger.documents.items() if ref.startswith("payment:") and not each.voided
        ]
        one = invoices[pick % len(invoices)] if invoices else None
        number = str(next(self.numbers))
        if act == "bill":
            self.ledger.bill(number, who, str(Money(cents, "USD").amount), due)
        elif act == "credit":
            self.ledger.credit(number, who, str(Money(cents, "USD").amount), self.house.today)
        elif act == "time":
            self.house.wait(days=pick)
        elif act == "note":
            self.ledger.change_customer(who, note="#dispute" if cents % 2 else "")
        elif act == "family":
            daughter = self.ledger.customers["22"]
            self.ledger.change_customer("22", bill_with_parent=not daughter.bill_with_parent)
        elif act == "undo" and payments:
            some = payments[pick % len(payments)]
            self.ledger.void_payment(some) if cents % 2 else self.ledger.undo(some)
        elif one is not None:
            self._with(one, act, number, cents, shift)

    def _with(self, one: str, act: str, number: str, cents: int, shift: int) -> None:
        rest = self.ledger.documents[one].open
        who, amount = self.ledger.documents[one].customer, str(rest.amount)
        part = str(Money(min(cents, rest.minor), "USD").amount)
        untouched = not any(a.target == one for each in self.ledger.documents.values() for a in each.allocations)
        if act == "pay":
            self.ledger.receive(number, who, amount, {one: amount})
        elif act == "part":
            self.ledger.receive(number, who, part, {one: part})
        elif act == "too much":
            self.ledger.receive(number, who, str(Money(rest.minor + cents, "USD").amount), {one: amount})
        elif act == "void" and untouched:
            self.ledger.void(one)
        elif act == "delete" and untouched:
            self.ledger.delete(one)
        elif act == "due":
            self.ledger.move_due(one, self.house.in_days(shift))
        elif act == "address":
            self.ledger.change(one, bill_emails=("pay@elsewhere.example",) if cents % 2 else ())

    def read(self, how: str, pick: int) -> None:
        """The books are read; `broken` breaks off after some pages, `again` begins anew from an old cursor."""
        if how == "broken":
            self.ledger.breaks_after = pick
            with suppress(LedgerUnavailable):
                self.house.read(whole=pick % 2 == 0)
            self.ledger.breaks_after = None
        elif how == "again":
            for page in self.ledger._pages(str(pick), whole=False):
                self.house.take(page)
        else:
            self.house.read(whole=how == "whole")


def _tells_what_the_ledger_tells(house: House) -> None:
    documents = house.ledger.documents
    stored = {row["ref"]: row for row in house.rows(tables.document) if row["gone"] != "deleted"}
    assert {ref: each.open.minor for ref, each in documents.items()} == {
        ref: row["open_minor"] for ref, row in stored.items()
    }
    assert {ref: (each.customer, each.voided, each.version) for ref, each in documents.items()} == {
        ref: (row["customer"], row["voided"], row["version"]) for ref, row in stored.items()
    }
    assert {
        item_ref(ref, one.part): (one.open.minor, one.due_date) for ref, each in documents.items() for one in each.items
    } == {
        row["ref"]: (row["open_minor"], row["due_date"])
        for row in house.rows(tables.item)
        if row["document"] in documents
    }
    assert {
        (ref, each.target): each.amount.minor for ref, made in documents.items() for each in made.allocations
    } == house.allocations()


def _items_stand_where_they_belong(house: House) -> None:
    joined = house.ledger.customers["22"].bill_with_parent
    home = {"20": "20", "21": "20", "22": "20" if joined else "22", "23": "23"}
    for row in house.rows(tables.item, tables.item.c.open_minor > 0):
        made = house.ledger.documents[row["document"]]
        main = home[made.customer]
        assert row["account"] == (f"{main}|{made.bill_emails[0]}" if made.bill_emails else main)
        assert (row["closed_on"] is None) == (row["open_minor"] > 0)
    known = {row["ref"] for row in house.rows(tables.account)}
    assert {row["account"] for row in house.rows(tables.item)} <= known


def _applying_everything_again_changes_nothing(house: House) -> None:
    before = house.everything()
    page = house.page(
        customers=tuple(house.ledger.customers.values()),
        documents=tuple(reversed(house.ledger.documents.values())),
        tombstones=tuple(stone for _, stone in house.ledger.gone.values()),
    )
    applied = house.take(page)
    assert (applied.documents, applied.customers, applied.accounts) == (0, 0, {})
    assert house.everything() == before


@contextmanager
def _new_house(databases: SqliteDatabases | PostgresDatabases) -> Iterator[House]:
    with opened(databases.new_url()) as database:
        yield House(database)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=steps)
def test_the_store_tells_what_the_ledger_tells(
    databases: SqliteDatabases | PostgresDatabases, drawn: list[tuple[str, int, int, int]]
) -> None:
    with _new_house(databases) as house:
        keeper = _Bookkeeper(house)
        for act, pick, cents, shift in drawn:
            if act in READS:
                keeper.read(act, pick)
            else:
                keeper.do(act, pick, cents, shift)
        house.read()
        _tells_what_the_ledger_tells(house)
        _items_stand_where_they_belong(house)
        promises.judge(house.office)
        end_flags(house.office)
        _applying_everything_again_changes_nothing(house)
