"""Notes reach the ledger exactly once, whatever becomes of the answers."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.documents import Gone, Tombstone
from adapters.errors import LedgerAuthExpired, LedgerUnavailable
from adapters.ledger import EntryKind, Outcome, Page
from connector.notes import enqueue_note
from connector.outbox import _LEASE, Posted, post_notes, settle_unknown
from connector.store import entries
from connector.store.tables import batch
from connector.sync import apply_fresh
from reminders.notes import NoteFacts
from tests.unit.connector.speaking.firm import Firm

LOST = "written 99"  # everything arrives, and the answer is lost
NEVER_SENT = LedgerUnavailable("no route to the ledger", sent=False)
NO_ANSWER = LedgerUnavailable("no answer", sent=True)


@pytest.fixture
def said(firm: Firm) -> Firm:
    """Three reminders were sent; their notes wait."""
    for ref in ("20", "21", "22"):
        firm.owes(ref)
    firm.work()
    return firm


def _states(firm: Firm) -> list[str]:
    return [str(row["state"]) for row in firm.entries()]


def _batches(firm: Firm) -> list[str]:
    return [str(row["state"]) for row in firm.rows(batch)]


def _log_calls(firm: Firm, *facts: str) -> None:
    with firm.database.write("log calls") as connection:
        for fact in facts:
            about = NoteFacts(on=firm.office.today(), by="anna")
            enqueue_note(firm.office, connection, EntryKind.CALL, fact=fact, customer="20", facts=about)


def test_a_note_is_enqueued_with_the_fact_and_written_once(said: Firm) -> None:
    assert _states(said) == ["waiting"] * 3
    assert post_notes(said.office) == Posted(written=3)
    assert _states(said) == ["written"] * 3
    assert post_notes(said.office) == Posted()
    assert len(said.books.posts) == 1
    assert all(note.text.endswith(f"[duecourse:{key}]") for key, note in said.books.notes.items())
    assert len(said.events("entry_written")) == 3


def test_a_notes_first_line_reads_by_itself(said: Firm) -> None:
    for row in said.entries():
        assert 20 < len(row["text_body"].splitlines()[0]) <= 80


def test_a_batch_is_stored_with_its_bytes_before_it_is_sent(said: Firm) -> None:
    commits = said.commits(lambda: f"{len(said.books.posts)} posted")
    post_notes(said.office)
    assert commits == ["store batch, 0 posted", "record receipts, 1 posted"]
    (row,) = said.rows(batch)
    assert row["body"] == said.books.posts[0].body
    assert (row["state"], row["lease_until"]) == ("answered", None)


@pytest.mark.parametrize("fault", [LOST, NO_ANSWER])
def test_where_no_answer_came_nothing_is_written_for_ten_minutes(said: Firm, fault: LedgerUnavailable | str) -> None:
    said.books.post_faults = [fault]
    assert post_notes(said.office).unknown == 3
    assert _batches(said) == ["unknown"]
    said.clock.advance(timedelta(minutes=9))
    assert post_notes(said.office) == Posted()
    assert len(said.books.posts) == 1
    assert not said.books.looked_for


def test_what_was_written_although_no_answer_came_is_found_by_its_marker(said: Firm) -> None:
    said.books.post_faults = [LOST]
    post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    done = post_notes(said.office)
    assert (done.found, done.written) == (3, 3)
    assert said.books.looked_for == [frozenset({"20", "21", "22"})]
    assert len(said.books.posts) == 1
    assert _states(said) == ["written"] * 3


def test_a_batch_is_taken_before_it_is_looked_for_and_settled_in_one_commit(said: Firm) -> None:
    said.books.post_faults = [LOST]
    post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    commits = said.commits(lambda: f"looked for {len(said.books.looked_for)} times")
    post_notes(said.office)
    assert commits == ["take batch, looked for 0 times", "settle batch, looked for 1 times"]


def test_what_the_ledger_dated_two_days_early_is_found_all_the_same(said: Firm) -> None:
    said.books.now = lambda: said.clock.now() - timedelta(days=2)
    said.books.post_faults = [LOST]
    post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    assert post_notes(said.office).found == 3
    assert len(said.books.posts) == 1


def test_where_none_is_found_the_same_bytes_go_again_under_the_same_request_id(said: Firm) -> None:
    said.books.post_faults = [NO_ANSWER]
    post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    assert post_notes(said.office).written == 3
    first, second = said.books.posts
    assert first == second
    assert _batches(said) == ["answered"]


def test_where_some_are_found_the_rest_goes_in_another_batch(said: Firm) -> None:
    said.books.post_faults = ["written 1"]
    post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    done = post_notes(said.office)
    assert (done.found, done.written) == (1, 3)
    first, second = said.books.posts
    assert first.request_id != second.request_id
    assert len(second.members) == 2
    assert _states(said) == ["written"] * 3
    assert len(said.books.notes) == 3


def test_what_certainly_never_left_goes_later_as_the_same_bytes(said: Firm) -> None:
    said.books.post_faults = [NEVER_SENT]
    commits = said.commits(lambda: f"{len(said.books.posts)} tried")
    with pytest.raises(LedgerUnavailable):
        post_notes(said.office)
    assert commits == ["store batch, 0 tried", "batch not sent, 1 tried"]
    assert _states(said) == ["batched"] * 3
    assert post_notes(said.office).written == 3
    first, second = said.books.posts
    assert first == second


def test_a_withdrawn_connection_loses_no_note(said: Firm) -> None:
    said.books.post_faults = [LedgerAuthExpired("reconnect")]
    with pytest.raises(LedgerAuthExpired):
        post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    assert post_notes(said.office).written == 3


def test_an_impossible_note_is_told_and_not_tried_again(said: Firm) -> None:
    said.books.post_faults = [Outcome.IMPOSSIBLE]
    assert post_notes(said.office).impossible == 3
    assert {(row["state"], row["why"]) for row in said.entries()} == {("impossible", "the customer is inactive")}
    assert len(said.events("entry_impossible")) == 3
    post_notes(said.office)
    assert len(said.books.posts) == 1


def test_history_tells_what_the_ledger_calls_a_note_and_why_it_refused_another(said: Firm) -> None:
    post_notes(said.office)
    for event in said.events("entry_written"):
        assert event["actor"] == "outbox"
        assert json.loads(event["data"]) == {"ledger_id": f"note-{event['subject']}"}
    _log_calls(said, "call-1")
    said.books.post_faults = [Outcome.IMPOSSIBLE]
    post_notes(said.office)
    (event,) = said.events("entry_impossible")
    assert (event["subject"], json.loads(event["data"])) == ("call:call-1", {"reason": "the customer is inactive"})


def test_a_refused_note_becomes_a_task_of_its_customer_with_all_that_was_to_be_written(said: Firm) -> None:
    _log_calls(said, "call-1")
    said.books.post_faults = [Outcome.IMPOSSIBLE]
    post_notes(said.office)
    task = next(each for each in said.tasks("note_refused") if each["facts"]["entry"] == "call:call-1")
    (note,) = said.entries("call")
    assert task["account"] == "20"
    assert task["facts"] == {
        "entry": "call:call-1",
        "kind": "call",
        "reason": "the customer is inactive",
        "note": note["text_body"],
    }
    assert "(the customer is inactive)" in task["text"]


def test_where_the_ledger_does_not_say_why_it_refused_a_note_the_task_says_that(said: Firm) -> None:
    said.books.post_faults = [Outcome.IMPOSSIBLE]
    said.books.why_impossible = ""
    post_notes(said.office)
    assert all("(it does not say why)" in each["text"] for each in said.tasks("note_refused"))


def test_two_refused_notes_with_long_names_that_differ_at_the_end_are_two_tasks(said: Firm) -> None:
    long = "20|" + 180 * "a"
    _log_calls(said, f"{long}:monday", f"{long}:tuesday")
    said.books.post_faults = [Outcome.IMPOSSIBLE]
    assert post_notes(said.office).impossible == 5
    assert len(said.tasks("note_refused")) == 5


def _merge(firm: Firm, away: str, into: str) -> None:
    """The ledger merges a customer into another, which takes its notes over; we learn of it."""
    for key, note in firm.books.notes.items():
        firm.books.notes[key] = replace(note, customer=into if note.customer == away else note.customer)
    stone = Tombstone(ref=away, how=Gone.MERGED, is_customer=True, into=into)
    now = firm.clock.now()
    apply_fresh(firm.office, Page(tombstones=(stone,), cursor=now.isoformat(), read_at=now, last=True))


def test_a_note_about_a_customer_that_was_merged_away_is_written_at_the_other(firm: Firm) -> None:
    firm.customer("20")
    firm.customer("30")
    firm.sync()
    _log_calls(firm, "call-1")
    _merge(firm, "20", "30")
    post_notes(firm.office)
    assert firm.books.notes["call:call-1"].customer == "30"


def test_what_was_written_before_a_merge_is_looked_for_at_both_customers(firm: Firm) -> None:
    firm.customer("20")
    firm.customer("30")
    firm.sync()
    _log_calls(firm, "call-1")
    firm.books.post_faults = [LOST]
    post_notes(firm.office)
    _merge(firm, "20", "30")
    firm.clock.advance(timedelta(minutes=10))
    assert settled(firm).found == 1
    assert firm.books.looked_for == [frozenset({"20", "30"})]
    assert len(firm.books.posts) == 1


def settled(firm: Firm) -> Posted:
    done = Posted()
    settle_unknown(firm.office, done)
    return done


def test_a_process_that_died_while_posting_is_settled_by_the_next_one(said: Firm) -> None:
    said.books.after_post = _die
    with pytest.raises(KeyboardInterrupt):
        post_notes(said.office)
    said.books.after_post = lambda: None
    assert _batches(said) == ["sending"]
    assert post_notes(said.office) == Posted()  # the lease of the dead one holds still
    said.clock.advance(_LEASE)
    assert post_notes(said.office).found == 3
    assert len(said.books.notes) == 3


def _die() -> None:
    raise KeyboardInterrupt


def test_a_process_that_is_told_late_changes_nothing_of_what_another_settled(said: Firm) -> None:
    other = said.another_process()

    def sleep_through_the_lease() -> None:
        said.books.after_post = lambda: None
        said.clock.advance(_LEASE)
        assert post_notes(other).found == 3

    said.books.after_post = sleep_through_the_lease
    assert post_notes(said.office) == Posted()
    assert len(said.events("entry_written")) == 3
    assert _batches(said) == ["answered"]


def test_an_answered_batch_is_not_taken_up_again_by_a_process_that_looked_too_early(said: Firm) -> None:
    said.books.post_faults = [LOST]
    post_notes(said.office)
    said.clock.advance(timedelta(minutes=10))
    now = said.clock.now()
    with said.database.read() as connection:
        (row,) = entries.unsettled(connection, "firm", now)
    with said.database.write("the sender's answer came after all") as connection:
        entries.mark_batch(connection, "firm", row["request_id"], "answered")
    with said.database.write("take") as connection:
        assert entries.take_batch(connection, "firm", row, now=now, lease=_LEASE) is None


def test_of_two_processes_that_saw_different_notes_waiting_neither_loses_one(said: Firm) -> None:
    now = said.clock.now()
    with said.database.read() as connection:
        waiting = entries.waiting(connection, "firm", now, 300)
    (theirs,), (ours,) = said.books.compose(waiting[:2]), said.books.compose(waiting)
    with said.database.write("the other process") as connection:
        assert entries.save_batch(connection, "firm", theirs, now=now, lease=_LEASE)
    with said.database.write("this process") as connection:
        assert not entries.save_batch(connection, "firm", ours, now=now, lease=_LEASE)
    assert _states(said) == ["batched", "batched", "waiting"]
    post_notes(said.office)
    said.clock.advance(_LEASE)
    post_notes(said.office)
    assert _states(said) == ["written"] * 3


def test_the_end_of_a_promise_is_written_after_the_promise_and_in_the_same_run(firm: Firm) -> None:
    made, ended = _made_and_ended(firm)
    assert post_notes(firm.office).written == 2
    assert [[key for _, key in each.members] for each in firm.books.posts] == [[made], [ended]]


def test_the_end_of_a_promise_waits_while_nobody_knows_whether_the_promise_was_written(firm: Firm) -> None:
    made, ended = _made_and_ended(firm)
    firm.books.post_faults = [NO_ANSWER]
    post_notes(firm.office)
    assert {row["key"]: row["state"] for row in firm.entries()} == {made: "batched", ended: "waiting"}
    firm.clock.advance(timedelta(minutes=10))
    post_notes(firm.office)
    assert list(firm.books.notes) == [made, ended]


def test_the_end_of_a_promise_that_the_ledger_refused_is_written_all_the_same(firm: Firm) -> None:
    _, ended = _made_and_ended(firm)
    firm.books.post_faults = [Outcome.IMPOSSIBLE]
    post_notes(firm.office)
    assert list(firm.books.notes) == [ended]


def _made_and_ended(firm: Firm) -> tuple[str, str]:
    """Both were told while nothing was posted. Returns the notes' keys."""
    facts = NoteFacts(on=firm.office.today(), by="anna")
    with firm.database.write("tell") as connection:
        made = enqueue_note(firm.office, connection, EntryKind.PROMISE_MADE, fact="1", customer="20", facts=facts)
        ended = enqueue_note(
            firm.office, connection, EntryKind.PROMISE_BROKEN, fact="1", customer="20", facts=facts, about=made
        )
    return made, ended


def test_a_fact_has_one_note_however_often_it_is_told(said: Firm) -> None:
    for _ in range(2):
        with said.database.write("tell") as connection:
            key = enqueue_note(
                said.office,
                connection,
                EntryKind.CALL,
                fact="call-1",
                customer="20",
                facts=NoteFacts(on=said.office.today(), by="anna"),
            )
    assert key == "call:call-1"
    assert len(said.entries("call")) == 1
    assert len([row for row in said.events("entry_enqueued") if row["subject"] == key]) == 1


def test_a_note_that_outgrows_the_ledgers_field_keeps_its_marker(firm: Firm) -> None:
    firm.customer("20")
    for number in range(150):
        firm.owes("20", "10.00", number=f"invoice-with-a-long-number-{number:04}")
    firm.work()
    (note,) = firm.entries("reminder")
    assert len(note["text_body"]) <= firm.books.capabilities.note_length
    assert note["text_body"].endswith(f"[duecourse:{note['key']}]")


def test_many_notes_go_in_batches_that_are_each_stored_first(firm: Firm) -> None:
    for number in range(65):
        firm.owes(str(100 + number))
    firm.work()
    assert post_notes(firm.office).written == 65
    assert [len(each.members) for each in firm.books.posts] == [30, 30, 5]
    assert _batches(firm) == ["answered"] * 3


def test_of_many_notes_no_more_than_three_hundred_are_batched_at_a_time(small_firm: Firm) -> None:
    _log_calls(small_firm, *map(str, range(301)))
    assert post_notes(small_firm.office).written == 301
    assert small_firm.books.composed == [300, 1]


def test_what_became_unknown_and_was_found_is_counted_over_all_batches(small_firm: Firm) -> None:
    _log_calls(small_firm, *map(str, range(31)))
    small_firm.books.post_faults = [LOST, LOST]
    assert post_notes(small_firm.office) == Posted(unknown=31)
    small_firm.clock.advance(timedelta(minutes=10))
    assert post_notes(small_firm.office) == Posted(found=31, written=31)
