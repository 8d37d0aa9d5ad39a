"""Every change of the books with its instant: what a judge outside rebuilds the whole company from.

One JSON object a line: `seq` (1, 2, …), `at` (ISO 8601, UTC, `Z`), `entity` (customer, invoice, payment,
credit_memo, journal, note), `id`, `event` (create, update, delete, void, merge) and `record`, the snapshot after
the change. Amounts are strings of decimals, signed as in `adapters.sandbox.records`. A change of a document's open
balance is always a change of that document: what was open at an instant is the `open` of its last record up to it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

import msgspec

from adapters.sandbox.records import Customer, Document, Note
from adapters.sandbox.store import HistoryRow, RowStore

_PAGE = 5000
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the history; `record` is the neutral snapshot after the change."""

    seq: int
    at: datetime
    entity: str
    id: str
    event: str
    record: dict[str, Any]


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with a `Z` and microseconds, so that instants sort as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def snapshot(record: Customer | Document | Note) -> dict[str, Any]:
    """The neutral picture of a record, without a dialect's own fields."""
    if isinstance(record, Document):
        return _document(record)
    if isinstance(record, Note):
        return {
            "id": record.id,
            "text": record.text,
            "links": [{"kind": kind, "id": ident} for kind, ident in record.links],
            "created_at": instant(record.created_at),
            "deleted": record.deleted,
        }
    fields = msgspec.structs.asdict(record)
    del fields["extra"]
    return {**fields, "created_at": instant(record.created_at), "updated_at": instant(record.updated_at)}


def _document(document: Document) -> dict[str, Any]:
    return {
        "kind": document.kind.value,
        "id": document.id,
        "number": document.number,
        "customer": document.customer,
        "currency": document.currency,
        "total": str(document.total),
        "open": str(document.open),
        "deposit": str(document.deposit),
        "issue_date": document.issue_date.isoformat(),
        "due_date": document.due_date.isoformat(),
        "created_at": instant(document.created_at),
        "voided": document.voided,
        "deleted": document.deleted,
        "bill_email": document.bill_email,
        "memo": document.memo,
        "reference": document.reference,
        "delivery": document.delivery,
        "sent_at": instant(document.sent_at) if document.sent_at else None,
        "allocations": [{"target": each.target, "amount": str(each.amount)} for each in document.allocations],
    }


def encoded(record: Customer | Document | Note) -> str:
    """The snapshot as JSON text."""
    return _encode(snapshot(record)).decode()


class History:
    """The append-only list of changes, read page by page from the books' rows."""

    def __init__(self, rows: RowStore, lock: RLock, now: Callable[[], datetime]) -> None:
        self._rows = rows
        self._lock = lock
        self._now = now

    def append(self, entity: str, event: str, record: Customer | Document | Note) -> None:
        """Records a change that has just happened."""
        self._rows.record(instant(self._now()), entity, record.id, event, encoded(record))

    def _raw(self, seen: int = 0) -> Iterator[HistoryRow]:
        while True:
            with self._lock:
                page = self._rows.history(seen, _PAGE)
            if not page:
                return
            yield from page
            seen = page[-1].seq

    def __iter__(self) -> Iterator[Change]:
        """All changes, oldest first."""
        return self.after(0)

    def after(self, seq: int) -> Iterator[Change]:
        """The changes that followed the one with this number, oldest first."""
        for row in self._raw(seq):
            yield Change(
                seq=row.seq,
                at=datetime.fromisoformat(row.at),
                entity=row.entity,
                id=row.id,
                event=row.event,
                record=msgspec.json.decode(row.record),
            )

    def export(self, path: Path) -> int:
        """Writes all changes as JSON lines; returns how many."""
        written = 0
        with path.open("w", encoding="utf-8", newline="\n") as out:
            for row in self._raw():
                out.write(
                    f'{{"seq":{row.seq},"at":"{row.at}","entity":"{row.entity}","id":"{row.id}",'
                    f'"event":"{row.event}","record":{row.record}}}\n'
                )
                written += 1
        return written
