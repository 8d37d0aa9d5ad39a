"""The ASGI app: S/4HANA's OData services over a company's books, under /sap/opu/odata/sap/."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote

from adapters.sandbox.books import Books
from adapters.sandbox.records import BooksError
from adapters.sap.s4hana.sandbox import attachments, listing, parts
from adapters.sap.s4hana.sandbox.attachments import Attachments
from adapters.sap.s4hana.sandbox.entries import CUSTOMER, Line
from adapters.sap.s4hana.sandbox.listing import Way
from adapters.sap.s4hana.sandbox.sessions import Sessions
from adapters.sap.s4hana.sandbox.sets import Sets
from adapters.sap.s4hana.sandbox.settings import Numbers, S4HanaSettings
from adapters.sap.s4hana.sandbox.wire import Answer, Refused

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ROOT = "/sap/opu/odata/sap/"
_SEGMENT = re.compile(r"(?P<entity>\w+)(?:\((?P<key>.*)\))?(?P<count>/\$count)?/?")


class S4HanaSandbox:
    """The journal entry cube and the business partners of one company code, over `books`."""

    def __init__(
        self, books: Books, *, now: Callable[[], datetime] | None = None, settings: S4HanaSettings | None = None
    ) -> None:
        self.settings = settings or S4HanaSettings()
        self.books = books
        self.now = now or books.now
        self.sessions = Sessions(self.settings, self.now)
        self.sets = Sets(books, self.settings)
        self.attachments = Attachments(self._has_entry, self.now)

    def _has_entry(self, linked: str) -> bool:
        """Whether a journal entry has this key: company code, document in ten digits, fiscal year."""
        code, rest = self.settings.company_code, linked.removeprefix(self.settings.company_code)
        numbers = {(each.number.document, each.number.year) for each in self.sets.lines()}
        return linked.startswith(code) and (rest[:10].lstrip("0"), rest[10:]) in numbers

    def names(self) -> dict[str, str]:
        """What of the books each customer line stands for: by kind and key of the line, as the adapter calls it."""
        return {
            f"{_kind_of(line)}:{line.number.year}/{line.number.document}/{line.item}": line.of
            for line in self.sets.lines()
            if line.of and line.account == CUSTOMER
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        answer = self.answer(scope["method"], scope["path"], params, headers, body)
        told = (("Content-Type", answer.content_type), *answer.headers, ("Content-Length", str(len(answer.body))))
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in told]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

    def answer(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """The answer to one call, whatever server it came through."""
        if not self.sessions.lets_in(headers):
            return self.sessions.stranger()
        service, _, rest = path.removeprefix(ROOT).partition("/")
        if not path.startswith(ROOT) or service not in {*self.sets.services, attachments.SERVICE}:
            return Refused(403, "/IWFND/MED/170", f"No service found for namespace '', name '{service}'").answer()
        if method not in {"GET", "HEAD"} and not self.sessions.trusts(headers):
            return self.sessions.distrust()
        way = self._way(service, params, headers)
        try:
            with self.books.lock:
                self.sets.begin()
                if service == attachments.SERVICE:
                    answer = self.attachments.answer(method, rest, params, headers, body)
                elif rest == "$batch":
                    answer = self._batch(service, headers, body, way)
                else:
                    answer = self._call(method, service, rest, params, body, way)
                if method != "GET":
                    self.sets.texts.note()
        except Refused as error:
            answer = error.answer(service, f"{int(self.now().timestamp()):032X}")
        told = (*answer.headers, ("DataServiceVersion", "2.0"), *self.sessions.fetched(headers))
        return answer._replace(headers=told)

    def _way(self, service: str, params: Mapping[str, str], headers: Mapping[str, str]) -> Way:
        host = self.settings.link_host or f"http://{headers.get('host', 'localhost')}"
        return Way(
            root=f"{host}{ROOT}{service}",
            filled=self.settings.numbers is Numbers.FILLED,
            page_size=self.settings.page_size,
            as_json="json" in headers.get("accept", "") or params.get("$format") == "json",
        )

    def _call(self, method: str, service: str, rest: str, params: Mapping[str, str], body: bytes, way: Way) -> Answer:
        if not rest:
            names = ",".join(f'"{each}"' for each in self.sets.services[service])
            return Answer(200, f'{{"d":{{"EntitySets":[{names}]}}}}'.encode())
        found = _SEGMENT.fullmatch(unquote(rest) if "%" in rest else rest)
        if found is None or found["entity"] not in self.sets.services[service]:
            raise Refused(404, "/IWFND/MED/170", f"Resource not found for segment '{rest[:60]}'")
        shape = self.sets.shape(found["entity"])
        key = listing.key_in(found["key"], shape) if found["key"] is not None else None
        if method in {"GET", "HEAD"}:
            rows = self.sets.rows(found["entity"])
            if key is not None:
                return listing.one(rows, key, params, shape, way)
            return listing.count(rows, params, shape) if found["count"] else listing.page(rows, params, shape, way)
        try:
            return self.sets.write(method, found["entity"], key, body)
        except BooksError as error:
            raise Refused(400, "R11/038", str(error)) from error

    # -- $batch

    def _batch(self, service: str, headers: Mapping[str, str], body: bytes, way: Way) -> Answer:
        told: list[Answer | Sequence[tuple[str, Answer]]] = []
        for each in parts.parts_of(headers.get("content-type", ""), body):
            if isinstance(each, parts.Part):
                told.append(self._part(service, each, way))
            else:
                told.append(self._changeset(service, each, way))
        return parts.answered(told)

    def _part(self, service: str, part: parts.Part, way: Way) -> Answer:
        as_json = "json" in part.headers.get("accept", "") or part.params.get("$format") == "json"
        way = Way(root=way.root, filled=way.filled, page_size=way.page_size, as_json=as_json)
        rest = part.path.removeprefix(f"{service}/").lstrip("/")
        try:
            return self._call(part.method, service, rest, part.params, part.body, way)
        except Refused as error:
            return error.answer(service)

    def _changeset(self, service: str, members: Iterable[parts.Part], way: Way) -> Answer | list[tuple[str, Answer]]:
        """All of it or nothing: one that fails is the whole changeset's answer."""
        before = self.sets.texts.snapshot()
        done: list[tuple[str, Answer]] = []
        for each in members:
            answer = self._part(service, each, way)
            if answer.status >= 400:
                self.sets.texts.restore(before)
                return answer
            done.append((each.content_id, answer))
        return done


def _kind_of(line: Line) -> str:
    """What the line is, by sign and type of document."""
    return "invoice" if line.amount > 0 else "payment" if line.kind == "DZ" else "credit_memo"
