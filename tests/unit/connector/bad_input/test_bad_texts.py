"""Whatever stands in a text of the ledger: it is read, kept and said, and it stops nobody else's row."""

import json
from typing import Any

import pytest

from connector.store.tables import customer, document
from tests.unit.connector.bad_input.trade import Trade

HALF_AN_EMOJI = "\ud83d"  # what is left of one where a program cut a name to its length
NUL = "\0"
RIGHT_TO_LEFT = "\u202e"
TWO_MEGABYTES = 2_000_000

TEXTS = {
    "half an emoji": f"Anna{HALF_AN_EMOJI}",
    "the other half": "Anna\udc4d",
    "halves the wrong way round": "Anna\udc4d\ud83d",
    "NUL": f"An{NUL}na",
    "control characters": "An\x1b[2J\r\n\x07na",
    "right to left": f"An{RIGHT_TO_LEFT}na",
    "two megabytes": "n" * TWO_MEGABYTES,
    "two megabytes of lines": "n\n" * (TWO_MEGABYTES // 2),
}
FIELDS = ("Customer_DisplayName", "Customer_Notes", "Invoice_DocNumber", "Invoice_PrivateNote")


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_stops_a_row_or_anybody_elses(trade: Trade, text: str) -> None:
    trade.bad_and_good(**dict.fromkeys(FIELDS, TEXTS[text]))
    trade.begin()
    trade.day()
    assert trade.problems() == {}
    assert {each.to for each in trade.mails} == {"anna@boats.example", "berta@books.example"}
    assert trade.open_totals() == {"USD": "170.00"}
    assert len(trade.notes()) == 2


def test_what_cannot_be_kept_is_shown_as_such_and_the_rest_stays(trade: Trade) -> None:
    trade.bad_and_good(Customer_DisplayName=f"Anna {HALF_AN_EMOJI} Boats", Invoice_PrivateNote=f"a{NUL}b 👍 \\ud83d")
    trade.begin()
    with trade.service.database.read() as connection:
        names = {row["name"] for row in connection.execute(customer.select()).mappings()}
        memos = {row["memo"] for row in connection.execute(document.select()).mappings()}
    assert "Anna \ufffd Boats" in names
    assert "a\ufffdb 👍 \\ud83d" in memos


def test_bytes_that_are_no_text_cost_a_sign_and_no_page(small_trade: Trade) -> None:
    small_trade.bad_and_good(Customer_DisplayName="Anna XX Boats")
    garbled = small_trade.transport.after

    def latin(request: Any, response: Any) -> Any:  # noqa: ANN401 - handed through
        answer = garbled(request, response)
        answer._content = answer.content.replace(b"XX", b"\xe9")
        return answer

    small_trade.transport.after = latin
    small_trade.begin()
    assert "Anna \ufffd Boats" in json.dumps(small_trade.tell("aging"), ensure_ascii=False)


def test_nothing_of_a_long_name_or_number_makes_a_mail_or_a_note_long(small_trade: Trade) -> None:
    long = "9" * TWO_MEGABYTES
    small_trade.bad_and_good(Customer_DisplayName=long, Invoice_DocNumber=long, Invoice_PrivateNote=long)
    small_trade.begin()
    small_trade.day()
    assert max(len(each.data) for each in small_trade.mails) < 10_000
    assert max(len(each) for each in small_trade.notes()) <= 2_000
    assert len(small_trade.run("why", "Berta").out) < 20_000
    assert len(small_trade.run("status").out) < 20_000


def test_a_contested_invoice_is_found_in_a_note_of_any_length(trade: Trade) -> None:
    trade.bad_and_good(Customer_Notes=f"#dispute 1001 {'n' * TWO_MEGABYTES}")
    trade.begin()
    trade.day()
    assert [each.to for each in trade.mails] == ["berta@books.example"]
    assert any(each["text"].startswith("1001") for each in trade.tell("task", "list"))


def test_a_field_of_a_hundred_thousand_addresses_does_not_make_as_many_mails(trade: Trade) -> None:
    crowd = ", ".join(f"a{number}@crowd.example" for number in range(100_000))
    trade.bad_and_good(Customer_PrimaryEmailAddr={"Address": crowd}, Invoice_BillEmail={"Address": crowd})
    trade.begin()
    trade.day()
    assert 2 <= len(trade.mails) <= 20
    assert "a0@crowd.example" in {each.to for each in trade.mails}


def test_two_megabytes_that_are_no_address_are_none(trade: Trade) -> None:
    trade.bad_and_good(Customer_PrimaryEmailAddr={"Address": f"{'a' * TWO_MEGABYTES}@boats.example"})
    trade.begin()
    trade.day()
    assert "berta@books.example" in {each.to for each in trade.mails}
    assert trade.problems() == {}


@pytest.mark.parametrize(
    ("bad", "refused"),
    [
        ({"Invoice_Id": ""}, "invoice:?"),
        ({"Invoice_Id": None}, "invoice:?"),
        ({"Invoice_Id": "1" * 300}, f"invoice:{'1' * 60}"),
        ({"Invoice_CustomerRef": None}, "invoice:1"),
        ({"Invoice_CustomerRef": {"value": "1" * 300}}, "invoice:1"),
        ({"Invoice_DocNumber": ["1001"]}, "invoice:1"),
        ({"Customer_ParentRef": {"value": "1" * 300}}, "customer:1"),
    ],
)
def test_a_row_that_cannot_be_told_from_others_is_named_and_stops_no_other(
    trade: Trade, bad: dict[str, Any], refused: str
) -> None:
    trade.bad_and_good(**bad)
    trade.begin()
    trade.day()
    assert list(trade.problems()) == [refused]
    assert [each.to for each in trade.mails][-1:] == ["berta@books.example"]


def test_odd_words_where_quickbooks_has_a_few_fixed_ones_are_no_error(trade: Trade) -> None:
    trade.bad_and_good(
        Customer_PreferredDeliveryMethod="x" * 100,
        Customer_CustomerTypeRef={"value": "t" * 5_000},
        Customer_BillAddr={
            "Country": "c" * TWO_MEGABYTES,
            "CountrySubDivisionCode": "r" * 5_000,
            "PostalCode": "p" * 500,
        },
        Invoice_SyncToken="1" * 100,
        Invoice_EmailStatus="e" * 100,
        Invoice_ExchangeRate="banana",
    )
    trade.begin()
    trade.day()
    assert trade.problems() == {}
    assert len(trade.mails) == 2
