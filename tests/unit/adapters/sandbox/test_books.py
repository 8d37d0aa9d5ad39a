from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from adapters.documents import DocumentKind
from adapters.sandbox.books import Books, BooksError
from adapters.sandbox.records import AR_ACCOUNT
from adapters.sandbox.store import unscaled

DAY = date(2026, 3, 2)
D = Decimal


class Ticking:
    """A clock that moves a second at each look."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def books() -> Iterator[Books]:
    made = Books(now=Ticking())
    yield made
    made.close()


def bill(books: Books, customer: str, amount: str, **more: object) -> str:
    return books.bill(customer, D(amount), issue_date=DAY, due_date=DAY + timedelta(days=30), **more)  # type: ignore[arg-type]


def test_a_bill_is_open_less_its_deposit(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100", deposit=D(30))
    assert books.open_balance(invoice) == 70
    assert books.balance(customer, "USD") == 70


def test_a_payment_closes_what_it_is_applied_to_and_keeps_the_rest(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    payment = books.pay(customer, D(120), on=DAY, apply={invoice: D(100)})
    assert books.open_balance(invoice) == 0
    assert books.open_balance(payment) == -20
    assert books.balance(customer, "USD") == -20


def test_a_payment_that_would_overpay_an_invoice_is_refused_and_leaves_nothing_behind(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    with pytest.raises(BooksError, match="has 100 open"):
        books.pay(customer, D(120), on=DAY, apply={invoice: D("100.01")})
    assert [each.id for each in books.documents(customer)] == [invoice]


def test_a_payment_cannot_apply_more_than_it_has(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    with pytest.raises(BooksError, match="not that much left"):
        books.pay(customer, D(50), on=DAY, apply={invoice: D(60)})


def test_a_payment_in_another_currency_is_refused(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100", currency="EUR")
    with pytest.raises(BooksError, match="cannot pay"):
        books.pay(customer, D(50), on=DAY, apply={invoice: D(50)})


def test_a_credit_memo_is_applied_through_a_payment_of_zero(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice, memo = bill(books, customer, "100"), books.credit(customer, D(40), on=DAY)
    joining = books.document(books.apply_credit(memo, {invoice: D(25)}, DAY))
    assert (joining.kind, joining.total, joining.open) == (DocumentKind.PAYMENT, D(0), D(0))
    assert {(each.target, each.amount) for each in joining.allocations} == {
        (f"invoice:{invoice}", D(25)),
        (f"credit_memo:{memo}", D(-25)),
    }
    assert (books.open_balance(invoice), books.open_balance(memo)) == (D(75), D(-15))


def test_a_returned_payment_opens_its_invoices_again(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    payment = books.pay(customer, D(100), on=DAY, apply={invoice: D(100)})
    books.return_payment(payment)
    assert books.open_balance(invoice) == 100
    assert books.document(payment).voided
    assert books.document(invoice).linked == ()


def test_an_application_can_be_taken_back_and_made_again(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    payment = books.pay(customer, D(60), on=DAY, apply={invoice: D(60)})
    books.unapply_payment(payment, invoice)
    assert (books.open_balance(invoice), books.open_balance(payment)) == (D(100), D(-60))
    books.apply_payment(payment, {invoice: D(10)})
    books.apply_payment(payment, {invoice: D(20)})
    assert books.open_balance(invoice) == 70
    assert [each.amount for each in books.document(payment).allocations] == [30]


def test_a_voided_invoice_stays_with_zero_and_frees_its_payments(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice, memo = bill(books, customer, "100", memo="May"), books.credit(customer, D(10), on=DAY)
    payment = books.pay(customer, D(60), on=DAY, apply={invoice: D(60)})
    joining = books.apply_credit(memo, {invoice: D(10)}, DAY)
    books.void("invoice", invoice)
    voided = books.document(invoice)
    assert (voided.total, voided.open, voided.memo, voided.voided) == (D(0), D(0), "Voided - May", True)
    assert (books.open_balance(payment), books.open_balance(memo)) == (D(-60), D(-10))
    with pytest.raises(BooksError):
        books.document(joining)


def test_a_deleted_invoice_is_gone(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    books.delete("invoice", invoice)
    assert books.balance(customer, "USD") == 0
    with pytest.raises(BooksError, match="no document"):
        books.open_balance(invoice)


def test_a_journal_line_with_a_customer_stands_in_receivables_and_can_be_paid(books: Books) -> None:
    customer = books.add_customer("Anna")
    entry = books.journal([(customer, D(70), AR_ACCOUNT), (None, D(-70), "Services")], on=DAY)
    assert books.open_balance(f"{entry}.0") == 70
    books.pay(customer, D(70), on=DAY, apply={f"{entry}.0": D(70)})
    assert books.balance(customer, "USD") == 0
    books.delete("journal", entry)
    assert books.balance(customer, "USD") == -70


def test_a_journal_that_does_not_balance_books_the_rest_elsewhere(books: Books) -> None:
    customer = books.add_customer("Anna")
    entry = books.entry(books.journal([(customer, D(-5), AR_ACCOUNT)], on=DAY))
    assert entry is not None
    assert sum(line.amount for line in entry.lines) == 0


def test_a_merged_customers_documents_belong_to_the_winner(books: Books) -> None:
    loser, winner = books.add_customer("Loser"), books.add_customer("Winner")
    child = books.add_customer("Child", parent=loser)
    invoice = bill(books, loser, "100")
    books.merge_customer(loser, winner)
    assert books.document(invoice).customer == winner
    assert books.customer(child).parent == winner
    assert books.balance(winner, "USD") == 100
    with pytest.raises(BooksError, match="no customer"):
        books.customer(loser)
    assert [change.record["merged_into"] for change in books.history if change.event == "merge"] == [winner]


def test_a_name_is_given_once_whatever_its_capitals(books: Books) -> None:
    books.add_customer("Anna")
    with pytest.raises(BooksError, match="taken"):
        books.add_customer("ANNA")


def test_families_are_at_most_five_levels_deep(books: Books) -> None:
    parent = books.add_customer("0")
    for level in range(1, 5):
        parent = books.add_customer(str(level), parent=parent)
    with pytest.raises(BooksError, match="levels"):
        books.add_customer("too deep", parent=parent)


def test_a_customer_cannot_become_its_own_ancestor(books: Books) -> None:
    parent = books.add_customer("Parent")
    child = books.add_customer("Child", parent=parent)
    with pytest.raises(BooksError, match="levels"):
        books.edit_customer(parent, parent=child)


def test_a_new_parent_takes_the_balance_over(books: Books) -> None:
    old, new = books.add_customer("Old"), books.add_customer("New")
    child = books.add_customer("Child", parent=old)
    bill(books, child, "10")
    books.edit_customer(child, parent=new)
    assert [family(books, each) for each in (old, new, child)] == [(D(0), D(0)), (D(0), D(10)), (D(10), D(10))]


def family(books: Books, customer: str) -> tuple[Decimal, Decimal]:
    """The balance alone, and with the sub-customers, as the rows keep them."""
    row = books.rows.get("customer", customer)
    assert row is not None
    return unscaled(row.open or 0), unscaled(row.jobs or 0)


def test_notes_are_found_by_what_they_are_on(books: Books) -> None:
    customer = books.add_customer("Anna")
    invoice = bill(books, customer, "100")
    note = books.write_note("called", [("customer", customer), ("invoice", invoice)])
    assert [each.text for each in books.notes_on("invoice", invoice)] == ["called"]
    books.change_note(note, deleted=True)
    assert books.notes() == []
    assert [change.event for change in books.history if change.entity == "note"] == ["create", "delete"]


def test_the_ledgers_own_mail_moves_its_delivery_time(books: Books) -> None:
    invoice = bill(books, books.add_customer("Anna"), "100", delivery="waiting")
    assert books.document(invoice).sent_at is None
    books.mail_invoice(invoice)
    sent = books.document(invoice)
    assert sent.delivery == "sent"
    assert sent.sent_at is not None


def test_the_history_is_written_as_json_lines(books: Books, tmp_path: Path) -> None:
    customer = books.add_customer("Anna", emails="a@x.example, b@x.example")
    invoice = bill(books, customer, "100")
    books.pay(customer, D("12.30"), on=DAY, apply={invoice: D("12.30")})
    count = books.export_history(tmp_path / "history.jsonl")
    lines = [msgspec.json.decode(line) for line in (tmp_path / "history.jsonl").read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, count + 1))
    assert [(line["entity"], line["event"]) for line in lines] == [
        ("customer", "create"),
        ("invoice", "create"),
        ("payment", "create"),
        ("invoice", "update"),
    ]
    assert all(line["at"].endswith("Z") for line in lines)
    assert lines[3]["record"]["open"] == "87.70"
    assert lines[2]["record"]["allocations"] == [{"target": f"invoice:{invoice}", "amount": "12.30"}]


def test_bookings_from_many_threads_lose_nothing(books: Books) -> None:
    customer = books.add_customer("Anna")

    def busy() -> None:
        for _ in range(50):
            invoice = bill(books, customer, "10")
            books.pay(customer, D(4), on=DAY, apply={invoice: D(4)})

    threads = [Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert books.balance(customer, "USD") == 200 * 6
    assert len({each.id for each in books.documents()}) == 400
    assert [change.seq for change in books.history] == list(range(1, 1 + 1 + 200 * 3))


CENTS = st.integers(1, 50_000).map(lambda minor: D(minor).scaleb(-2))


class AnyBookkeeping(RuleBasedStateMachine):
    """Whatever is booked, in whatever order: balances, open amounts and history agree to the cent."""

    invoices: Bundle[str] = Bundle("invoices")
    payments: Bundle[str] = Bundle("payments")
    memos: Bundle[str] = Bundle("memos")

    def __init__(self) -> None:
        super().__init__()
        self.books = Books(now=Ticking())
        parent = self.books.add_customer("Parent")
        self.customers = [parent, self.books.add_customer("Child", parent=parent), self.books.add_customer("Other")]

    def teardown(self) -> None:
        self.books.close()

    @rule(target=invoices, which=st.integers(0, 2), amount=CENTS)
    def bill(self, which: int, amount: Decimal) -> str:
        return bill(self.books, self.customers[which], str(amount))

    @rule(target=payments, which=st.integers(0, 2), amount=CENTS)
    def pay(self, which: int, amount: Decimal) -> str:
        return self.books.pay(self.customers[which], amount, on=DAY)

    @rule(target=memos, which=st.integers(0, 2), amount=CENTS)
    def credit(self, which: int, amount: Decimal) -> str:
        return self.books.credit(self.customers[which], amount, on=DAY)

    @rule(payment=payments, invoice=invoices)
    def apply(self, payment: str, invoice: str) -> None:
        part = min(-self.books.open_balance(payment), self.books.open_balance(invoice))
        if part > 0:
            event("applied")
            self.books.apply_payment(payment, {invoice: part})

    @rule(credit=memos, invoice=invoices)
    def apply_credit(self, credit: str, invoice: str) -> None:
        part = min(-self.books.open_balance(credit), self.books.open_balance(invoice))
        if part > 0:
            event("credit applied")
            self.books.apply_credit(credit, {invoice: part}, DAY)

    @rule(payment=payments)
    def take_back(self, payment: str) -> None:
        for each in self.books.document(payment).allocations:
            event("taken back")
            self.books.unapply_payment(payment, each.target)

    @rule(invoice=consumes(invoices))
    def void_invoice(self, invoice: str) -> None:
        self.books.void("invoice", invoice)

    @rule(invoice=consumes(invoices))
    def delete_invoice(self, invoice: str) -> None:
        self.books.delete("invoice", invoice)

    @rule(payment=consumes(payments))
    def return_payment(self, payment: str) -> None:
        self.books.return_payment(payment)

    @rule(credit=consumes(memos))
    def delete_credit(self, credit: str) -> None:
        self.books.delete("credit_memo", credit)

    @invariant()
    def every_document_is_total_less_what_is_set_against_it(self) -> None:
        documents = {each.ref: each for each in self.books.documents()}
        taken = dict.fromkeys(documents, D(0))
        for each in documents.values():
            for part in each.allocations:
                taken[part.target] += part.amount
                taken[each.ref] -= part.amount
        for ref, document in documents.items():
            assert document.open == document.total - document.deposit - taken[ref], ref

    @invariant()
    def every_balance_is_the_sum_of_what_is_open(self) -> None:
        own = {
            customer: sum((each.open for each in self.books.documents(customer)), D(0)) for customer in self.customers
        }
        parent, child, other = self.customers
        assert [family(self.books, each) for each in self.customers] == [
            (own[parent], own[parent] + own[child]),
            (own[child], own[child]),
            (own[other], own[other]),
        ]
        assert all(self.books.balance(each, "USD") == own[each] for each in self.customers)

    @invariant()
    def the_last_line_of_the_history_is_how_a_document_stands(self) -> None:
        last = {(each.entity, each.id): each.record for each in self.books.history}
        standing = {(each.kind.value, each.id): str(each.open) for each in self.books.documents()}
        told = {key: record["open"] for key, record in last.items() if "open" in record and not record["deleted"]}
        assert told == standing


TestAnyBookkeeping = AnyBookkeeping.TestCase
TestAnyBookkeeping.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
