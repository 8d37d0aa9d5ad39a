"""The one HTTP client of all ledgers: time limits, retries that wait as they were told, one log line a call.

What is logged is method, path, status, duration and the vendor's trace id: never a header, a query, a body or a
token. Waiting goes through the `sleep` that was handed in, so that a simulated clock never really waits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import TypeVar

import httpx
import structlog
import tenacity

from adapters.errors import LedgerOutOfQuota, LedgerUnavailable

T = TypeVar("T")

TIMEOUT = httpx.Timeout(connect=10.0, read=125.0, write=60.0, pool=125.0)
"""Seconds. Reading is given a little more than the 120 s after which Intuit itself gives up."""

_READ = httpx.ByteStream(b"")

_SECONDS = re.compile(r"[0-9]{1,9}")

_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (
        re.compile(r'(?i)((?:access|refresh|id)_token|client_secret|code|token|password)("?\s*[=:]\s*"?)[^\s"&,}]+'),
        r"\1\2***",
    ),
    (re.compile(r"\b(?:AB\d\d|RT1-|eyJ)[\w.~+/=-]{12,}"), "***"),
)


def redact(text: str) -> str:
    """`text` without tokens, authorisation headers or client secrets, fit for a log or an error message."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """How long the `Retry-After` header asks us to wait (seconds or an HTTP date); None where it says nothing clear."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return timedelta(seconds=int(value))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - now, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a call is tried, and how long is waited between (doubling from `first_wait`, where nobody says)."""

    attempts: int = 4
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(minutes=2)


class Http:
    """Sends requests for one ledger. Safe for several threads; `close` it at the end."""

    def __init__(
        self,
        *,
        sleep: Callable[[float], None],
        chance: Callable[[], float],
        client: httpx.Client | None = None,
        patience: Patience | None = None,
        trace_header: str = "intuit-tid",
    ) -> None:
        self.client = client or httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        self._sleep = sleep
        self._chance = chance
        self._patience = patience or Patience()
        self._trace_header = trace_header
        self._log = structlog.get_logger("adapters.http")

    def wait(self, seconds: float) -> None:
        """Waits, by the clock that was handed in."""
        if seconds > 0:
            self._sleep(seconds)

    def jitter(self, width: timedelta) -> timedelta:
        """A random part of `width`, so that many waiters do not return together."""
        return width * self._chance()

    def send(self, request: httpx.Request) -> httpx.Response:
        """One attempt; any answer is returned, whatever its status.

        Raises `LedgerUnavailable` where none came; its `sent` is False only if no connection was made.
        """
        began = perf_counter()
        try:
            response = self.client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise self._silence(request, error, sent=False) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._silence(request, error, sent=True) from error
        response.stream = _READ  # it holds the response, which holds it: a page would stay until it is collected
        self._log.info(
            "ledger_call",
            method=request.method,
            path=request.url.path,
            status=response.status_code,
            ms=round((perf_counter() - began) * 1000),
            tid=response.headers.get(self._trace_header, ""),
        )
        return response

    def _silence(self, request: httpx.Request, error: Exception, *, sent: bool) -> LedgerUnavailable:
        cause = type(error).__name__
        self._log.warning("ledger_silent", method=request.method, path=request.url.path, cause=cause, sent=sent)
        return LedgerUnavailable(f"{request.url.host} did not answer ({cause}).", sent=sent)

    def repeat(self, attempt: Callable[[], T]) -> T:
        """Runs `attempt` again while it raises `LedgerUnavailable`, waiting as long as that asks.

        For what may be done twice only: reads, and writes that the ledger recognises. The last error is raised; its
        `sent` tells whether any of the attempts may have arrived. A wait longer than our patience, and an empty
        quota, are raised at once.
        """
        arrived: list[bool] = []

        def noting() -> T:
            try:
                return attempt()
            except LedgerUnavailable as error:
                arrived.append(error.sent)
                error.sent = any(arrived)
                raise

        retrying = tenacity.Retrying(
            sleep=self.wait,
            stop=tenacity.stop_after_attempt(self._patience.attempts),
            retry=tenacity.retry_if_exception(self._worth_waiting),
            wait=self._pause,
            reraise=True,
        )
        return retrying(noting)

    def _worth_waiting(self, error: BaseException) -> bool:
        if not isinstance(error, LedgerUnavailable) or isinstance(error, LedgerOutOfQuota):
            return False
        return (error.retry_after or timedelta(0)) <= self._patience.longest_wait

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, LedgerUnavailable) and error.retry_after is not None:
            return error.retry_after.total_seconds()
        pause = self._patience.first_wait * 2 ** (state.attempt_number - 1)
        seconds: float = (pause + self.jitter(pause)).total_seconds()
        return seconds

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()
