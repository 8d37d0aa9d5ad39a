"""A ledger that answers slowly, oddly or not at all: a note that is on its way is nobody else's."""

from datetime import timedelta

import pytest

from adapters.errors import LedgerAuthExpired, LedgerError, LedgerRejected, LedgerSuspicious, LedgerUnavailable
from adapters.ledger import EntryKind, Outcome, Receipt
from connector.notes import enqueue_note
from connector.outbox import Posted, post_notes, settle_found, settle_unknown
from connector.store.tables import batch
from reminders.notes import NoteFacts
from tests.unit.connector.speaking.firm import Firm

TEN_MINUTES = timedelta(minutes=10)
NO_ANSWER = LedgerUnavailable("no answer", sent=True)


def _log_calls(firm: Firm, count: int) -> None:
    firm.customer("20")
    with firm.database.write("log calls") as connection:
        for number in range(count):
            about = NoteFacts(on=firm.office.today(), by="anna")
            enqueue_note(firm.office, connection, EntryKind.CALL, fact=str(number), customer="20", facts=about)


def _two_slow_batches_beside_another_process(firm: Firm) -> None:
    """Each takes six minutes. At the end of the second, its answer not yet here, another process starts up."""
    other, under_way = firm.another_process(), [1, 2]

    def six_minutes() -> None:
        firm.clock.advance(timedelta(minutes=6))
        if under_way.pop(0) == 2:
            settled = Posted()
            settle_unknown(other, settled)
            assert settled == Posted()

    firm.books.before_post = six_minutes


def test_what_was_stored_after_slow_batches_is_sent_by_one_process_alone(small_firm: Firm) -> None:
    _log_calls(small_firm, 60)
    _two_slow_batches_beside_another_process(small_firm)
    assert post_notes(small_firm.office) == Posted(written=60)
    assert len(small_firm.books.posts) == 2


def test_what_was_taken_up_after_slow_batches_is_sent_by_one_process_alone(small_firm: Firm) -> None:
    _log_calls(small_firm, 60)
    small_firm.books.post_faults = [NO_ANSWER, NO_ANSWER]
    post_notes(small_firm.office)
    small_firm.clock.advance(TEN_MINUTES)
    _two_slow_batches_beside_another_process(small_firm)
    assert post_notes(small_firm.office) == Posted(written=60)
    assert len(small_firm.books.posts) == 4


def test_a_note_that_the_answer_says_nothing_of_is_looked_for(small_firm: Firm) -> None:
    _log_calls(small_firm, 2)
    small_firm.books.answers_nothing_of = {"call:1"}
    assert post_notes(small_firm.office) == Posted(written=1, unknown=1)
    assert [row["state"] for row in small_firm.rows(batch)] == ["unknown"]
    small_firm.clock.advance(TEN_MINUTES)
    assert post_notes(small_firm.office) == Posted(found=2, written=1)
    assert {row["state"] for row in small_firm.entries()} == {"written"}
    assert len(small_firm.books.posts) == 1


def test_a_batch_that_the_ledger_refuses_goes_to_a_person_and_holds_up_no_other(small_firm: Firm) -> None:
    _log_calls(small_firm, 31)
    small_firm.books.post_faults = [LedgerRejected("You may not write here.", code="5020")]
    assert post_notes(small_firm.office) == Posted(impossible=30, written=1)
    assert len(small_firm.tasks("note_refused")) == 30
    assert all("You may not write here." in row["text"] for row in small_firm.tasks("note_refused"))
    small_firm.clock.advance(TEN_MINUTES)
    assert post_notes(small_firm.office) == Posted()
    assert len(small_firm.books.posts) == 2


@pytest.mark.parametrize("error", [LedgerAuthExpired("reconnect"), LedgerSuspicious("this cannot be")])
def test_where_it_is_not_certain_that_nothing_left_ten_minutes_pass_first(small_firm: Firm, error: LedgerError) -> None:
    """A first attempt may have arrived before the one that was refused."""
    _log_calls(small_firm, 1)
    small_firm.books.post_faults = [error]
    with pytest.raises(type(error)):
        post_notes(small_firm.office)
    assert post_notes(small_firm.office) == Posted()
    small_firm.clock.advance(TEN_MINUTES)
    assert post_notes(small_firm.office) == Posted(written=1)
    first, second = small_firm.books.posts
    assert first == second


def test_a_note_that_waits_and_is_found_in_the_ledger_is_written(small_firm: Firm) -> None:
    """As after a restored backup: the ledger has it, we do not know of it, nor of another that is somebody else's."""
    _log_calls(small_firm, 2)
    there = [Receipt(key=key, outcome=Outcome.ALREADY_THERE, ledger_id=f"note-{key}") for key in ("call:0", "call:9")]
    with small_firm.database.write("compared") as connection:
        settle_found(small_firm.office, connection, there)
    assert {row["key"]: row["state"] for row in small_firm.entries()} == {"call:0": "written", "call:1": "waiting"}
    assert post_notes(small_firm.office) == Posted(written=1)
    assert [event["subject"] for event in small_firm.events("entry_written")] == ["call:0", "call:1"]
