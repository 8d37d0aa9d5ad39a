from decimal import Decimal

import httpx
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.errors import LedgerUnavailable
from adapters.sap.faults import NotThere
from adapters.sap.odata import Rows, read_one, read_rows
from adapters.sap.values import Version, amount
from tests.unit.adapters.sap.service import Item, Service, fault

_WHOLE = b'{"d":{"results":[{"Number":"1","Amount":"12.500"},{"Number":"2"}],"__count":"2","__next":"x"}}'


class _Priced(msgspec.Struct):
    Price: str | float | None = None


@pytest.mark.parametrize(
    "body",
    [
        b'{"d":{"results":[{"Number":"1"},{"Number":"2"}],"__count":"7","__next":"on"}}',
        b'\r\n { "d" :\t{ "__count": 7, "__next" : "on", "results" : [ {"Number" : "1"}, {"Number":"2", "X":[1]} ]}}',
        b'{"@odata.context":"$metadata#Items","@odata.count":7,"value":[{"Number":"1"},{"Number":"2"}],"@odata.nextLink":"on"}',
        b'{"value":[{"Number":"1"},{"Number":"2"}],"odata.nextLink":"on","odata.count":"7"}',
    ],
    ids=["version 2", "version 2 with room", "version 4", "version 3"],
)
def test_rows_links_and_counts_are_read_in_every_dialect(body: bytes) -> None:
    assert read_rows(body, Item) == Rows(good=[Item("1"), Item("2")], bad=[], next="on", count=7)


def test_a_bare_list_of_version_two_is_read() -> None:
    page = read_rows(b'{"d":[{"Number":"1"}]}', Item)
    assert (page.good, page.is_last, page.count, page.told) == ([Item("1")], True, None, 1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"d":{"results":[{"Number":"1"},{"Number":2},{"Number":"3"}]}}',
        b'{"value":[{"Number":"1"},{},{"Number":"3"}]}',
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside(body: bytes) -> None:
    page = read_rows(body, Item)
    assert page.good == [Item("1"), Item("3")]
    assert page.bad in ([b'{"Number":2}'], [b"{}"])
    assert page.told == 3


def test_decimals_come_as_text_or_as_numbers_of_either_version() -> None:
    page = read_rows(
        b'{"value":[{"Price":"1250000.000"},{"Price":0.1},{"Price":100},{"Price":null},{"Price":""}]}', _Priced
    )
    assert [amount(each.Price) for each in page.good] == [Decimal(told) for told in ("1250000", "0.1", "100", "0", "0")]


@pytest.mark.parametrize("body", [b'{"d":{"Number":"1"}}', b'{"@odata.context":"$metadata","Number":"1"}'])
def test_one_entity_is_read_in_both_dialects(body: bytes) -> None:
    assert read_one(body, Item) == Item("1")


@given(st.integers(0, len(_WHOLE) - 1))
def test_a_cut_answer_is_no_answer(length: int) -> None:
    for read in (read_rows, read_one):
        with pytest.raises(LedgerUnavailable):
            read(_WHOLE[:length], Item)


@given(st.binary() | st.text().map(str.encode))
@example(b'{"d":' + b"[" * 100_000)
@example(b'{"value":[{"Number":"\xff"}]}')
@example(b'{"d":null}')
@example(b'{"error":{"code":"1"}}')
@example(b'{"d":{"results":[],"__count":"many"}}')
@example(b"[]")
def test_garbage_is_no_answer_and_nothing_worse(body: bytes) -> None:
    for read in (read_rows, read_one):
        with pytest.raises(LedgerUnavailable):
            read(body, Item)


def test_an_answer_that_was_cut_is_asked_for_again(service: Service) -> None:
    service.answers(httpx.Response(200, content=_WHOLE[:40]), httpx.Response(200, content=_WHOLE))
    assert service.client().rows("A_Items", Item).told == 2
    assert service.waits == [1.0]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/atom+xml;type=feed", b"<feed/>"), ("text/html", b"<html>Logon</html>"), ("", b"")],
)
def test_atom_html_or_nothing_where_json_was_asked_for_is_no_answer(
    service: Service, content_type: str, body: bytes
) -> None:
    service.answers(httpx.Response(200, headers={"content-type": content_type} if content_type else {}, content=body))
    with pytest.raises(LedgerUnavailable, match="where JSON was asked for"):
        service.client().rows("A_Items", Item)


@pytest.mark.parametrize("told", [b"5", b"\xef\xbb\xbf5", b" 5\r\n"])
def test_a_count_is_text(service: Service, told: bytes) -> None:
    service.answers(httpx.Response(200, content=told))
    assert service.client(fixed={"sap-client": "100"}).count("A_Items", "Number ne ''") == 5
    assert service.lines == [
        "GET /sap/opu/odata/sap/API_ITEMS/A_Items/$count?$filter=Number%20ne%20''&sap-client=100",
    ]
    assert service.asked[0].headers["accept"].startswith("text/plain")


@pytest.mark.parametrize("told", [b"<html/>", b"\xff\xfe", b"5.5"])
def test_what_is_no_count_is_no_answer(service: Service, told: bytes) -> None:
    service.answers(httpx.Response(200, content=told))
    with pytest.raises(LedgerUnavailable, match="did not answer with a count"):
        service.client().count("A_Items")


def test_one_that_is_not_there_is_said_to_be_missing(service: Service) -> None:
    service.answers(fault(404, "Resource not found"))
    with pytest.raises(NotThere, match="Resource not found"):
        service.client(Version.V4).one("A_Items('9')", Item)
    assert service.waits == []
