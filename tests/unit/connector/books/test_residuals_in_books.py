"""Residual items: what a payment left of an invoice goes on where the invoice stood, in whichever order they come."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import event

from adapters.documents import Document
from adapters.money import Money
from connector import jobs
from connector.disputes import Contested, open_dispute
from connector.pauses import pause
from connector.store import tables
from reminders.account import HoldKind
from reminders.channels import SendResult
from tests.fakes import FakeMailer
from tests.unit.connector.books.house import House

INVOICE, REST = "invoice:130", "invoice:140"
ITEM, REST_ITEM = f"{INVOICE}#1", f"{REST}#1"


@pytest.fixture
def reminded(connected: House) -> House:
    """Invoice 130 of customer 20 got its first reminder today."""
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()
    connected.remind()
    assert len(connected.mailer.sent) == 1
    connected.wait(minutes=10)
    return connected


def pay_part(house: House, amount: str, rest: str, *, of: str = INVOICE, ident: str = "140") -> None:
    """A payment comes, `of` is cleared by it, and what is left is a new invoice."""
    house.ledger.receive(f"p{ident}", "20", amount, {of: amount})
    house.ledger.pay(of)
    house.ledger.bill(ident, "20", rest, house.in_days(-14), created_at=house.clock.now(), replaces=of)


def steps(house: House, ref: str) -> list[tuple[str, str]]:
    rows = house.rows(tables.reminder_item, tables.reminder_item.c.item == ref)
    return [(row["step_id"], row["how"]) for row in rows]


def read_together(house: House) -> None:
    house.sync()


def read_the_rest_first(house: House) -> None:
    """The page that shows the invoice closed comes later."""
    documents = house.ledger.documents
    paid, payments = documents[INVOICE], [each for each in documents if each.startswith("payment:")]
    kept = {each: documents.pop(each) for each in payments}
    open_items = tuple(replace(each, open=each.total) for each in paid.items)
    documents[INVOICE] = replace(paid, open=paid.total, items=open_items)
    house.sync()
    assert house.item(ITEM)["open_minor"] > 0
    documents[INVOICE] = _anew(house, paid)
    documents.update({ref: _anew(house, each) for ref, each in kept.items()})
    house.sync()


def read_the_invoice_first(house: House) -> None:
    """The page that shows what is left of it comes later."""
    rest = house.ledger.documents.pop(REST)
    house.sync()
    house.ledger.documents[REST] = _anew(house, rest)
    house.sync()


def _anew(house: House, each: Document) -> Document:
    return replace(each, version=house.ledger._next())


IN_ANY_ORDER = pytest.mark.parametrize("read", [read_together, read_the_rest_first, read_the_invoice_first])
Read = Callable[[House], None]


@IN_ANY_ORDER
def test_the_ladder_goes_on_at_its_step(reminded: House, read: Read) -> None:
    reminded.wait(days=2)
    pay_part(reminded, "70.00", "30.00")
    read(reminded)
    assert steps(reminded, REST_ITEM) == [("first", "sent")]
    assert [row["subject"] for row in reminded.history("position_carried")] == [REST_ITEM]
    for _ in range(30):
        reminded.wait(days=1)
        reminded.sync()
        reminded.remind()
    said = [step for step, how in steps(reminded, REST_ITEM) if how == "sent"]
    assert said[:2] == ["first", "second"]
    assert [each for each in said if each == "first"] == ["first"]
    assert len(reminded.mailer.sent) >= 2


def test_what_is_left_is_no_new_invoice_to_the_customer(reminded: House) -> None:
    reminded.wait(days=2)
    pay_part(reminded, "70.00", "30.00")
    reminded.sync()
    before, after = (reminded.document(each)["first_seen"] for each in (INVOICE, REST))
    assert before == after
    assert reminded.item(ITEM)["known_since"] == reminded.item(REST_ITEM)["known_since"]


@IN_ANY_ORDER
def test_the_rest_is_held_until_the_promised_day_and_the_promise_is_kept_by_both_payments(
    reminded: House, read: Read
) -> None:
    promise = reminded.promised("20", "100.00", days=9)
    reminded.wait(minutes=10)
    pay_part(reminded, "70.00", "30.00")
    read(reminded)
    row = reminded.promise(promise)
    assert (row["state"], row["items"], row["reached_minor"]) == ("open", [ITEM, REST_ITEM], 7000)
    assert HoldKind.PROMISE in reminded.hold_kinds("20", REST)
    assert len(reminded.history("promise_carried")) == 1
    for _ in range(8):
        reminded.wait(days=1)
        reminded.sync()
        reminded.remind()
    assert len(reminded.mailer.sent) == 1
    reminded.ledger.receive("last", "20", "30.00", {REST: "30.00"})
    reminded.sync()
    assert reminded.promise(promise)["state"] == "kept"


def test_a_promise_of_the_part_that_was_paid_is_kept_and_holds_the_rest_no_more(reminded: House) -> None:
    promise = reminded.promised("20", "70.00", days=9)
    reminded.wait(minutes=10)
    pay_part(reminded, "70.00", "30.00")
    reminded.sync()
    assert reminded.promise(promise)["state"] == "kept"
    assert HoldKind.PROMISE not in reminded.hold_kinds("20", REST)


@IN_ANY_ORDER
def test_what_is_contested_of_the_invoice_is_contested_of_the_rest(reminded: House, read: Read) -> None:
    dispute = open_dispute(
        reminded.office, Contested(item=ITEM, reason="damaged", amount=Money.of("30.00", "USD"), owner="Kim")
    )
    pay_part(reminded, "70.00", "30.00")
    read(reminded)
    row = reminded.dispute(dispute)
    assert (row["item"], row["state"], row["amount_minor"], row["owner"]) == (REST_ITEM, "open", 3000, "Kim")
    assert HoldKind.DISPUTE in reminded.hold_kinds("20", REST)
    (told,) = reminded.history("dispute_carried")
    assert json.loads(told["data"]) == {"from": ITEM, "to": REST_ITEM}


def test_a_small_rest_may_be_a_deduction_and_a_large_one_is_none(reminded: House) -> None:
    pay_part(reminded, "97.00", "3.00")
    reminded.sync()
    (flag,) = reminded.flags()
    assert (flag["item"], flag["amount_minor"], flag["flagged_by"]) == (REST_ITEM, 300, "short_payment")
    pay_part(reminded, "1.00", "2.00", of=REST, ident="150")  # a third of what was left
    reminded.sync()
    assert [each["item"] for each in reminded.flags()] == ["invoice:150#1"]


def test_a_pause_of_the_invoice_pauses_the_rest(reminded: House) -> None:
    pause(reminded.office, "20", reason="Kim is on it", until=reminded.in_days(20), items=[ITEM])
    pay_part(reminded, "70.00", "30.00")
    reminded.sync()
    assert HoldKind.PAUSE in reminded.hold_kinds("20", REST)


@pytest.mark.parametrize("together", [True, False])
def test_the_rest_of_a_rest_goes_on_too(reminded: House, *, together: bool) -> None:
    promise = reminded.promised("20", "100.00", days=9)
    dispute = open_dispute(reminded.office, Contested(item=ITEM, reason="late", amount=Money.of("5.00", "USD")))
    reminded.wait(minutes=10)
    pay_part(reminded, "70.00", "30.00")
    if not together:
        reminded.sync()
    pay_part(reminded, "20.00", "10.00", of=REST, ident="120")  # told before the one that it came of
    reminded.sync()
    assert steps(reminded, "invoice:120#1") == [("first", "sent")]
    assert reminded.dispute(dispute)["item"] == "invoice:120#1"
    assert reminded.promise(promise)["items"] == ["invoice:120#1", ITEM, REST_ITEM]
    assert reminded.promise(promise)["reached_minor"] == 9000
    assert HoldKind.PROMISE in reminded.hold_kinds("20", "invoice:120")


def test_a_rest_that_is_read_after_its_own_rest_hands_everything_on(reminded: House) -> None:
    """A whole read lists what is open: the last rest; what is closed is asked for afterwards."""
    pay_part(reminded, "70.00", "30.00")
    pay_part(reminded, "20.00", "10.00", of=REST, ident="150")
    middle = reminded.ledger.documents.pop(REST)
    reminded.sync()
    assert steps(reminded, "invoice:150#1") == []
    reminded.ledger.documents[REST] = _anew(reminded, middle)
    reminded.sync()
    assert steps(reminded, "invoice:150#1") == [("first", "sent")]


def test_reading_it_again_carries_nothing_twice(reminded: House) -> None:
    reminded.promised("20", "100.00", days=9)
    open_dispute(reminded.office, Contested(item=ITEM, reason="late", amount=Money.of("5.00", "USD")))
    pay_part(reminded, "70.00", "30.00")
    reminded.sync()
    before = reminded.everything()
    for ref in (INVOICE, REST):
        reminded.ledger.touch(ref)
    reminded.read(whole=True)
    after = reminded.everything()
    for name in ("reminder_item", "promise", "promise_item", "dispute", "hold"):
        assert after[name] == before[name]
    kinds = [row["kind"] for row in reminded.rows(tables.history) if row["kind"].endswith("_carried")]
    assert sorted(kinds) == ["dispute_carried", "position_carried", "promise_carried"]


def test_where_the_rest_is_reversed_the_invoice_stands_where_the_rest_stood(reminded: House) -> None:
    """The payment was posted wrongly: its clearing is taken back within the hour."""
    dispute = open_dispute(reminded.office, Contested(item=ITEM, reason="late", amount=Money.of("5.00", "USD")))
    pay_part(reminded, "70.00", "30.00")
    reminded.sync()
    reminded.ledger.void(REST)
    total = reminded.ledger.documents[INVOICE].total
    reminded.ledger.change(
        INVOICE, open=total, items=tuple(replace(each, open=total) for each in reminded.ledger.documents[INVOICE].items)
    )
    reminded.sync()
    row = reminded.dispute(dispute)
    assert (row["item"], row["state"]) == (ITEM, "open")
    assert steps(reminded, ITEM) == [("first", "sent")]
    assert reminded.owed("20", INVOICE).open == total


def test_a_returned_payment_begins_a_new_cycle_whatever_the_rest_had_come_to(reminded: House) -> None:
    pay_part(reminded, "70.00", "30.00")
    reminded.sync()
    reminded.wait(days=9)
    reminded.ledger.void(REST)
    reminded.ledger.change("payment:p140", voided=True, total=Money.zero("USD"), allocations=())
    total = reminded.ledger.documents[INVOICE].total
    reminded.ledger.change(
        INVOICE, open=total, items=tuple(replace(each, open=total) for each in reminded.ledger.documents[INVOICE].items)
    )
    reminded.sync()
    assert reminded.item(ITEM)["cycle"] == 2
    assert reminded.owed("20", INVOICE).taken[-1].cycle == 1
    assert HoldKind.REOPENED in reminded.hold_kinds("20", INVOICE)


class Killed(Exception):
    """The process is gone."""


def test_killed_at_any_statement_it_is_carried_over_once(reminded: House) -> None:
    promise = reminded.promised("20", "100.00", days=9)
    dispute = open_dispute(reminded.office, Contested(item=ITEM, reason="late", amount=Money.of("5.00", "USD")))
    reminded.wait(minutes=10)
    pay_part(reminded, "70.00", "30.00")
    engine = reminded.database.engine
    for last in count(1):
        seen = count(1)

        def kill(*_: object, last: int = last, seen: "count[int]" = seen) -> None:
            if next(seen) == last:
                raise Killed

        event.listen(engine, "before_cursor_execute", kill)
        try:
            reminded.sync()
            break
        except Killed:
            reminded.wait(minutes=0)
        finally:
            event.remove(engine, "before_cursor_execute", kill)
    assert last > 20
    assert steps(reminded, REST_ITEM) == [("first", "sent")]
    assert reminded.dispute(dispute)["item"] == REST_ITEM
    assert (reminded.promise(promise)["items"], reminded.promise(promise)["state"]) == ([ITEM, REST_ITEM], "open")
    kinds = [row["kind"] for row in reminded.rows(tables.history) if row["kind"].endswith("_carried")]
    assert sorted(kinds) == ["dispute_carried", "position_carried", "promise_carried"]


class MailerAtLength(FakeMailer):
    """Something happens between the last look at the books and the mail server's answer."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        result = super().send(sender, recipient, data, at_data)
        self.meanwhile()
        return result


def test_a_message_that_is_leaving_as_the_rest_comes_counts_for_the_rest(connected: House) -> None:
    connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()

    def paid_meanwhile() -> None:
        pay_part(connected, "70.00", "30.00")
        connected.read()

    jobs.remind_company(replace(connected.office, mailer=MailerAtLength(paid_meanwhile)))
    assert steps(connected, ITEM) == [("first", "sent")]
    assert steps(connected, REST_ITEM) == [("first", "sent")]
