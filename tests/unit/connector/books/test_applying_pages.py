"""A page applied twice changes nothing; what matters wakes the account, and our own note coming back does not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.documents import Delivery, DocumentKind, Gone, Problem, Tombstone
from adapters.money import Money
from connector.store import tables
from tests.unit.connector.books.house import House


def test_a_page_applied_twice_changes_nothing(connected: House) -> None:
    paid = connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.ledger.bill("131", "20", "50.00", connected.in_days(10))
    deleted = connected.ledger.bill("132", "20", "70.00", connected.in_days(-5))
    connected.sync()
    connected.ledger.receive("900", "20", "120.00", {paid: "100.00"})
    connected.ledger.delete(deleted)
    page = connected.page(
        customers=tuple(connected.ledger.customers.values()),
        documents=tuple(connected.ledger.documents.values()),
        tombstones=tuple(stone for _, stone in connected.ledger.gone.values()),
        problems=(Problem(ref="invoice:777", kind="invoice", text="Invoice 777 cannot be read."),),
    )
    assert connected.take(page).documents == 3
    before = connected.everything()
    again = connected.take(page)
    assert (again.documents, again.customers, again.accounts, again.happenings) == (0, 0, {}, [])
    assert connected.everything() == before


def test_our_own_note_coming_back_does_not_wake_the_account(connected: House) -> None:
    ref = connected.ledger.bill("130", "20", "100.00", connected.in_days(10))
    connected.sync()
    connected.asleep()
    touches = connected.touches("20")
    connected.ledger.touch(ref)
    connected.ledger.change_customer("20", phone="555-0100")
    connected.sync()
    assert connected.document(ref)["version"] == connected.ledger.documents[ref].version
    assert connected.awake() == set()
    assert connected.touches("20") == touches


@pytest.mark.parametrize("what", ["amount", "due date", "bill address", "delivery", "customer's address", "block"])
def test_what_a_decision_turns_on_wakes_the_account(connected: House, what: str) -> None:
    ledger = connected.ledger
    ref = ledger.bill("130", "20", "100.00", connected.in_days(10), delivery=Delivery.WAITING)
    connected.sync()
    connected.asleep()
    touches = connected.touches("20")
    if what == "amount":
        ledger.receive("900", "20", "30.00", {ref: "30.00"})
    elif what == "due date":
        ledger.move_due(ref, connected.in_days(12))
    elif what == "bill address":
        ledger.change(ref, bill_emails=tuple(ledger.customers["20"].emails))
    elif what == "delivery":
        ledger.change(ref, delivery=Delivery.SENT)
    elif what == "customer's address":
        ledger.change_customer("20", emails=("new@example.com",))
    else:
        ledger.change_customer("20", block="credit department")
    connected.sync()
    assert connected.awake() == {"20"}
    assert connected.touches("20") > touches


def test_a_change_wakes_no_other_account(connected: House) -> None:
    connected.ledger.customer("21", "Bertram")
    connected.ledger.bill("130", "20", "100.00", connected.in_days(10))
    other = connected.ledger.bill("131", "21", "100.00", connected.in_days(10))
    connected.sync()
    connected.asleep()
    connected.ledger.receive("900", "21", "100.00", {other: "100.00"})
    connected.sync()
    assert connected.awake() == {"21"}


def test_a_new_credit_wakes_the_account_that_it_belongs_to(connected: House) -> None:
    connected.ledger.bill("130", "20", "100.00", connected.in_days(10))
    connected.sync()
    connected.asleep()
    connected.ledger.credit("700", "20", "40.00", connected.today)
    connected.sync()
    assert connected.awake() == {"20"}
    assert connected.load("20").account.free_credit == {"USD": Money(4000, "USD")}


def test_a_day_to_look_on_that_is_nearer_is_kept(connected: House) -> None:
    ref = connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    connected.sync()
    (before,) = connected.rows(tables.account)
    connected.wait(days=2)
    connected.ledger.receive("900", "20", "30.00", {ref: "30.00"})
    connected.sync()
    (after,) = connected.rows(tables.account)
    assert after["look_on"] == before["look_on"]


def test_a_tombstone_of_something_unknown_is_passed_over(connected: House) -> None:
    before = connected.everything()
    stones = (
        Tombstone(ref="invoice:4711", how=Gone.DELETED),
        Tombstone(ref="payment:4712", how=Gone.VOIDED),
        Tombstone(ref="4713", how=Gone.MERGED, is_customer=True, into="20"),
    )
    applied = connected.take(connected.page(tombstones=stones))
    assert applied.documents == 0
    assert connected.everything() == before


def test_a_row_that_cannot_be_read_is_kept_until_it_can_be(connected: House) -> None:
    broken = Problem(ref="invoice:130", kind="invoice", text="Invoice 130 cannot be read: DueDate 'x' is not a day.")
    connected.ledger.unreadable = [broken]
    connected.sync()
    (first,) = connected.rows(tables.problem)
    connected.wait(days=1)
    connected.sync()
    (second,) = connected.rows(tables.problem)
    assert second["first_at"] == first["first_at"]
    assert second["last_at"] == connected.clock.now()
    connected.ledger.unreadable = []
    connected.ledger.bill("130", "20", "100.00", connected.in_days(10))
    connected.sync()
    assert connected.problems() == set()


def test_a_row_that_can_be_read_again_is_no_problem_though_it_did_not_change(connected: House) -> None:
    ref = connected.ledger.bill("130", "20", "100.00", connected.in_days(10))
    connected.sync()
    broken = Problem(ref=ref, kind="invoice", text="Invoice 130 cannot be read.")
    connected.take(connected.page(problems=(broken,)))
    assert connected.problems() == {ref}
    connected.take(connected.page(documents=(connected.ledger.documents[ref],)))
    assert connected.problems() == set()


def test_an_unreadable_journal_entry_is_no_problem_once_its_lines_are_read(connected: House) -> None:
    connected.take(connected.page(problems=(Problem(ref="journal:55", kind="journal", text="Entry 55."),)))
    line = replace(
        connected.ledger.documents[connected.ledger.bill("55.0", "20", "10.00", connected.in_days(5))],
        kind=DocumentKind.JOURNAL,
    )
    connected.take(connected.page(documents=(line,)))
    assert connected.problems() == set()


def test_an_unreadable_row_that_was_deleted_is_no_problem_any_more(connected: House) -> None:
    connected.take(connected.page(problems=(Problem(ref="invoice:130", kind="invoice", text="Unreadable."),)))
    connected.take(connected.page(tombstones=(Tombstone(ref="invoice:130", how=Gone.DELETED),)))
    assert connected.problems() == set()


def test_an_unreadable_customer_is_no_problem_once_it_can_be_read(connected: House) -> None:
    connected.take(connected.page(problems=(Problem(ref="customer:21", kind="customer", text="Unreadable."),)))
    connected.ledger.customer("21", "Bertram")
    connected.sync()
    assert connected.problems() == set()


def test_instalments_are_items_of_their_own_and_a_part_that_is_dropped_is_closed(connected: House) -> None:
    parts = [("60.00", connected.in_days(-3)), ("40.00", connected.in_days(27))]
    ref = connected.ledger.bill_in_parts("130", "20", parts)
    connected.sync()
    assert [connected.item(f"{ref}#{part}")["open_minor"] for part in (1, 2)] == [6000, 4000]
    one = connected.ledger.documents[ref].items[0]
    connected.ledger.change(ref, items=(one,), total=one.total, open=one.open)
    connected.sync()
    assert connected.item(f"{ref}#2")["open_minor"] == 0
    assert connected.item(f"{ref}#2")["closed_on"] == connected.today
    assert [each.ref for each in connected.load("20").account.items] == [f"{ref}#1"]


def test_allocations_are_as_the_ledger_gives_them_now(connected: House) -> None:
    first = connected.ledger.bill("130", "20", "100.00", connected.in_days(-14))
    second = connected.ledger.bill("131", "20", "100.00", connected.in_days(-14))
    payment = connected.ledger.receive("900", "20", "100.00", {first: "100.00"})
    connected.sync()
    assert connected.allocations() == {(payment, first): 10000}
    connected.ledger.undo(payment)
    payment = connected.ledger.receive("901", "20", "100.00", {second: "75.00"})
    connected.sync()
    assert connected.allocations() == {(payment, second): 7500}


@pytest.mark.parametrize(("currency", "amount", "minor"), [("JPY", "12345", 12345), ("KWD", "12.345", 12345)])
def test_money_is_kept_to_the_last_unit_of_its_currency(
    connected: House, currency: str, amount: str, minor: int
) -> None:
    ref = connected.ledger.bill("130", "20", amount, connected.in_days(-14), currency=currency)
    connected.ledger.credit("700", "20", "5", connected.today, currency)
    connected.sync()
    assert connected.item(f"{ref}#1")["open_minor"] == minor
    account = connected.load("20").account
    assert account.items[0].open == Money.of(amount, currency)
    assert account.free_credit == {currency: Money.of("5", currency)}
    smallest = str(Money(1, currency).amount)
    connected.ledger.receive("900", "20", smallest, {ref: smallest}, currency=currency)
    connected.sync()
    assert connected.load("20").account.items[0].open == Money(minor - 1, currency)


def test_an_invoice_is_first_seen_on_the_day_it_was_entered_and_never_later(connected: House) -> None:
    entered = datetime(2026, 10, 30, 15, 0, tzinfo=UTC)
    ref = connected.ledger.bill("130", "20", "100.00", connected.in_days(-60), created_at=entered)
    connected.sync()
    connected.wait(days=3)
    connected.ledger.touch(ref)
    connected.sync()
    assert connected.document(ref)["first_seen"] == entered.date()


def test_the_ledger_s_own_second_mail_counts_as_contact_of_the_account_it_went_to(connected: House) -> None:
    elsewhere = ("pay@elsewhere.example",)
    ref = connected.ledger.bill("130", "20", "100.00", connected.in_days(-14), bill_emails=elsewhere)
    connected.sync()
    connected.ledger.change(ref, sent_at=connected.clock.now(), delivery=Delivery.SENT)
    connected.sync()
    (contact,) = connected.rows(tables.contact)
    assert (contact["account"], contact["what"]) == ("20|pay@elsewhere.example", "ledger")
