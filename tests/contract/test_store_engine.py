import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from connector.store.engine import Database
from connector.store.tables import job
from connector.store.upsert import insert_new, upsert


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(job.c.name).order_by(job.c.name)).scalars())


class Witness:
    def __init__(self, refuse: str = "") -> None:
        self.seen: list[str] = []
        self.refuse = refuse

    def before(self, name: str) -> None:
        self.seen.append(f"before {name}")
        if name == self.refuse:
            raise KeyboardInterrupt

    def after(self, name: str) -> None:
        self.seen.append(f"after {name}")


def test_what_is_written_is_there_after_the_commit_and_gone_after_an_error(database: Database) -> None:
    with database.write("first") as connection:
        connection.execute(insert(job), {"company": "c", "name": "kept"})
    with pytest.raises(DBAPIError), database.write("second") as connection:  # noqa: PT012 - both in one transaction
        connection.execute(insert(job), {"company": "c", "name": "lost"})
        connection.execute(insert(job), {"company": "c", "name": "kept"})
    assert names(database) == ["kept"]


def test_every_commit_has_a_name_and_a_boundary_on_both_sides(database: Database) -> None:
    database.boundaries = witness = Witness(refuse="second")
    with database.write("first") as connection:
        connection.execute(insert(job), {"company": "c", "name": "kept"})
    with pytest.raises(KeyboardInterrupt), database.write("second") as connection:
        connection.execute(insert(job), {"company": "c", "name": "lost"})
    assert witness.seen == ["before first", "after first", "before second"]
    assert names(database) == ["kept"]


def test_only_what_says_so_is_less_than_durable(database: Database) -> None:
    asked = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}[database.engine.dialect.name]
    found = []
    for durable in (True, False, True):
        with database.write("look", durable=durable) as connection:
            found.append(str(connection.execute(text(asked)).scalar()))
    assert found in (["2", "1", "2"], ["on", "off", "on"])


def test_a_write_inside_a_write_names_both_instead_of_waiting_for_ever(database: Database) -> None:
    with (
        pytest.raises(RuntimeError, match=r"“inner” began inside “outer”"),
        database.write("outer"),
        database.write("inner"),
    ):
        pass
    with database.write("afterwards"):
        pass


def test_reading_refuses_to_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as connection:
        connection.execute(insert(job), {"company": "c", "name": "sneaked in"})
    with database.write("openly") as connection:
        connection.execute(insert(job), {"company": "c", "name": "written"})
    assert names(database) == ["written"]


def test_one_read_sees_one_picture_while_others_write(database: Database) -> None:
    with database.read() as connection:
        before = connection.execute(select(job.c.name)).all()
        with database.write("meanwhile") as other:
            other.execute(insert(job), {"company": "c", "name": "new"})
        assert connection.execute(select(job.c.name)).all() == before == []
    assert names(database) == ["new"]


def test_threads_write_one_after_the_other_and_lose_nothing(database: Database) -> None:
    def write(worker: int) -> None:
        for number in range(10):
            with database.write("add") as connection:
                connection.execute(insert(job), {"company": f"{worker}", "name": f"{worker}-{number}"})

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(database)) == 40


def test_upsert_inserts_what_is_new_and_changes_only_the_named_columns(database: Database) -> None:
    rows = [{"company": "c", "name": f"job {n}", "failures": n, "last_error": "old"} for n in range(5000)]
    with database.write("insert") as connection:
        upsert(connection, job, rows)
    with database.write("update") as connection:
        upsert(connection, job, [{**row, "failures": 7, "last_error": "new"} for row in rows], update=("failures",))
        upsert(connection, job, [{"company": "c", "name": "job 1", "failures": 8}], update=())
        upsert(connection, job, [])
    with database.read() as connection:
        found = {tuple(row) for row in connection.execute(select(job.c.failures, job.c.last_error))}
    assert found == {(7, "old")}


def test_upsert_empties_a_column_that_is_empty_in_every_row(database: Database) -> None:
    old, new = datetime(2026, 11, 2, 8, tzinfo=UTC), datetime(2026, 11, 3, 8, 0, 1, 5, tzinfo=UTC)
    rows = [{"company": "c", "name": f"job {n}", "failures": n, "not_before": old} for n in range(3)]
    with database.write("insert") as connection:
        upsert(connection, job, rows)
        upsert(connection, job, [{**row, "not_before": None} for row in rows[:2]])
        upsert(connection, job, [{**rows[0], "name": "job 3", "not_before": None}, {**rows[2], "not_before": new}])
    with database.read() as connection:
        found = {row.name: row.not_before for row in connection.execute(select(job.c.name, job.c.not_before))}
    assert found == {"job 0": None, "job 1": None, "job 2": new, "job 3": None}


def test_insert_new_tells_whether_the_key_was_free(database: Database) -> None:
    with database.write("insert") as connection:
        assert insert_new(connection, job, {"company": "c", "name": "once"})
        assert not insert_new(connection, job, {"company": "c", "name": "once"})
        assert insert_new(connection, job, {"company": "d", "name": "once"})
