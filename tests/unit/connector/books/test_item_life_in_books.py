"""The life of an item after its first reminder: each sentence of the rules, from the ledger to the store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.documents import Gone, Tombstone
from adapters.ledger import EntryKind
from connector.disputes import Contested, open_dispute
from connector.outbox import post_notes
from connector.store import tables
from connector.taskwork import do_task
from reminders.account import HoldKind
from reminders.holds import PromiseState
from tests.unit.connector.books.house import House


@pytest.fixture
def reminded(connected: House) -> House:
    """Invoice 130 of customer 20 got its first reminder today."""
    connected.ledger.customer("21", "Bertram")
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()
    connected.remind()
    assert len(connected.mailer.sent) == 1
    return connected


INVOICE = "invoice:130"
ITEM = "invoice:130#1"


@pytest.fixture
def planned(connected: House) -> House:
    """A reminder of invoice 130 is planned, and has not left: it is night in half of the country."""
    connected.clock.set(connected.clock.now() + timedelta(hours=16))  # half past four the next morning
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()
    connected.remind()
    assert connected.mailer.sent == []
    assert [row["state"] for row in connected.rows(tables.reminder)] == ["ready"]
    return connected


def _paid_then_undone(house: House, *, after_days: int, voided: bool = False, corrected: bool = False) -> None:
    payment = house.ledger.receive("900", "20", "100.00", {INVOICE: "100.00"})
    house.sync()
    assert house.item(ITEM)["closed_on"] == house.today
    house.wait(days=after_days)
    if corrected:  # it was somebody else's payment
        house.ledger._take(INVOICE, -house.ledger.documents[INVOICE].total)
        house.ledger.change(payment, customer="21", allocations=(), open=house.ledger.documents[payment].total)
    elif voided:
        house.ledger.void_payment(payment)
    else:
        house.ledger.undo(payment)
    house.sync()


def test_reopened_within_seven_days_keeps_cycle_and_position_and_is_quiet(reminded: House) -> None:
    _paid_then_undone(reminded, after_days=7, corrected=True)
    row = reminded.item(ITEM)
    assert (row["cycle"], row["closed_on"]) == (1, None)
    assert row["quiet_until"] == reminded.in_days(5)
    assert [each.step_id for each in reminded.owed("20", INVOICE).taken] == ["first"]
    assert HoldKind.REOPENED in reminded.hold_kinds("20", INVOICE)
    reminded.remind()
    assert len(reminded.mailer.sent) == 1
    assert reminded.tasks("payment_returned") == []


def test_reopened_within_seven_days_goes_on_with_the_next_step_after_the_quiet_days(reminded: House) -> None:
    _paid_then_undone(reminded, after_days=1, corrected=True)
    reminded.wait(days=5)
    assert HoldKind.REOPENED not in reminded.hold_kinds("20", INVOICE)
    reminded.wait(days=15)
    reminded.remind()
    taken = reminded.rows(tables.reminder_item, tables.reminder_item.c.how == "sent")
    assert [(row["cycle"], row["step_id"]) for row in taken] == [(1, "first"), (1, "second")]


def test_reopened_later_begins_a_new_cycle_after_a_person_has_seen_the_task(reminded: House) -> None:
    _paid_then_undone(reminded, after_days=8, corrected=True)
    assert reminded.item(ITEM)["cycle"] == 2
    assert reminded.item(ITEM)["quiet_until"] is None
    (task,) = reminded.tasks("payment_returned")
    assert task["items"] == [ITEM]
    reminded.wait(days=30)
    reminded.remind()
    assert len(reminded.mailer.sent) == 1  # nobody has looked yet
    do_task(reminded.office, task["id"], result="paid by mistake")
    assert HoldKind.REOPENED not in reminded.hold_kinds("20", INVOICE)
    reminded.remind()
    assert len(reminded.mailer.sent) == 2
    last = reminded.rows(tables.reminder_item, tables.reminder_item.c.cycle == 2, tables.reminder_item.c.how == "sent")
    assert [row["step_id"] for row in last] == ["first"]


@pytest.mark.parametrize("voided", [False, True])
def test_a_payment_returned_makes_a_task_and_a_new_cycle_however_soon(reminded: House, *, voided: bool) -> None:
    _paid_then_undone(reminded, after_days=1, voided=voided)
    assert reminded.item(ITEM)["cycle"] == 2
    assert [row["items"] for row in reminded.tasks("payment_returned")] == [[ITEM]]
    assert HoldKind.REOPENED in reminded.hold_kinds("20", INVOICE)


def test_a_payment_returned_is_known_as_such_though_the_invoice_was_on_an_earlier_page(reminded: House) -> None:
    payment = reminded.ledger.receive("900", "20", "100.00", {INVOICE: "100.00"})
    reminded.sync()
    reminded.ledger.undo(payment)
    reminded.ledger.page_size = 1
    reminded.read(whole=True)  # lists the open invoice first, and tells at last what is gone
    assert (reminded.item(ITEM)["cycle"], reminded.item(ITEM)["quiet_until"]) == (2, None)
    assert len(reminded.tasks("payment_returned")) == 1


def test_a_payment_returned_twice_makes_two_tasks(reminded: House) -> None:
    _paid_then_undone(reminded, after_days=1)
    payment = reminded.ledger.receive("901", "20", "100.00", {INVOICE: "100.00"})
    reminded.sync()
    reminded.ledger.undo(payment)
    reminded.sync()
    assert reminded.item(ITEM)["cycle"] == 3
    assert len(reminded.tasks("payment_returned")) == 2


def test_a_payment_applied_anew_within_minutes_is_no_returned_payment(reminded: House) -> None:
    other = reminded.ledger.bill("131", "20", "100.00", reminded.in_days(-3))
    payment = reminded.ledger.receive("900", "20", "100.00", {INVOICE: "100.00"})
    reminded.sync()
    reminded.wait(minutes=4)
    reminded.ledger._take(INVOICE, -reminded.ledger.documents[INVOICE].total)
    reminded.ledger._take(other, reminded.ledger.documents[INVOICE].total)
    allocations = (replace(reminded.ledger.documents[payment].allocations[0], target=other),)
    reminded.ledger.change(payment, allocations=allocations)
    reminded.sync()
    assert reminded.tasks("payment_returned") == []
    assert (reminded.item(ITEM)["cycle"], reminded.item("invoice:131#1")["open_minor"]) == (1, 0)


def test_a_due_date_moved_later_begins_a_new_cycle_heads_up_included(reminded: House) -> None:
    reminded.ledger.move_due(INVOICE, reminded.in_days(10))
    reminded.sync()
    row = reminded.item(ITEM)
    assert (row["cycle"], row["due_date"], row["due_date_before"]) == (2, reminded.in_days(10), None)
    reminded.remind()
    assert len(reminded.mailer.sent) == 1
    reminded.wait(days=7)
    reminded.sync()
    reminded.remind()
    last = reminded.rows(tables.reminder_item, tables.reminder_item.c.cycle == 2)
    assert [row["step_id"] for row in last] == ["heads-up"]


def test_a_due_date_moved_but_still_past_keeps_the_position_and_says_nothing(reminded: House) -> None:
    reminded.ledger.move_due(INVOICE, reminded.in_days(-4))
    reminded.sync()
    row = reminded.item(ITEM)
    assert (row["cycle"], row["due_date"], row["due_date_before"]) == (1, reminded.in_days(-4), reminded.in_days(-14))
    assert [each.step_id for each in reminded.owed("20", INVOICE).taken] == ["first"]
    reminded.remind()
    assert len(reminded.mailer.sent) == 1


@pytest.mark.parametrize("how", ["voided", "deleted"])
def test_an_invoice_that_is_gone_cancels_its_planned_reminder_with_the_reason(planned: House, how: str) -> None:
    planned.ledger.void(INVOICE) if how == "voided" else planned.ledger.delete(INVOICE)
    planned.sync()
    (row,) = planned.rows(tables.reminder)
    assert (row["state"], row["cancelled_because"]) == ("cancelled", f"an invoice was {how}")
    assert len(planned.history("reminder_cancelled")) == 1
    assert [each["how"] for each in planned.rows(tables.reminder_item)] == ["undone"]
    planned.wait(minutes=12 * 60)
    planned.remind()
    assert planned.mailer.sent == []


def test_an_invoice_that_is_gone_leaves_reminders_of_others_alone(planned: House) -> None:
    other = planned.ledger.bill("131", "20", "50.00", planned.in_days(20))
    planned.sync()
    planned.ledger.delete(other)
    planned.sync()
    assert [row["state"] for row in planned.rows(tables.reminder)] == ["ready"]


@pytest.mark.parametrize("how", ["voided", "deleted"])
def test_an_invoice_that_is_gone_is_closed_and_nothing_is_said_to_the_customer(reminded: House, how: str) -> None:
    reminded.ledger.void(INVOICE) if how == "voided" else reminded.ledger.delete(INVOICE)
    reminded.sync()
    assert reminded.document(INVOICE)["gone"] == how
    assert reminded.document(INVOICE)["total_minor"] == 10000
    assert reminded.item(ITEM)["open_minor"] == 0
    (note,) = reminded.notes(EntryKind.DOCUMENT_GONE)
    assert note["customer"] == "20"
    assert "130" in note["text_body"]
    reminded.wait(days=30)
    reminded.remind()
    assert len(reminded.mailer.sent) == 1


def test_an_invoice_nobody_was_told_of_goes_without_a_note(connected: House) -> None:
    ref = connected.ledger.bill("131", "20", "50.00", connected.in_days(20))
    connected.sync()
    connected.ledger.void(ref)
    connected.sync()
    assert connected.notes(EntryKind.DOCUMENT_GONE) == []


@pytest.mark.parametrize("how", ["voided", "deleted"])
def test_a_promise_over_an_invoice_that_is_gone_is_overtaken(reminded: House, how: str) -> None:
    promise = reminded.promised("20", "100.00", days=3)
    reminded.wait(minutes=10)
    reminded.ledger.void(INVOICE) if how == "voided" else reminded.ledger.delete(INVOICE)
    reminded.sync()
    assert reminded.promise(promise)["state"] == PromiseState.OVERTAKEN
    assert len(reminded.notes(EntryKind.PROMISE_OVERTAKEN)) == 1


def test_a_promise_over_an_invoice_that_was_written_off_is_overtaken(reminded: House) -> None:
    promise = reminded.promised("20", "100.00", days=3)
    reminded.wait(minutes=10)
    reminded.ledger.credit("700", "20", "100.00", reminded.today)  # to bad debts
    reminded.ledger.apply_credit("901", "credit_memo:700", INVOICE, "100.00")
    reminded.sync()
    assert reminded.promise(promise)["state"] == PromiseState.OVERTAKEN
    reminded.remind()
    assert len(reminded.mailer.sent) == 1


@pytest.mark.parametrize("how", ["voided", "deleted"])
def test_a_dispute_over_an_invoice_that_is_gone_is_closed_as_such(reminded: House, how: str) -> None:
    dispute = open_dispute(reminded.office, Contested(item=ITEM, reason="damaged"))
    reminded.ledger.void(INVOICE) if how == "voided" else reminded.ledger.delete(INVOICE)
    reminded.sync()
    row = reminded.dispute(dispute)
    assert (row["state"], row["resolution"], row["ended_on"]) == ("resolved", "invoice_gone", reminded.today)
    assert len(reminded.notes(EntryKind.DISPUTE_RESOLVED)) == 1


def test_a_merged_customer_s_plans_promises_and_disputes_end_and_nothing_is_said(planned: House) -> None:
    planned.ledger.customer("30", "Anna's Boats Ltd")
    planned.sync()
    dispute = open_dispute(planned.office, Contested(item=ITEM, reason="damaged"))
    promise = planned.promised("20", "100.00", days=3)
    planned.ledger.merge("20", "30")
    planned.sync()
    assert {row["state"] for row in planned.rows(tables.reminder)} == {"cancelled"}
    assert planned.promise(promise)["state"] == PromiseState.OVERTAKEN
    assert planned.dispute(dispute)["resolution"] == "invoice_gone"
    (note,) = planned.notes(EntryKind.DOCUMENT_GONE)
    assert note["customer"] == "30"
    assert planned.account_of(INVOICE) == "30"
    assert planned.mailer.sent == []


def test_what_is_noted_about_a_merged_customer_goes_to_the_one_it_was_merged_into(reminded: House) -> None:
    """The ledger knows nobody of the old name any more and would refuse: what was agreed would be lost."""
    open_dispute(reminded.office, Contested(item=ITEM, reason="damaged"))
    reminded.ledger.customer("30", "Anna's Boats Ltd")
    reminded.ledger.merge("20", "30")
    reminded.sync()
    post_notes(reminded.office)
    kinds = {key.partition(":")[0] for key in reminded.ledger.notes}
    assert {"reminder", "dispute_opened", "dispute_resolved"} <= kinds
    assert {note.customer for note in reminded.ledger.notes.values()} == {"30"}


def test_a_merge_of_which_the_ledger_does_not_name_the_survivor_is_told_to_who_has_the_invoices_now(
    reminded: House,
) -> None:
    promise = reminded.promised("20", "100.00", days=3)
    reminded.ledger.change_customer("20", active=False)
    reminded.ledger.customer("30", "Anna's Boats Ltd")
    reminded.sync()
    reminded.ledger.merge("20", "30")
    number, stone = reminded.ledger.gone["20"]
    reminded.ledger.gone["20"] = (number, replace(stone, into=None))
    reminded.sync()
    assert reminded.promise(promise)["state"] == PromiseState.OVERTAKEN
    assert [note["customer"] for note in reminded.notes(EntryKind.DOCUMENT_GONE)] == ["30"]
    before = reminded.everything()
    reminded.take(reminded.page(tombstones=(replace(stone, into=None),)))
    assert reminded.everything() == before


def test_a_merge_that_the_ledger_tells_twice_is_acted_on_once(reminded: House) -> None:
    reminded.promised("20", "100.00", days=3)
    reminded.ledger.customer("30", "Anna's Boats Ltd")
    reminded.sync()
    reminded.ledger.merge("20", "30")
    reminded.sync()
    before = reminded.everything()
    reminded.take(
        reminded.page(tombstones=(Tombstone(ref="20", how=Gone.MERGED, is_customer=True, into="30"),)),
    )
    assert reminded.everything() == before


def _billed_anew(house: House, *, amount: str = "100.00", customer: str = "20") -> None:
    house.ledger.bill("140", customer, amount, house.in_days(-14), number="140")
    house.sync()


def test_an_invoice_replaced_within_seven_days_makes_a_task_to_carry_things_over(reminded: House) -> None:
    reminded.ledger.void(INVOICE)
    reminded.sync()
    reminded.wait(days=6)
    _billed_anew(reminded)
    (task,) = reminded.tasks("replaced")
    assert task["facts"] == {"gone": ITEM, "new": "invoice:140#1"}


def test_an_invoice_that_was_written_anew_before_the_old_one_was_voided_replaces_it_too(reminded: House) -> None:
    reminded.ledger.bill("140", "20", "100.00", reminded.in_days(-14), created_at=reminded.clock.now())
    reminded.sync()
    assert reminded.tasks("replaced") == []
    reminded.wait(days=1)
    reminded.ledger.void(INVOICE)
    reminded.sync()
    (task,) = reminded.tasks("replaced")
    assert task["facts"] == {"gone": ITEM, "new": "invoice:140#1"}


def test_an_invoice_of_the_same_amount_from_long_ago_replaces_nothing(reminded: House) -> None:
    reminded.ledger.bill("140", "20", "100.00", reminded.in_days(-14))
    reminded.sync()
    reminded.ledger.void(INVOICE)
    reminded.sync()
    assert reminded.tasks("replaced") == []


@pytest.mark.parametrize("why_not", ["another amount", "another customer", "too late", "nothing was said"])
def test_another_invoice_replaces_nothing(connected: House, why_not: str) -> None:
    connected.ledger.customer("21", "Bertram")
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()
    if why_not != "nothing was said":
        connected.remind()
    connected.ledger.void(INVOICE)
    connected.sync()
    if why_not == "too late":
        connected.wait(days=8)
    _billed_anew(
        connected,
        amount="100.01" if why_not == "another amount" else "100.00",
        customer="21" if why_not == "another customer" else "20",
    )
    assert connected.tasks("replaced") == []


@pytest.mark.parametrize("what", ["promise", "dispute"])
def test_a_promise_or_a_dispute_alone_is_worth_carrying_over(connected: House, what: str) -> None:
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()
    if what == "promise":
        connected.promised("20", "100.00", days=9)
    else:
        open_dispute(connected.office, Contested(item=ITEM, reason="damaged"))
    connected.wait(minutes=10)
    connected.ledger.void(INVOICE)
    connected.sync()
    connected.wait(days=1)
    _billed_anew(connected)
    assert len(connected.tasks("replaced")) == 1


def test_what_happened_before_the_first_read_is_no_news(house: House) -> None:
    house.ledger.bill("130", "20", "100.00", house.in_days(-14))
    house.ledger.void(INVOICE)
    house.ledger.change_customer("20", note="#dispute of 130")
    house.sync()
    assert house.flags() == []
    assert house.rows(tables.task) == []
    assert house.rows(tables.entry) == []
