"""The statements of a day walk what is due, and neither the whole book nor the past, on either database.

Every statement that a day runs is caught as it runs and explained afterwards, after ANALYZE and on tables so long that
reading one as a whole would be chosen wherever no index serves.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain, islice, pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text, update

from connector.deliver import recover
from connector.remind import remind
from connector.store import claims, reminders
from connector.store.engine import Database
from connector.store.tables import account, metadata
from tests.bench.day_run import office_on
from tests.bench.day_store import COMPANY, connect, tables
from tests.bench.day_world import NOW, TODAY, Said, world

_INVOICES, _SAID_BEFORE, _DUE = 10_000, 10_000, ("7", "42", "99")
_LONG = 3_000  # rows: of shorter tables, reading all is no harm
#: Indexes that hold little beside what is due or lives.
_OF_FEW = ("ix_reminder_live", "ix_reminder_not_arrived")
_ENDED = TODAY - timedelta(days=300)


@pytest.fixture
def busy(database: Database) -> Database:
    """A thousand customers, a year of reminders, promises, disputes and pauses behind them; three are due."""
    connect(database)
    everybody, said, past = world(_INVOICES, _SAID_BEFORE)
    with database.write("fill") as connection:
        for table, rows in chain(tables(everybody, said, past), _long_ended(past)):
            _fill(connection, table, rows)
        connection.execute(update(account).where(account.c.ref.in_(_DUE)).values(look_on=TODAY))
    with database.write("analyze") as connection:
        connection.execute(text("ANALYZE"))
    return database


def test_a_day_walks_only_what_is_due(busy: Database) -> None:
    with _caught(busy) as statements:
        assert remind(office_on(busy)).looked_at == len(_DUE)
    assert len(statements) > 15
    assert _walks(busy, statements) == []


def test_a_day_on_which_nothing_is_due_walks_nothing(busy: Database) -> None:
    with busy.write("wait") as connection:
        connection.execute(update(account).values(look_on=TODAY + timedelta(days=9)))
        connection.execute(text("ANALYZE"))
    with _caught(busy) as statements:
        assert remind(office_on(busy)).looked_at == 0
        recover(office_on(busy))
    assert _walks(busy, statements) == []


def test_claims_walk_only_what_has_not_left(busy: Database) -> None:
    remind(office_on(busy))
    with _caught(busy) as statements, busy.write("claim") as connection:
        assert claims.claim(connection, COMPANY, now=NOW, lease=timedelta(minutes=5), limit=2)
        assert claims.abandoned(connection, COMPANY, NOW) == []
        assert reminders.stale(connection, COMPANY, TODAY) == []
    assert _walks(busy, statements) == []


def _long_ended(past: list[Said]) -> Iterator[tuple[str, Iterable[dict[str, object]]]]:
    """What held the paid invoices of the past."""
    of_all = [{"company": COMPANY, "account": each.to.ref, "customer": each.to.ref} for each in past]
    items = [f"{each.invoices[0]}#1" for each in past]
    at, on = NOW - timedelta(days=310), _ENDED - timedelta(days=10)
    money = {"amount_minor": 80_000, "currency": "USD"}
    yield (
        "promise",
        (
            {"id": f"old-{nth}", **of, **money, "day": _ENDED, "items": "[]", "made_at": at, "made_on": on}
            | {"state": "kept", "ended_on": _ENDED}
            for nth, of in enumerate(of_all)
        ),
    )
    yield (
        "promise_item",
        ({"promise": f"old-{nth}", "item": item, "company": COMPANY} for nth, item in enumerate(items)),
    )
    yield (
        "dispute",
        (
            {"id": f"old-{nth}", **of, **money, "item": items[nth], "reason": "late", "state": "resolved"}
            | {"source": f"old:{nth}", "opened_at": at, "opened_on": on, "ended_on": _ENDED}
            for nth, of in enumerate(of_all)
        ),
    )
    yield (
        "hold",
        (
            {"id": f"old-{nth}", **of, "kind": "pause", "items": "[]", "begins": on, "ends": _ENDED}
            | {"reason": "holidays", "source": f"old:{nth}", "created_at": at}
            for nth, of in enumerate(of_all)
        ),
    )


def _fill(connection: Connection, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    """As the driver takes them: days and instants as text, which both databases read."""
    waiting = iter(rows)
    while some := [{name: _plain(value) for name, value in row.items()} for row in islice(waiting, 2_000)]:
        mark = "%({})s" if connection.dialect.name == "postgresql" else ":{}"
        names, marks = ", ".join(some[0]), ", ".join(mark.format(name) for name in some[0])
        driven: Any = some
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", driven)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (str, bool, int)) else str(value).removesuffix("+00:00")


@contextmanager
def _caught(database: Database) -> Iterator[dict[str, Any]]:
    """The statements that run meanwhile, each with its last parameters."""
    statements: dict[str, Any] = {}

    def catch(_c: object, _cursor: object, statement: str, parameters: Sequence[Any], _x: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            statements[statement] = parameters[-1] if many else parameters

    event.listen(database.engine, "before_cursor_execute", catch)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", catch)


def _walks(database: Database, statements: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What reads a long table as a whole, or by the company alone: the step of the plan, and its statement."""
    with database.read() as connection:
        is_long = {
            each.name: (connection.scalar(select(func.count()).select_from(each)) or 0) >= _LONG
            for each in metadata.sorted_tables
        }
        explain = "EXPLAIN " if database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        found = []
        for statement, parameters in statements.items():
            plan = [str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)]
            steps = _sqlite(plan) if database.engine.dialect.name == "sqlite" else _postgresql(plan)
            found += [(step, statement) for table, step in steps if is_long.get(table, False)]
    return found


def _sqlite(plan: list[str]) -> Iterator[tuple[str, str]]:
    """The steps that read a table as a whole, or by no more than its company, with that table."""
    for step in plan:
        whole = re.match(r"SCAN (\w+)", step) or re.match(r"SEARCH (\w+) USING .*\(company=\?( AND ref>\?)?\)$", step)
        if whole and not any(index in step for index in _OF_FEW):
            yield whole[1], step


def _postgresql(plan: list[str]) -> Iterator[tuple[str, str]]:
    """The same."""
    company_alone = re.compile(r"\s*Index Cond: \(\(?company\)?::text = '\w+'::text\)")
    for step, condition in pairwise([*plan, ""]):
        whole = re.search(r"Seq Scan on (\w+)", step)
        if whole is None and company_alone.fullmatch(condition):
            whole = re.search(r"Scan using \w+ on (\w+)", step)
        if whole and not any(index in step for index in _OF_FEW):
            yield whole[1], step
