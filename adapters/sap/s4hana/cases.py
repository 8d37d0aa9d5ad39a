"""Promises and disputes in a service of the customer's own (OData V4): SAP has released none for its own objects.

Whoever wraps SAP's promises to pay or dispute cases names the service's address; docs/sap.md says which two entity sets
it must have. Each row is called by our entry's key: it is looked for before it is made, so none is made twice, and a
later entry about it changes its state alone.
"""

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from adapters.errors import LedgerUnavailable
from adapters.ledger import EntryKind
from adapters.sap.faults import NotThere
from adapters.sap.odata import ODataClient, Query
from adapters.sap.s4hana.texts import Note

PROMISES, DISPUTES = "Promises", "Disputes"
_OPENING = {EntryKind.PROMISE_MADE: (PROMISES, "made"), EntryKind.DISPUTE_OPENED: (DISPUTES, "open")}
_CHANGING = {
    EntryKind.PROMISE_KEPT: (PROMISES, "kept"),
    EntryKind.PROMISE_PARTLY_KEPT: (PROMISES, "partly_kept"),
    EntryKind.PROMISE_BROKEN: (PROMISES, "broken"),
    EntryKind.PROMISE_WITHDRAWN: (PROMISES, "withdrawn"),
    EntryKind.PROMISE_OVERTAKEN: (PROMISES, "overtaken"),
    EntryKind.DISPUTE_REVIEWED: (DISPUTES, "under_review"),
    EntryKind.DISPUTE_RESOLVED: (DISPUTES, "resolved"),
}


class Case(msgspec.Struct, rename="pascal"):
    """As much of a row as is read back."""

    entry_key: str
    state: str = ""
    etag: str | None = msgspec.field(name="@odata.etag", default=None)


class CaseWriter:
    """Writes promises and disputes of one company code into the service."""

    def __init__(self, client: ODataClient, company_code: str) -> None:
        self._client = client
        self._company_code = company_code

    def __call__(self, note: Note) -> str:
        """Before the entry's text is written. Returns what could not be done, empty where nothing is missing."""
        kind = EntryKind(note.kind) if note.kind else None
        if kind in _OPENING:
            self._open(note, *_OPENING[kind])
        elif kind in _CHANGING and note.about:
            return self._change(note.about, *_CHANGING[kind])
        return ""

    def _open(self, note: Note, entities: str, state: str) -> None:
        if self._find(entities, note.key) is not None:
            return
        row: Mapping[str, object] = {
            "EntryKey": note.key,
            "CompanyCode": self._company_code,
            "Customer": note.customer,
            "Documents": ", ".join(each.partition(":")[2] for each in note.documents),
            "Amount": note.amount,
            "Currency": note.currency,
            "OnDay": note.day.isoformat() if note.day else None,
            "State": state,
            "Text": note.text,
        }
        headers = {"Content-Type": "application/json;IEEE754Compatible=true"}  # amounts are text
        self._client.change("POST", entities, msgspec.json.encode(row), headers=headers)

    def _change(self, opened: str, entities: str, state: str) -> str:
        row = self._find(entities, opened)
        if row is None:
            return f"Not in the service named for promises and disputes: {opened}."
        if row.state != state:
            headers = {"If-Match": row.etag or "*"}
            self._client.change(
                "PATCH", _path(entities, opened), msgspec.json.encode({"State": state}), headers=headers
            )
        return ""

    def _find(self, entities: str, key: str) -> Case | None:
        try:
            return self._client.one(_path(entities, key), Case, Query(select=("EntryKey", "State")))
        except NotThere:
            return None
        except LedgerUnavailable as error:
            error.sent = False  # what it is looked for has not been sent
            raise


def _path(entities: str, key: str) -> str:
    return f"{entities}('{quote(key.replace(chr(39), chr(39) * 2), safe=chr(39))}')"
