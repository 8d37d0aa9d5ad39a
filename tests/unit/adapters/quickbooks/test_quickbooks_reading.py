"""How many calls a reading costs, and what it does when the books are large, busy, or broken."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import LedgerRejected
from adapters.money import Money
from adapters.quickbooks.reads import one_of, quoted
from adapters.quickbooks.sandbox.query import parse
from tests.contract.ledgers import QuickBooksConnection
from tests.contract.replica import Replica
from tests.unit.adapters.quickbooks.clerk import ONE, TODAY, bills, in_the_books, paths, selects, statements


@pytest.fixture
def here() -> Iterator[QuickBooksConnection]:
    made = QuickBooksConnection()
    yield made
    made.books.close()


@pytest.fixture
def replica(here: QuickBooksConnection) -> Replica:
    return Replica(here.ledger)


# --- what it costs ---------------------------------------------------------------------------------------------


def test_a_sync_in_which_nothing_changed_costs_one_call(here: QuickBooksConnection, replica: Replica) -> None:
    bills(here, 5)
    here.clock.later(hours=1)
    replica.sync()
    here.transport.calls.clear()
    here.clock.later(minutes=15)
    (page,) = replica.sync()
    assert paths(here) == ["cdc"]
    assert (page.last, page.documents, page.complete) == (True, (), False)


def test_a_reread_before_a_message_costs_two_calls(here: QuickBooksConnection, replica: Replica) -> None:
    invoices = bills(here, 700)
    replica.sync()
    assert replica.cursor is not None
    here.transport.calls.clear()
    here.ledger.fresh([f"invoice:{each}" for each in invoices], (), replica.cursor)
    assert paths(here) == ["cdc", "query"]


def test_a_small_company_is_read_in_one_page_a_kind(here: QuickBooksConnection, replica: Replica) -> None:
    bills(here, 5)
    replica.sync()
    pages = [each.split(" ORDERBY")[0] for each in statements(here) if "COUNT" not in each]
    assert len(pages) == len(set(pages)) == 6  # open and closed invoices are two
    assert len(statements(here)) == 10


# --- large books -----------------------------------------------------------------------------------------------


def test_a_large_company_is_read_in_full_pages_each_document_once(here: QuickBooksConnection, replica: Replica) -> None:
    bills(here, 4200)
    pages = replica.sync()
    assert set(replica.open) == in_the_books(here)
    assert set(replica.changes_told().values()) == {1}
    assert len(selects(here, "Invoice")) == 5 + 1  # of the open ones, and of those that were closed
    assert pages[-1].done == pages[-1].expected == 4201


@pytest.mark.parametrize("apart", [0, 0.0001])
def test_a_thousand_rows_of_one_instant_are_all_read(
    here: QuickBooksConnection, replica: Replica, apart: float
) -> None:
    bills(here, 3)
    bills(here, 2600, apart=apart)
    bills(here, 3)
    replica.sync()
    assert set(replica.open) == in_the_books(here)


def test_a_reading_that_broke_off_goes_on_where_it_stood(here: QuickBooksConnection, replica: Replica) -> None:
    bills(here, 3300)
    seen = 0
    for page in here.ledger.changes(None):
        replica.apply(page)
        replica.cursor = page.cursor
        seen += len(page.documents)
        if seen > 1500:
            break
    here.transport.calls.clear()
    replica.sync()
    assert set(replica.open) == in_the_books(here)
    assert not [each for each in statements(here) if "COUNT" in each]
    assert sum(replica.changes_told().values()) == 3300


def test_what_is_paid_while_the_pages_are_read_makes_nothing_slip_through(
    here: QuickBooksConnection, replica: Replica
) -> None:
    invoices = bills(here, 2500)
    paid = iter(invoices[::7])

    def pay(number: int) -> None:
        for _ in range(100):
            if (invoice := next(paid, None)) is not None:
                owner = here.books.document(invoice).customer
                here.books.pay(owner, ONE, on=TODAY, apply={invoice: ONE})
        here.clock.later(seconds=number)

    replica.sync(after_page=pay)
    here.clock.later(minutes=5)
    replica.sync()
    assert set(replica.open) == in_the_books(here)


def test_closed_documents_older_than_the_history_are_left_out_and_open_ones_never(
    here: QuickBooksConnection, replica: Replica
) -> None:
    old, older = bills(here, 1, issued=date(2020, 1, 1)) + bills(here, 1, issued=date(2020, 1, 1))
    (recent,) = bills(here, 1, issued=date(2025, 6, 1))
    for invoice in (old, recent):
        here.books.pay(here.books.document(invoice).customer, ONE, on=date(2020, 2, 1), apply={invoice: ONE})
    unapplied = here.books.pay(here.books.document(old).customer, ONE, on=date(2020, 2, 1))
    here.clock.later(hours=1)
    replica.sync()
    assert set(replica.documents) == {f"invoice:{older}", f"invoice:{recent}", f"payment:{unapplied}"}


def test_an_old_invoice_paid_while_a_busy_company_is_first_read_is_told_as_paid(
    here: QuickBooksConnection, replica: Replica
) -> None:
    (old,) = bills(here, 1, issued=date(2020, 1, 1))
    here.clock.later(hours=1)

    def get_busy(number: int) -> None:
        if number == 2:
            here.books.pay(here.books.document(old).customer, ONE, on=TODAY, apply={old: ONE})
            bills(here, 1100, apart=0.1)

    replica.sync(after_page=get_busy)
    assert set(replica.open) == in_the_books(here)


def test_open_documents_come_before_closed_ones(here: QuickBooksConnection, replica: Replica) -> None:
    invoices = bills(here, 4)
    here.books.pay(here.books.document(invoices[0]).customer, ONE, on=TODAY, apply={invoices[0]: ONE})
    here.clock.later(hours=1)
    told = [document for page in replica.sync() for document in page.documents if document.kind == "invoice"]
    assert [bool(document.open) for document in told] == [True, True, True, False]


# --- more changed than can be told -----------------------------------------------------------------------------


def test_more_than_a_thousand_changes_are_read_page_by_page_with_their_deletions(
    here: QuickBooksConnection, replica: Replica
) -> None:
    before = bills(here, 20)
    here.clock.later(hours=1)
    replica.sync()
    here.clock.later(hours=1)
    here.books.delete("invoice", before[3])
    bills(here, 1500, apart=1)
    here.clock.later(minutes=10)
    pages = replica.sync()
    assert set(replica.open) == in_the_books(here)
    assert pages[-1].complete
    here.transport.calls.clear()
    replica.sync()
    assert paths(here) == ["cdc"]


def test_a_cursor_older_than_intuit_looks_back_is_caught_up_page_by_page(
    here: QuickBooksConnection, replica: Replica
) -> None:
    before = bills(here, 20)
    replica.sync()
    here.clock.later(days=2)
    here.books.delete("invoice", before[3])
    here.books.pay(here.books.document(before[4]).customer, ONE, on=TODAY, apply={before[4]: ONE})
    here.clock.later(days=40)
    here.transport.calls.clear()
    replica.sync()
    assert set(replica.open) == in_the_books(here)
    since = [call.url.params["changedSince"] for call in here.transport.calls if call.url.path.endswith("/cdc")]
    assert all(each > "2026-12-13" for each in since)


def test_a_reread_that_meets_too_many_changes_tells_them_and_keeps_the_cursor(
    here: QuickBooksConnection, replica: Replica
) -> None:
    (invoice,) = bills(here, 1)
    here.clock.later(hours=1)
    replica.sync()
    assert replica.cursor is not None
    bills(here, 1200, apart=0.1)
    page = here.ledger.fresh([f"invoice:{invoice}"], (), replica.cursor)
    assert page.cursor == replica.cursor
    assert {each.ref for each in page.documents} == in_the_books(here)


def test_a_journal_line_that_is_no_more_is_told_gone_when_asked_for(
    here: QuickBooksConnection, replica: Replica
) -> None:
    owner = here.books.add_customer("Amy", emails="a@example.com")
    entry = here.books.journal([(owner, ONE, "Accounts Receivable (A/R)")], on=TODAY)
    replica.sync()
    assert replica.cursor is not None
    page = here.ledger.fresh([f"journal:{entry}.0", f"journal:{entry}.7", "journal:999.0"], (), replica.cursor)
    assert {each.ref for each in page.documents} == {f"journal:{entry}.0"}
    assert {each.ref for each in page.tombstones} == {f"journal:{entry}.7", "journal:999.0"}


def test_a_payment_moves_a_journal_line_even_where_the_entry_is_not_told_as_changed(
    here: QuickBooksConnection, replica: Replica
) -> None:
    def silent_entries(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/cdc"):
            return response
        told = response.json()
        told["CDCResponse"][0]["QueryResponse"] = [
            part for part in told["CDCResponse"][0]["QueryResponse"] if "JournalEntry" not in part
        ]
        return httpx.Response(200, json=told)

    owner = here.books.add_customer("Amy", emails="a@example.com")
    entry = here.books.journal([(owner, Decimal(50), "Accounts Receivable (A/R)")], on=TODAY)
    here.clock.later(hours=1)
    replica.sync()
    here.transport.after = silent_entries
    payment = here.books.pay(owner, Decimal(20), on=TODAY, apply={f"{entry}.0": Decimal(20)})
    replica.sync()
    assert replica.open == {f"journal:{entry}.0": Money.of(30, "USD")}
    here.clock.later(hours=1)
    here.books.delete("payment", payment)
    replica.sync()
    assert replica.open == {f"journal:{entry}.0": Money.of(50, "USD")}
    assert replica.changes_told()[f"journal:{entry}.0"] == 3


def test_a_cursor_of_another_ledger_is_refused(here: QuickBooksConnection) -> None:
    with pytest.raises(LedgerRejected, match="cursor"):
        list(here.ledger.changes(json.dumps({"seq": 4})))


def test_the_cursor_stays_small(here: QuickBooksConnection, replica: Replica) -> None:
    bills(here, 1100)
    replica.sync()
    assert replica.cursor is not None
    assert len(replica.cursor) < 200


def test_an_invoice_has_a_page_to_pay_it_where_the_company_takes_payments(here: QuickBooksConnection) -> None:
    (invoice,) = bills(here, 1)
    assert here.ledger.pay_link(f"invoice:{invoice}").startswith("https://")
    assert here.ledger.pay_link("payment:7") == ""


def test_one_page_at_a_time_makes_the_same_calls_in_the_same_order_every_time() -> None:
    runs = []
    for _ in range(2):
        here = QuickBooksConnection(pages_at_once=1)
        invoices = bills(here, 2100)
        replica = Replica(here.ledger)
        replica.sync()
        for invoice in invoices[:5]:
            here.books.delete("invoice", invoice)
        replica.sync()
        runs.append([(str(call.url), call.content) for call in here.transport.calls])
        assert set(replica.open) == in_the_books(here)
        here.books.close()
    assert runs[0] == runs[1]


def test_a_company_busier_than_one_sync_can_tell_is_told_in_the_next(
    here: QuickBooksConnection, replica: Replica
) -> None:
    bills(here, 3)
    here.clock.later(hours=1)
    replica.sync()
    here.clock.later(hours=1)
    bills(here, 1200, apart=0.1)

    def keep_busy(_: int) -> None:
        all_listed = '"phases"' not in str(replica.cursor)
        if all_listed and len(in_the_books(here)) < 2000:
            bills(here, 1200, apart=0.1)

    pages = replica.sync(after_page=keep_busy)
    assert pages[-1].last
    assert len(replica.open) < len(in_the_books(here)) == 2403
    for _ in range(2):
        here.clock.later(minutes=15)
        replica.sync()
    assert set(replica.open) == in_the_books(here)


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_no_value_can_break_out_of_its_quotes(text: str) -> None:
    statement = parse(f"SELECT * FROM Customer WHERE DisplayName = {quoted(text)} AND Id IN {one_of([text, '7'])}")
    assert statement.conditions == (("DisplayName", "=", (text,)), ("Id", "IN", (text, "7")))


def test_a_reread_is_as_old_as_the_first_of_its_answers(here: QuickBooksConnection, replica: Replica) -> None:
    (invoice,) = bills(here, 1)
    replica.sync()
    assert replica.cursor is not None
    asked_at = here.clock.now()
    here.transport.before = lambda request: here.clock.later(seconds=20) if "query" in request.url.path else None
    page = here.ledger.fresh([f"invoice:{invoice}"], (), replica.cursor)
    assert page.read_at == asked_at
    assert here.clock.now() > asked_at
