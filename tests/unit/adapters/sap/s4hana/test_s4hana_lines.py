"""Lines as documents: what is left of an invoice, what becomes of a credit, and what is no document at all."""

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.documents import Document, DocumentKind
from adapters.money import Money, sums
from adapters.sap.s4hana.clearings import clearings
from adapters.sap.s4hana.lines import (
    Credits,
    Habits,
    Key,
    LeftOut,
    Reckoning,
    document_of,
    is_counter,
    key_of,
    left_out,
    money_of,
    named_by,
)
from adapters.sap.s4hana.wire import Line
from adapters.sap.values import ValueUnreadable

DAY = "/Date(1790812800000)/"  # 2026-10-01


def line(number: str = "90000001", amount: str = "100.00", item: str = "1", **fields: object) -> Line:
    usual: dict[str, object] = {
        "company_code": "1710",
        "fiscal_year": "2026",
        "accounting_document": number,
        "accounting_document_item": item,
        "financial_account_type": "D",
        "accounting_document_type": "DR",
        "customer": "0000010100",
        "document_date": DAY,
        "net_due_date": DAY,
        "transaction_currency": "USD",
        "amount_in_transaction_currency": amount,
    }
    return Line(**{**usual, **fields})  # type: ignore[arg-type]


def naming(invoice: str, number: str, amount: str, **fields: object) -> Line:
    usual: dict[str, object] = {
        "invoice_reference_fiscal_year": "2026",
        "invoice_reference": invoice,
        "invoice_item_reference": "001",
    }
    return line(number, amount, "1", **{"accounting_document_type": "DZ", **usual, **fields})


def cleared(by: str, number: str, amount: str, **fields: object) -> Line:
    usual: dict[str, object] = {
        "is_cleared": True,
        "clearing_accounting_document": by,
        "clearing_doc_fiscal_year": "2026",
    }
    return line(number, amount, "1", **{**usual, **fields})


def documents(lines: Sequence[Line]) -> dict[str, Document]:
    known = Credits()
    for each in lines:
        known.add(each)
    owed = {key_of(each): money_of(each) for each in lines if not each.is_cleared and money_of(each).minor > 0}
    by = Reckoning(credits=known, invoices=owed, payments=clearings(lines).applied)
    return {str(key_of(each)): document_of(each, by) for each in lines}


# --- laws --------------------------------------------------------------------------------------------------------

CENTS = st.integers(1, 100_000)
AN_INVOICE = st.tuples(CENTS, st.lists(CENTS, max_size=5))
SOME_BOOKS = st.tuples(st.lists(AN_INVOICE, min_size=1, max_size=5), st.lists(CENTS, max_size=4))


def lines_of(books: tuple[list[tuple[int, list[int]]], list[int]]) -> list[Line]:
    """Open lines: invoices with the credits that name them, in whatever amounts; and credits that name none."""
    found = []
    for at, (owed, paid) in enumerate(books[0]):
        found.append(line(f"90{at}", str(Decimal(owed).scaleb(-2))))
        found += [naming(f"00000090{at}", f"14{at}{n}", str(-Decimal(c).scaleb(-2))) for n, c in enumerate(paid)]
    found += [line(f"16{n}", str(-Decimal(c).scaleb(-2))) for n, c in enumerate(books[1])]
    return found


@given(SOME_BOOKS)
def test_what_is_left_adds_up_to_what_the_lines_add_up_to(books: tuple[list[tuple[int, list[int]]], list[int]]) -> None:
    lines = lines_of(books)
    assert sums(each.open for each in documents(lines).values()) == sums(money_of(each) for each in lines)


@given(SOME_BOOKS)
def test_nothing_is_ever_left_beyond_zero(books: tuple[list[tuple[int, list[int]]], list[int]]) -> None:
    for each in documents(lines_of(books)).values():
        assert 0 <= each.open.minor / each.total.minor <= 1
        assert all(allocation.amount.minor > 0 for allocation in each.allocations)


@given(SOME_BOOKS)
def test_what_was_taken_off_an_invoice_is_what_credits_say_they_gave(
    books: tuple[list[tuple[int, list[int]]], list[int]],
) -> None:
    found = documents(lines_of(books))
    for ref, each in found.items():
        if each.total.minor > 0:
            given_ = sum(
                allocation.amount.minor
                for other in found.values()
                for allocation in other.allocations
                if allocation.target == f"invoice:{ref}"
            )
            assert each.open.minor == each.total.minor - given_


@given(SOME_BOOKS, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(
    books: tuple[list[tuple[int, list[int]]], list[int]], chance: random.Random
) -> None:
    lines = lines_of(books)
    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert documents(lines) == documents([*shuffled, *shuffled[:2]])


@given(st.lists(CENTS, min_size=1, max_size=5), st.lists(CENTS, min_size=1, max_size=5))
def test_a_clearing_lays_no_more_over_an_invoice_than_it_had(owed: list[int], paid: list[int]) -> None:
    lines = [cleared("77", f"90{at}", str(Decimal(c).scaleb(-2))) for at, c in enumerate(owed)]
    lines += [cleared("77", f"14{at}", str(-Decimal(c).scaleb(-2))) for at, c in enumerate(paid)]
    applied = [each for several in clearings(lines).applied.values() for each in several]
    assert sum(each.amount.minor for each in applied) == min(sum(owed), sum(paid))
    for each in lines:
        mine = [a for a in applied if key_of(each) in {a.credit, a.invoice}]
        assert sum(a.amount.minor for a in mine) <= abs(money_of(each).minor)


# --- single lines ------------------------------------------------------------------------------------------------


def test_zeros_that_fill_a_field_are_no_part_of_a_number() -> None:
    found = documents([line("0090000001", item="001"), naming("90000001", "1400000001", "-30.00")])
    assert found["2026/90000001/1"].open == Money.of("70.00", "USD")
    assert found["2026/90000001/1"].customer == "10100"


def test_a_letter_names_no_invoice() -> None:
    assert named_by(line(invoice_reference="V", invoice_item_reference="000")) is None
    assert named_by(line(invoice_reference="", invoice_reference_fiscal_year="0000")) is None


def test_a_credit_of_another_currency_takes_nothing_off() -> None:
    found = documents([line(), naming("90000001", "14", "-30.00", transaction_currency="EUR")])
    assert found["2026/90000001/1"].open == Money.of("100.00", "USD")
    assert found["2026/14/1"].open == Money.of("-30.00", "EUR")


def test_what_is_paid_beyond_an_invoice_stays_with_the_customer() -> None:
    found = documents([line(), naming("90000001", "14", "-130.00")])
    assert found["2026/90000001/1"].open == Money.zero("USD")
    assert found["2026/14/1"].open == Money.of("-30.00", "USD")


def test_an_invoice_without_a_due_date_is_due_when_it_was_issued() -> None:
    told = documents([line(net_due_date=None, due_calculation_base_date=None)])["2026/90000001/1"]
    assert told.items[0].due_date == told.issue_date


def document(told: Line, habits: Habits) -> Document:
    return document_of(told, Reckoning(credits=Credits(), invoices={}, habits=habits))


def test_a_payment_block_is_said_and_holds_nothing() -> None:
    told = document(line(payment_blocking_reason="A", payment_method="T"), Habits())
    assert (told.block, told.remark) == ("", "payment block A, payment method T")


@pytest.mark.parametrize(("holds", "block"), [(False, ""), (True, "payment method D")])
def test_a_direct_debit_is_said_and_holds_only_where_payment_blocks_do(*, holds: bool, block: str) -> None:
    habits = Habits(direct_debits=frozenset("D"), payment_block_holds=holds)
    told = document(line(payment_method="D"), habits)
    assert (told.block, told.remark) == (block, "payment method D (direct debit)")
    assert document(line(payment_method="T"), habits).block == ""


def test_where_payment_blocks_hold_a_dunning_block_is_still_named_first() -> None:
    blocked = line(payment_blocking_reason="A", dunning_blocking_reason="B")
    assert document(blocked, Habits(payment_block_holds=True)).block == "B"
    assert document(line(payment_blocking_reason="A"), Habits(payment_block_holds=True)).block == "A"


@pytest.mark.parametrize(("level", "said"), [("", ""), ("0", ""), ("2", "SAP's dunning level 2 since 2026-10-01")])
def test_the_dunning_level_of_saps_own_is_said(level: str, said: str) -> None:
    assert document(line(dunning_level=level, last_dunning_date=DAY), Habits()).remark == said


def test_whatever_is_said_of_an_invoice_changes_its_version_which_has_room_in_the_store() -> None:
    told = [
        document(each, Habits()).version
        for each in (line(), line(payment_blocking_reason="A"), line(dunning_level="1"), line(amount="99.00"))
    ]
    assert len({*told}) == 4
    assert max(map(len, told)) <= 64


@pytest.mark.parametrize(
    ("told", "clock"),
    [("PT09H05M07S", "09:05:07"), ("PT5M", "00:05:00"), ("PT1H30S", "01:00:30"), ("", "00:00:00"), ("PT", "00:00:00"),
     ("PT" + "9" * 5000 + "H", "00:00:00"), ("noon", "00:00:00"), (None, "00:00:00")],
)  # fmt: skip
def test_when_a_line_was_entered_is_told_to_the_second_where_it_can_be_read(told: str | None, clock: str) -> None:
    (found,) = documents([line("90000001", accounting_document_creation_date=DAY, creation_time=told)]).values()
    assert found.created_at is not None
    assert f"{found.created_at:%H:%M:%S}" == clock


def test_a_line_without_any_date_cannot_be_read() -> None:
    with pytest.raises(ValueUnreadable):
        documents([line(document_date=None, posting_date=None)])


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [("JPY", "1250000.000", 1250000), ("KWD", "1234.567", 1234567), ("USD", "9.5", 950)],
)
def test_each_currency_has_its_own_decimals(currency: str, amount: str, minor: int) -> None:
    told = documents([line(amount=amount, transaction_currency=currency)])["2026/90000001/1"]
    assert (told.open.minor, told.open.currency) == (minor, currency)


def test_an_invoice_of_less_than_nothing_is_credit() -> None:
    told = documents([line(amount="-50.00")])["2026/90000001/1"]
    assert (told.kind, told.items, told.open) == (DocumentKind.CREDIT_MEMO, (), Money.of("-50.00", "USD"))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, None),
        ({"company_code": "1010"}, LeftOut.OTHER_COMPANY),
        ({"financial_account_type": "S"}, LeftOut.OTHER_ACCOUNT),
        ({"special_gl_code": "A"}, LeftOut.SPECIAL_GL),
        ({"is_reversed": True}, LeftOut.REVERSED),
        ({"is_reversal": True}, LeftOut.REVERSED),
    ],
)
def test_what_is_none_of_ours_has_its_reason(fields: dict[str, object], why: LeftOut | None) -> None:
    assert left_out(line(**fields), "1710") is why  # type: ignore[arg-type]  # its fields


def test_what_was_reversed_keeps_nothing() -> None:
    told = documents([cleared("1900", "90000001", "100.00", is_reversed=True)])["2026/90000001/1"]
    assert (told.voided, told.total, told.open) == (True, Money.zero("USD"), Money.zero("USD"))


def test_an_invoice_is_untold_while_something_that_names_it_cannot_be_read() -> None:
    known = Credits()
    known.add(naming("90000001", "14", "not a number"))
    with pytest.raises(ValueUnreadable):
        document_of(line(), Reckoning(credits=known, invoices={}))


def test_what_a_document_clears_itself_is_a_counter_line_unless_it_is_the_payment() -> None:
    assert is_counter(cleared("100", "100", "5.00", accounting_document_type="AB"))
    assert is_counter(cleared("0000000100", "100", "-5.00", accounting_document_type="AB"))
    assert not is_counter(cleared("1400", "1400", "-5.00", accounting_document_type="DZ"))
    assert not is_counter(cleared("1400", "90000001", "5.00"))
    assert not is_counter(line(accounting_document_type="AB"))


def test_a_counter_line_is_paid_by_nothing() -> None:
    used = cleared("100", "1600", "-5.00", accounting_document_type="DG")
    paid = cleared("100", "90000001", "3.00")
    counter = cleared("100", "100", "2.00", accounting_document_type="AB")
    assert {each.invoice: each.amount for each in clearings([used, paid, counter]).applied[key_of(used)]} == {
        Key("2026", "90000001", "1"): Money.of("3.00", "USD")
    }
