"""The ASGI app: Intuit's paths over a company's books. Any realm id in a path is this company."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeAlias
from urllib.parse import parse_qsl
from uuid import uuid4
from zoneinfo import ZoneInfo

from adapters.quickbooks.sandbox import chart
from adapters.quickbooks.sandbox.attachables import MAX_BYTES, Attachables
from adapters.quickbooks.sandbox.batch import batch
from adapters.quickbooks.sandbox.context import Context, refused
from adapters.quickbooks.sandbox.oauth import Answer, OAuth
from adapters.quickbooks.sandbox.operations import Operations
from adapters.quickbooks.sandbox.query import instant_of
from adapters.quickbooks.sandbox.replay import Replay
from adapters.quickbooks.sandbox.reports import Reports
from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.quickbooks.sandbox.tokens import Tokens
from adapters.quickbooks.sandbox.uploads import Part, files_in, parts_of
from adapters.quickbooks.sandbox.wire import Json, Refused, body_time, decode, encode, gateway_fault
from adapters.sandbox.books import Books
from adapters.sandbox.records import BooksError

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LARGEST_BODY = MAX_BYTES + 1024 * 1024
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class QuickBooksSandbox:
    """Intuit's API v3, its OAuth server included, over `books`."""

    def __init__(
        self,
        books: Books,
        *,
        now: Callable[[], datetime] | None = None,
        settings: SandboxSettings | None = None,
    ) -> None:
        self.settings = settings or SandboxSettings()
        self.books = books
        self.now = now or books.now
        self.context = Context(books=books, settings=self.settings, now=self.now, zone=ZoneInfo(books.zone))
        self.operations = Operations(self.context)
        self.tokens = Tokens(self.settings, self.now)
        self._oauth = OAuth(self.settings, self.tokens, books.name)
        self._replay = Replay(self.settings, self.now)
        self._reports = Reports(self.context)
        self._serial = count(1)
        chart.plant(self.context)

    def poison(self, entity: str, ident: str) -> None:
        """From now on every page that holds this row fails (4002): `poison("Invoice", "130")`."""
        self.context.poisoned.add((entity, ident))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        body = await _body(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        answer = self.answer(scope["method"], scope["path"], params, headers, body)
        tid = f"1-{int(self.now().timestamp()):08x}-{uuid4().hex[:18]}{next(self._serial):06x}"
        told = (("Content-Type", answer.content_type), ("Intuit-Tid", tid), *answer.headers)
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in told]
        raw.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    def answer(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The answer to one call, whatever server it came through."""
        opening = self._oauth.answer(method, path, params, headers, body)
        if opening is not None:
            return opening
        parts = path.strip("/").split("/")
        if parts[:2] != ["v3", "company"] or len(parts) < 4:
            return self._fault(
                Refused("500", f"Operation Could not find resource for relative : {path} is not supported.")
            )
        if not self.tokens.opens(headers.get("authorization", "").removeprefix("Bearer ").strip()):
            return self.unauthorized()
        try:
            return self._company(method, parts[3:], dict(params), headers, body)
        except Refused as error:
            return self._fault(error)
        except BooksError as error:
            return self._fault(refused(error))

    def unauthorized(self) -> Answer:
        """What a bad or expired access token gets."""
        message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
        body = gateway_fault("3200", message, "Token expired", self.now())
        challenge = ("Www-Authenticate", 'Bearer realm="Intuit", error="invalid_token"')
        return Answer(401, body, "application/json", (challenge,))

    def _company(
        self, method: str, parts: list[str], params: dict[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if method == "GET" and parts[-1] == "pdf" and len(parts) == 3:
            self.operations.read(parts[0], parts[1], {})
            return Answer(200, _PDF, "application/pdf")
        if method == "GET":
            return self._answered(self._read(parts, params))
        if method != "POST":
            raise Refused("500", f"Operation {method} is not supported.", status=405)
        if parts == ["query"]:
            return self._answered({"QueryResponse": self.operations.query(body.decode("utf-8", "replace"), params)})
        return self._once(parts, params, headers, body)

    def _once(self, parts: list[str], params: dict[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        request_id = params.get("requestid", "")
        known = self._replay.known(request_id, body) if request_id else None
        if known is not None:
            return self._ok(known)
        answer = self._answered(self._write(parts, params, headers, body))
        if request_id:
            self._replay.remember(request_id, body, answer.body)
        return answer

    def _read(self, parts: list[str], params: dict[str, str]) -> Json:
        head = parts[0].lower()
        if parts == ["query"]:
            return {"QueryResponse": self.operations.query(params.get("query", ""), params)}
        if head == "cdc":
            return self._changes(params)
        if head == "reports" and len(parts) == 2:
            return self._reports.report(parts[1], params)
        if head == "preferences" and len(parts) == 1:
            return self.operations.read("preferences", "1", params)
        if len(parts) != 2:
            where = "/".join(parts)
            raise Refused("500", f"Operation Could not find resource for relative : /{where} is not supported.")
        return self.operations.read(head, parts[1], params)

    def _changes(self, params: dict[str, str]) -> Json:
        try:
            since = instant_of(params.get("changedSince", ""), self.context.zone)
        except ValueError as error:
            raise Refused("2080", "changedSince is no date-time", element="changedSince") from error
        if self.now() - since > timedelta(days=self.settings.cdc_days):
            raise Refused(
                "2080", f"changedSince is more than {self.settings.cdc_days} days ago", element="changedSince"
            )
        found = self.operations.changes(params.get("entities", ""), int(since.timestamp()))
        return {"CDCResponse": [{"QueryResponse": found}]}

    def _write(self, parts: list[str], params: dict[str, str], headers: Mapping[str, str], body: bytes) -> Json:
        if parts == ["upload"]:
            return self._upload(headers.get("content-type", ""), body)
        if len(parts) == 3 and parts[2] == "send":
            return self._send(parts[0], parts[1], params)
        try:
            given = decode(body)
        except ValueError as error:
            raise Refused("2010", "The request body is no JSON") from error
        if not isinstance(given, dict) or len(parts) != 1:
            raise Refused("500", f"Operation on /{'/'.join(parts)} is not supported.")
        if parts == ["batch"]:
            return batch(self.operations, given)
        return self.operations.write(parts[0], given, params)

    def _send(self, name: str, ident: str, params: dict[str, str]) -> Json:
        books = self.context.books
        shown = self.operations.read(name, ident, {})
        if name.lower() != "invoice":
            raise Refused("500", f"Operation send on {name} is not supported.")
        given = params.get("sendTo", "").partition("?")[0]
        if given:
            books.change_bill_email(ident, given)
        if not (given or shown["Invoice"].get("BillEmail")):
            raise Refused("2020", "Required parameter BillEmail is missing in the request", element="BillEmail")
        books.mail_invoice(ident)
        return self.operations.read(name, ident, {})

    def _upload(self, content_type: str, body: bytes) -> Json:
        files = files_in(parts_of(content_type, body))
        return {"AttachableResponse": [self._uploaded(facts, part) for facts, part in files]}

    def _uploaded(self, facts: Json, part: Part) -> Json:
        attachables = self.operations.entities["attachable"]
        assert isinstance(attachables, Attachables)
        if len(part.content) > MAX_BYTES:
            return {"Fault": Refused("6030", "The file is larger than 100 MB").fault()}
        kind = facts.get("ContentType") or part.headers.get("content-type", "application/octet-stream")
        told = {"Size": len(part.content), "ContentType": kind}
        try:
            return {"Attachable": attachables.get(attachables.keep({"FileName": "attachment", **facts}, told))}
        except Refused as error:
            return {"Fault": error.fault()}

    def _answered(self, made: Json) -> Answer:
        return self._ok(encode({**made, "time": body_time(self.now(), self.context.zone)}))

    @staticmethod
    def _ok(body: bytes) -> Answer:
        return Answer(200, body, headers=(("Qbo-Version", "1999.1"), ("Service-Time", "total=5, db=1")))

    def _fault(self, error: Refused) -> Answer:
        body = {"Fault": error.fault(), "time": body_time(self.now(), self.context.zone)}
        return Answer(error.status, encode(body), "application/json")


async def _body(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if not message.get("more_body") or size > _LARGEST_BODY:
            return b"".join(parts)


def is_metered(method: str, path: str) -> bool:
    """Whether a call counts against the month's quota when it succeeds: reads, queries, CDC and reports do."""
    parts = path.strip("/").split("/")
    return parts[:2] == ["v3", "company"] and (method == "GET" or parts[-1] == "query")
