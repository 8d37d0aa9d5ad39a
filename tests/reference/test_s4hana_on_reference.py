"""S/4HANA as a ledger over SAP's own engine and models: what s4hana/data/EXPECTED.md says is found, to the cent."""

from contextlib import nullcontext
from datetime import date

import pytest

from adapters.documents import Document, DocumentKind
from adapters.ledger import Entry, EntryKind, Outcome
from adapters.money import Money, sums
from adapters.sap.s4hana.ledger import S4HanaLedger, Services
from adapters.sap.s4hana.texts import TextPlace
from adapters.sap.signin import Basic
from tests.contract.replica import Replica
from tests.reference.desk import NOW, Desk
from tests.reference.expected import open_balances, to_dun
from tests.reference.server import LEDGER, PARTNERS, PASSWORD, USER, Reference

ON = date(2026, 11, 20)
BLOCKED_ITEM = "2026/90000125/1"


def ledger(reference: Reference, desk: Desk, company_code: str = "1710", *, page_size: int = 1000) -> S4HanaLedger:
    def service(name: str) -> object:
        return desk.client(reference.root(name), sign_in=Basic(USER, lambda: PASSWORD))

    return S4HanaLedger(
        Services(items=service(LEDGER), partners=service(PARTNERS)),  # type: ignore[arg-type]
        company_code=company_code,
        texts=TextPlace(company_code=company_code, text_id="0002"),
        locked=lambda _: nullcontext(),
        now=lambda: NOW,
        page_size=page_size,
    )


@pytest.fixture(params=[1000, 6])
def replica(request: pytest.FixtureRequest, roomy_reference: Reference, desk: Desk) -> Replica:
    """All that was read, in large pages and in small ones."""
    made = Replica(ledger(roomy_reference, desk, page_size=request.param))
    made.sync()
    return made


def test_open_balances_are_those_of_the_books(replica: Replica) -> None:
    expected = open_balances()
    assert len(expected) == 12
    assert replica.open_by_customer() == expected


def test_the_ledgers_own_totals_agree_and_say_what_they_leave_out(replica: Replica) -> None:
    totals = replica.ledger.totals(ON)
    assert {who: {c: m for c, m in by.items() if m} for who, by in totals.by_customer.items()} == open_balances()
    assert totals.leaves_out == ("special G/L A: USD -3,000.00", "special G/L F: USD 5,000.00")
    received, requested = Money.of(-3000, "USD"), Money.of(5000, "USD")
    assert totals.aside == {"special G/L A": {"USD": received}, "special G/L F": {"USD": requested}}
    assert sums(each for by in totals.by_customer.values() for each in by.values()) == {
        "USD": Money.of("54830.19", "USD"),
        "JPY": Money.of(1480000, "JPY"),
        "KWD": Money.of("1289.250", "KWD"),
    }


def test_what_is_left_out_of_an_account_has_its_reason(roomy_reference: Reference, desk: Desk) -> None:
    def told(customer: str) -> dict[str, tuple[int, tuple[Money, ...]]]:
        found = ledger(roomy_reference, desk, page_size=5).left_out(customer)
        return {each.reason: (each.lines, each.amounts) for each in found}

    assert told("10700") == {
        "special G/L A": (1, (Money.of("-3000.00", "USD"),)),
        "special G/L F": (1, (Money.of("5000.00", "USD"),)),
    }
    assert told("4711")["another company code 1010"] == (3, (Money.of("10000.00", "EUR"),))


def test_open_invoices_are_counted_as_they_are(replica: Replica) -> None:
    invoices = [each for each in replica.documents.values() if each.kind is DocumentKind.INVOICE]
    assert len([each for each in invoices if each.open]) == 29


def test_items_to_dun_are_those_and_no_others(replica: Replica) -> None:
    found = {each.id: (each.customer, each.items[0].due_date, each.open.amount) for each in dunned(replica)}
    assert BLOCKED_ITEM not in found
    assert found == to_dun()


def dunned(replica: Replica) -> list[Document]:
    balances = replica.open_by_customer()
    return [
        each
        for each in replica.documents.values()
        if each.kind is DocumentKind.INVOICE
        and each.open.minor > 0
        and each.items[0].due_date < ON
        and not each.block
        and not replica.customers[each.customer].block
        and balances[each.customer][each.open.currency].minor > 0
    ]


def test_another_company_code_has_other_books(roomy_reference: Reference, desk: Desk) -> None:
    made = Replica(ledger(roomy_reference, desk, "1010"))
    made.sync()
    assert sums(made.open.values()) == {"EUR": Money.of("10000.00", "EUR")}


def test_the_cursor_goes_on_where_it_stopped_and_tells_nothing_new(replica: Replica) -> None:
    replica.changed.clear()
    replica.sync()
    before = dict(replica.open)
    replica.sync(whole=True)
    assert (replica.changed, replica.open) == ([], before)


def test_fresh_tells_the_same(replica: Replica) -> None:
    assert replica.cursor is not None
    before = dict(replica.open)
    replica.apply(replica.ledger.fresh(list(before), ["10200", "4711"], replica.cursor))
    assert replica.open == before


def test_customers_have_their_block_and_their_address(replica: Replica) -> None:
    assert replica.customers["10800"].block == "A"
    assert all(each.emails for each in replica.customers.values())
    assert len(replica.customers["10400"].emails) == 2


def test_an_entry_is_written_once_and_found_again(changed_reference: Reference, desk: Desk) -> None:
    made = ledger(changed_reference, desk)
    asked = [
        Entry(key=f"reminder:{at}", kind=EntryKind.REMINDER, customer="10100", text="Asked.", happened_at=NOW)
        for at in range(2)
    ]
    (batch,) = made.compose(asked)
    assert [each.outcome for each in made.post(batch)] == [Outcome.WRITTEN] * 2
    assert [each.outcome for each in made.post(batch)] == [Outcome.ALREADY_THERE] * 2
    assert sorted(each.key for each in made.posted(["10100"], NOW.date())) == ["reminder:0", "reminder:1"]
