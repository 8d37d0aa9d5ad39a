"""The rows behind the books: one SQLite table in memory or in a temporary file, so that a million documents fit.

A row is what queries can ask for (columns) and the whole record (`body`, JSON text). Amounts in columns are
integers of a thousandth, instants whole seconds since 1970: both compare exactly.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

_COLUMNS = (
    "id, kind, n, version, created, updated, deleted, customer, open, jobs, total, day, due, number, name, active, "
    "parent, body"
)
_SCHEMA = """
CREATE TABLE {table} (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,         -- the id as a number, for ordering
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    customer TEXT,
    open INTEGER,               -- of a customer: its own balance in its own currency
    jobs INTEGER,               -- of a customer: the same with its sub-customers
    total INTEGER,
    day TEXT, due TEXT, number TEXT, name TEXT COLLATE NOCASE,
    active INTEGER,
    parent TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (id, kind)
);
"""  # the placeholder is one of our two table names
_INDEXES = {
    "order": "(kind, n, open, deleted)",
    "updated": "(kind, updated, n)",
    "customer": "(customer, kind, n)",
    "open": "(kind, n) WHERE open <> 0",
    "name": "(kind, name) WHERE name IS NOT NULL",
    "number": "(number, kind)",
}
_UPSERT = f"""
INSERT INTO row ({_COLUMNS}) VALUES ({", ".join("?" * 18)})
ON CONFLICT (id, kind) DO UPDATE SET
    version = excluded.version, updated = excluded.updated, deleted = excluded.deleted, customer = excluded.customer,
    open = COALESCE(excluded.open, open), jobs = COALESCE(excluded.jobs, jobs), total = excluded.total,
    day = excluded.day, due = excluded.due, number = excluded.number, name = excluded.name,
    active = excluded.active, parent = excluded.parent, body = excluded.body
"""  # noqa: S608 - only our own column names
_HISTORY = """
CREATE TABLE history (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, entity TEXT NOT NULL, id TEXT NOT NULL, event TEXT NOT NULL,
    record TEXT NOT NULL
);
"""


class Row(NamedTuple):
    """One row; `open` and `jobs` of None leave what stands there."""

    id: str
    kind: str
    n: int
    version: int
    created: int
    updated: int
    deleted: int
    customer: str | None
    open: int | None
    jobs: int | None
    total: int | None
    day: str | None
    due: str | None
    number: str | None
    name: str | None
    active: int
    parent: str | None
    body: str


class HistoryRow(NamedTuple):
    """One change, in the order in which they happened; `record` is the snapshot after it, as JSON text."""

    seq: int
    at: str
    entity: str
    id: str
    event: str
    record: str


def scaled(amount: Decimal) -> int:
    """The amount as an integer of a thousandth."""
    return int(amount.scaleb(3))


def unscaled(amount: int) -> Decimal:
    """An integer of a thousandth as an amount with two decimals, or three where it needs them."""
    value = Decimal(amount).scaleb(-3)
    return value if amount % 10 else value.quantize(Decimal("0.01"))


class RowStore:
    """The rows. Not thread-safe by itself: the books hold the lock."""

    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -64000", "temp_store = MEMORY"):
            self._db.execute(f"PRAGMA {pragma}").close()
        self._db.executescript(_SCHEMA.format(table="row") + _HISTORY)
        self._index("row")
        self._lagging = False
        self._touched: list[tuple[str, str, int]] = []

    def close(self) -> None:
        """Gives back the memory or the file's handle."""
        self._db.close()

    def put(self, row: Row) -> None:
        """Writes a row, replacing the one with its id and kind."""
        self._db.execute(_UPSERT, row)
        if self._lagging:
            self._touched.append((row.id, row.kind, row.updated))

    def put_many(self, rows: Iterable[Row]) -> None:
        """Writes many rows in one transaction, and indexes them afterwards."""
        self._db.executescript("".join(f"DROP INDEX row_{name};" for name in _INDEXES))
        self._db.execute("BEGIN")
        self._db.executemany(_UPSERT, rows)
        self._db.execute("COMMIT")
        self._index("row")

    def _index(self, table: str) -> None:
        script = "".join(f"CREATE INDEX {table}_{name} ON {table} {terms};" for name, terms in _INDEXES.items())
        self._db.executescript(script)

    def get(self, kind: str, ident: str) -> Row | None:
        """The row with this kind and id, deleted or not."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM row WHERE id = ? AND kind = ?", (ident, kind)).fetchone()  # noqa: S608
        return Row(*found) if found else None

    def select(
        self, condition: str, values: Sequence[object] = (), *, order: str = "n", lagging: bool = False, **window: int
    ) -> Iterator[Row]:
        """Rows that meet an SQL condition, ordered by an SQL term; `limit` and `offset` cut a page."""
        table = "seen" if lagging and self._lagging else "row"
        page = f"SELECT rowid FROM {table} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        # the page's keys come from an index alone, so that a far page costs little
        sql = f"SELECT {_COLUMNS} FROM {table} WHERE rowid IN ({page}) ORDER BY {order}"  # noqa: S608
        return map(Row._make, self._db.execute(sql, (*values, window.get("limit", -1), window.get("offset", 0))))

    def count(self, condition: str, values: Sequence[object] = (), *, lagging: bool = False) -> int:
        """How many rows meet an SQL condition."""
        table = "seen" if lagging and self._lagging else "row"
        (found,) = self._db.execute(f"SELECT COUNT(*) FROM {table} WHERE {condition}", values).fetchone()  # noqa: S608
        return int(found)

    def total(self, column: str, condition: str, values: Sequence[object] = ()) -> int:
        """The sum of an integer column over the rows that meet an SQL condition."""
        (found,) = self._db.execute(f"SELECT COALESCE(SUM({column}), 0) FROM row WHERE {condition}", values).fetchone()  # noqa: S608
        return int(found)

    def open_by_customer(self) -> dict[tuple[str, str], int]:
        """What is open by customer and currency."""
        sql = (
            "SELECT customer, json_extract(body, '$.currency'), SUM(open) FROM row "
            "WHERE deleted = 0 AND open <> 0 AND customer IS NOT NULL GROUP BY 1, 2"
        )
        return {(customer, currency): total for customer, currency, total in self._db.execute(sql)}

    def move_balance(self, customer: str, *, own: int, jobs: int, at: int) -> None:
        """Adds to a customer's balances and marks it as updated, without a new version."""
        sql = (
            "UPDATE row SET open = open + ?, jobs = jobs + ?, updated = MAX(updated, ?) "
            "WHERE id = ? AND kind = 'customer'"
        )
        self._db.execute(sql, (own, jobs, at, customer))
        if self._lagging:
            self._touched.append((customer, "customer", at))

    def set_balances(self, customer: str, *, own: int, jobs: int) -> None:
        """Sets a customer's balances, after its family changed."""
        self._db.execute("UPDATE row SET open = ?, jobs = ? WHERE id = ? AND kind = 'customer'", (own, jobs, customer))

    def record(self, at: str, entity: str, ident: str, event: str, snapshot: str) -> None:
        """Appends one change to the history."""
        sql = "INSERT INTO history (at, entity, id, event, record) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(sql, (at, entity, ident, event, snapshot))

    def history(self, after: int, limit: int) -> list[HistoryRow]:
        """Up to `limit` changes after number `after`."""
        sql = "SELECT seq, at, entity, id, event, record FROM history WHERE seq > ? ORDER BY seq LIMIT ?"
        return [HistoryRow(*each) for each in self._db.execute(sql, (after, limit))]

    def lag_from_now(self) -> None:
        """Begins a second view of the rows, which `catch_up` brings up to date, for `select(lagging=True)`."""
        if self._lagging:
            return
        self._db.executescript(_SCHEMA.format(table="seen"))
        self._db.execute("INSERT INTO seen SELECT * FROM row")
        self._index("seen")
        self._lagging = True

    def catch_up(self, until: int) -> None:
        """Shows in the second view what changed up to this second."""
        due = [each for each in self._touched if each[2] <= until]
        self._touched = [each for each in self._touched if each[2] > until]
        sql = "INSERT OR REPLACE INTO seen SELECT * FROM row WHERE id = ? AND kind = ?"
        self._db.executemany(sql, {(ident, kind) for ident, kind, _ in due})
