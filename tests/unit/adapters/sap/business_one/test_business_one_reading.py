"""Reading: what payments do not tell, what is never closed by absence, and what is asked for just before a message."""

from datetime import date
from decimal import Decimal

import httpx
import pytest

from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.money import Money
from adapters.sap.business_one.cursor import State
from adapters.sap.business_one.sandbox.wire import Refused
from adapters.sap.business_one.settings import Settings
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.lively import TEN, TODAY, a_lively_company, bill, customer
from tests.contract.replica import Replica
from tests.unit.adapters.sap.business_one.test_business_one_documents import own

AR = "Accounts Receivable (A/R)"


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_a_payment_has_its_invoices_read_again_though_their_update_date_stands_still(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    settled = [bill(here, owner, Decimal(1)) for _ in range(25)]  # so that it is none of the newest
    for each in settled:
        here.books.pay(owner, Decimal(1), on=TODAY, apply={each: Decimal(1)})
    here.clock.later(days=10)
    replica.sync()
    here.books.pay(owner, Decimal(4), on=TODAY, apply={invoice: Decimal(4)})
    row = here.face._lists["Invoices"].one(invoice, "v2")
    assert row["UpdateDate"] == "2026-11-02T00:00:00Z"
    replica.sync()
    assert replica.open == {here.ref("invoice", invoice): usd("6.10")}


def test_a_payment_cancelled_long_after_it_was_read_opens_its_invoice_again(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    payment = here.books.pay(owner, TEN, on=TODAY, apply={invoice: TEN})
    for _ in range(30):
        here.books.pay(owner, Decimal(1), on=TODAY)
    replica.sync()
    here.clock.later(days=60)
    replica.sync()
    here.books.return_payment(payment)
    replica.sync()
    assert replica.documents[here.ref("payment", payment)].voided
    assert replica.open[here.ref("invoice", invoice)] == usd("10.10")


def test_a_payment_on_account_is_told_by_what_is_left_of_it_and_later_by_what_it_was_reconciled_with(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    payment = here.books.pay(owner, Decimal(7), on=TODAY)
    others = [bill(here, owner, Decimal(1)) for _ in range(25)]
    for each in others:  # so that it is none of the newest any more
        here.books.pay(owner, Decimal(1), on=TODAY, apply={each: Decimal(1)})
    replica.sync()
    assert replica.open[here.ref("payment", payment)] == usd("-7.00")
    here.clock.later(days=2)
    here.books.apply_payment(payment, {invoice: Decimal(7)})
    replica.sync(whole=True)
    assert replica.open == {here.ref("invoice", invoice): usd("3.10")}
    assert replica.asked_for == [here.ref("payment", payment)]


def test_what_a_list_does_not_show_is_asked_for_by_key_and_never_closed(
    here: BusinessOneConnection, replica: Replica
) -> None:
    a_lively_company(here)
    replica.sync()
    before = replica.open
    hidden = sorted(each for each in before if each.startswith("invoice"))[:4]
    here.face.context.hidden |= {("Invoices", int(each.partition(":")[2])) for each in hidden}
    here.clock.later(days=1)
    replica.sync(whole=True)
    assert sorted(replica.asked_for) == hidden
    assert replica.open == before
    assert {each.ref for each in replica.problems} == set(hidden)


def test_a_line_of_an_entry_on_two_customers_is_each_ones_own(here: BusinessOneConnection, replica: Replica) -> None:
    one, two = customer(here, "One"), customer(here, "Two")
    entry = here.books.journal([(one, Decimal(50), AR), (two, Decimal(-50), AR)], on=TODAY)
    replica.sync()
    assert replica.open == {f"journal:{entry}.0": usd("50.00"), f"journal:{entry}.1": usd("-50.00")}
    assert [len(replica.documents[f"journal:{entry}.{at}"].items) for at in (0, 1)] == [1, 0]


def test_a_payment_of_a_journal_entry_has_it_read_again(here: BusinessOneConnection, replica: Replica) -> None:
    owner = customer(here)
    entry = here.books.journal([(owner, Decimal(50), AR)], on=TODAY)
    replica.sync()
    here.clock.later(days=3)
    here.books.pay(owner, Decimal(20), on=TODAY, apply={f"{entry}.0": Decimal(20)})
    replica.sync()
    assert replica.open == {f"journal:{entry}.0": usd("30.00")}


def test_what_a_child_paid_is_found_on_its_fathers_account(here: BusinessOneConnection, replica: Replica) -> None:
    father = customer(here, "Father")
    child = customer(here, "Child", parent=father, bill_with_parent=True)
    invoice = bill(here, child)
    on_account = here.books.pay(child, Decimal(3), on=TODAY)
    replica.sync()
    assert replica.open == {here.ref("invoice", invoice): usd("10.10"), here.ref("payment", on_account): usd("-3.00")}
    assert replica.documents[here.ref("payment", on_account)].customer == child
    totals = here.ledger.totals(TODAY).by_customer
    assert totals[child] == {"USD": usd("7.10")}
    assert totals[father] == {"USD": usd("0.00")}


def test_accounts_of_all_currencies_are_told_by_currency(here: BusinessOneConnection, replica: Replica) -> None:
    here.books.rates["EUR"] = Decimal("1.08")
    owner = customer(here)
    euros = bill(here, owner, Decimal("99.99"), currency="EUR")
    here.books.pay(owner, Decimal("33.33"), on=TODAY, currency="EUR", apply={euros: Decimal("22.22")})
    bill(here, owner, Decimal("12.34"))
    here.books.journal([(owner, Decimal(5), AR)], on=TODAY)
    replica.sync()
    assert here.ledger.totals(TODAY).by_customer == replica.open_by_customer()


def test_an_amount_that_we_do_not_know_shows_in_the_local_currency(
    here: BusinessOneConnection, replica: Replica
) -> None:
    here.books.rates["EUR"] = Decimal("1.08")
    owner = customer(here)
    bill(here, owner, Decimal(100), currency="EUR")
    lost = bill(here, owner, Decimal(50), currency="EUR")
    here.face.context.hidden.add(("Invoices", int(lost)))
    replica.sync()
    assert here.ledger.totals(TODAY).by_customer[owner] == {"EUR": Money.of(100, "EUR"), "USD": usd("54.00")}


def test_down_payment_requests_are_said_to_be_left_out(here: BusinessOneConnection) -> None:
    customer(here)
    assert "down-payment requests" in here.ledger.totals(TODAY).leaves_out


def test_fresh_asks_little_and_tells_all() -> None:
    here = BusinessOneConnection(page_size=500)
    replica = Replica(here.ledger)
    invoices = a_lively_company(here)
    replica.sync()
    here.transport.calls.clear()
    owner = here.books.document(invoices[5]).customer
    asked = [here.ref("invoice", each) for each in invoices[5:10]]
    page = here.ledger.fresh(asked, [owner], replica.cursor or "")
    assert {each.ref for each in page.documents} >= set(asked)
    paths = [call.url.path.rpartition("/")[2] for call in here.transport.calls]
    # by key in one batch, what is open on the account, and what either named; two entries of other customers are new
    assert paths[:3] == ["$batch", "InternalReconciliationsService_GetOpenTransactions", "$batch"]
    assert len(paths) <= 6
    here.books.close()


def test_fresh_survives_a_part_that_fails_for_a_moment(here: BusinessOneConnection, replica: Replica) -> None:
    invoices = a_lively_company(here)
    replica.sync()
    answered = here.face._called
    seen: list[object] = []

    def shaky(*asked: object) -> object:
        if str(asked[1]).startswith("IncomingPayments") and not seen:
            seen.append(asked)
            raise Refused(500, -5002, "Internal error")
        return answered(*asked)  # type: ignore[arg-type]

    here.face._called = shaky  # type: ignore[method-assign, assignment]
    with pytest.raises(LedgerUnavailable):
        here.ledger.fresh([here.ref("invoice", invoices[0])], (), replica.cursor or "")
    page = here.ledger.fresh([here.ref("invoice", invoices[0])], (), replica.cursor or "")
    assert page.documents


def test_a_credit_note_made_from_an_invoice_has_it_read_again(here: BusinessOneConnection, replica: Replica) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    replica.sync()
    here.clock.later(days=3)
    memo = here.books.credit(
        owner, Decimal(4), on=TODAY, extra=own(DocumentLines=[{"BaseType": 13, "BaseEntry": int(invoice)}])
    )
    replica.sync()
    assert here.ref("invoice", invoice) in {each.ref for each in replica.documents.values()}
    by_key = [call for call in here.transport.calls if f"DocEntry%20eq%20{invoice}" in str(call.url)]
    assert by_key
    assert replica.open[here.ref("credit_memo", memo)] == usd("-4.00")


def test_changes_are_read_from_a_while_before_the_last_time(here: BusinessOneConnection) -> None:
    at = here.clock.now()
    known, unknown = Settings(zone="Europe/Berlin"), Settings()
    state = State(since=at)
    assert state.from_day(known) == date(2026, 11, 2)
    assert state.from_day(unknown) == date(2026, 10, 31)


def test_where_the_servers_zone_is_not_known_nothing_is_missed() -> None:
    here = BusinessOneConnection(settings=Settings())
    replica = Replica(here.ledger)
    invoices = a_lively_company(here)
    replica.sync()
    here.clock.later(hours=20)
    here.books.change_due_date(invoices[0], date(2027, 1, 1))
    replica.sync()
    assert replica.documents[here.ref("invoice", invoices[0])].items[0].due_date == date(2027, 1, 1)
    assert replica.documents[here.ref("invoice", invoices[0])].updated_at is None
    here.books.close()


@pytest.mark.parametrize("cursor", ["", "{}", "nonsense", '{"seq": 4}'])
def test_a_cursor_of_another_ledger_is_refused(here: BusinessOneConnection, cursor: str) -> None:
    with pytest.raises(LedgerRejected):
        here.ledger.fresh((), (), cursor)


def test_a_list_that_does_not_go_on_is_not_read_for_ever(here: BusinessOneConnection, replica: Replica) -> None:
    a_lively_company(here)

    def stuck(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/Invoices"):
            row = {"DocEntry": 4, "CardCode": "1", "DocTotal": 1, "PaidToDate": 0, "DocumentStatus": "bost_Open"}
            more = {"DocDate": "2026-09-01"}
            return httpx.Response(200, json={"value": [row | more], "@odata.nextLink": "Invoices?$skip=1"})
        return response

    here.transport.after = stuck
    with pytest.raises(LedgerUnavailable, match="does not go on"):
        replica.sync()


def test_the_dunning_terms_of_business_one_are_reported(here: BusinessOneConnection) -> None:
    customer(here, "One", extra=own(DunningTerm="Strict"))
    customer(here, "Two", extra=own(DunningTerm="Strict"))
    customer(here, "Three", extra=own(DunningTerm="Strict", BlockDunning="tYES"))
    customer(here, "Four")
    assert here.business_one.dunned_by_itself() == ["Dunning term Strict: 2 customers"]


def test_a_partner_that_cannot_be_read_is_named_and_what_stands_on_its_account_is_not_called_whole(
    here: BusinessOneConnection, replica: Replica
) -> None:
    a_lively_company(here)
    customer(here, "Odd", extra=own(LanguageCode="n/a"))
    last = replica.sync()[-1]
    assert [(each.ref, each.kind) for each in replica.problems][:1] == [("customer:4", "customer")]
    assert last.complete
    assert set(last.scope) == {"invoice", "credit_memo"}
    assert replica.open == here.in_the_books()


def test_a_payment_dated_later_counts_though_the_list_of_today_does_not_show_it(
    here: BusinessOneConnection, replica: Replica
) -> None:
    owner = customer(here)
    later = here.books.pay(owner, Decimal(5), on=date(2026, 12, 24))
    rows = here.face.partners.open_transactions

    def of_today(codes: list[str]) -> list[dict[str, object]]:
        return [row for row in rows(codes) if row["SrcObjAbs"] != int(later)]

    replica.sync()
    here.face.partners.open_transactions = of_today  # type: ignore[method-assign]
    page = here.ledger.fresh([here.ref("payment", later)], (), replica.cursor or "")
    assert page.documents[0].open == usd("-5.00")


def test_partners_that_cannot_be_asked_about_together_are_asked_about_apart(
    here: BusinessOneConnection, replica: Replica
) -> None:
    a_lively_company(here)
    customer(here, "Euro", currency="EUR")
    rows = here.face.partners.open_transactions
    asked: list[list[str]] = []

    def one_by_one(codes: list[str]) -> list[dict[str, object]]:
        asked.append(codes)
        if len(codes) > 1:
            raise Refused(400, -5002, "Business partners differ")
        return rows(codes)

    here.face.partners.open_transactions = one_by_one  # type: ignore[method-assign]
    replica.sync()
    assert replica.open == here.in_the_books()
    assert ["4"] in asked  # the one of another currency
    assert not any("4" in codes for codes in asked if len(codes) > 1)


def test_fresh_looks_on_the_fathers_account_too(here: BusinessOneConnection, replica: Replica) -> None:
    father = customer(here, "Father")
    child = customer(here, "Child", parent=father, bill_with_parent=True)
    invoice = bill(here, child)
    paid = here.books.pay(father, Decimal(3), on=TODAY)
    for at in range(30):
        here.books.pay(customer(here, f"Other {at}"), Decimal(1), on=TODAY)
    replica.sync()
    page = here.ledger.fresh([], [child], replica.cursor or "")
    assert {here.ref("invoice", invoice), here.ref("payment", paid)} <= {each.ref for each in page.documents}
    assert {child, father} <= {each.ref for each in page.customers}
