"""What every ledger must keep when it is read, whatever its dialect: one suite, run on each."""

from datetime import date
from decimal import Decimal

import pytest

from adapters.documents import Delivery, DocumentKind, Gone
from adapters.errors import LedgerUnavailable
from adapters.money import Money
from tests.contract.ledgers import Connection, Trait
from tests.contract.lively import DUE, ISSUED, TEN, TODAY, a_lively_company, bill, customer, in_the_books
from tests.contract.replica import Crash, Replica

# --- reading ---------------------------------------------------------------------------------------------------


def test_a_first_read_tells_all_that_is_open_to_the_cent(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    pages = replica.sync()
    assert here.told(replica) == in_the_books(here)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert set(replica.customers) == {each.id for each in here.books.customers()}


def test_only_the_last_page_of_a_whole_read_calls_itself_complete(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    pages = replica.sync()
    assert [page.complete for page in pages] == [page.last for page in pages]
    assert pages[-1].scope == {kind.value for kind in DocumentKind}
    assert replica.asked_for == []


def test_a_later_read_tells_what_changed_and_nothing_else(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    replica.changed.clear()
    here.clock.later(minutes=15)
    replica.sync()
    assert replica.changed == []
    payment = here.books.pay(here.books.document(invoices[2]).customer, TEN, on=TODAY, apply={invoices[2]: TEN})
    replica.sync()
    assert set(replica.changed) == {here.ref("invoice", invoices[2]), here.ref("payment", payment)}
    assert here.told(replica) == in_the_books(here)


def test_a_page_applied_twice_changes_nothing(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    for page in replica.sync():
        replica.apply(page)
    assert here.told(replica) == in_the_books(here)
    assert set(replica.changes_told().values()) == {1}


def test_a_lost_page_is_read_again_from_the_cursor_before_it(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    here.lose_next_read()
    with pytest.raises(LedgerUnavailable):
        replica.sync()
    replica.sync()
    assert here.told(replica) == in_the_books(here)


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_a_crash_between_pages_loses_nothing_that_happened_meanwhile(
    here: Connection, replica: Replica, page: int
) -> None:
    invoices = a_lively_company(here)
    owner = here.books.document(invoices[3]).customer

    def die(number: int) -> None:
        if number == page:
            raise Crash

    with pytest.raises(Crash):
        replica.sync(after_page=die)
    new = bill(here, owner, Decimal("99.99"))
    here.books.pay(owner, TEN, on=TODAY, apply={invoices[3]: TEN})
    here.books.delete("invoice", invoices[4])
    here.clock.later(minutes=3)
    replica.sync()
    assert here.told(replica) == in_the_books(here)
    assert replica.open[here.ref("invoice", new)] == Money.of("99.99", "USD")


@pytest.mark.needs(Trait.DELETION)
def test_a_deleted_invoice_comes_as_a_tombstone(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    here.clock.later(minutes=5)
    here.books.delete("invoice", invoices[6])
    replica.sync()
    assert replica.gone[here.ref("invoice", invoices[6])].how is Gone.DELETED
    assert here.told(replica) == in_the_books(here)


def test_a_voided_invoice_stays_with_nothing_open(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    here.books.void("invoice", invoices[6])
    replica.sync()
    voided = replica.documents[here.ref("invoice", invoices[6])]
    assert (voided.voided, voided.open, voided.total) == (True, Money.zero("USD"), Money.zero("USD"))


def test_a_returned_payment_opens_its_invoice_again(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    payment = here.books.pay(owner, TEN, on=TODAY, apply={invoice: TEN})
    replica.sync()
    assert replica.open == {}
    here.clock.later(days=3)
    here.books.return_payment(payment)
    replica.sync()
    assert replica.open == {here.ref("invoice", invoice): Money.of(TEN, "USD")}


@pytest.mark.needs(Trait.SPLIT_CREDIT)
def test_a_credit_set_against_an_invoice_is_told_as_given(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    invoice, memo = bill(here, owner), here.books.credit(owner, Decimal("20.00"), on=TODAY)
    joining = here.books.apply_credit(memo, {invoice: TEN}, TODAY)
    replica.sync()
    payment = replica.documents[here.ref("payment", joining)]
    assert (payment.total, payment.open, payment.voided) == (Money.zero("USD"), Money.zero("USD"), False)
    assert {each.target: each.amount for each in payment.allocations} == {
        here.ref("invoice", invoice): Money.of(TEN, "USD"),
        here.ref("credit_memo", memo): -Money.of(TEN, "USD"),
    }
    assert replica.open == {here.ref("credit_memo", memo): Money.of("-9.90", "USD")}


@pytest.mark.needs(Trait.JOURNALS, Trait.DELETION)
def test_a_payment_that_undoes_a_journal_line_again_opens_it_again(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    entry = here.books.journal([(owner, Decimal("50.00"), "Accounts Receivable (A/R)")], on=TODAY)
    payment = here.books.pay(owner, Decimal("20.00"), on=TODAY, apply={f"{entry}.0": Decimal("20.00")})
    replica.sync()
    assert replica.open == {here.ref("journal", f"{entry}.0"): Money.of("30.00", "USD")}
    here.clock.later(hours=1)
    here.books.delete("payment", payment)
    replica.sync()
    assert replica.open == {here.ref("journal", f"{entry}.0"): Money.of("50.00", "USD")}


@pytest.mark.needs(Trait.JOURNALS, Trait.DELETION)
def test_a_deleted_journal_entry_takes_its_lines_along(here: Connection, replica: Replica) -> None:
    entry = here.books.journal([(customer(here), Decimal("50.00"), "Accounts Receivable (A/R)")], on=TODAY)
    replica.sync()
    here.books.delete("journal", entry)
    replica.sync()
    assert replica.open == {}
    assert here.ref("journal", f"{entry}.0") in replica.gone


@pytest.mark.needs(Trait.MERGERS)
def test_a_customer_merged_away_is_told_and_its_invoices_move(here: Connection, replica: Replica) -> None:
    loser, winner = customer(here, "Loser"), customer(here, "Winner")
    invoice = bill(here, loser)
    replica.sync()
    here.clock.later(hours=1)
    here.books.merge_customer(loser, winner)
    replica.sync()
    assert replica.gone[loser].is_customer
    assert replica.gone[loser].how is Gone.MERGED
    assert replica.documents[here.ref("invoice", invoice)].customer == winner


def test_customers_come_with_single_valid_addresses_and_their_family(here: Connection, replica: Replica) -> None:
    parent = customer(here, "Parent", emails="ap@example.com; boss@example.org")
    child = customer(here, "Child", parent=parent, bill_with_parent=True, emails="")
    asleep = customer(here, "Asleep", note="Call Jane first.")
    here.books.deactivate_customer(asleep)
    replica.sync()
    assert replica.customers[parent].emails == ("ap@example.com", "boss@example.org")
    assert (replica.customers[child].parent, replica.customers[child].bill_with_parent) == (parent, True)
    assert not replica.customers[asleep].active
    assert replica.customers[asleep].note == "Call Jane first."


@pytest.mark.needs(Trait.DELIVERY)
def test_an_invoice_says_when_it_is_due_and_whether_it_went_out(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    sent = bill(here, owner, bill_email="due@example.com", memo="PO 77")
    waiting = bill(here, owner, delivery="waiting")
    replica.sync()
    document = replica.documents[here.ref("invoice", sent)]
    assert (document.issue_date, document.items[0].due_date, document.memo) == (ISSUED, DUE, "PO 77")
    assert (document.bill_emails, document.delivery) == (("due@example.com",), Delivery.SENT)
    assert document.sent_at is not None
    assert replica.documents[here.ref("invoice", waiting)].delivery is Delivery.WAITING


def test_currencies_stay_apart(here: Connection, replica: Replica) -> None:
    owner, other = customer(here), customer(here, "Deux", currency="EUR")
    dollars, euros = bill(here, owner), bill(here, other)
    yen = bill(here, customer(here, "San", currency="JPY"), Decimal(1200))
    replica.sync()
    assert replica.open[here.ref("invoice", dollars)].currency == "USD"
    assert replica.open[here.ref("invoice", euros)].currency == "EUR"
    assert replica.open[here.ref("invoice", yen)] == Money(1200, "JPY")


# --- rows that cannot be read ----------------------------------------------------------------------------------


def test_a_row_that_cannot_be_read_is_named_and_the_rest_goes_on(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    here.break_documents(here.ref("invoice", invoices[7]))
    pages = replica.sync()
    expected = in_the_books(here)
    del expected[here.ref("invoice", invoices[7])]
    assert replica.open == expected
    assert {problem.ref for problem in replica.problems} == {here.ref("invoice", invoices[7])}
    assert pages[-1].scope == {"credit_memo", "payment", "journal"}


def test_rows_that_become_unreadable_are_never_closed_for_it(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    before = replica.open
    here.break_documents(*(here.ref("invoice", each) for each in invoices[::2]))
    here.clock.later(days=1)
    replica.sync(whole=True)
    assert replica.open == before
    assert not replica.gone


def test_a_broken_row_among_the_changes_does_not_hide_the_others(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    here.clock.later(hours=1)
    owner = here.books.document(invoices[7]).customer
    here.books.pay(owner, Decimal(1), on=TODAY, apply={invoices[7]: Decimal(1)})
    here.books.pay(owner, Decimal(2), on=TODAY, apply={invoices[8]: Decimal(2)})
    here.break_documents(here.ref("invoice", invoices[7]))
    replica.sync()
    assert replica.open[here.ref("invoice", invoices[8])] == Money.of("8.10", "USD")
    assert replica.open[here.ref("invoice", invoices[7])] == Money.of("10.10", "USD")
    assert replica.problems


def test_fresh_names_a_row_that_cannot_be_read_and_closes_nothing(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    assert replica.cursor is not None
    here.break_documents(here.ref("invoice", invoices[2]))
    page = here.ledger.fresh([here.ref("invoice", each) for each in invoices[2:4]], (), replica.cursor)
    assert {problem.ref for problem in page.problems} == {here.ref("invoice", invoices[2])}
    assert here.ref("invoice", invoices[3]) in {each.ref for each in page.documents}
    assert page.tombstones == ()


# --- a whole read ----------------------------------------------------------------------------------------------


def test_a_sweep_finds_what_was_deleted_while_nobody_listened(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    here.books.delete("invoice", invoices[8])
    here.clock.later(days=45)
    here.books.pay(here.books.document(invoices[9]).customer, TEN, on=TODAY, apply={invoices[9]: TEN})
    replica.sync()
    replica.sync(whole=True)
    assert here.told(replica) == in_the_books(here)


def test_a_sweep_over_an_unchanged_company_changes_nothing(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    replica.sync()
    replica.changed.clear()
    here.clock.later(days=1)
    assert replica.sync(whole=True)[-1].complete
    assert (replica.changed, replica.gone) == ([], {})


# --- just before a message leaves ------------------------------------------------------------------------------


def test_fresh_sees_the_payment_of_a_minute_ago(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    assert replica.cursor is not None
    here.clock.later(minutes=15)
    owner = here.books.document(invoices[2]).customer
    here.books.pay(owner, TEN, on=TODAY, apply={invoices[2]: TEN})
    here.books.pay(owner, Decimal(3), on=TODAY)
    here.books.edit_customer(owner, emails="new@example.com")
    page = here.ledger.fresh(
        [here.ref("invoice", invoices[2]), here.ref("invoice", invoices[3])], [owner], replica.cursor
    )
    replica.apply(page)
    replica.cursor = page.cursor
    assert {here.ref("invoice", invoices[2]), here.ref("invoice", invoices[3])} <= {each.ref for each in page.documents}
    assert here.told(replica) == in_the_books(here)
    assert replica.customers[owner].emails == ("new@example.com",)
    assert page.read_at <= here.clock.now()
    replica.sync()
    assert here.told(replica) == in_the_books(here)


@pytest.mark.needs(Trait.DELETION)
def test_fresh_tells_what_is_gone(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    assert replica.cursor is not None
    here.books.delete("invoice", invoices[2])
    here.books.void("invoice", invoices[3])
    page = here.ledger.fresh([here.ref("invoice", each) for each in invoices[2:4]], (), replica.cursor)
    assert [(each.ref, each.how) for each in page.tombstones] == [(here.ref("invoice", invoices[2]), Gone.DELETED)]
    assert next(each for each in page.documents if each.id == invoices[3]).voided


def test_fresh_reads_every_kind_of_document(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    replica.sync()
    assert replica.cursor is not None
    here.clock.later(hours=2)
    page = here.ledger.fresh(list(replica.documents), (), replica.cursor)
    assert {each.ref: each.open for each in page.documents} == {r: d.open for r, d in replica.documents.items()}


# --- totals ----------------------------------------------------------------------------------------------------


def test_the_ledgers_own_totals_are_ours_to_the_cent(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    bill(here, customer(here, "Deux", currency="EUR"))
    parent = customer(here, "Parent")
    bill(here, parent)
    bill(here, customer(here, "Child", parent=parent))
    replica.sync()
    totals = here.ledger.totals(TODAY)
    assert _without_zeros(totals.by_customer) == _without_zeros(replica.open_by_customer())


def test_documents_dated_later_are_left_out_of_the_totals(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    bill(here, owner)
    future = bill(here, owner, issue_date=date(2026, 12, 1), due_date=date(2026, 12, 31))
    replica.sync()
    ours = replica.open_by_customer(leave_out=[here.ref("invoice", future)])
    assert _without_zeros(here.ledger.totals(TODAY).by_customer) == ours


def _without_zeros(totals: dict[str, dict[str, Money]]) -> dict[str, dict[str, Money]]:
    kept = {owner: {c: each for c, each in by.items() if each} for owner, by in totals.items()}
    return {owner: by for owner, by in kept.items() if by}
