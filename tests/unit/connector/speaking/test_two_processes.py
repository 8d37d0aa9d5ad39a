"""Two services on one database at the same time: each thing is said once."""

from collections import Counter
from threading import Barrier, Event, Thread

from sqlalchemy import select

from connector.deliver import deliver
from connector.office import Office
from connector.outbox import post_notes
from connector.remind import remind
from connector.store import entries
from connector.store.engine import NoBoundaries
from connector.store.tables import batch
from tests.contract.databases import PostgresDatabases, opened
from tests.unit.connector.speaking.fakes import GREYLISTED, ScriptedMailer
from tests.unit.connector.speaking.firm import FIRM, Firm

CUSTOMERS = [str(number) for number in range(20, 32)]


def _together(*works: object) -> None:
    """Runs these at the same time, and raises what one of them raised."""
    start, errors = Barrier(len(works)), []

    def run(work: object) -> None:
        start.wait()
        try:
            assert callable(work)
            work()
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if errors:
        raise errors[0]


def test_two_processes_that_plan_at_once_plan_each_step_once(firm: Firm) -> None:
    for ref in CUSTOMERS:
        firm.owes(ref)
    firm.sync()
    other = firm.another_process()
    _together(lambda: remind(firm.office), lambda: remind(other))
    planned = Counter(row["account"] for row in firm.reminders())
    assert planned == Counter(CUSTOMERS)


def test_two_processes_that_deliver_at_once_say_each_message_once(firm: Firm) -> None:
    for ref in CUSTOMERS:
        firm.owes(ref)
    firm.sync()
    firm.remind()
    mailers = [ScriptedMailer(firm.clock), ScriptedMailer(firm.clock)]
    offices: list[Office] = [firm.another_process(each) for each in mailers]
    _together(lambda: deliver(offices[0]), lambda: deliver(offices[1]))
    said = Counter(reader for each in mailers for reader in each.readers)
    assert said == Counter(f"c{ref}@example.com" for ref in CUSTOMERS)
    assert len(firm.entries("reminder")) == len(CUSTOMERS)


def test_two_processes_that_post_at_once_write_each_note_once(firm: Firm) -> None:
    for ref in CUSTOMERS:
        firm.owes(ref)
    firm.work()
    other = firm.another_process()
    _together(lambda: post_notes(firm.office), lambda: post_notes(other))
    assert {row["state"] for row in firm.entries()} == {"written"}
    assert len(firm.books.notes) == len(CUSTOMERS)


def test_on_postgresql_nobody_takes_a_batch_from_the_one_that_writes_down_what_became_of_it(
    postgresql_databases: PostgresDatabases,
) -> None:
    """SQLite has one writer at a time anyway."""
    with opened(postgresql_databases.new_url()) as database:
        firm = Firm(database)
        firm.owes("20")
        firm.work()
        post_notes(firm.office)
        (row,) = firm.rows(batch)
        with database.write("record receipts") as ours, database.engine.begin() as other:
            assert entries.is_ours(ours, FIRM, row["request_id"], row["fence"])
            free_to_take = select(batch.c.request_id).with_for_update(skip_locked=True)
            assert other.execute(free_to_take).all() == []


def test_a_process_that_lost_its_claim_cannot_take_back_what_another_is_sending(firm: Firm) -> None:
    """The first is told "later" at RCPT, long after its lease; the second has said DATA for the same mail by then."""
    firm.owes("20")
    firm.sync()
    firm.remind()
    said_data, first_is_done = Event(), Event()
    second_mailer = ScriptedMailer(firm.clock)

    def wait_for_the_first(_: str) -> None:
        said_data.set()
        assert first_is_done.wait(20)

    second_mailer.after_data = wait_for_the_first
    second = firm.another_process(second_mailer)
    threads: list[Thread] = []

    def sleep_through_the_lease(_: str) -> None:
        firm.mailer.before_data = lambda _: None
        firm.clock.sleep(901)
        threads.append(Thread(target=deliver, args=(second,)))
        threads[0].start()
        assert said_data.wait(20)

    class Watching(NoBoundaries):
        def after(self, name: str) -> None:
            if "close reminder" in name:
                first_is_done.set()

    firm.database.boundaries = Watching()
    firm.mailer.script["c20@example.com"] = [GREYLISTED]
    firm.mailer.before_data = sleep_through_the_lease
    firm.deliver()
    threads[0].join()
    assert len(second_mailer.taken) == 1
    assert firm.dispatches() == {"c20@example.com": "sent"}
    firm.clock.sleep(3600)
    firm.work()
    assert not firm.mailer.taken
