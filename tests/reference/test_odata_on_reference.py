"""The OData client on SAP's own engine and models: what it does there, it does not only do with our own answers."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from adapters.errors import LedgerAuthExpired, LedgerRejected, LedgerUnavailable
from adapters.sap.batch import Call
from adapters.sap.faults import NotThere
from adapters.sap.odata import ODataClient, Query, address, key, read_one
from adapters.sap.signin import Basic
from adapters.sap.values import Version, amount, day, literal
from tests.reference.desk import Desk
from tests.reference.server import LEDGER, PARTNERS, PASSWORD, USER, Reference

ITEMS = "A_OperationalAcctgDocItemCube"
TEXTS = "A_CustomerCompanyText"


class Line(msgspec.Struct, rename="pascal"):
    """A line of the ledger."""

    company_code: str
    fiscal_year: str
    accounting_document: str
    accounting_document_item: str
    amount_in_transaction_currency: str
    net_due_date: str | None
    clearing_date: str | None


class Customer(msgspec.Struct, rename="pascal"):
    """A customer."""

    customer: str
    customer_name: str


class Note(msgspec.Struct, rename="pascal"):
    """A text of a customer in a company code."""

    customer: str
    company_code: str
    language: str
    long_text_id: str = msgspec.field(name="LongTextID")
    long_text: str


KEY_ORDER = ("CompanyCode", "FiscalYear", "AccountingDocument", "AccountingDocumentItem")
LINES = Query(select=[each.encode_name for each in msgspec.structs.fields(Line)], order=KEY_ORDER)


def _client(desk: Desk, server: Reference, service: str = PARTNERS, *, password: str = PASSWORD) -> ODataClient:
    return desk.client(server.root(service), sign_in=Basic(USER, lambda: password))


def _note(number: str, text: str) -> bytes:
    return msgspec.json.encode(Note("10100", "1710", "EN", number, text))


def _note_at(number: str) -> str:
    return TEXTS + key({"Customer": "10100", "CompanyCode": "1710", "Language": "EN", "LongTextID": number}, Version.V2)


@pytest.mark.parametrize("size", [3, 5, 10, 59, 1000])
def test_paging_gives_the_same_rows_whatever_the_pages(
    desk: Desk, reference: Reference, roomy_reference: Reference, size: int
) -> None:
    filter_ = "CompanyCode eq '1710'"
    query = Query(filter=filter_, select=LINES.select, order=LINES.order)
    small = _client(desk, reference, LEDGER)
    told = [line for page in small.pages(ITEMS, Line, query, size=size) for line in page.good]
    whole = _client(desk, roomy_reference, LEDGER).rows(ITEMS, Line, query)
    assert told == list(whole.good)
    assert len(told) == small.count(ITEMS, filter_) == 118
    assert whole.is_last


def test_a_count_comes_with_the_first_page(desk: Desk, reference: Reference) -> None:
    query = Query(filter="IsCleared eq false and FinancialAccountType eq 'D'", order=KEY_ORDER, with_count=True)
    page = _client(desk, reference, LEDGER).rows(ITEMS, Line, query)
    assert (page.told, page.is_last, page.count) == (
        5,
        False,
        _client(desk, reference, LEDGER).count(ITEMS, query.filter),
    )


def test_a_line_is_read_by_its_key_with_exact_amounts_and_days(desk: Desk, reference: Reference) -> None:
    of = {"CompanyCode": "1710", "FiscalYear": "2026", "AccountingDocument": "90000123", "AccountingDocumentItem": "1"}
    line = _client(desk, reference, LEDGER).one(ITEMS + key(of, Version.V2), Line, Query(select=LINES.select))
    assert amount(line.amount_in_transaction_currency) == Decimal("1234.567")
    assert (day(line.net_due_date), day(line.clearing_date)) == (date(2026, 10, 20), None)


def test_a_day_in_a_filter_means_that_day(desk: Desk, reference: Reference) -> None:
    due = literal(date(2026, 10, 20), Version.V2)
    page = _client(desk, reference, LEDGER).rows(ITEMS, Line, Query(filter=f"NetDueDate eq {due}", select=LINES.select))
    assert {day(line.net_due_date) for line in page.good} == {date(2026, 10, 20)}


def test_a_name_with_an_apostrophe_is_found(desk: Desk, reference: Reference) -> None:
    name = literal("O'Malley Harbor Marine Co.", Version.V2)
    page = _client(desk, reference).rows("A_Customer", Customer, Query(filter=f"CustomerName eq {name}"))
    assert [each.customer for each in page.good] == ["10300"]


@pytest.mark.parametrize("odd", ["O'Brien & Söhne", "50% + more", "a/b?c#d", "'; drop", "%27", "日本"])
def test_odd_signs_in_a_key_or_a_filter_find_nothing_and_break_nothing(
    desk: Desk, reference: Reference, odd: str
) -> None:
    client = _client(desk, reference)
    with pytest.raises(NotThere):
        client.one("A_Customer" + key({"Customer": odd}, Version.V2), Customer)
    filter_ = f"CustomerName eq {literal(odd, Version.V2)}"
    assert client.rows("A_Customer", Customer, Query(filter=filter_)).good == []


def test_many_reads_travel_in_one_batch_and_one_that_is_missing_harms_no_other(
    desk: Desk, reference: Reference
) -> None:
    numbers = ["10100", "99999", "10300"]
    options = Query(select=("Customer", "CustomerName")).options(Version.V2)
    paths = [address("A_Customer" + key({"Customer": each}, Version.V2), options) for each in numbers]
    client = _client(desk, reference)
    answers = client.batch([Call(method="GET", path=each) for each in paths])
    told = [each for each in answers if each is not None]
    assert [type(client.error_in(each)) for each in told] == [type(None), NotThere, type(None)]
    assert [read_one(told[at].body, Customer).customer for at in (0, 2)] == ["10100", "10300"]


def test_a_changeset_is_done_and_read_back(desk: Desk, changed_reference: Reference) -> None:
    client = _client(desk, changed_reference)
    texts = {"0002": "Called; promises payment.\r\n--batch_\r\n", "0003": "Große Sorgfalt, 50 % + 'Skonto'"}
    calls = [Call(method="POST", path=TEXTS, body=_note(number, text), changeset=1) for number, text in texts.items()]
    answers = client.batch([*calls, Call(method="GET", path="A_Customer('10100')")])
    assert [each and each.status for each in answers] == [201, 201, 200]
    assert {number: client.one(_note_at(number), Note).long_text for number in texts} == texts


def test_a_changeset_of_which_one_is_refused_is_not_done_at_all(desk: Desk, changed_reference: Reference) -> None:
    client = _client(desk, changed_reference)
    calls = [Call(method="POST", path=TEXTS, body=_note("0002", text), changeset=1) for text in ("one", "two")]
    answers = client.batch(calls)
    assert [type(client.error_in(each)) for each in answers if each is not None] == [LedgerRejected] * 2
    with pytest.raises(NotThere):
        client.one(_note_at("0002"), Note)


def test_a_note_is_written_changed_and_taken_away_though_the_token_expires_between(
    desk: Desk, changed_reference: Reference
) -> None:
    client = _client(desk, changed_reference)
    assert client.change("POST", TEXTS, _note("0002", "Called.")).status_code == 201
    changed_reference.faults("csrf")
    assert client.change("PATCH", _note_at("0002"), b'{"LongText":"Paid."}').status_code == 204
    assert client.one(_note_at("0002"), Note).long_text == "Paid."
    changed_reference.faults("csrf")
    assert [each and each.status for each in client.batch([Call(method="GET", path=_note_at("0002"))])] == [200]
    client.change("DELETE", _note_at("0002"))
    with pytest.raises(NotThere):
        client.one(_note_at("0002"), Note)


@pytest.mark.parametrize("kinds", [["503"], ["429"], ["503", "429"]])
def test_a_busy_service_is_asked_again_when_it_said(desk: Desk, reference: Reference, kinds: list[str]) -> None:
    reference.faults(*kinds)
    assert _client(desk, reference).rows("A_Customer", Customer, Query(top=1)).told == 1
    assert desk.waits == [1.0] * len(kinds)


def test_a_line_that_drops_half_way_is_no_answer_and_the_whole_is_read_again(desk: Desk, reference: Reference) -> None:
    reference.faults("truncate")
    assert _client(desk, reference).rows("A_Customer", Customer, Query(top=5)).told == 5
    reference.faults(*["truncate"] * 3)
    with pytest.raises(LedgerUnavailable, match="did not answer"):
        _client(desk, reference).rows("A_Customer", Customer, Query(top=5))


def test_a_wrong_password_is_tried_once(desk: Desk, reference: Reference) -> None:
    with pytest.raises(LedgerAuthExpired, match="did not accept our credentials"):
        _client(desk, reference, password="wrong").rows("A_Customer", Customer)
    assert desk.waits == []


@pytest.mark.parametrize(("service", "path"), [(LEDGER, ITEMS), (PARTNERS, "A_Customer")])
def test_what_may_not_be_created_is_refused_and_no_expired_token(
    desk: Desk, reference: Reference, service: str, path: str
) -> None:
    with pytest.raises(LedgerRejected) as caught:
        _client(desk, reference, service).change("POST", path, b'{"CompanyCode":"1710"}')
    assert caught.value.code.startswith("ENTITY_IS_")


def test_a_filter_that_cannot_be_is_refused_with_the_reason(desk: Desk, reference: Reference) -> None:
    with pytest.raises(LedgerRejected, match="Nope"):
        _client(desk, reference, LEDGER).rows(ITEMS, Line, Query(filter="Nope eq 1"))


def test_atom_is_no_answer(desk: Desk, reference: Reference) -> None:
    client = desk.client(
        reference.root(PARTNERS),
        sign_in=Basic(USER, lambda: PASSWORD),
        headers={"Accept": "application/atom+xml"},
    )
    with pytest.raises(LedgerUnavailable, match=r"application/atom\+xml where JSON was asked for"):
        client.rows("A_Customer", Customer, Query(top=1))
