"""What a whole read listed, kept in one row a page: whatever it did not list is named, and nothing else."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, text

from connector.store import books, listings
from connector.store.engine import Database
from connector.store.tables import document, listing

NOW = datetime(2026, 11, 2, 17, tzinfo=UTC)


_THE_REST = ("sent", None, "", None, None, None, False, None, None, "1", NOW, NOW, date(2026, 11, 2))


def keep(connection: object, refs: list[str], *, open_minor: int = 100) -> None:
    """Documents that are open with us."""
    rows = [
        (
            "c",
            ref,
            ref.partition(":")[0],
            "20",
            "20",
            ref,
            NOW.date(),
            "USD",
            100,
            open_minor,
            ("a@example.com",),
            *_THE_REST,
        )
        for ref in refs
    ]
    books.save_documents(connection, rows)  # type: ignore[arg-type]  # a connection


@pytest.mark.parametrize("order", ["as they were made", "mixed"])
def test_only_what_no_page_listed_is_named(database: Database, order: str) -> None:
    refs = [f"invoice:{7 + number * 3}" for number in range(listings.CHUNK + 900)]
    told = refs if order == "as they were made" else sorted(refs, key=lambda ref: ref[::-1])
    lost = {told[5], told[1234], told[-1]}
    with database.write("list") as connection:
        keep(connection, refs)
        keep(connection, ["payment:4", "credit_memo:9"])
        keep(connection, ["invoice:2"], open_minor=0)
        for start in range(0, len(told), 1000):
            listings.note(connection, "c", "read-2", [ref for ref in told[start : start + 1000] if ref not in lost])
        listings.note(connection, "c", "read-1", sorted(lost))  # another read's, that broke off
    with database.read() as connection:
        found = listings.unlisted(connection, "c", {"invoice", "credit_memo"}, "read-2")
        assert sorted(found) == sorted([*lost, "credit_memo:9"])


def test_a_page_listed_twice_is_one_row_and_a_read_that_is_over_leaves_none(database: Database) -> None:
    with database.write("list") as connection:
        for _ in range(2):
            listings.note(connection, "c", "read-2", {"invoice:1", "invoice:9"})
        listings.note(connection, "c", "read-2", set())
        assert connection.scalar(select(func.count()).select_from(listing)) == 1
        listings.forget(connection, "c")
        assert connection.scalar(select(func.count()).select_from(listing)) == 0


def test_open_documents_are_walked_in_the_order_of_their_key(database: Database) -> None:
    """No sorting of a million on the way: SQLite says so itself."""
    if database.engine.dialect.name != "sqlite":
        return
    where = (document.c.company == "c") & (document.c.ref > "") & (document.c.open_minor != 0)
    statement = select(document.c.ref).where(where).order_by(document.c.ref).limit(5)
    words = str(statement.compile(database.engine, compile_kwargs={"literal_binds": True}))
    with database.read() as connection:
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {words}")))
    assert "company=? AND ref>?" in plan
    assert "B-TREE" not in plan
