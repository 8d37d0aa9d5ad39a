"""OData, once for all of SAP: a thin client of versions 2 and 4 over our HTTP. Nothing of S/4HANA or Business One.

Links to a next page are opaque, and followed on the configured host alone, whatever host they name: behind a proxy
they often name another. CSRF tokens are fetched with the first change and once more where one has expired, which is
told apart from a missing authorisation. Reads are repeated by our own patience; a change is sent once, unless it was
refused for its token or credentials, before anything was done.

The parts: query.py options and keys · rows.py answers · values.py literals and values · batch.py $batch ·
faults.py errors · signin.py credentials.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

from adapters.errors import LedgerError, LedgerRejected, LedgerUnavailable
from adapters.http import Http, retry_after
from adapters.sap.batch import Answer, Call, as_json, multipart, read_json, read_multipart
from adapters.sap.faults import Fault, error_of, read_fault
from adapters.sap.query import Query, address, key
from adapters.sap.rows import Rows, read_one, read_rows
from adapters.sap.signin import Nobody, SignIn
from adapters.sap.values import ValueUnreadable, Version, count

__all__ = ["ODataClient", "Query", "Rows", "address", "key", "read_one", "read_rows"]

T = TypeVar("T")

_CSRF = "x-csrf-token"
_VERSIONS: dict[Version, dict[str, str]] = {
    Version.V2: {"MaxDataServiceVersion": "2.0"},
    Version.V4: {"OData-MaxVersion": "4.0"},
}


class ODataClient:
    """Calls one service. Safe for several threads. Raises the errors of adapters.errors alone.

    `root` is the service's address, `fixed` options that go with every call (`sap-client`), `headers` likewise
    (`Accept-Language`). `name` is how errors call it. `asks_for_tokens`: changes need a CSRF token.
    """

    def __init__(
        self,
        root: str,
        *,
        version: Version,
        http: Http,
        now: Callable[[], datetime],
        sign_in: SignIn | None = None,
        fixed: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        name: str = "",
        asks_for_tokens: bool = True,
    ) -> None:
        self.version = version
        self._root = root.rstrip("/")
        self._http = http
        self._now = now
        self._sign_in = sign_in or Nobody()
        self._fixed = dict(fixed or {})
        self._headers = {
            "Accept": "application/json",
            "User-Agent": "duecourse",
            **_VERSIONS[version],
            **(headers or {}),
        }
        self._name = name or self._root.rpartition("/")[2]
        self._asks_for_tokens = asks_for_tokens
        self._token: str | None = None  # empty: the service gives none
        self._lock = Lock()

    # -- reading

    def get(self, path: str, query: Query | None = None, *, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a read, checked to be JSON. `path` is one below the service, or a link that it gave."""
        return self._read(path, query, headers, bytes)

    def rows(
        self, path: str, kind: type[T], query: Query | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Rows[T]:
        """One answer's rows, each as `kind`; what is not of that shape is in `bad`."""
        return self._read(path, query, headers, lambda body: read_rows(body, kind))

    def one(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """One entity. Raises `NotThere`, and LedgerUnavailable for what is none."""
        return self._read(path, query, None, lambda body: read_one(body, kind))

    def pages(
        self, path: str, kind: type[T], query: Query, *, size: int, headers: Mapping[str, str] | None = None
    ) -> Iterator[Rows[T]]:
        """The rows, some at a time: asked for `size` by `size`, and following the service where it gives fewer.

        A page may come out empty. `size` must be no more than the service gives at once without telling, unless the
        query asks `with_count`: then the walk goes on until so many were told. For a list that changes meanwhile, ask
        by key instead of walking on. Raises LedgerUnavailable where links lead in a circle, or where the same rows
        come however many are skipped.
        """
        before: Rows[T] | None = None
        skip, end = query.skip, None if query.top is None else query.skip + query.top
        counted: int | None = None
        while end is None or skip < end:
            asked = size if end is None else min(size, end - skip)
            first = replace(query, top=asked, skip=skip, with_count=query.with_count and counted is None)
            seen = 0
            begun = self.rows(path, kind, first, headers=headers)
            if before is not None and begun.told and (begun.good, begun.bad) == (before.good, before.bad):
                raise LedgerUnavailable(f"{self._name} gives the same rows however many are skipped.")
            before = begun
            for page in self._linked(begun, kind, headers):
                counted = page.count if counted is None else counted
                seen += page.told
                yield page
                if seen >= asked:
                    break
            skip += seen
            if not seen or (seen < asked and skip >= (counted or 0)):
                return

    def _linked(self, page: Rows[T], kind: type[T], headers: Mapping[str, str] | None) -> Iterator[Rows[T]]:
        been = {""}
        yield page
        while page.next not in been:
            been.add(page.next)
            page = self.rows(page.next, kind, headers=headers)
            yield page
        if page.next:
            raise LedgerUnavailable(f"{self._name}: its links to the next page lead in a circle.")

    def count(self, path: str, filter_: str = "") -> int:
        """How many rows there are, as text from `/$count`."""
        query, accept = Query(filter=filter_), {"Accept": "text/plain, */*;q=0.1"}
        return self._read(f"{path}/$count", query, accept, self._counted, json=False)

    def _counted(self, body: bytes) -> int:
        try:
            return count(body.decode("utf-8-sig").strip()) or 0
        except (UnicodeDecodeError, ValueUnreadable):
            raise LedgerUnavailable(f"{self._name} did not answer with a count.") from None

    def _read(
        self,
        path: str,
        query: Query | None,
        headers: Mapping[str, str] | None,
        parse: Callable[[bytes], T],
        *,
        json: bool = True,
    ) -> T:
        """What `parse` makes of an answer; a cut one is asked for again, like one that did not come."""
        url = self._url(path, query)

        def ask() -> T:
            response = self._checked(self._exchange("GET", url, headers=headers))
            return parse((self._json(response) if json else response).content)

        return self._http.repeat(ask)

    # -- changing

    def change(
        self, method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Sends one change. Raises LedgerUnavailable with `sent=False` only where it was certainly not done."""
        self._prepare()
        return self._checked(self._change(method, self._url(path), body, headers or {}))

    def batch(self, calls: Sequence[Call], *, json: bool = False) -> list[Answer | None]:
        """An answer for each call, in order; None where the service stopped before a change.

        Reads alone are asked again until each has its answer: one that fails may stop the others, and changes nothing.
        Where so many are refused together, half of them are asked for at a time.
        """
        if any(call.method != "GET" for call in calls):
            self._prepare()
            return self._batch(calls, json=json)
        found: list[Answer | None] = []
        most = len(calls)
        while len(found) < len(calls):
            rest = calls[len(found) : len(found) + most]
            try:
                answers = self._http.repeat(lambda rest=rest: self._batch(rest, json=json))  # type: ignore[misc]
            except LedgerRejected:  # it may not take so many together
                if len(rest) == 1:
                    raise
                most = len(rest) // 2
                continue
            found += answers[: answers.index(None)] if None in answers else answers
            if answers[:1] == [None]:
                raise LedgerUnavailable(f"{self._name} answered no part of a $batch.")
        return found

    def _batch(self, calls: Sequence[Call], *, json: bool) -> list[Answer | None]:
        content_type, body = as_json(calls) if json else multipart(calls)
        headers = {
            "Content-Type": content_type,
            "Accept": "application/json" if json else "multipart/mixed",
            "Prefer": "odata.continue-on-error",
        }
        response = self._checked(self._change("POST", self._url("$batch"), body, headers))
        told = response.headers.get("content-type", "")
        return read_json(response.content, calls) if json else read_multipart(told, response.content, calls)

    def error_in(self, answer: Answer) -> LedgerError | None:
        """What is wrong with a part's answer; None where nothing is."""
        wait = retry_after(answer.headers, self._now())
        return error_of(answer.status, read_fault(answer.body), where=self._name, wait=wait)

    def _prepare(self) -> None:
        """What may be asked for with patience, which ends where a change begins."""
        if self._asks_for_tokens:
            self._http.repeat(self._csrf)

    def _change(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        named = {"Content-Type": "application/json", **headers} if body else dict(headers)
        if not self._asks_for_tokens:
            return self._exchange(method, url, body, named)
        token = self._csrf()
        response = self._exchange(method, url, body, named | token)
        if _wants_token(response):  # refused before anything was done
            response = self._exchange(method, url, body, named | self._csrf(instead_of=token))
        if _wants_token(response):
            raise LedgerUnavailable(
                f"{self._name} did not know its own CSRF token: do its session cookies reach us and come back?",
                sent=False,
            )
        return response

    def _csrf(self, instead_of: Mapping[str, str] | None = None) -> dict[str, str]:
        """The token that goes with our session's cookies. Threads that need a new one together fetch it once."""
        with self._lock:
            if self._token is None or (instead_of is not None and instead_of.get(_CSRF, "") == self._token):
                try:
                    answer = self._checked(self._exchange("GET", self._url(""), headers={_CSRF: "Fetch"}))
                except LedgerUnavailable as error:
                    error.sent = False  # what the token is for has not been sent
                    raise
                self._token = answer.headers.get(_CSRF, "")
            return {_CSRF: self._token} if self._token else {}

    # -- one exchange

    def _url(self, path: str, query: Query | None = None) -> str:
        """The address of a path below the service, or of a link that it gave, on our own host either way."""
        try:
            told = urlsplit(path)
        except ValueError:
            raise LedgerUnavailable(f"{self._name} gave a link that is none.") from None
        is_link = bool(told.scheme or told.netloc or path.startswith("/"))
        url = self._rebased(told.path) if is_link else f"{self._root}/{told.path}"
        url += f"?{told.query}" if told.query else ""
        asked = parse_qs(told.query)
        fixed = {name: text for name, text in self._fixed.items() if name not in asked}
        return address(url, {**(query or Query()).options(self.version), **fixed})

    def _rebased(self, path: str) -> str:
        """A path that the service gave, below the root where it names our service: a proxy may have moved it."""
        ours = urlsplit(self._root)
        service = ours.path.rpartition("/")[2]
        _, found, below = path.partition(f"/{service}/") if service else ("", "", "")
        return f"{self._root}/{below}" if found else f"{ours.scheme}://{ours.netloc}/{path.lstrip('/')}"

    def _exchange(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Sends it; once more with new credentials where ours were refused.

        A session that ends as soon as it was given is the service's trouble: who let us in has not refused us.
        """
        signed = self._sign_in.headers()
        response = self._sent(method, url, body, {**signed, **(headers or {})})
        if response.status_code == 401 and self._sign_in.refused(signed):
            response = self._sent(method, url, body, {**self._sign_in.headers(), **(headers or {})})
            if response.status_code == 401 and self._sign_in.is_session:
                raise LedgerUnavailable(f"{self._name} ended the session that it had just given.", sent=False)
        return response

    def _sent(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        named = {**self._headers, **headers}
        try:
            request = self._http.client.build_request(method, url, headers=named, content=body or None)
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise LedgerUnavailable(f"{self._name}: this cannot be written into a request.", sent=False) from None
        return self._http.send(request)

    def _checked(self, response: httpx.Response) -> httpx.Response:
        fault = Fault() if response.is_success else read_fault(response.content)
        wait = retry_after(response.headers, self._now())
        error = error_of(response.status_code, fault, where=self._name, wait=wait)
        if error is not None:
            raise error
        return response

    def _json(self, response: httpx.Response) -> httpx.Response:
        if response.content[:64].lstrip()[:1] not in (b"{", b"["):
            kind = response.headers.get("content-type", "nothing").partition(";")[0]
            raise LedgerUnavailable(f"{self._name} answered with {kind[:60]} where JSON was asked for.")
        return response


def _wants_token(response: httpx.Response) -> bool:
    return response.status_code == 403 and response.headers.get(_CSRF, "").casefold() == "required"
