"""What every ledger must keep, whatever its dialect: one suite, run on each."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from adapters.documents import Delivery, DocumentKind, Gone
from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.ledger import BlockChange, Entry, EntryKind, Outcome
from adapters.marker import find_marker
from adapters.money import Money
from tests.contract.ledgers import LEDGERS, START, Connection, connected
from tests.contract.replica import Crash, Replica

ISSUED, DUE = date(2026, 9, 1), date(2026, 10, 1)
TODAY = START.date()
TEN = Decimal("10.10")


@pytest.fixture(params=LEDGERS)
def here(request: pytest.FixtureRequest) -> Iterator[Connection]:
    with connected(request.param) as connection:
        yield connection


@pytest.fixture
def replica(here: Connection) -> Replica:
    return Replica(here.ledger)


def customer(here: Connection, name: str = "Amy's Bird Sanctuary", **fields: object) -> str:
    fields.setdefault("emails", "amy@example.com")
    return here.books.add_customer(name, **fields)  # type: ignore[arg-type]  # the fields of a record


def bill(here: Connection, owner: str, amount: Decimal = TEN, **fields: object) -> str:
    dates = {"issue_date": ISSUED, "due_date": DUE, **fields}
    return here.books.bill(owner, amount, **dates)  # type: ignore[arg-type]  # the fields of a record


def in_the_books(here: Connection) -> dict[str, Money]:
    return {each.ref: Money.of(each.open, each.currency) for each in here.books.documents() if each.open}


def a_lively_company(here: Connection) -> list[str]:
    """A bit of everything that moves accounts receivable."""
    owners = [customer(here, name) for name in ("One", "Two", "Three")]
    invoices = [bill(here, owner) for owner in owners for _ in range(5)]
    here.books.pay(owners[0], Decimal("15.15"), on=TODAY, apply={invoices[0]: TEN})
    here.books.pay(owners[0], Decimal("4.00"), on=TODAY, apply={invoices[1]: Decimal("4.00")})
    memo = here.books.credit(owners[1], Decimal("20.00"), on=TODAY)
    here.books.apply_credit(memo, {invoices[5]: TEN}, TODAY)
    entry = here.books.journal([(owners[2], Decimal("50.00"), "Accounts Receivable (A/R)")], on=TODAY)
    here.books.pay(owners[2], Decimal("20.00"), on=TODAY, apply={f"{entry}.0": Decimal("20.00")})
    here.books.journal([(owners[2], Decimal("-7.00"), "Accounts Receivable (A/R)")], on=TODAY)
    here.books.void("invoice", invoices[10])
    here.clock.later(hours=1)
    return invoices


# --- reading ---------------------------------------------------------------------------------------------------


def test_a_first_read_tells_all_that_is_open_to_the_cent(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    pages = replica.sync()
    assert replica.open == in_the_books(here)
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
    assert set(replica.changed) == {f"invoice:{invoices[2]}", f"payment:{payment}"}
    assert replica.open == in_the_books(here)


def test_a_page_applied_twice_changes_nothing(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    for page in replica.sync():
        replica.apply(page)
    assert replica.open == in_the_books(here)
    assert set(replica.changes_told().values()) == {1}


def test_a_lost_page_is_read_again_from_the_cursor_before_it(here: Connection, replica: Replica) -> None:
    a_lively_company(here)
    here.lose_next_read()
    with pytest.raises(LedgerUnavailable):
        replica.sync()
    replica.sync()
    assert replica.open == in_the_books(here)


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
    assert replica.open == in_the_books(here)
    assert replica.open[f"invoice:{new}"] == Money.of("99.99", "USD")


def test_a_deleted_invoice_comes_as_a_tombstone(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    here.clock.later(minutes=5)
    here.books.delete("invoice", invoices[6])
    replica.sync()
    assert replica.gone[f"invoice:{invoices[6]}"].how is Gone.DELETED
    assert replica.open == in_the_books(here)


def test_a_voided_invoice_stays_with_nothing_open(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    here.books.void("invoice", invoices[6])
    replica.sync()
    voided = replica.documents[f"invoice:{invoices[6]}"]
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
    assert replica.open == {f"invoice:{invoice}": Money.of(TEN, "USD")}


def test_a_credit_set_against_an_invoice_is_told_as_given(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    invoice, memo = bill(here, owner), here.books.credit(owner, Decimal("20.00"), on=TODAY)
    joining = here.books.apply_credit(memo, {invoice: TEN}, TODAY)
    replica.sync()
    payment = replica.documents[f"payment:{joining}"]
    assert (payment.total, payment.open, payment.voided) == (Money.zero("USD"), Money.zero("USD"), False)
    assert {each.target: each.amount for each in payment.allocations} == {
        f"invoice:{invoice}": Money.of(TEN, "USD"),
        f"credit_memo:{memo}": -Money.of(TEN, "USD"),
    }
    assert replica.open == {f"credit_memo:{memo}": Money.of("-9.90", "USD")}


def test_a_payment_that_undoes_a_journal_line_again_opens_it_again(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    entry = here.books.journal([(owner, Decimal("50.00"), "Accounts Receivable (A/R)")], on=TODAY)
    payment = here.books.pay(owner, Decimal("20.00"), on=TODAY, apply={f"{entry}.0": Decimal("20.00")})
    replica.sync()
    assert replica.open == {f"journal:{entry}.0": Money.of("30.00", "USD")}
    here.clock.later(hours=1)
    here.books.delete("payment", payment)
    replica.sync()
    assert replica.open == {f"journal:{entry}.0": Money.of("50.00", "USD")}


def test_a_deleted_journal_entry_takes_its_lines_along(here: Connection, replica: Replica) -> None:
    entry = here.books.journal([(customer(here), Decimal("50.00"), "Accounts Receivable (A/R)")], on=TODAY)
    replica.sync()
    here.books.delete("journal", entry)
    replica.sync()
    assert replica.open == {}
    assert f"journal:{entry}.0" in replica.gone


def test_a_customer_merged_away_is_told_and_its_invoices_move(here: Connection, replica: Replica) -> None:
    loser, winner = customer(here, "Loser"), customer(here, "Winner")
    invoice = bill(here, loser)
    replica.sync()
    here.clock.later(hours=1)
    here.books.merge_customer(loser, winner)
    replica.sync()
    assert replica.gone[loser].is_customer
    assert replica.gone[loser].how is Gone.MERGED
    assert replica.documents[f"invoice:{invoice}"].customer == winner


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


def test_an_invoice_says_when_it_is_due_and_whether_it_went_out(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    sent = bill(here, owner, bill_email="due@example.com", memo="PO 77")
    waiting = bill(here, owner, delivery="waiting")
    replica.sync()
    document = replica.documents[f"invoice:{sent}"]
    assert (document.issue_date, document.items[0].due_date, document.memo) == (ISSUED, DUE, "PO 77")
    assert (document.bill_emails, document.delivery) == (("due@example.com",), Delivery.SENT)
    assert document.sent_at is not None
    assert replica.documents[f"invoice:{waiting}"].delivery is Delivery.WAITING


def test_currencies_stay_apart(here: Connection, replica: Replica) -> None:
    owner, other = customer(here), customer(here, "Deux", currency="EUR")
    dollars, euros = bill(here, owner), bill(here, other)
    yen = bill(here, customer(here, "San", currency="JPY"), Decimal(1200))
    replica.sync()
    assert replica.open[f"invoice:{dollars}"].currency == "USD"
    assert replica.open[f"invoice:{euros}"].currency == "EUR"
    assert replica.open[f"invoice:{yen}"] == Money(1200, "JPY")


# --- rows that cannot be read ----------------------------------------------------------------------------------


def test_a_row_that_cannot_be_read_is_named_and_the_rest_goes_on(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    here.break_documents(f"invoice:{invoices[7]}")
    pages = replica.sync()
    expected = in_the_books(here)
    del expected[f"invoice:{invoices[7]}"]
    assert replica.open == expected
    assert {problem.ref for problem in replica.problems} == {f"invoice:{invoices[7]}"}
    assert pages[-1].scope == {"credit_memo", "payment", "journal"}


def test_rows_that_become_unreadable_are_never_closed_for_it(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    before = replica.open
    here.break_documents(*(f"invoice:{each}" for each in invoices[::2]))
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
    here.break_documents(f"invoice:{invoices[7]}")
    replica.sync()
    assert replica.open[f"invoice:{invoices[8]}"] == Money.of("8.10", "USD")
    assert replica.open[f"invoice:{invoices[7]}"] == Money.of("10.10", "USD")
    assert replica.problems


def test_fresh_names_a_row_that_cannot_be_read_and_closes_nothing(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    assert replica.cursor is not None
    here.break_documents(f"invoice:{invoices[2]}")
    page = here.ledger.fresh([f"invoice:{each}" for each in invoices[2:4]], (), replica.cursor)
    assert {problem.ref for problem in page.problems} == {f"invoice:{invoices[2]}"}
    assert f"invoice:{invoices[3]}" in {each.ref for each in page.documents}
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
    assert replica.open == in_the_books(here)


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
    page = here.ledger.fresh([f"invoice:{invoices[2]}", f"invoice:{invoices[3]}"], [owner], replica.cursor)
    replica.apply(page)
    replica.cursor = page.cursor
    assert {f"invoice:{invoices[2]}", f"invoice:{invoices[3]}"} <= {each.ref for each in page.documents}
    assert replica.open == in_the_books(here)
    assert replica.customers[owner].emails == ("new@example.com",)
    assert page.read_at <= here.clock.now()
    replica.sync()
    assert replica.open == in_the_books(here)


def test_fresh_tells_what_is_gone(here: Connection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    assert replica.cursor is not None
    here.books.delete("invoice", invoices[2])
    here.books.void("invoice", invoices[3])
    page = here.ledger.fresh([f"invoice:{each}" for each in invoices[2:4]], (), replica.cursor)
    assert [(each.ref, each.how) for each in page.tombstones] == [(f"invoice:{invoices[2]}", Gone.DELETED)]
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
    ours = replica.open_by_customer(leave_out=[f"invoice:{future}"])
    assert _without_zeros(here.ledger.totals(TODAY).by_customer) == ours


def _without_zeros(totals: dict[str, dict[str, Money]]) -> dict[str, dict[str, Money]]:
    kept = {owner: {c: each for c, each in by.items() if each} for owner, by in totals.items()}
    return {owner: by for owner, by in kept.items() if by}


# --- writing ---------------------------------------------------------------------------------------------------


def entry(key: str, owner: str, *documents: str, text: str = "Reminder sent.") -> Entry:
    return Entry(key=key, kind=EntryKind.REMINDER, customer=owner, documents=documents, text=text, happened_at=START)


def notes(here: Connection) -> list[str | None]:
    return [find_marker(note.text) for note in here.books.notes()]


def test_entries_become_notes_on_the_customer_and_its_documents(here: Connection) -> None:
    owner = customer(here)
    invoices = [bill(here, owner), bill(here, owner)]
    asked = entry("reminder:7", owner, *(f"invoice:{each}" for each in invoices), text="Zahlungserinnerung, 20,20 €")
    (batch,) = here.ledger.compose([asked])
    (receipt,) = here.ledger.post(batch)
    assert (receipt.key, receipt.outcome) == ("reminder:7", Outcome.WRITTEN)
    (note,) = here.books.notes()
    assert (note.id, note.text.splitlines()) == (
        receipt.ledger_id,
        ["Zahlungserinnerung, 20,20 €", "[duecourse:reminder:7]"],
    )
    assert set(note.links) == {("customer", owner), *(("invoice", each) for each in invoices)}


def test_the_same_entries_make_the_same_bytes(here: Connection) -> None:
    owner = customer(here)
    entries = [entry(f"reminder:{at}", owner) for at in range(70)]
    batches = here.ledger.compose(entries)
    assert list(batches) == list(here.ledger.compose(entries))
    assert [key for batch in batches for _, key in batch.members] == [each.key for each in entries]
    assert max(len(batch.members) for batch in batches) <= here.ledger.capabilities.posts_per_batch
    assert len({batch.request_id for batch in batches}) == len(batches)


def test_a_text_too_long_is_cut_and_keeps_its_marker(here: Connection) -> None:
    owner = customer(here)
    here.ledger.post(here.ledger.compose([entry("reminder:1", owner, text="x" * 5000)])[0])
    (note,) = here.books.notes()
    assert len(note.text) == here.ledger.capabilities.note_length
    assert find_marker(note.text) == "reminder:1"


def test_a_batch_sent_again_writes_nothing_twice(here: Connection) -> None:
    (batch,) = here.ledger.compose([entry(f"reminder:{at}", customer(here, f"C{at}")) for at in range(3)])
    first, second = here.ledger.post(batch), here.ledger.post(batch)
    assert notes(here) == ["reminder:0", "reminder:1", "reminder:2"]
    assert [each.ledger_id for each in first] == [each.ledger_id for each in second]


def test_a_lost_answer_is_unknown_and_the_entry_is_found_by_its_marker(here: Connection) -> None:
    owner = customer(here)
    (batch,) = here.ledger.compose([entry("reminder:1", owner), entry("reminder:2", owner)])
    here.lose_next_answer()
    assert [each.outcome for each in here.ledger.post(batch)] == [Outcome.UNKNOWN] * 2
    found = list(here.ledger.posted([owner], TODAY))
    assert sorted(each.key for each in found) == ["reminder:1", "reminder:2"]
    assert {each.ledger_id for each in found} == {note.id for note in here.books.notes()}


def test_a_batch_that_never_arrived_is_said_to_be_unsent(here: Connection) -> None:
    owner = customer(here)
    (batch,) = here.ledger.compose([entry("reminder:1", owner)])
    here.lose_next_write()
    with pytest.raises(LedgerUnavailable) as raised:
        here.ledger.post(batch)
    assert not raised.value.sent
    assert list(here.ledger.posted([owner], TODAY)) == []
    here.ledger.post(batch)
    assert notes(here) == ["reminder:1"]


def test_a_note_about_a_deleted_invoice_goes_to_the_customer_alone(here: Connection) -> None:
    owner = customer(here)
    kept, deleted = bill(here, owner), bill(here, owner)
    here.books.delete("invoice", deleted)
    entries = [
        entry("reminder:1", owner, f"invoice:{kept}", f"invoice:{deleted}"),
        entry("reminder:2", owner, f"invoice:{kept}"),
    ]
    receipts = here.ledger.post(here.ledger.compose(entries)[0])
    assert [(each.key, each.outcome) for each in receipts] == [
        ("reminder:1", Outcome.WRITTEN),
        ("reminder:2", Outcome.WRITTEN),
    ]
    links = {find_marker(note.text): note.links for note in here.books.notes()}
    assert links["reminder:1"] == (("customer", owner),)
    assert ("invoice", kept) in links["reminder:2"]


def test_posted_finds_our_notes_only_and_only_the_recent_ones(here: Connection) -> None:
    owner = customer(here)
    here.books.write_note("Jane called, no marker.", [("customer", owner)])
    here.ledger.post(here.ledger.compose([entry("reminder:1", owner)])[0])
    here.clock.later(days=10)
    here.ledger.post(here.ledger.compose([entry("reminder:2", owner)])[0])
    assert [each.key for each in here.ledger.posted([owner], here.clock.now().date())] == ["reminder:2"]
    assert sorted(each.key for each in here.ledger.posted([owner], TODAY)) == ["reminder:1", "reminder:2"]


def test_our_own_note_is_no_change_of_any_document(here: Connection, replica: Replica) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    here.clock.later(hours=1)
    replica.sync()
    replica.changed.clear()
    here.ledger.post(here.ledger.compose([entry("reminder:1", owner, f"invoice:{invoice}")])[0])
    replica.sync()
    assert replica.changed == []


def test_a_block_is_refused_where_the_ledger_has_none(here: Connection) -> None:
    assert not here.ledger.capabilities.blocks
    with pytest.raises(LedgerRejected):
        here.ledger.block(BlockChange(customer="1", set=True))


def test_the_company_tells_its_name_and_currency(here: Connection) -> None:
    company = here.ledger.company()
    assert (company.name, company.home_currency, company.multicurrency) == ("Sandbox Company", "USD", True)
    assert company.zone
