"""Whatever happens in the books, what S/4HANA's lines tell is what is owed: in small steps, and read whole."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.money import Money, sums
from adapters.sandbox.records import BooksError
from adapters.sap.s4hana.sandbox import Partial, S4HanaSettings
from tests.contract.ledgers import START
from tests.contract.replica import Replica
from tests.contract.s4hana_connection import S4HanaConnection

ISSUED, DUE, TODAY = date(2026, 9, 1), date(2026, 10, 1), START.date()
AMOUNTS = st.integers(1, 3000).map(lambda cents: Decimal(cents).scaleb(-2))
STEPS = st.lists(st.tuples(st.sampled_from(range(12)), st.integers(0, 40), st.integers(0, 40), AMOUNTS), max_size=14)


def step(here: S4HanaConnection, what: int, one: int, other: int, amount: Decimal) -> None:
    """One booking, or none where the books do not take it."""
    books = here.books
    owners = [each.id for each in books.customers()]
    owner = owners[one % len(owners)]
    own = [each for each in books.documents(owner) if not each.voided]
    owed = [each for each in own if each.open > 0]
    credits_ = [each for each in own if each.open < 0]
    payments = [each for each in own if each.kind == "payment" and each.total]
    invoices = [each for each in own if each.kind == "invoice"]

    def some(of: list[object]) -> object | None:
        return of[other % len(of)] if of else None

    target = some([*owed])
    part = min(amount, getattr(target, "open", amount))
    match what:
        case 0 | 1:
            books.bill(owner, amount, issue_date=ISSUED, due_date=DUE)
        case 2 if target:
            books.pay(owner, amount, on=TODAY, apply={target.id: part})  # type: ignore[attr-defined]
        case 3 if owed:
            books.pay(
                owner, sum(each.open for each in owed[:3]) + amount, on=TODAY, apply={e.id: e.open for e in owed[:3]}
            )
        case 4:
            books.pay(owner, amount, on=TODAY)
        case 5:
            books.credit(owner, amount, on=TODAY)
        case 6 if target and credits_:
            credit = credits_[one % len(credits_)]
            share = min(part, -credit.open)
            if credit.kind == "payment":
                books.apply_payment(credit.id, {target.id: share})  # type: ignore[attr-defined]
            else:
                books.apply_credit(credit.id, {target.id: share}, TODAY)  # type: ignore[attr-defined]
        case 7 if payments:
            payment = payments[other % len(payments)]
            if payment.allocations:
                books.unapply_payment(payment.id, payment.allocations[one % len(payment.allocations)].target)
        case 8 if own:
            document = own[other % len(own)]
            books.void(document.kind.value, document.id)
        case 9 if invoices:
            books.change_total(invoices[other % len(invoices)].id, amount)
        case 10 if payments:
            books.rewrite_payment(payments[other % len(payments)].id, amount, {})
        case 11:
            books.journal([(owner, amount if other % 2 else -amount, "Accounts Receivable (A/R)")], on=TODAY)
        case _:
            return


def by_customer(amounts: dict[str, Money], owner_of: dict[str, str]) -> dict[str, dict[str, Money]]:
    found: dict[str, list[Money]] = defaultdict(list)
    for ref, amount in amounts.items():
        found[owner_of.get(ref, ref)].append(amount)
    return {owner: sums(each) for owner, each in found.items()}


@pytest.mark.parametrize("partial", list(Partial))
@settings(max_examples=10)
@given(steps=STEPS, pause=st.integers(0, 30))
def test_what_is_told_is_what_is_owed(partial: Partial, steps: list[tuple[int, int, int, Decimal]], pause: int) -> None:
    here = S4HanaConnection(S4HanaSettings(partial=partial, page_size=7), page_size=5)
    try:
        here.books.add_customer("One")
        here.books.add_customer("Two", parent="1", bill_with_parent=True)
        replica = Replica(here.ledger)
        for what, one, other, amount in steps:
            try:
                step(here, what, one, other, amount)
            except BooksError:
                continue
            if other % 3 == 0:
                replica.sync()
                check(here, replica, partial)
            here.clock.later(minutes=1 + pause * 60)
        replica.sync()
        check(here, replica, partial)
        replica.sync(whole=True)
        check(here, replica, partial)
    finally:
        here.books.close()


def check(here: S4HanaConnection, replica: Replica, partial: Partial) -> None:
    books = here.books
    expected: dict[str, list[Money]] = defaultdict(list)
    for each in books.documents():
        expected["1"].append(Money.of(each.open, each.currency))  # customer 2 is billed with customer 1
    told = {currency: amount for currency, amount in replica.open_by_customer().get("1", {}).items() if amount}
    assert told == {currency: amount for currency, amount in sums(expected["1"]).items() if amount}
    if partial is not Partial.ON_ACCOUNT:
        assert here.told(replica) == here.in_the_books()
    totals = here.ledger.totals(TODAY).by_customer.get("1", {})
    assert {currency: amount for currency, amount in totals.items() if amount} == told
