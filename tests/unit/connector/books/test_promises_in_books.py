"""Promises from the customer's word to the ledger's notes: taken down, and judged after each sync by what came in."""

from datetime import timedelta

import pytest

from adapters.ledger import EntryKind
from adapters.money import Money
from connector.disputes import Contested, open_dispute
from connector.promises import PromiseRefused, withdraw
from connector.store import tables
from reminders.account import HoldKind
from reminders.holds import PromiseState
from tests.unit.connector.books.house import House

FIRST, SECOND = "invoice:130", "invoice:131"


@pytest.fixture
def owing(connected: House) -> House:
    """Customer 20 owes 100.00 and 60.00, both past due."""
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-20))
    connected.ledger.bill("131", "20", "60.00", connected.in_days(-10))
    connected.sync()
    connected.wait(minutes=10)
    return connected


def _pays(house: House, amount: str, applied: dict[str, str] | None = None, **more: object) -> None:
    house.ledger.receive(f"pay{house.ledger._version}", "20", amount, applied, **more)  # type: ignore[arg-type]  # dates
    house.sync()


def _others_pay(house: House) -> None:
    """Somebody else's payment is entered: cash is posted up to today."""
    house.ledger.receive(f"other{house.ledger._version}", "99", "1.00")


def _is(house: House, promise: str, state: PromiseState, kind: EntryKind) -> None:
    """The promise ended so, with one note about the first and one event."""
    row = house.promise(promise)
    assert (row["state"], row["ended_on"], row["being_checked"]) == (state, house.today, False)
    (note,) = house.notes(kind)
    assert (note["about"], note["customer"]) == (f"promise_made:{promise}", "20")
    assert [each["subject"] for each in house.history("promise_judged")] == [promise]
    assert HoldKind.PROMISE not in house.hold_kinds("20")


def test_a_promise_is_taken_down_over_all_that_is_past_due_and_noted(owing: House) -> None:
    owing.ledger.bill("132", "20", "10.00", owing.in_days(10))
    owing.sync()
    promise = owing.promised("20", "160.00", days=4, by="Anna")
    row = owing.promise(promise)
    assert row["items"] == [f"{FIRST}#1", f"{SECOND}#1"]
    assert (row["state"], row["amount_minor"], row["day"], row["said_by"]) == ("open", 16000, owing.in_days(4), "Anna")
    (note,) = owing.notes(EntryKind.PROMISE_MADE)
    assert (note["key"], note["amount_minor"], note["day"]) == (f"promise_made:{promise}", 16000, owing.in_days(4))
    assert len(owing.history("promise_made")) == 1


def test_a_promise_holds_every_item_that_it_touches_and_no_other(owing: House) -> None:
    owing.promised("20", "110.00", days=4)
    assert HoldKind.PROMISE in owing.hold_kinds("20", FIRST) & owing.hold_kinds("20", SECOND)
    owing.promised("20", "50.00", days=4, items=(f"{FIRST}#1",))
    assert HoldKind.PROMISE in owing.hold_kinds("20", FIRST)
    assert HoldKind.PROMISE not in owing.hold_kinds("20", SECOND)


@pytest.mark.parametrize(
    ("amount", "days", "currency", "why"),
    [("10.00", -1, "USD", "in the past"), ("0", 3, "USD", "above zero"), ("10.00", 3, "EUR", "owes nothing in EUR")],
)
def test_a_promise_that_makes_no_sense_is_refused(
    owing: House, amount: str, days: int, currency: str, why: str
) -> None:
    with pytest.raises(PromiseRefused, match=why):
        owing.promised("20", amount, days=days, currency=currency)
    assert owing.notes(EntryKind.PROMISE_MADE) == []


def test_a_new_promise_on_the_same_items_replaces_the_old(owing: House) -> None:
    old = owing.promised("20", "160.00", days=4)
    new = owing.promised("20", "60.00", days=6, items=(f"{SECOND}#1",))
    assert (owing.promise(old)["state"], owing.promise(new)["state"]) == ("replaced", "open")
    (note,) = owing.notes(EntryKind.PROMISE_WITHDRAWN)
    assert note["about"] == f"promise_made:{old}"


def test_promises_on_different_items_live_beside_each_other(owing: House) -> None:
    first = owing.promised("20", "100.00", days=4, items=(f"{FIRST}#1",))
    second = owing.promised("20", "60.00", days=6, items=(f"{SECOND}#1",))
    assert {owing.promise(first)["state"], owing.promise(second)["state"]} == {"open"}


def test_a_promise_can_be_withdrawn_once(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)
    assert withdraw(owing.office, promise)
    assert not withdraw(owing.office, promise)
    _is(owing, promise, PromiseState.WITHDRAWN, EntryKind.PROMISE_WITHDRAWN)


@pytest.mark.parametrize("applied", [{FIRST: "100.00", SECOND: "60.00"}, {FIRST: "100.00"}, {}])
def test_a_promise_is_kept_by_payments_applied_to_its_items_or_to_nothing_yet(
    owing: House, applied: dict[str, str]
) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(days=2)
    _pays(owing, "160.00", applied)
    assert owing.promise(promise)["reached_minor"] == 16000
    _is(owing, promise, PromiseState.KEPT, EntryKind.PROMISE_KEPT)


def test_a_payment_that_does_not_say_when_it_was_entered_keeps_a_promise_once_it_is_seen(owing: House) -> None:
    """Business One's incoming payments have no day of entry."""
    promise = owing.promised("20", "100.00", days=4)
    owing.wait(minutes=10)
    owing.ledger.receive("900", "20", "100.00", {FIRST: "100.00"})
    owing.ledger.change("payment:900", created_at=None)
    owing.sync()
    _is(owing, promise, PromiseState.KEPT, EntryKind.PROMISE_KEPT)


def test_a_payment_seen_before_a_promise_does_not_keep_it_though_it_is_read_again(owing: House) -> None:
    owing.ledger.receive("900", "20", "100.00")
    owing.ledger.change("payment:900", created_at=None)
    owing.sync()
    owing.wait(minutes=10)
    promise = owing.promised("20", "100.00", days=4)
    owing.wait(days=1)
    owing.ledger.change("payment:900", memo="bank reference added")
    owing.sync()
    assert owing.promise(promise)["state"] == PromiseState.OPEN


def test_a_promise_may_fall_short_by_the_small_balance_and_by_no_more(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(minutes=1)
    _pays(owing, "158.99")
    assert owing.promise(promise)["state"] == "open"
    owing.wait(minutes=1)
    _pays(owing, "0.01")
    assert owing.promise(promise)["state"] == PromiseState.KEPT


def test_what_was_entered_before_the_promise_does_not_keep_it(owing: House) -> None:
    _pays(owing, "160.00")
    owing.wait(minutes=1)
    promise = owing.promised("20", "160.00", days=4)
    owing.sync()
    assert owing.promise(promise)["state"] == "open"


def test_a_payment_applied_to_something_else_does_not_keep_a_promise(owing: House) -> None:
    promise = owing.promised("20", "60.00", days=4, items=(f"{SECOND}#1",))
    owing.wait(minutes=1)
    _pays(owing, "60.00", {FIRST: "60.00"})
    assert owing.promise(promise)["state"] == "open"


def test_a_promise_reached_in_part_is_partly_kept_after_its_day_and_grace(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(days=1)
    _pays(owing, "40.00", {FIRST: "40.00"})
    assert (owing.promise(promise)["state"], owing.promise(promise)["reached_minor"]) == ("open", 4000)
    owing.wait(days=10)
    _others_pay(owing)
    owing.sync()
    _is(owing, promise, PromiseState.PARTLY_KEPT, EntryKind.PROMISE_PARTLY_KEPT)


def test_a_promise_is_broken_only_after_its_grace_a_later_sync_and_posted_cash(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)  # Friday 6 November; the grace ends on Thursday 12, for Veterans
    owing.wait(days=10)
    owing.sync()  # Thursday 12 November: the day is not over
    assert (owing.promise(promise)["state"], owing.promise(promise)["being_checked"]) == ("open", False)
    owing.wait(days=1)
    owing.sync()
    assert (owing.promise(promise)["state"], owing.promise(promise)["being_checked"]) == ("open", True)
    assert HoldKind.PROMISE in owing.hold_kinds("20")
    _others_pay(owing)
    owing.sync()
    _is(owing, promise, PromiseState.BROKEN, EntryKind.PROMISE_BROKEN)
    (task,) = owing.tasks("broken_promise")
    assert task["facts"] == {"promise": promise}
    assert [each.id for each in owing.load("20").account.broken_promises] == [promise]


def test_a_payment_found_while_it_is_being_checked_still_keeps_it(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(days=14)
    owing.sync()
    assert owing.promise(promise)["being_checked"]
    _pays(owing, "160.00", on=owing.in_days(-6))
    assert owing.promise(promise)["state"] == PromiseState.KEPT


def test_a_payment_dated_after_the_grace_comes_too_late(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(days=14)
    _pays(owing, "160.00")
    assert owing.promise(promise)["state"] == PromiseState.BROKEN


def test_a_promise_settled_by_a_credit_is_overtaken(owing: House) -> None:
    promise = owing.promised("20", "60.00", days=4, items=(f"{SECOND}#1",))
    owing.wait(minutes=5)
    owing.ledger.credit("700", "20", "60.00", owing.today)
    owing.ledger.apply_credit("901", "credit_memo:700", SECOND, "60.00")
    owing.sync()
    _is(owing, promise, PromiseState.OVERTAKEN, EntryKind.PROMISE_OVERTAKEN)


@pytest.mark.parametrize("credit", ["credit_memo:700", "journal:55.1"])
def test_what_a_payment_took_from_a_credit_is_no_money(owing: House, credit: str) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(minutes=5)
    ref = owing.ledger.receive("900", "20", "100.00", {FIRST: "100.00", SECOND: "0.00"})
    paid = owing.ledger.documents[ref].allocations
    part = Money.of("60.00", "USD")
    owing.ledger._take(SECOND, part)
    both = (type(paid[0])(target=credit, amount=-part), paid[0], type(paid[0])(target=SECOND, amount=part))
    owing.ledger.change(ref, allocations=both)
    owing.sync()
    assert owing.promise(promise)["state"] == PromiseState.OVERTAKEN
    assert owing.promise(promise)["reached_minor"] == 10000


def test_an_invoice_that_vanished_never_makes_a_promise_kept(owing: House) -> None:
    promise = owing.promised("20", "60.00", days=4, items=(f"{SECOND}#1",))
    owing.wait(minutes=5)
    owing.ledger.delete(SECOND)
    owing.sync()
    assert owing.promise(promise)["state"] == PromiseState.OVERTAKEN
    assert owing.notes(EntryKind.PROMISE_KEPT) == []


def test_an_invoice_that_is_not_listed_leaves_its_promise_open(owing: House) -> None:
    promise = owing.promised("20", "60.00", days=4, items=(f"{SECOND}#1",))
    owing.ledger.forbidden = {SECOND}
    owing.read(whole=True)
    owing.wait(minutes=5)
    owing.sync()
    assert owing.promise(promise)["state"] == "open"


def test_each_cent_serves_one_promise_the_older_first(owing: House) -> None:
    older = owing.promised("20", "100.00", days=4, items=(f"{FIRST}#1",))
    owing.wait(minutes=1)
    newer = owing.promised("20", "60.00", days=4, items=(f"{SECOND}#1",))
    owing.wait(minutes=1)
    _pays(owing, "120.00")
    assert owing.promise(older)["state"] == PromiseState.KEPT
    assert (owing.promise(newer)["state"], owing.promise(newer)["reached_minor"]) == ("open", 2000)
    owing.wait(days=1)
    owing.sync()  # what the kept one has used stays used
    assert (owing.promise(newer)["state"], owing.promise(newer)["reached_minor"]) == ("open", 2000)


def test_each_cent_serves_one_promise_though_the_customer_has_two_accounts(owing: House) -> None:
    owing.ledger.bill("133", "20", "75.00", owing.in_days(-14), bill_emails=("pay@elsewhere.example",))
    owing.sync()
    older = owing.promised("20|pay@elsewhere.example", "75.00", days=4)
    owing.wait(minutes=1)
    newer = owing.promised("20", "75.00", days=4)
    owing.wait(minutes=1)
    _pays(owing, "75.00")
    assert [owing.promise(each)["state"] for each in (older, newer)] == [PromiseState.KEPT, "open"]


def test_a_payment_that_was_returned_keeps_no_promise(owing: House) -> None:
    promise = owing.promised("20", "160.00", days=4)
    owing.wait(minutes=1)
    payment = owing.ledger.receive("900", "20", "100.00", {FIRST: "100.00"})
    owing.sync()
    assert owing.promise(promise)["reached_minor"] == 10000
    owing.ledger.undo(payment)
    owing.sync()
    assert (owing.promise(promise)["state"], owing.promise(promise)["reached_minor"]) == ("open", 0)


def _break(house: House) -> None:
    promise = house.promised("20", "160.00", days=1, confirmed=True)
    house.wait(days=9)
    _others_pay(house)
    house.sync()
    assert house.promise(promise)["state"] == PromiseState.BROKEN


def test_after_two_broken_promises_a_new_one_needs_a_person(owing: House) -> None:
    _break(owing)
    owing.promised("20", "160.00", days=1)
    withdraw(owing.office, owing.rows(tables.promise, tables.promise.c.state == "open")[0]["id"])
    _break(owing)
    with pytest.raises(PromiseRefused, match="2 promises in 90 days"):
        owing.promised("20", "160.00", days=1)
    assert owing.promised("20", "160.00", days=1, confirmed=True)


def test_broken_promises_of_long_ago_do_not_count(owing: House) -> None:
    _break(owing)
    _break(owing)
    owing.wait(days=91)
    assert owing.promised("20", "160.00", days=1)


def test_judging_again_changes_nothing(owing: House) -> None:
    owing.promised("20", "160.00", days=4)
    owing.wait(minutes=5)
    _pays(owing, "40.00", {FIRST: "40.00"})
    owing.sync()
    before = {name: rows for name, rows in owing.everything().items() if name not in {"company", "history_head"}}
    owing.sync()
    after = {name: rows for name, rows in owing.everything().items() if name not in {"company", "history_head"}}
    assert after == before


def test_a_promise_goes_on_holding_its_item_when_that_moves_to_another_account(owing: House) -> None:
    owing.promised("20", "60.00", days=4, items=(f"{SECOND}#1",))
    owing.ledger.change(SECOND, bill_emails=("pay@elsewhere.example",))
    owing.sync()
    moved = "20|pay@elsewhere.example"
    assert owing.account_of(SECOND) == moved
    assert HoldKind.PROMISE in owing.hold_kinds(moved, SECOND)


@pytest.mark.parametrize(("currency", "amount", "less"), [("JPY", "5000", "4999"), ("KWD", "5.000", "4.999")])
def test_a_promise_is_exact_in_any_currency(connected: House, currency: str, amount: str, less: str) -> None:
    ref = connected.ledger.bill("150", "20", amount, connected.in_days(-9), currency=currency)
    connected.sync()
    connected.wait(minutes=1)
    promise = connected.promised("20", amount, days=4, currency=currency)
    connected.wait(minutes=1)
    connected.ledger.receive("900", "20", less, {ref: less}, currency=currency)
    connected.sync()
    assert connected.promise(promise)["state"] == "open"
    rest = str((Money.of(amount, currency) - Money.of(less, currency)).amount)
    connected.ledger.receive("901", "20", rest, {ref: rest}, currency=currency)
    connected.clock.advance(timedelta(seconds=1))
    connected.sync()
    assert connected.promise(promise)["state"] == PromiseState.KEPT


def test_a_promise_for_what_is_not_disputed_of_one_invoice_holds_the_next_one_too(owing: House) -> None:
    open_dispute(owing.office, Contested(item=f"{FIRST}#1", reason="damaged", amount=Money(4000, "USD")))
    owing.promised("20", "100.00", days=9)
    assert HoldKind.PROMISE in owing.hold_kinds("20", FIRST)
    assert HoldKind.PROMISE in owing.hold_kinds("20", SECOND)
