"""How a clerk may post, and what is owed after it: residual items, partial payments, clearings reset, reversals."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.documents import Customer, DocumentKind
from adapters.money import Money
from adapters.sap.s4hana.partners import _Found
from adapters.sap.s4hana.sandbox import Numbers, S4HanaSettings
from adapters.sap.s4hana.wire import Customer as CustomerRow
from adapters.sap.s4hana.wire import CustomerCompany, Partner
from tests.contract.replica import Replica
from tests.unit.adapters.sap.s4hana.desk import Desk, ref, usd


def test_a_residual_item_is_owed_in_place_of_the_invoice(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    assert desk.sync() == {ref(invoice): usd("100.00")}
    desk.clock.later(days=4)
    payment, rest = desk.post("DZ", "-100.00", "30.00")
    rest.invoice = invoice
    desk.clear(invoice, payment, by=payment.number)
    assert desk.sync() == {ref(rest): usd("30.00")}
    assert desk.replica.documents[ref(rest)].replaces == ref(invoice)
    told = desk.replica.documents[ref(payment, "payment")]
    assert [(each.target, each.amount) for each in told.allocations] == [(ref(invoice), usd("70.00"))]
    assert (told.total, told.open) == (usd("-70.00"), usd("0.00"))


def test_a_residual_item_says_what_it_replaces_in_every_reading(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    payment, rest = desk.post("DZ", "-100.00", "30.00")
    rest.invoice = invoice
    desk.clear(invoice, payment, by=payment.number)
    desk.sync()
    before = desk.replica.documents[ref(rest)]
    desk.clock.later(days=4)
    desk.sync(whole=True)
    assert desk.replica.cursor is not None
    (fresh,) = [
        each for each in desk.ledger.fresh([ref(rest)], ["1"], desk.replica.cursor).documents if each.open.minor > 0
    ]
    assert before == desk.replica.documents[ref(rest)] == fresh
    assert fresh.replaces == ref(invoice)


def test_a_residual_item_of_a_residual_item_replaces_that(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    payment, rest = desk.post("DZ", "-100.00", "30.00")
    rest.invoice = invoice
    desk.clear(invoice, payment, by=payment.number)
    payment, last = desk.post("DZ", "-30.00", "10.00")
    last.invoice = rest
    desk.clear(rest, payment, by=payment.number)
    assert desk.sync() == {ref(last): usd("10.00")}
    told = desk.replica.documents
    assert [told[ref(each)].replaces for each in (invoice, rest, last)] == ["", ref(invoice), ref(rest)]
    paid = [each.amount for one in told.values() for each in one.allocations]
    assert paid == [usd("70.00"), usd("20.00")]


def test_a_charge_on_top_of_an_invoice_replaces_nothing(desk: Desk) -> None:
    (invoice,), (charge,) = desk.post("DR", "100.00"), desk.post("DR", "5.00")
    charge.invoice = invoice
    desk.sync()
    desk.clear(invoice, *desk.post("DZ", "-100.00"))
    assert desk.sync() == {ref(charge): usd("5.00")}
    assert desk.replica.documents[ref(charge)].replaces == ""


def test_a_partial_payment_that_names_its_invoice_is_taken_off_it(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    desk.sync()
    desk.clock.later(days=4)
    (payment,) = desk.post("DZ", "-30.00")
    payment.invoice = invoice
    assert desk.sync() == {ref(invoice): usd("70.00")}
    told = desk.replica.documents[ref(payment, "payment")]
    assert [(each.target, each.amount) for each in told.allocations] == [(ref(invoice), usd("30.00"))]


def test_a_partial_payment_that_names_nothing_is_the_customers_credit(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    (payment,) = desk.post("DZ", "-30.00")
    assert desk.sync() == {ref(invoice): usd("100.00"), ref(payment, "payment"): usd("-30.00")}


def test_a_payment_that_is_told_later_which_invoice_it_paid(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    (payment,) = desk.post("DZ", "-30.00")
    desk.sync()
    desk.clock.later(days=20)
    payment.invoice = invoice
    desk.entries.touch(payment, desk.clock.now())
    assert desk.sync() == {ref(invoice): usd("70.00")}


def test_a_reset_clearing_is_open_again(desk: Desk) -> None:
    (invoice,), (payment,) = desk.post("DR", "100.00"), desk.post("DZ", "-100.00")
    clearing = desk.clear(invoice, payment)
    assert desk.sync() == {}
    desk.clock.later(days=4)
    desk.entries.reset(clearing, desk.clock.now(), seen=True)
    assert desk.sync() == {ref(invoice): usd("100.00"), ref(payment, "payment"): usd("-100.00")}


def test_a_reset_that_leaves_no_trace_is_found_by_the_next_sweep_and_just_before_a_message(desk: Desk) -> None:
    (invoice,), (payment,) = desk.post("DR", "100.00"), desk.post("DZ", "-100.00")
    clearing = desk.clear(invoice, payment)
    desk.sync()
    desk.clock.later(days=4)
    desk.entries.reset(clearing, desk.clock.now(), seen=False)
    assert desk.replica.cursor is not None
    fresh = desk.ledger.fresh([], ["1"], desk.replica.cursor)
    assert {each.ref: each.open for each in fresh.documents}[ref(invoice)] == usd("100.00")
    assert desk.sync(whole=True)[ref(invoice)] == usd("100.00")


def test_a_returned_payment_without_trace_of_the_reset_opens_its_invoice(desk: Desk) -> None:
    (invoice,), (payment,) = desk.post("DR", "100.00"), desk.post("DZ", "-100.00")
    clearing = desk.clear(invoice, payment)
    assert desk.sync() == {}
    desk.clock.later(days=4)
    desk.entries.reset(clearing, desk.clock.now(), seen=False)
    desk.entries.reverse(payment.number, desk.clock.now())
    assert desk.sync() == {ref(invoice): usd("100.00")}
    assert desk.replica.documents[ref(payment, "payment")].voided


def test_a_returned_partial_payment_is_owed_again(desk: Desk) -> None:
    (invoice,), (payment,) = desk.post("DR", "100.00"), desk.post("DZ", "-30.00")
    payment.invoice = invoice
    desk.sync()
    desk.clock.later(days=4)
    desk.entries.reverse(payment.number, desk.clock.now())
    assert desk.sync() == {ref(invoice): usd("100.00")}


def test_a_reversed_invoice_is_void_and_its_reversal_is_no_document(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    desk.sync()
    desk.clock.later(days=4)
    desk.entries.reverse(invoice.number, desk.clock.now())
    assert desk.sync() == {}
    assert [each.ref for each in desk.replica.documents.values()] == [ref(invoice)]
    assert desk.replica.documents[ref(invoice)].voided


def test_credit_memos_with_and_without_an_invoice(desk: Desk) -> None:
    (invoice,), (named,), (free,) = desk.post("DR", "100.00"), desk.post("DG", "-20.00"), desk.post("DG", "-5.00")
    (like_an_invoice,) = desk.post("DG", "-3.00")
    named.invoice, like_an_invoice.invoice_letter = invoice, "V"
    assert desk.sync() == {
        ref(invoice): usd("80.00"),
        ref(free, "credit_memo"): usd("-5.00"),
        ref(like_an_invoice, "credit_memo"): usd("-3.00"),
    }


def test_a_credit_memo_used_in_part_is_cleared_and_its_rest_is_new(desk: Desk) -> None:
    (invoice,), (memo,) = desk.post("DR", "30.00"), desk.post("DG", "-50.00")
    desk.sync()
    desk.clock.later(days=4)
    counter, rest = desk.post("AB", "20.00", "-20.00")
    desk.clear(invoice, memo, counter, by=counter.number)
    assert desk.sync() == {ref(rest, "credit_memo"): usd("-20.00")}
    told = desk.replica.documents[ref(memo, "credit_memo")]
    assert [(each.target, each.amount) for each in told.allocations] == [(ref(invoice), usd("30.00"))]
    assert ref(counter) not in desk.replica.documents


def test_special_gl_items_are_not_asked_for_and_said_to_be_left_out(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    desk.post("DZ", "-40.00", special="A")
    desk.post("DR", "500.00", special="F")
    assert desk.sync() == {ref(invoice): usd("100.00")}
    totals = desk.ledger.totals(desk.clock.now().date())
    assert totals.by_customer == {"1": {"USD": usd("100.00")}}
    assert totals.leaves_out == ("special G/L A: USD -40.00", "special G/L F: USD 500.00")


def test_yen_and_dinars_are_told_in_their_own_units(desk: Desk) -> None:
    (yen,), (dinars,) = desk.post("DR", "1250000", currency="JPY"), desk.post("DR", "1234.567", currency="KWD")
    assert desk.sync() == {ref(yen): Money(1250000, "JPY"), ref(dinars): Money(1234567, "KWD")}


def test_an_invoice_below_zero_is_credit(desk: Desk) -> None:
    (below,) = desk.post("DR", "-12.00")
    assert desk.sync() == {ref(below, "credit_memo"): usd("-12.00")}
    assert desk.replica.documents[ref(below, "credit_memo")].kind is DocumentKind.CREDIT_MEMO


def test_without_a_due_date_it_is_due_when_it_was_issued(desk: Desk) -> None:
    (invoice,) = desk.post("DR", "100.00")
    invoice.due = None
    desk.sync()
    assert desk.replica.documents[ref(invoice)].items[0].due_date == date(2026, 9, 1)


def test_the_head_office_is_asked_for_what_its_branches_bought(desk: Desk) -> None:
    branch = desk.books.add_customer("Branch", parent="1", bill_with_parent=True, emails="")
    invoice = desk.books.bill(branch, Decimal(10), issue_date=date(2026, 9, 1), due_date=date(2026, 10, 1))
    desk.sync()
    assert desk.replica.documents[desk.ref("invoice", invoice)].customer == "1"
    assert (desk.replica.customers[branch].parent, desk.replica.customers[branch].bill_with_parent) == ("1", True)


def test_another_who_pays_for_a_customer_is_told_and_who_owes_stays_the_same() -> None:
    told = customer_of(CustomerCompany(customer="1", company_code="1710", alternative_payer_account="0000000900"))
    assert (told.ref, told.parent, told.remark) == ("1", None, "900 pays for this customer")


def test_a_payment_block_of_a_whole_customer_is_told_and_is_no_dunning_block() -> None:
    told = customer_of(CustomerCompany(customer="1", company_code="1710", payment_blocking_reason="A"))
    assert (told.block, told.remark) == ("", "payment block A")


def customer_of(company: CustomerCompany) -> Customer:
    """Customer 1 as it is told with this record of the company code."""
    return _Found([company], [], [Partner(business_partner="9", customer="1")], [], [], []).customer(
        "1", CustomerRow(customer="1")
    )


def test_a_contact_persons_address_serves_where_the_company_has_none(desk: Desk) -> None:
    from adapters.sap.s4hana.sandbox.partners import Person

    desk.face.sets.extras.persons["1"] = [Person("jane@alder.example", function="0003")]
    desk.post("DR", "10.00")
    desk.sync()
    assert desk.replica.customers["1"].emails == ("ap@alder.example",)
    desk.books.edit_customer("1", emails="")
    desk.sync()
    assert desk.replica.customers["1"].emails == ("jane@alder.example",)


def test_a_dunning_block_is_told_with_its_customer(desk: Desk) -> None:
    desk.face.sets.extras.dunning("1")[0].block = "A"
    desk.post("DR", "10.00")
    desk.sync()
    assert desk.replica.customers["1"].block == "A"


@pytest.mark.parametrize("numbers", list(Numbers))
def test_numbers_may_be_filled_with_zeros_or_not(numbers: Numbers) -> None:
    desk = Desk(S4HanaSettings(numbers=numbers))
    (invoice,), (payment,) = desk.post("RV", "100.00"), desk.post("DZ", "-30.00")
    payment.invoice = invoice
    assert desk.sync() == {ref(invoice): usd("70.00")}
    assert list(desk.replica.customers) == ["1"]
    desk.books.close()


def test_a_document_of_many_lines_is_read_whole_page_by_page(desk: Desk) -> None:
    lines = desk.post("DR", *(f"{at}.00" for at in range(1, 26)))
    assert desk.sync() == {ref(line): usd(str(line.amount)) for line in lines}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_is_posted_between_two_pages_is_neither_lost_nor_told_twice(desk: Desk, at: int) -> None:
    desk.post("DR", *(f"{cents}.00" for cents in range(1, 13)))

    def insert(number: int) -> None:
        if number == at:
            desk.post("RV", "99.00")  # before all others, by key
            desk.post("DZ", "-7.00")

    replica = Replica(desk.ledger)
    replica.sync(after_page=insert)
    assert sum(each.minor for each in replica.open.values()) == (78 + 99 - 7) * 100
    assert set(replica.changes_told().values()) == {1}


def test_days_are_the_systems_own_and_nothing_is_missed_around_midnight(desk: Desk) -> None:
    desk.clock.time = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)  # the evening before, in the system's own time
    desk.sync()
    for hours in range(0, 60, 7):
        desk.clock.time = datetime(2026, 11, 3, 1, 0, tzinfo=UTC) + timedelta(hours=hours)
        (invoice,) = desk.post("DR", "1.00")
        assert ref(invoice) in desk.sync()


def test_a_credit_that_was_cut_for_an_invoice_is_whole_again_when_that_is_posted_anew(desk: Desk) -> None:
    invoice = desk.books.bill("1", Decimal("0.01"), issue_date=date(2026, 9, 1), due_date=date(2026, 10, 1))
    memo = desk.books.credit("1", Decimal("2.01"), on=date(2026, 11, 2))
    desk.books.apply_credit(memo, {invoice: Decimal("0.01")}, date(2026, 11, 2))
    desk.sync()
    desk.books.change_total(invoice, Decimal("13.66"))
    desk.sync()
    assert desk.told(desk.replica) == desk.in_the_books()
    assert sum(each.minor for each in desk.replica.open.values()) == 1366 - 201
