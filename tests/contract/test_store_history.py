import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from connector.store import history
from connector.store.engine import Database
from connector.store.history import Event, Head
from connector.store.tables import history as rows
from connector.store.tables import history_head, history_personal
from tests.contract.databases import PostgresDatabases, opened

AT = datetime(2026, 11, 2, 9, 0, 0, 5, tzinfo=UTC)


def events(number: int) -> list[Event]:
    return [
        Event(
            at=AT + timedelta(seconds=n),
            actor="deliver",
            kind="reminder_sent",
            account=f"customer:{n % 3}",
            subject=f"reminder:{n}",
            data={"amount": n * 100, "currency": "EUR", "items": ["b", "a"], "ok": True, "none": None},
            personal={"body": f"Dear Zoë {n}", "to": "zoe@example.com"} if n % 2 else None,
        )
        for n in range(1, number + 1)
    ]


def told(database: Database, number: int = 20) -> Head:
    with database.write("record") as connection:
        history.record_many(connection, "c", events(number))
        return history.head(connection, "c")


def unlock(connection: Connection) -> None:
    """As somebody would who owns the database: removes the triggers."""
    names = ("history_no_update", "history_no_delete")
    if connection.dialect.name == "postgresql":
        names = ("history_no_change", "history_no_truncate")
    for name in names:
        connection.execute(
            text(f"DROP TRIGGER {name}" + (" ON history" if connection.dialect.name == "postgresql" else ""))
        )


def test_events_get_consecutive_places_per_company(database: Database) -> None:
    with database.write("record") as connection:
        assert history.record(connection, "c", at=AT, actor="a", kind="k", subject="s") == 1
        assert history.record_many(connection, "c", events(3)) == 4
        assert history.record_many(connection, "c", []) == 0
        assert history.record(connection, "other", at=AT, actor="a", kind="k", subject="s") == 1
    with database.read() as connection:
        assert [row["seq"] for row in history.export(connection, "c")] == [1, 2, 3, 4]


def test_an_outsider_can_check_the_chain_with_the_recipe_alone(database: Database) -> None:
    told(database, 5)
    with database.read() as connection:
        lines = [json.dumps(row) for row in history.export(connection, "c")]
    previous = "0" * 64
    for line in lines:
        row = json.loads(line)
        digest, named = row.pop("digest"), row.pop("previous")
        assert set(row) == {"seq", "at", "actor", "kind", "account", "subject", "data", "personal_digest"}
        spelt = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert named == previous
        assert digest == hashlib.sha256(f"{previous}\n{spelt}".encode()).hexdigest()
        previous = digest


def test_the_export_tells_no_personal_part(database: Database) -> None:
    told(database)
    with database.read() as connection:
        assert "zoe@example.com" not in json.dumps(list(history.export(connection, "c")))
        assert history.personal_part(connection, "c", 1) == {"body": "Dear Zoë 1", "to": "zoe@example.com"}
        assert history.personal_part(connection, "c", 2) is None


def test_days_instants_and_decimals_are_spelt_one_way(database: Database) -> None:
    data = {"day": date(2026, 1, 2), "at": AT, "amount": Decimal("1.50"), "in": {"deep": (1, "ü\x00\ud800")}}
    with database.write("record") as connection:
        history.record(connection, "c", at=AT, actor='a\n"b', kind="k", subject="é", data=data)
    with database.read() as connection:
        (row,) = history.export(connection, "c")
        assert history.verify(connection, "c").holds
    assert row["at"] == "2026-11-02T09:00:00.000005Z"
    assert row["data"] == {
        "day": "2026-01-02",
        "at": "2026-11-02T09:00:00.000005Z",
        "amount": "1.50",
        "in": {"deep": [1, "ü\x00?"]},
    }


@pytest.mark.parametrize("value", [{"amount": 1.5}, {"by": {1: "one"}}, {"set": {1}}])
def test_what_has_several_spellings_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        history.canonical(value)


def test_an_untouched_chain_holds(database: Database) -> None:
    noted = told(database)
    with database.write("more") as connection:
        history.record_many(connection, "c", events(2500))
    with database.read() as connection:
        result = history.verify(connection, "c", anchor=noted)
        assert history.verify(connection, "nobody").holds
    assert result.holds
    assert result.rows == result.head.seq == 2520


@pytest.mark.parametrize(
    "statement",
    ["UPDATE history SET kind = 'other'", "DELETE FROM history", "DELETE FROM history WHERE seq = 20"],
)
def test_the_database_refuses_to_change_or_remove_history(database: Database, statement: str) -> None:
    told(database)
    with pytest.raises(DBAPIError, match="append-only"), database.write("tamper") as connection:
        connection.execute(text(statement))


def test_postgresql_refuses_to_truncate_history(postgresql_databases: PostgresDatabases) -> None:
    with opened(postgresql_databases.new_url()) as database:
        told(database)
        with pytest.raises(DBAPIError, match="append-only"), database.write("tamper") as connection:
            connection.execute(text("TRUNCATE history CASCADE"))


def set_values(seq: int, **values: object) -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        connection.execute(update(rows).where(rows.c.seq == seq).values(**values))

    return change


def drop(connection: Connection) -> None:
    connection.execute(delete(rows).where(rows.c.seq == 8))


def swap(connection: Connection) -> None:
    for old, new in ((8, -1), (10, 8), (-1, 10)):
        connection.execute(update(rows).where(rows.c.seq == old).values(seq=new))


def insert_between(connection: Connection) -> None:
    copied = dict(connection.execute(rows.select().where(rows.c.seq == 8)).one()._mapping)
    connection.execute(insert(rows), {**copied, "seq": 0, "previous": "0" * 64})


def truncate(connection: Connection) -> None:
    connection.execute(delete(history_personal).where(history_personal.c.seq > 15))
    connection.execute(delete(rows).where(rows.c.seq > 15))


def reword(connection: Connection) -> None:
    changed = update(history_personal).where(history_personal.c.seq == 7)
    connection.execute(changed.values(body='{"body":"Dear Zoe","to":"zoe@example.com"}'))


def reword_with_a_fitting_digest(connection: Connection) -> None:
    row = connection.execute(rows.select().where(rows.c.seq == 8)).one()._mapping
    changed = {name: value for name, value in row.items() if name not in {"company", "digest"}} | {"kind": "other"}
    connection.execute(update(rows).where(rows.c.seq == 8).values(kind="other", digest=history._digest(**changed)))


def skip_places(connection: Connection) -> None:
    connection.execute(update(history_head).values(seq=30))
    history.record_many(connection, "c", events(1))


TAMPERINGS = {
    "a row with a digest that fits it": reword_with_a_fitting_digest,
    "places skipped": skip_places,
    "a byte of the data": set_values(8, data='{"amount":801}'),
    "the instant by a microsecond": set_values(8, at=AT + timedelta(seconds=8, microseconds=1)),
    "the actor": set_values(8, actor="person:eve"),
    "the kind": set_values(8, kind="reminder_held"),
    "the account": set_values(8, account=None),
    "the subject": set_values(8, subject="reminder:9"),
    "the personal digest": set_values(8, personal_digest="0" * 64),
    "a link": set_values(8, previous="1" * 64),
    "a digest": set_values(8, digest="1" * 64),
    "the last digest": set_values(20, digest="1" * 64),
    "a row dropped": drop,
    "two rows swapped": swap,
    "a row inserted": insert_between,
    "the tail cut off": truncate,
    "what was said": reword,
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_whatever_is_tampered_with_is_found(database: Database, what: str) -> None:
    told(database)
    with database.write("tamper") as connection:
        unlock(connection)
        TAMPERINGS[what](connection)
    with database.read() as connection:
        assert not history.verify(connection, "c").holds


def test_a_tail_cut_off_together_with_the_head_is_found_by_the_noted_head(database: Database) -> None:
    noted = told(database)
    with database.write("tamper") as connection:
        unlock(connection)
        truncate(connection)
        last = connection.execute(rows.select().where(rows.c.seq == 15)).one()
        connection.execute(update(history_head).values(seq=15, digest=last.digest))
    with database.read() as connection:
        assert history.verify(connection, "c").holds
        assert not history.verify(connection, "c", anchor=noted).holds


def test_a_chain_rewritten_from_some_row_on_is_found_by_the_noted_head(database: Database) -> None:
    noted = told(database)
    with database.write("forge") as connection:
        unlock(connection)
        for table in (history_personal, rows, history_head):
            connection.execute(delete(table))
        history.record_many(connection, "c", events(19) + events(1))
    with database.read() as connection:
        assert history.verify(connection, "c").holds
        assert history.verify(connection, "c", anchor=noted).faults == (
            "The noted head 20 is not in the chain: rows were cut off or rewritten.",
        )


def test_erasing_one_customers_words_leaves_the_chain_whole(database: Database) -> None:
    told(database)
    with database.write("erase") as connection:
        gone = history.erase_personal(connection, "c", at=AT, actor="person:anna", account="customer:1")
    with database.read() as connection:
        assert gone == 4  # 1, 7, 13, 19
        assert history.personal_part(connection, "c", 7) is None
        assert history.personal_part(connection, "c", 5) is not None
        assert history.verify(connection, "c").holds
        *_, last = history.export(connection, "c")
    assert (last["kind"], last["account"], last["data"]) == (
        "personal_erased",
        "customer:1",
        {"before": None, "erased": 4},
    )


def test_words_expire_by_their_age(database: Database) -> None:
    told(database)
    with database.write("expire") as connection:
        before = AT + timedelta(seconds=10)
        assert history.erase_personal(connection, "c", at=AT, actor="expiry", before=before) == 5
        assert history.erase_personal(connection, "c", at=AT, actor="expiry", before=before) == 0
        with pytest.raises(ValueError, match="whose words"):
            history.erase_personal(connection, "c", at=AT, actor="expiry")


def test_writers_at_the_same_time_keep_one_chain(database: Database) -> None:
    def write(worker: int) -> None:
        for number in range(10):
            with database.write("record") as connection:
                history.record(connection, "c", at=AT, actor=f"w{worker}", kind="k", subject=f"{number}")

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        result = history.verify(connection, "c")
    assert result.holds
    assert result.rows == 40
