"""QuickBooks' API over our own HTTP: our limits, our retries, our reading of faults, no global state.

Everything goes through `process_request`. We read with `read` and `select`, which give bytes; the objects of
python-quickbooks work over the same door (adapters.quickbooks.vendor).
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from adapters.errors import LedgerError, LedgerUnavailable
from adapters.http import Http, retry_after
from adapters.quickbooks.answers import mended
from adapters.quickbooks.faults import TOKEN_EXPIRED, Fault, error_of, read_fault
from adapters.quickbooks.limits import CallKind, Limits, Permit
from adapters.quickbooks.oauth import TokenKeeper

MINOR_VERSION = 75
PRODUCTION = "https://quickbooks.api.intuit.com"
SANDBOX = "https://sandbox-quickbooks.api.intuit.com"

_VERSION = {"minorversion": str(MINOR_VERSION)}
_HEADERS = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "duecourse"}
_THROTTLE_JITTER = timedelta(seconds=10)


class QuickBooksClient:
    """Calls one company. Safe for several threads. Every method raises the errors of adapters.errors alone."""

    def __init__(
        self,
        *,
        realm: str,
        api_url: str,
        http: Http,
        keeper: TokenKeeper,
        limits: Limits,
        now: Callable[[], datetime],
    ) -> None:
        self.realm = realm
        self.limits = limits
        self._base = f"{api_url.rstrip('/').removesuffix('/v3')}/v3"
        self._http = http
        self._keeper = keeper
        self._now = now

    @property
    def api_url(self) -> str:
        """The base of every address, `…/v3`."""
        return self._base

    def read(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """The answer to a GET below the company: `read("invoice/130")`."""
        answer = self.process_request("GET", self._address(path), params={**(params or {}), **_VERSION})
        return mended(answer.content)

    def select(self, statement: str) -> bytes:
        """The answer to a query, sent as text so that no length or sign can break it."""
        headers = {"Content-Type": "application/text"}
        return mended(self.process_request("POST", self._address("query"), headers, _VERSION, statement).content)

    def write(self, path: str, body: bytes, *, request_id: str) -> bytes:
        """The answer to a write, which QuickBooks does once for a `request_id` however often it is sent."""
        params = {"requestid": request_id, **_VERSION}
        return mended(self.process_request("POST", self._address(path), {}, params, body).content)

    def _address(self, path: str) -> str:
        return f"{self._base}/company/{self.realm}/{path}"

    def process_request(
        self,
        request_type: str,
        url: str,
        headers: Mapping[str, str] | str = "",
        params: Mapping[str, Any] | str = "",
        data: str | bytes | Mapping[str, Any] = "",
    ) -> httpx.Response:
        """Sends one request, reads again where that is safe, and raises what QuickBooks says as our error.

        A write is repeated only where it carries a `requestid`.
        """
        query = dict(params) if isinstance(params, Mapping) else {}
        named = {**_HEADERS, **(headers if isinstance(headers, Mapping) else {})}
        content = data if isinstance(data, (str, bytes)) else ""
        kind = _kind(request_type, url)

        def build(token: str) -> httpx.Request:
            signed = {**named, "Authorization": f"Bearer {token}"}
            address = httpx.URL(url, params=query)
            return self._http.client.build_request(request_type, address, headers=signed, content=content)

        def attempt() -> httpx.Response:
            return self._attempt(kind, build)

        if kind is CallKind.READ or query.get("requestid"):
            return self._http.repeat(attempt)
        return attempt()

    def _attempt(self, kind: CallKind, build: Callable[[str], httpx.Request]) -> httpx.Response:
        token = self._keeper.access_token()
        response, error, expired = self._exchange(kind, build(token))
        if expired:
            response, error, _ = self._exchange(kind, build(self._keeper.renew(token)))
        if error is not None:
            raise error
        return response

    def _exchange(self, kind: CallKind, request: httpx.Request) -> tuple[httpx.Response, LedgerError | None, bool]:
        """The answer, what is wrong with it, and whether a newer token would mend that."""
        permit = self._permit(kind)
        error: LedgerError | None = LedgerUnavailable("no answer")
        try:
            response = self._http.send(request)
            fault = read_fault(response.content) if _has_words(response) else None
            error = self._judge(response, fault)
            expired = response.status_code == 401 if fault is None else fault.code in TOKEN_EXPIRED
            return response, error, expired
        finally:
            throttled = isinstance(error, LedgerUnavailable) and not error.sent
            self.limits.leave(permit, kind, success=error is None, wait=_wait_of(error) if throttled else None)

    def _judge(self, response: httpx.Response, fault: Fault | None) -> LedgerError | None:
        if fault is None and response.status_code == 200:
            page = _has_words(response) and response.content[:20].lstrip().startswith(b"<")
            return LedgerUnavailable("QuickBooks answered with a page instead of data.") if page else None
        wait = retry_after(response.headers, self._now())
        error = error_of(fault, response.status_code, wait=wait)
        if wait is None and isinstance(error, LedgerUnavailable) and error.retry_after is not None:
            error.retry_after += self._http.jitter(_THROTTLE_JITTER)
        return error

    def _permit(self, kind: CallKind) -> Permit:
        permit = self.limits.enter(kind)
        while not permit.place:
            self._http.wait(permit.wait)
            permit = self.limits.enter(kind)
        self._http.wait(permit.wait)
        return permit


def _kind(method: str, url: str) -> CallKind:
    path = urlsplit(url).path
    if method == "GET" or path.endswith("/query"):
        return CallKind.READ
    return CallKind.BATCH if path.endswith("/batch") else CallKind.WRITE


def _has_words(response: httpx.Response) -> bool:
    return not response.headers.get("content-type", "").startswith("application/pdf")


def _wait_of(error: LedgerError | None) -> timedelta | None:
    return error.retry_after if isinstance(error, LedgerUnavailable) else None
