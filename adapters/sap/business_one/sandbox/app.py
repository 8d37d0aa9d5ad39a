"""The ASGI app: the Service Layer's paths over a company's books, `/b1s/v2` and `/b1s/v1`."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from datetime import datetime
from typing import Any, TypeAlias, cast
from urllib.parse import parse_qsl, unquote

from adapters.sandbox.books import Books
from adapters.sap.business_one.sandbox.activities import Activities
from adapters.sap.business_one.sandbox.batch import answer_batch
from adapters.sap.business_one.sandbox.context import Context
from adapters.sap.business_one.sandbox.journals import JournalEntries
from adapters.sap.business_one.sandbox.partners import Partners
from adapters.sap.business_one.sandbox.payments import Payments
from adapters.sap.business_one.sandbox.query import (
    Filter,
    after_in,
    keys_in,
    only_open,
    ordered,
    selected,
    whole_number,
)
from adapters.sap.business_one.sandbox.sales import Sales
from adapters.sap.business_one.sandbox.sessions import Sessions
from adapters.sap.business_one.sandbox.settings import SandboxSettings
from adapters.sap.business_one.sandbox.wire import V1, V2, Answer, Json, Refused, encode

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Undo: TypeAlias = Callable[[], None]
_PATH = re.compile(r"^/b1s/(v1|v2)/(.*)$")
_ROW = re.compile(r"^(\w+)\((.+)\)$")
_MAX_PAGE = re.compile(r"odata\.maxpagesize=(\d+)")
_OPEN_TRANSACTIONS = "InternalReconciliationsService_GetOpenTransactions"


class BusinessOneSandbox:
    """The Service Layer over `books`. `context` has what tests may change, `sessions` the sessions."""

    def __init__(
        self, books: Books, *, now: Callable[[], datetime] | None = None, settings: SandboxSettings | None = None
    ) -> None:
        self.settings = settings or SandboxSettings()
        self.books = books
        self.now = now or books.now
        self.context = Context(books=books, settings=self.settings, now=self.now)
        self.sessions = Sessions(
            self.now,
            self.settings.company,
            self.settings.user,
            self.settings.password,
            minutes=self.settings.session_minutes,
        )
        self.partners = Partners(self.context)
        self.activities = Activities(self.context)
        self._sales = {name: Sales(self.context, name) for name in ("Invoices", "CreditNotes", "DownPayments")}
        self._lists: dict[str, Any] = {
            **self._sales,
            "IncomingPayments": Payments(self.context),
            "JournalEntries": JournalEntries(self.context),
            "BusinessPartners": self.partners,
            "Activities": self.activities,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        body = await _body(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        answer = self.answer(scope["method"], scope["path"], params, headers, body)
        told = (("Content-Type", answer.content_type), ("Server", "Apache"), *answer.headers)
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in told]
        raw.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    def answer(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The answer to one call, whatever server it came through."""
        found = _PATH.match(path)
        if found is None:
            return Answer(404, b"<html><body><h1>Not Found</h1></body></html>", "text/html")
        dialect, rest = found.groups()
        try:
            with self.books.lock:
                return self._answered(method, rest, dict(params), dict(headers), body, dialect)
        except Refused as error:
            return error.answer(dialect)

    def _answered(
        self, method: str, rest: str, params: dict[str, str], headers: dict[str, str], body: bytes, dialect: str
    ) -> Answer:
        if (method, rest) == ("POST", "Login"):
            return self.sessions.login(_given(body))
        if (method, rest) == ("POST", "Logout"):
            return self.sessions.logout(headers)
        self.sessions.check(headers)
        if (method, rest) == ("POST", "$batch"):

            def call(way: str, url: str, own: dict[str, str], content: bytes) -> tuple[Answer, Undo | None]:
                target, _, query = url.partition("?")
                asked = dict(parse_qsl(query, keep_blank_values=True))
                inner = _PATH.match(target)
                try:
                    return self._called(way, inner[2] if inner else target, asked, own, content, dialect)
                except Refused as error:
                    return error.answer(dialect), None

            return answer_batch(headers, body, call, dialect)
        return self._called(method, rest, params, headers, body, dialect)[0]

    def _called(
        self, method: str, rest: str, params: dict[str, str], headers: dict[str, str], body: bytes, dialect: str
    ) -> tuple[Answer, Undo | None]:
        """One call, in a batch or not, and how to take it back."""
        row = _ROW.match(rest)
        if method == "GET":
            return self._read(rest, row, params, headers, dialect), None
        if method == "POST" and rest == "CompanyService_GetAdminInfo":
            return Answer(200, encode(self._admin())), None
        if method == "POST" and rest == _OPEN_TRANSACTIONS:
            return Answer(200, encode(self._open_transactions(_given(body)))), None
        if method == "POST" and rest == "Activities":
            made = self.activities.create(_given(body), dialect)
            location = f"/b1s/{dialect}/Activities({made['ActivityCode']})"
            answer = Answer(201, encode(made), headers=(("Location", location),))
            return answer, lambda: self.activities.undo(str(made["ActivityCode"]))
        if method == "PATCH" and row is not None and row[1] == "Activities":
            self.activities.change(row[2], _given(body))
            return Answer(204), None
        if method == "PATCH" and row is not None and row[1] in self._sales:
            self._sales[row[1]].change(row[2], _given(body), headers.get("if-match"), dialect)
            return Answer(204), None
        raise Refused(404, -1000, f"Unrecognized resource path {rest}")

    # -- reading

    def _read(
        self, rest: str, row: re.Match[str] | None, params: dict[str, str], headers: dict[str, str], dialect: str
    ) -> Answer:
        if row is not None and row[1] in self._lists:
            found = self._lists[row[1]].one(unquote(row[2]).strip("'"), dialect)
            mark = found.get("@odata.etag")
            told = selected(found, params.get("$select", ""), found)
            return Answer(200, encode(told), headers=(("ETag", mark),) if mark else ())
        name, _, more = rest.partition("/")
        if more == "$count":
            return Answer(200, str(len(self._rows(name, params, dialect))).encode(), "text/plain")
        return self._list(name, params, headers, dialect)

    def _list(self, name: str, params: dict[str, str], headers: dict[str, str], dialect: str) -> Answer:
        rows = self._rows(name, params, dialect)
        skip, top = whole_number(params, "$skip") or 0, whole_number(params, "$top")
        wanted = rows[skip : None if top is None else skip + top]
        size, told = self._page_size(headers)
        page = wanted[:size] if size else wanted
        known = rows[0] if rows else ()
        made: Json = {f"{'odata.metadata' if dialect == V1 else '@odata.context'}": f"$metadata#{name}"}
        if params.get("$count") == "true" or params.get("$inlinecount") == "allpages":
            made["odata.count" if dialect == V1 else "@odata.count"] = len(rows)
        made["value"] = [selected(each, params.get("$select", ""), known) for each in page]
        if len(page) < len(wanted):
            link = f"{name}?$skip={skip + len(page)}"
            made["odata.nextLink" if dialect == V1 else "@odata.nextLink"] = (
                f"/b1s/v1/{link}" if dialect == V1 else link
            )
        return Answer(200, encode(made), headers=(("OData-Version", "4.0" if dialect == V2 else "3.0"), *told))

    def _rows(self, name: str, params: dict[str, str], dialect: str) -> list[Json]:
        listed = self._lists.get(name)
        if listed is None and name != "Currencies":
            raise Refused(404, -1000, f"Unrecognized resource path {name}")
        text = params.get("$filter", "")
        rows = self._candidates(listed, text, dialect) if listed else self._currencies()
        shown = [row for row in rows if not listed or (name, row[listed.key]) not in self.context.hidden]
        test = Filter(text, shown[0]).test if text and shown else None
        kept = [row for row in shown if test(row)] if test else shown
        return ordered(kept, params.get("$orderby", ""), kept[0]) if kept else []

    @staticmethod
    def _candidates(listed: Any, text: str, dialect: str) -> Iterable[Json]:  # noqa: ANN401 - any of the lists
        """Rows among which are all that meet the filter."""
        keys = keys_in(text, listed.key)
        if keys:
            found = (_one(listed, each, dialect) for each in sorted(keys, key=int))
            return [row for row in found if row is not None]
        if isinstance(listed, Sales):
            rows: Iterable[Json] = listed.rows(dialect, after_in(text), only_open=only_open(text))
        else:
            rows = listed.rows(dialect, after_in(text))
        return rows

    def _page_size(self, headers: Mapping[str, str]) -> tuple[int, tuple[tuple[str, str], ...]]:
        """How many rows a page has; 0 for all."""
        found = _MAX_PAGE.search(headers.get("prefer", ""))
        if found and self.settings.heeds_max_page_size:
            return int(found[1]), (("Preference-Applied", f"odata.maxpagesize={found[1]}"),)
        told = headers.get("b1s-pagesize", "")
        return (int(told) if told.isdigit() and self.settings.heeds_max_page_size else self.settings.page_size), ()

    def _currencies(self) -> list[Json]:
        home = self.books.home_currency
        codes = {home, *self.books.rates, *(each.currency for each in self.books.customers())}
        return [{"Code": self.context.code(each), "Name": each, "DocumentsCode": each} for each in sorted(codes)]

    def _admin(self) -> Json:
        return {
            "CompanyName": self.books.name,
            "LocalCurrency": self.settings.local_code,
            "SystemCurrency": self.settings.local_code,
            "Country": self.books.country,
        }

    def _open_transactions(self, given: Json) -> Json:
        asked = given.get("InternalReconciliationOpenTransParams") or {}
        if asked.get("CardOrAccount") != "coaCard" or not asked.get("ReconDate"):
            raise Refused(400, -1000, "InternalReconciliationOpenTransParams is invalid")
        codes = [str(each.get("BPCode")) for each in asked.get("InternalReconciliationBPs") or []]
        rows = self.partners.open_transactions(codes)
        return {
            "CardOrAccount": "coaCard",
            "ReconDate": asked["ReconDate"],
            "InternalReconciliationOpenTransRows": rows,
        }


def _one(listed: Any, key: str, dialect: str) -> Json | None:  # noqa: ANN401 - any of the lists
    try:
        return cast("Json", listed.one(key, dialect))
    except Refused:
        return None


def _given(body: bytes) -> Json:
    try:
        told = json.loads(body or b"{}")
    except ValueError as error:
        raise Refused(400, -1000, "Invalid JSON") from error
    if not isinstance(told, dict):
        raise Refused(400, -1000, "Invalid JSON")
    return told


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
