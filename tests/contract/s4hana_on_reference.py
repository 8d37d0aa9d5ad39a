"""S/4HANA's dialect spoken to SAP's own engine, whose books a test changes as it changes those of our face.

The books' changes are posted by the face's clerk; the rows that come of it are put into the reference server before
each call, past its read-only services. What the adapter then reads, filters, orders, pages, counts, batches and writes,
SAP's engine and models answer. Entries written there become notes of the books, as on the face.
"""

from datetime import date, time
from decimal import Decimal

import httpx

from adapters.http import Http
from adapters.sap.odata import ODataClient
from adapters.sap.s4hana.sandbox import S4HanaSandbox, S4HanaSettings, items, partners, texts
from adapters.sap.s4hana.sandbox.texts import Place
from adapters.sap.s4hana.sandbox.wire import Row, Value
from adapters.sap.signin import Basic
from adapters.sap.values import Version
from tests.contract.ledgers import Line
from tests.contract.s4hana_connection import S4HanaConnection
from tests.reference.server import LEDGER, PARTNERS, PASSWORD, USER, Reference

_SERVICE = {items.ENTITY: LEDGER, **dict.fromkeys((*partners.KEYS, texts.ENTITY), PARTNERS)}
_DUNNING = "A_CustomerDunning"
_BROKEN = "*"  # what our face tells as the amount of a line that cannot be read


class S4HanaOnReference(S4HanaConnection):
    """A company code on the reference server, which has other books while this one is open."""

    def __init__(self, reference: Reference, settings: S4HanaSettings | None = None, *, page_size: int = 1000) -> None:
        self._reference = reference
        super().__init__(settings, page_size=page_size)

    def line(self) -> Line:
        return ReferenceLine(self._reference, self.face)

    def service(self, name: str, http: Http) -> ODataClient:
        sign_in = Basic(USER, lambda: PASSWORD)
        root = self._reference.root(name)
        return ODataClient(root, version=Version.V2, http=http, now=self.clock.now, sign_in=sign_in)


class ReferenceLine(Line):
    """The line to the reference server: the books stand there before a call, and what was written stands here after."""

    def __init__(self, reference: Reference, face: S4HanaSandbox) -> None:
        super().__init__()
        self._reference = reference
        self._face = face
        self._told: dict[str, list[Row]] = {entity: [] for entity in _SERVICE}
        self._seen: tuple[object, ...] = (0, frozenset(), ())
        self._seq = 0
        reference.hold(_by_service(self._told))

    def carry(self, request: httpx.Request) -> httpx.Response:
        self._bring()
        answer = self._reference.wire.handle_request(request)
        content = b"".join(answer.iter_raw())
        answer.close()
        if request.method != "GET":
            self._take_back()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)

    def _bring(self) -> None:
        """Puts the entity sets that changed into the server."""
        sets = self._face.sets
        self._seq = max((each.seq for each in self._face.books.history.after(self._seq)), default=self._seq)
        seen = (self._seq, frozenset(sets.broken), self._dunnings())
        if seen == self._seen:
            return
        self._seen = seen
        sets.begin()
        now = {entity: list(sets.rows(entity)) for entity in _SERVICE if entity != texts.ENTITY}
        changed = {entity: rows for entity, rows in now.items() if rows != self._told[entity]}
        self._told |= changed
        if changed:
            self._reference.hold(_by_service(changed))

    def _take_back(self) -> None:
        """Texts that were written become notes of the books."""
        told = self._reference.rows(PARTNERS, texts.ENTITY)
        with self._face.books.lock:
            kept = self._face.sets.texts
            kept.restore({Place(*(str(row[name]) for name in texts.KEY)): str(row["LongText"]) for row in told})
            kept.note()
        self._take_back_dunning()

    def _dunnings(self) -> tuple[object, ...]:
        """What the face's dunning records say."""
        told = self._face.sets.extras.dunnings
        return tuple(
            (who, each.area, each.block, each.level, each.last) for who, records in told.items() for each in records
        )

    def _take_back_dunning(self) -> None:
        """Blocks and levels that were written become the face's own."""
        sets = self._face.sets
        for row in self._reference.rows(PARTNERS, _DUNNING):
            for each in sets.extras.dunning(str(row["Customer"])):
                if each.area == row["DunningArea"]:
                    last = row["LastDunnedOn"]
                    each.block, each.level = str(row["DunningBlock"]), str(row["DunningLevel"])
                    each.last = date.fromisoformat(str(last)) if last else None
        sets.begin()
        self._told[_DUNNING] = list(sets.rows(_DUNNING))
        self._seen = (*self._seen[:2], self._dunnings())


def _by_service(sets: dict[str, list[Row]]) -> dict[str, dict[str, list[dict[str, object]]]]:
    found: dict[str, dict[str, list[dict[str, object]]]] = {}
    for entity, rows in sets.items():
        told = [{name: _stored(value) for name, value in row.items()} for row in rows]
        found.setdefault(_SERVICE[entity], {})[entity] = told
    return found


def _stored(value: Value) -> object:
    """A value as the server stores it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if value == _BROKEN:
        return "1e400"  # the engine makes 0 of what is no number, and tells this one as "Inf"
    return value.isoformat() if isinstance(value, date | time) else value
