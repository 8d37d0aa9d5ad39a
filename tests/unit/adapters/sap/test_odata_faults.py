import json
from datetime import timedelta

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.errors import LedgerAuthExpired, LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.sap.faults import Fault, NotThere, error_of, read_fault
from adapters.sap.values import Version
from tests.unit.adapters.sap.service import Item, Service, fault, rows

_GATEWAY = {
    "error": {
        "code": "SY/530",
        "message": {"lang": "en", "value": "An exception was raised."},
        "innererror": {
            "application": {"component_id": "FI-AR", "service_id": "API_ITEMS"},
            "transactionid": "6C4B0A0E6C2E0050E0063BE5F1B4B2E2",
            "Error_Resolution": {"SAP_Note": "See 1797736"},
            "errordetails": [
                {"code": "F5/808", "message": "Field Text is too long", "propertyref": "", "severity": "error"},
                {"code": "F5/001", "message": "Only so you know", "severity": "info"},
            ],
        },
    }
}


def test_an_error_of_version_two_tells_what_was_really_wrong_and_its_transaction() -> None:
    told = read_fault(json.dumps(_GATEWAY).encode())
    assert told == Fault(
        code="SY/530",
        words="An exception was raised.; Field Text is too long",
        transaction="6C4B0A0E6C2E0050E0063BE5F1B4B2E2",
    )
    assert told.sentence == (
        "An exception was raised.; Field Text is too long (code SY/530, transaction 6C4B0A0E6C2E0050E0063BE5F1B4B2E2)"
    )


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        ({"code": "-2039", "message": "Someone changed it (ODBC -2039)"}, "-2039", "Someone changed it (ODBC -2039)"),
        ({"code": 301, "message": {"lang": "en-us", "value": "Invalid session."}}, "301", "Invalid session."),
        ({"code": "E", "message": "No", "details": [{"code": "F", "message": "Date"}]}, "E", "No; Date"),
        ({"code": None, "message": {"value": None}}, "", ""),
        ({"message": "No", "innererror": "secret stack", "details": {"x": 1}}, "", "No"),
        ({"code": "1", "message": "Two\r\nlines\x00 here"}, "1", "Two lines\x00 here"),
    ],
)
def test_an_error_is_read_in_every_dialect(told: dict[str, object], code: str, words: str) -> None:
    assert read_fault(json.dumps({"error": told}).encode()) == Fault(code=code, words=words)


def test_no_secret_is_repeated() -> None:
    told = read_fault(json.dumps({"error": {"code": "1", "message": "Bearer eyJhbGciOiJ.x.y was refused"}}).encode())
    assert "eyJ" not in told.sentence


_NAMES = st.sampled_from(["code", "message", "innererror", "details", "value", "errordetails", "transactionid"])
_TOLD = st.recursive(
    st.none() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(_NAMES, each), max_leaves=8
)


@given(st.binary() | st.text().map(str.encode) | _TOLD.map(lambda told: json.dumps({"error": told}).encode()))
@example(b"<html><h1>Logon failed</h1></html>")
@example(b'<?xml version="1.0"?><error><code>X</code></error>')
@example(b'{"error":' * 50_000)
@example(b"")
def test_whatever_is_said_fits_in_one_line(body: bytes) -> None:
    told = read_fault(body)
    assert len(told.sentence.splitlines()) == 1
    assert len(told.sentence) < 450


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, LedgerRejected, "ERP refused: No (code X/1)."),
        (301, LedgerRejected, "ERP sent us to another address (301): check the address."),
        (401, LedgerAuthExpired, "ERP did not accept our credentials: No (code X/1)."),
        (403, LedgerRejected, "ERP does not allow this to our user: No (code X/1)."),
        (404, NotThere, "ERP has no such thing: No (code X/1)."),
        (405, LedgerRejected, "ERP refused: No (code X/1)."),
        (412, LedgerConflict, "ERP: somebody else changed it meanwhile: No (code X/1)."),
        (413, LedgerRejected, "ERP refused: No (code X/1)."),
        (428, LedgerConflict, "ERP: somebody else changed it meanwhile: No (code X/1)."),
        (408, LedgerUnavailable, "ERP answered 408: No (code X/1)."),
        (423, LedgerUnavailable, "ERP answered 423: No (code X/1)."),
        (429, LedgerUnavailable, "ERP answered 429: No (code X/1)."),
        (500, LedgerUnavailable, "ERP answered 500: No (code X/1)."),
        (503, LedgerUnavailable, "ERP answered 503: No (code X/1)."),
    ],
)
def test_errors_are_sorted_by_what_is_to_be_done(status: int, kind: type[Exception], words: str) -> None:
    told = error_of(status, Fault(code="X/1", words="No."), where="ERP")
    assert (type(told), str(told)) == (kind, words)


def test_success_is_no_error() -> None:
    assert [error_of(status, Fault(), where="ERP") for status in (200, 201, 202, 204)] == [None] * 4


def test_a_page_from_a_proxy_gives_no_reason() -> None:
    told = error_of(413, read_fault(b"<html>Request Entity Too Large</html>"), where="ERP")
    assert isinstance(told, LedgerRejected)
    assert (str(told), told.code) == ("ERP refused: no reason was given.", "413")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", ["7", "Fri, 20 Nov 2026 09:00:07 GMT"])
def test_a_read_waits_as_long_as_it_was_asked_to(service: Service, status: int, wait: str) -> None:
    service.answers(fault(status, retry_after=wait), rows(1))
    assert service.client().rows("A_Items", Item).told == 1
    assert service.waits == [7.0]


@pytest.mark.parametrize("wait", ["3600", "9" * 30, "²", "soon"])
def test_a_wait_that_is_too_long_or_unclear_is_kept_within_our_patience(service: Service, wait: str) -> None:
    service.answers(httpx.Response(503, headers=[(b"retry-after", wait.encode("latin-1"))]))
    with pytest.raises(LedgerUnavailable) as caught:
        service.client().rows("A_Items", Item)
    told = caught.value.retry_after
    assert told in (timedelta(seconds=3600), None)
    assert service.waits == ([] if told else [1.0, 2.0, 4.0])


def test_a_refused_read_is_not_repeated(service: Service) -> None:
    service.answers(fault(400, "Invalid filter"))
    with pytest.raises(LedgerRejected, match="API_ITEMS refused: Invalid filter"):
        service.client(Version.V4).rows("A_Items", Item)
    assert len(service.asked) == 1


def test_an_error_is_told_by_the_name_of_the_service(service: Service) -> None:
    service.answers(fault(400))
    with pytest.raises(LedgerRejected, match="The books refused"):
        service.client(name="The books").rows("A_Items", Item)
