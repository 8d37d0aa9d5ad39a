import json

import pytest

from adapters.errors import LedgerAuthExpired, LedgerConflict, LedgerError, LedgerRejected, LedgerUnavailable
from adapters.quickbooks.faults import error_of, read_fault
from tests.unit.adapters.quickbooks.office import recording

XML = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="2017-03-29T05:39:07.929-07:00">
  <Fault type="SERVICE"><Error code="3001">
    <Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
    <Detail>You &amp; others called too often</Detail>
  </Error></Fault></IntuitResponse>"""
GATEWAY = {
    "warnings": None,
    "fault": {
        "error": [{"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "code": "003200"}],
        "type": "AUTHENTICATION",
    },
}


def upper(code: str, message: str = "Words", detail: str = "") -> bytes:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "x"}).encode()


def error(body: bytes, status: int) -> LedgerError:
    return error_of(read_fault(body), status)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("3200", 401, LedgerAuthExpired),
        ("003200", 401, LedgerAuthExpired),
        ("3100", 403, LedgerAuthExpired),
        ("6190", 400, LedgerAuthExpired),
        ("3001", 429, LedgerUnavailable),
        ("003001", 403, LedgerUnavailable),
        ("5000", 500, LedgerUnavailable),
        ("10000", 200, LedgerUnavailable),
        ("5010", 400, LedgerConflict),
        ("610", 400, LedgerRejected),
        ("6000", 400, LedgerRejected),
        ("6240", 400, LedgerRejected),
        ("120", 403, LedgerRejected),
        ("500", 400, LedgerRejected),
    ],
)
def test_each_code_says_what_to_do(code: str, status: int, kind: type[LedgerError]) -> None:
    assert type(error(upper(code), status)) is kind


def test_the_words_of_quickbooks_are_kept_with_the_code() -> None:
    found = error(upper("6240", "Duplicate Name Exists Error", "The name supplied already exists. : null"), 400)
    assert str(found) == (
        "QuickBooks refused: Duplicate Name Exists Error: The name supplied already exists. : null (code 6240)."
    )
    assert isinstance(found, LedgerRejected)
    assert found.code == "6240"


def test_a_fault_within_a_200_is_a_fault() -> None:
    assert type(error(upper("610"), 200)) is LedgerRejected


def test_the_gateways_lower_case_form_is_read() -> None:
    fault = read_fault(json.dumps(GATEWAY).encode())
    assert fault is not None
    assert fault.code == "3200"


def test_xml_is_read_even_where_json_was_asked_for() -> None:
    fault = read_fault(XML)
    assert fault is not None
    assert (fault.code, fault.errors[0].detail) == ("3001", "You & others called too often")
    found = error(XML, 429)
    assert isinstance(found, LedgerUnavailable)
    assert (found.sent, found.retry_after and found.retry_after.total_seconds()) == (False, 60)


@pytest.mark.parametrize("body", [b"<html><body>Bad Gateway</body></html>", b"", b"   "])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_html_or_nothing_from_the_gateway_is_trouble_to_wait_out(body: bytes, status: int) -> None:
    found = error(body, status)
    assert isinstance(found, LedgerUnavailable)
    assert found.sent


def test_a_bare_404_is_never_sent_again() -> None:
    found = error(b"<html>", 404)
    assert isinstance(found, LedgerRejected)
    assert found.code == "404"


@pytest.mark.parametrize("body", [b'{"Invoice":{"Id":"1","PrivateNote":"a \\"Fault\\" of ours"}}', b'{"a":1}', b"[]"])
def test_an_ordinary_answer_is_no_fault(body: bytes) -> None:
    assert read_fault(body) is None


def test_a_token_in_a_fault_is_not_repeated() -> None:
    found = error(upper("3200", "Token expired", "Token expired: AB01601390262kxzxOlnHYdhtEVRXISU7"), 401)
    assert "AB0160" not in str(found)


@pytest.mark.parametrize(
    ("name", "at", "kind", "code"),
    [
        ("error/400", 1, LedgerRejected, "4001"),
        ("error/400_json", 0, LedgerRejected, "2010"),
        ("error/401", 0, LedgerAuthExpired, ""),
        ("error/500", 0, LedgerRejected, "500"),
        ("error/500", 1, LedgerRejected, "2030"),
        ("error/validation", 0, LedgerRejected, "6240"),
    ],
)
def test_recorded_faults_are_understood(name: str, at: int, kind: type[LedgerError], code: str) -> None:
    response = recording(name)[at]["response"]
    found = error(response["body"]["string"].encode(), response["status"]["code"])
    assert type(found) is kind
    assert getattr(found, "code", "") == code
    assert "AB01" not in str(found)
