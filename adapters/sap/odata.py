"""OData, once for all of SAP: a thin client of versions 2 and 4 over our HTTP. Nothing of S/4HANA or Business One.

Queries are written with %20 (some services do not read `+`). Links to a next page are followed on the configured host
alone, whatever host they name: behind a proxy they often name another. CSRF tokens are fetched with the first change
and once more where one has expired, which is told apart from a missing authorisation. Reads are repeated by our own
patience; a change is sent once, unless it is certain that it was not done.

The parts: values.py literals and values · batch.py $batch · faults.py errors · signin.py credentials.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from adapters.errors import LedgerError, LedgerUnavailable
from adapters.http import Http, retry_after
from adapters.sap.batch import Answer, Call, as_json, multipart, read_json, read_multipart
from adapters.sap.faults import Fault, error_of, read_fault
from adapters.sap.signin import Nobody, SignIn
from adapters.sap.values import Value, ValueUnreadable, Version, count, literal

T = TypeVar("T")

_SAFE = "'(),;:$!*@/=-._~"
_CSRF = "x-csrf-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The options of a read. `filter` is written with `literal`; `top` bounds the rows, `skip` leaves some out."""

    filter: str = ""
    select: Sequence[str] = ()
    order: Sequence[str] = ()
    expand: Sequence[str] = ()
    top: int | None = None
    skip: int = 0
    with_count: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    def options(self, version: Version) -> dict[str, str]:
        """As they stand in an address, not yet quoted."""
        counting = ("$inlinecount", "allpages") if version is Version.V2 else ("$count", "true")
        told = {
            "$filter": self.filter,
            "$select": ",".join(self.select),
            "$expand": ",".join(self.expand),
            "$orderby": ",".join(self.order),
            "$top": "" if self.top is None else str(self.top),
            "$skip": str(self.skip) if self.skip else "",
            counting[0]: counting[1] if self.with_count else "",
            **self.more,
        }
        return {name: text for name, text in told.items() if text}


def address(path: str, options: Mapping[str, str]) -> str:
    """`path?options`, with every space as %20."""
    query = "&".join(f"{quote(name, safe='$')}={quote(text, safe=_SAFE)}" for name, text in options.items())
    return f"{path}?{query}" if query else path


def key(values: Mapping[str, Value], version: Version) -> str:
    """The key of one entity, in brackets: `(Customer='10100',CompanyCode='1710')`; a single one without its name."""
    told = {name: quote(literal(each, version), safe="'") for name, each in values.items()}
    if len(told) == 1:
        return f"({next(iter(told.values()))})"
    return "(" + ",".join(f"{name}={text}" for name, text in told.items()) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Generic[T]):
    """The rows of one answer. `bad` could not be read. `next` is where the service goes on; empty where it ends."""

    good: Sequence[T]
    bad: Sequence[bytes] = ()
    next: str = ""
    count: int | None = None
    told: int = 0  # rows that the answer held

    @property
    def is_last(self) -> bool:
        """Whether the service says that nothing follows."""
        return not self.next


class _Results(msgspec.Struct):
    results: msgspec.Raw = msgspec.Raw(b"")
    next: str | None = msgspec.field(name="__next", default=None)
    count: str | int | None = msgspec.field(name="__count", default=None)


class _V2(msgspec.Struct):
    d: msgspec.Raw


class _V4(msgspec.Struct):
    value: msgspec.Raw
    next: str | None = msgspec.field(name="@odata.nextLink", default=None)
    old_next: str | None = msgspec.field(name="odata.nextLink", default=None)
    count: str | int | None = msgspec.field(name="@odata.count", default=None)
    old_count: str | int | None = msgspec.field(name="odata.count", default=None)


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
        self._token = ""
        self._lock = Lock()

    # -- reading

    def get(self, path: str, query: Query | None = None, *, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a read, checked to be JSON."""
        url = self._url(path, query)
        return self._http.repeat(lambda: self._json(self._exchange("GET", url, headers=headers))).content

    def rows(self, path: str, kind: type[T], query: Query | None = None, **headers: str) -> Rows[T]:
        """One answer's rows, each as `kind`; what is not of that shape is in `bad`."""
        return read_rows(self.get(path, query, headers={k.replace("_", "-"): v for k, v in headers.items()}), kind)

    def one(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """One entity. Raises `NotThere`, and LedgerUnavailable for what is none."""
        return read_one(self.get(path, query), kind)

    def pages(self, path: str, kind: type[T], query: Query, *, size: int) -> Iterator[Rows[T]]:
        """All rows, some at a time: asked for `size` by `size`, and following the service where it gives fewer.

        A page may come out empty. For a list that changes meanwhile, ask by key instead of walking on.
        """
        skip = query.skip
        while True:
            seen = 0
            page = self.rows(path, kind, replace(query, top=size, skip=skip))
            yield page
            seen += page.told
            while page.next and seen < size:
                page = read_rows(self.get(page.next), kind)
                yield page
                seen += page.told
            if seen < size:
                return
            skip += seen

    def count(self, path: str, filter_: str = "") -> int:
        """How many rows there are, as text from `/$count`."""
        url = self._url(f"{path}/$count", Query(filter=filter_))

        def ask() -> httpx.Response:
            return self._checked(self._exchange("GET", url, headers={"Accept": "text/plain, */*;q=0.1"}))

        told = self._http.repeat(ask).text.strip().lstrip("\ufeff")
        try:
            return count(told) or 0
        except ValueUnreadable as error:
            raise LedgerUnavailable(f"{self._name} did not count: {error}.") from None

    # -- changing

    def change(
        self, method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Sends one change. Raises LedgerUnavailable with `sent=False` only where it was certainly not done."""
        return self._checked(self._change(method, self._url(path), body, headers or {}))

    def batch(self, calls: Sequence[Call], *, json: bool = False) -> list[Answer | None]:
        """An answer for each call, in order; None where the service stopped before a change.

        Reads alone are asked again until each has its answer: one that fails may stop the others, and changes nothing.
        """
        if any(call.method != "GET" for call in calls):
            return self._batch(calls, json=json)
        found: list[Answer | None] = []
        while len(found) < len(calls):
            rest = calls[len(found) :]
            answers = self._http.repeat(lambda rest=rest: self._batch(rest, json=json))  # type: ignore[misc]
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

    def _change(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        named = {"Content-Type": "application/json", **headers} if body else dict(headers)
        if not self._asks_for_tokens:
            return self._exchange(method, url, body, named)
        token = self._csrf(fresh=False)
        response = self._exchange(method, url, body, {**named, _CSRF: token})
        if _wants_token(response):  # refused before anything was done
            response = self._exchange(method, url, body, {**named, _CSRF: self._csrf(fresh=True, instead_of=token)})
        return response

    def _csrf(self, *, fresh: bool, instead_of: str = "") -> str:
        """The token that goes with our session's cookies. Threads that need a new one together fetch it once."""
        with self._lock:
            if self._token and not (fresh and self._token == instead_of):
                return self._token
            asked = {_CSRF: "Fetch", "Accept": "application/json"}
            answer = self._http.repeat(lambda: self._checked(self._exchange("GET", self._url(""), headers=asked)))
            self._token = answer.headers.get(_CSRF, "")
            return self._token

    # -- one exchange

    def _url(self, path: str, query: Query | None = None) -> str:
        """The address of a path below the service, or of a link that it gave, on our own host either way."""
        if "://" in path or path.startswith("/"):
            return self._rebased(path)
        options = {**(query or Query()).options(self.version), **self._fixed}
        return address(f"{self._root}/{path}", options)

    def _rebased(self, link: str) -> str:
        told, ours = urlsplit(link), urlsplit(self._root)
        service = ours.path.rpartition("/")[2]
        at = told.path.find(f"/{service}/")
        path = ours.path + told.path[at + len(service) + 1 :] if at >= 0 else told.path
        url = f"{ours.scheme}://{ours.netloc}{path}"
        return f"{url}?{told.query.replace('+', '%20')}" if told.query else url

    def _exchange(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Sends it; once more with new credentials where ours were refused."""
        for is_last in (False, True):
            signed = self._sign_in.headers()
            named = {**self._headers, **signed, **(headers or {})}
            response = self._http.send(
                self._http.client.build_request(method, url, headers=named, content=body or None)
            )
            if response.status_code != 401 or is_last or not self._sign_in.refused(signed):
                return response
        raise AssertionError("a second try ends above")

    def _checked(self, response: httpx.Response) -> httpx.Response:
        wait = retry_after(response.headers, self._now())
        error = error_of(response.status_code, _fault_of(response), where=self._name, wait=wait)
        if error is not None:
            raise error
        return response

    def _json(self, response: httpx.Response) -> httpx.Response:
        self._checked(response)
        if response.content[:1] not in (b"{", b"[") and response.content.lstrip()[:1] not in (b"{", b"["):
            kind = response.headers.get("content-type", "nothing").partition(";")[0]
            raise LedgerUnavailable(f"{self._name} answered with {kind} where JSON was asked for.")
        return response


_VERSIONS: dict[Version, dict[str, str]] = {
    Version.V2: {"MaxDataServiceVersion": "2.0"},
    Version.V4: {"OData-MaxVersion": "4.0"},
}


def _fault_of(response: httpx.Response) -> Fault:
    return read_fault(response.content if response.status_code >= 300 else b"")


def _wants_token(response: httpx.Response) -> bool:
    return response.status_code == 403 and response.headers.get(_CSRF, "").casefold() == "required"


def read_rows(body: bytes, kind: type[T]) -> Rows[T]:
    """The rows of an answer of either version. Raises LedgerUnavailable for what is no list of rows."""
    try:
        told, following, number = _list_in(body)
        good, bad = _each(told, kind)
        return Rows(good=good, bad=bad, next=following or "", count=count(number), told=len(good) + len(bad))
    except (msgspec.DecodeError, ValueUnreadable, UnicodeDecodeError) as error:
        raise LedgerUnavailable(f"What should be a list of rows is none: {error}.") from error


def read_one(body: bytes, kind: type[T]) -> T:
    """One entity of either version. Raises LedgerUnavailable for what is none."""
    try:
        wrapped = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        raw = wrapped["d"] if set(wrapped) == {"d"} else msgspec.Raw(body)
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LedgerUnavailable(f"What should be one row is none: {error}.") from error


def _list_in(body: bytes) -> tuple[msgspec.Raw, str | None, str | int | None]:
    if body.lstrip().startswith(b'{"d"') or body[:12].replace(b" ", b"").startswith(b'{"d"'):
        inner = msgspec.json.decode(body, type=_V2).d
        if bytes(inner).lstrip().startswith(b"["):
            return inner, None, None
        results = msgspec.json.decode(inner, type=_Results)
        if not bytes(results.results):
            raise msgspec.DecodeError("there are no results")
        return results.results, results.next, results.count
    listed = msgspec.json.decode(body, type=_V4)
    number = listed.count if listed.count is not None else listed.old_count
    return listed.value, listed.next or listed.old_next, number


def _each(told: msgspec.Raw, kind: type[T]) -> tuple[list[T], list[bytes]]:
    try:
        return msgspec.json.decode(told, type=list[kind]), []  # type: ignore[valid-type]
    except msgspec.ValidationError:
        good: list[T] = []
        bad: list[bytes] = []
        for raw in msgspec.json.decode(told, type=list[msgspec.Raw]):
            try:
                good.append(msgspec.json.decode(raw, type=kind))
            except msgspec.ValidationError:
                bad.append(bytes(raw))
        return good, bad
