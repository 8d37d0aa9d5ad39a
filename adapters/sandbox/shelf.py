"""Records to rows and back: the only place that knows both."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

import msgspec

from adapters.sandbox.records import Customer, Document, JournalEntry, ListEntry, Note, Record
from adapters.sandbox.store import Row, RowStore, scaled

CUSTOMER = "customer"
NOTE = "note"
ENTRY = "journal_entry"
_FIRST_NOTE = 5_000_000_000_000_000_000  # 19 digits: an id that any float would spoil
_encode = msgspec.json.Encoder(decimal_format="number").encode
_CLASSES: dict[str, type[Customer | Note | JournalEntry]] = {CUSTOMER: Customer, NOTE: Note, ENTRY: JournalEntry}
_DOCUMENTS = frozenset(["invoice", "payment", "credit_memo", "journal"])
_decoders: dict[Any, Callable[[str], Any]] = {
    cls: msgspec.json.Decoder(cls, float_hook=Decimal).decode
    for cls in (Customer, Note, JournalEntry, Document, ListEntry)
}
_R = TypeVar("_R", bound=Record)


def kind_of(record: Record) -> str:
    """The kind under which a record is kept."""
    if isinstance(record, (Document, ListEntry)):
        return str(record.kind)
    return next(kind for kind, cls in _CLASSES.items() if isinstance(record, cls))


def record_of(row: Row) -> Record:
    """The record in a row."""
    cls = Document if row.kind in _DOCUMENTS else _CLASSES.get(row.kind, ListEntry)
    return cast("Record", _decoders[cls](row.body))


def order_of(ident: str) -> int:
    """An id as a number for ordering; notes' 19 digits are taken less their base, to stay within SQLite's integers."""
    number = int(ident.partition(".")[0])
    return number - _FIRST_NOTE if number >= _FIRST_NOTE else number


def row_of(record: Record) -> Row:
    """The row for a record. A customer's balances are not part of it: they move with its documents."""
    document = record if isinstance(record, Document) else None
    customer = record if isinstance(record, Customer) else None
    name = record.name if isinstance(record, (Customer, ListEntry)) else None
    if isinstance(record, Note):
        name = "".join(f";{kind}:{ident}" for kind, ident in record.links) + ";"
    number = record.number if isinstance(record, (Document, JournalEntry)) else None
    day = record.on if isinstance(record, JournalEntry) else document.issue_date if document else None
    return Row(
        id=record.id,
        kind=kind_of(record),
        n=order_of(record.id),
        version=record.version,
        created=int(record.created_at.timestamp()),
        updated=int(record.updated_at.timestamp()),
        deleted=int(record.deleted),
        customer=document.customer if document else None,
        open=scaled(document.open) if document else (0 if record.version == 0 and customer else None),
        jobs=0 if record.version == 0 and customer else None,
        total=scaled(document.total) if document else None,
        day=day.isoformat() if day else None,
        due=document.due_date.isoformat() if document else None,
        number=number,
        name=name,
        active=int(record.active) if isinstance(record, (Customer, ListEntry)) else 1,
        parent=customer.parent if customer else None,
        body=_encode(record).decode(),
    )


class Shelf:
    """Typed access to the rows, and the numbers for new ids."""

    def __init__(self, rows: RowStore, now: Callable[[], datetime]) -> None:
        self.rows = rows
        self._now = now
        self._next: dict[str, int] = {}

    def new_id(self, sequence: str) -> str:
        """The next id: transactions share one sequence, every list has its own."""
        number = self._next.get(sequence, 0) + 1
        self._next[sequence] = number
        return str(_FIRST_NOTE + number if sequence == NOTE else number)

    def find(self, cls: type[_R], kind: str, ident: str) -> _R | None:
        """The record of this kind and id, deleted or not."""
        row = self.rows.get(kind, ident)
        return None if row is None else self.decode(cls, row)

    @staticmethod
    def decode(kind: type[_R], row: Row) -> _R:
        """The record in a row."""
        return cast("_R", _decoders[kind](row.body))

    def create(self, record: _R) -> _R:
        """Writes a new record: version 0, created now."""
        now = self._now()
        made = msgspec.structs.replace(record, version=0, created_at=now, updated_at=now)
        self.rows.put(row_of(made))
        return made

    def update(self, record: _R) -> _R:
        """Writes a changed record: the next version, updated now."""
        made = msgspec.structs.replace(record, version=record.version + 1, updated_at=self._now())
        self.rows.put(row_of(made))
        return made

    def each(self, cls: type[_R], kind: str, condition: str = "1", values: tuple[object, ...] = ()) -> Iterator[_R]:
        """The records of a kind that are not deleted, in the order of their ids."""
        where = f"kind = ? AND deleted = 0 AND {condition}"
        for row in self.rows.select(where, (kind, *values)):
            yield self.decode(cls, row)
