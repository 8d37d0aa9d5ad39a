from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx
from structlog.testing import capture_logs

from adapters.errors import LedgerOutOfQuota, LedgerRejected, LedgerUnavailable
from adapters.http import Http, Patience, redact, retry_after

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
URL = "https://ledger.example/v3/company/1/query"


class Waits(list[float]):
    """A sleep that only takes note."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def http(waits: Waits) -> Iterator[Http]:
    made = Http(sleep=waits, chance=lambda: 0.5, patience=Patience(attempts=3))
    yield made
    made.close()


def failing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return attempt


def test_silence_is_tried_again_after_doubling_waits(http: Http, waits: Waits) -> None:
    assert http.repeat(failing(LedgerUnavailable("1"), LedgerUnavailable("2"))) == "done"
    assert waits == [1.5, 3.0]


def test_a_wait_that_was_asked_for_is_kept_to_the_second(http: Http, waits: Waits) -> None:
    assert http.repeat(failing(LedgerUnavailable("slow down", retry_after=timedelta(seconds=42)))) == "done"
    assert waits == [42.0]


def test_patience_ends_with_the_last_error(http: Http) -> None:
    errors = [LedgerUnavailable(str(at)) for at in range(5)]
    with pytest.raises(LedgerUnavailable, match="2"):
        http.repeat(failing(*errors))


@pytest.mark.parametrize(
    "error",
    [
        LedgerRejected("no", code="6000"),
        LedgerOutOfQuota("none left", until=NOW),
        LedgerUnavailable("much later", retry_after=timedelta(hours=1)),
    ],
)
def test_what_waiting_does_not_mend_is_raised_at_once(http: Http, waits: Waits, error: Exception) -> None:
    with pytest.raises(type(error)):
        http.repeat(failing(error))
    assert waits == []


def test_one_attempt_that_may_have_arrived_is_remembered_through_later_ones(http: Http) -> None:
    errors = [LedgerUnavailable("lost", sent=True), *[LedgerUnavailable("refused", sent=False) for _ in range(2)]]
    with pytest.raises(LedgerUnavailable) as raised:
        http.repeat(failing(*errors))
    assert raised.value.sent


@pytest.mark.parametrize(
    ("cause", "sent"),
    [
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ReadTimeout, True),
        (httpx.WriteError, True),
        (httpx.RemoteProtocolError, True),
    ],
)
def test_only_a_missing_connection_proves_that_nothing_arrived(
    http: Http, cause: type[httpx.TransportError], sent: bool
) -> None:
    with respx.mock:
        respx.post(URL).mock(side_effect=cause)
        with pytest.raises(LedgerUnavailable) as raised:
            http.send(http.client.build_request("POST", URL))
    assert raised.value.sent is sent


def test_a_call_is_logged_with_its_trace_and_without_what_it_said(http: Http) -> None:
    with respx.mock, capture_logs() as logs:
        respx.post(URL).respond(200, headers={"Intuit-Tid": "1-abc"}, json={"secret": "s3cr3t"})
        headers = {"Authorization": "Bearer tok3n"}
        http.send(http.client.build_request("POST", f"{URL}?query=Amy", headers=headers, content="select s3cr3t"))
    (line,) = logs
    assert (line["event"], line["status"], line["tid"]) == ("ledger_call", 200, "1-abc")
    assert line["path"] == "/v3/company/1/query"
    assert not any(secret in str(line) for secret in ("tok3n", "s3cr3t", "Amy"))


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.def-123",
        "Basic YXBwOnNlY3JldA==",
        '{"refresh_token":"abc.def-123","access_token": "abc.def-123"}',
        "grant_type=x&refresh_token=abc.def-123&client_secret=YXBwOnNlY3JldA",
        "Token expired: AB01601390262kxzxOlnHYdhtEVRXISU7piPqQrCmmbDN35Yjd",
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..abc",
    ],
)
def test_nothing_secret_survives_redaction(text: str) -> None:
    said = redact(text)
    assert "***" in said
    assert not any(secret in said for secret in ("abc.def", "YXBw", "AB0160", "eyJ"))


def test_plain_words_survive_redaction() -> None:
    assert redact("Customer 20 owes 10.10 on invoice 1041.") == "Customer 20 owes 10.10 on invoice 1041."


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Mon, 02 Nov 2026 09:00:30 GMT", 30),
        ("Mon, 02 Nov 2026 08:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: int) -> None:
    assert retry_after(httpx.Headers({"Retry-After": header}), NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("headers", [{}, *({"Retry-After": told} for told in ("soon", "-5", "9" * 30))])
def test_an_unclear_retry_after_says_nothing(headers: dict[str, str]) -> None:
    assert retry_after(httpx.Headers(headers), NOW) is None
