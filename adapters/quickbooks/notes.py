"""Our entries as notes in QuickBooks: an Attachable on the customer and on every document it speaks of.

A batch is made without asking QuickBooks anything, from the entries alone, so that it can be stored before it is sent
and sent again as the same bytes. Its requestid and part ids come from its content.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from adapters.documents import CustomerRef, DocumentKind
from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.ledger import Batch, Entry, Outcome, Receipt
from adapters.marker import find_marker, mark
from adapters.quickbooks import wire
from adapters.quickbooks.answers import decoded
from adapters.quickbooks.client import QuickBooksClient
from adapters.quickbooks.faults import NOT_FOUND, THROTTLED, TROUBLE, Fault
from adapters.quickbooks.mapping import ENTITY_OF, instant
from adapters.quickbooks.reads import PAGE, Reader, quoted

NOTE_LENGTH = 2000
LINKS = 100
PER_BATCH = 30
_LINK_GONE = frozenset([NOT_FOUND, "6000", "2500"])
UNSURE = TROUBLE | {THROTTLED, "600"}
"""Faults after which it is open whether the note was written."""

T = TypeVar("T")


class Target(msgspec.Struct, kw_only=True):
    """A customer or a document."""

    type: str
    value: str


class AttachedTo(msgspec.Struct, kw_only=True, rename="pascal"):
    """A reference that never goes out with the invoice."""

    entity_ref: Target
    include_on_send: bool = False


class NewNote(msgspec.Struct, kw_only=True, rename="pascal"):
    """A note to be made."""

    note: str
    attachable_ref: list[AttachedTo]


class _Part(msgspec.Struct, kw_only=True):
    b_id: str = msgspec.field(name="bId")
    operation: str
    attachable: NewNote = msgspec.field(name="Attachable")


class _Request(msgspec.Struct, kw_only=True):
    parts: list[_Part] = msgspec.field(name="BatchItemRequest")


def chunks(entries: Sequence[T], size: int = PER_BATCH) -> Iterator[Sequence[T]]:
    """The entries in order, `size` at a time."""
    return (entries[at : at + size] for at in range(0, len(entries), size))


def batch_of(body: bytes, keys: Sequence[str]) -> Batch:
    """A batch whose requestid (32 characters; 36 are allowed) follows from its bytes, and its part ids from order."""
    request_id = hashlib.sha256(body).hexdigest()[:32]
    return Batch(request_id=request_id, body=body, members=tuple((str(at), key) for at, key in enumerate(keys, 1)))


def note_batch(notes: Sequence[tuple[str, NewNote]]) -> Batch:
    """A batch that makes these notes, each for the entry with its key."""
    parts = [_Part(b_id=str(at), operation="create", attachable=note) for at, (_, note) in enumerate(notes, 1)]
    return batch_of(msgspec.json.encode(_Request(parts=parts)), [key for key, _ in notes])


def new_note(entry: Entry) -> NewNote:
    """The note of an entry, attached to its customer first."""
    targets = [Target(type="Customer", value=entry.customer)]
    for document in entry.documents[: LINKS - 1]:
        kind, _, ident = document.partition(":")
        targets.append(Target(type=ENTITY_OF[DocumentKind(kind)], value=ident.partition(".")[0]))
    unique = {(target.type, target.value): target for target in targets}
    text = mark(entry.text, entry.key, NOTE_LENGTH)
    return NewNote(note=text, attachable_ref=[AttachedTo(entity_ref=target) for target in unique.values()])


class NoteWriter:
    """Posts batches of notes, and finds our notes again."""

    def __init__(self, client: QuickBooksClient, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    def compose(self, entries: Sequence[Entry]) -> list[Batch]:
        """Batches of thirty notes, in the order of the entries."""
        return [note_batch([(entry.key, new_note(entry)) for entry in each]) for each in chunks(entries)]

    def post(self, batch: Batch) -> list[Receipt]:
        """Sends the batch. What is attached to a document that is gone goes to the customer alone.

        An answer that did not come is `UNKNOWN` for all members; where nothing can have arrived,
        `LedgerUnavailable` is raised instead.
        """
        try:
            answers = self._send(batch)
        except LedgerUnavailable as error:
            if not error.sent:
                raise
            return [_unknown(key, str(error)) for _, key in batch.members]
        except LedgerConflict as error:
            return [_unknown(key, str(error)) for _, key in batch.members]
        except LedgerRejected as error:
            outcome = Outcome.UNKNOWN if error.code in UNSURE else Outcome.IMPOSSIBLE
            return [Receipt(key=key, outcome=outcome, reason=str(error)) for _, key in batch.members]
        receipts = {key: _receipt(key, answers.get(part)) for part, key in batch.members}
        for part, key in batch.members:
            fault = answers[part].fault if part in answers else None
            if fault is not None and fault.code in _LINK_GONE:
                receipts[key] = self._to_customer(batch, part, receipts[key])
        return [receipts[key] for _, key in batch.members]

    def _send(self, batch: Batch) -> dict[str, wire.BatchPart]:
        body = self._client.write("batch", batch.body, request_id=batch.request_id)
        reply = decoded(body, wire.BatchReply)
        return {part.b_id: part for part in reply.parts}

    def _to_customer(self, batch: Batch, part: str, refused: Receipt) -> Receipt:
        request = msgspec.json.decode(batch.body, type=_Request)
        note = next(each.attachable for each in request.parts if each.b_id == part)
        own = [each for each in note.attachable_ref if each.entity_ref.type == "Customer"]
        if len(own) == len(note.attachable_ref):
            return refused
        alone = note_batch([(refused.key, NewNote(note=note.note, attachable_ref=own))])
        try:
            return self.post(alone)[0]
        except LedgerUnavailable as error:
            return _unknown(refused.key, str(error))

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our notes on these customers, made on or after `since` (UTC)."""
        seen: set[str] = set()
        for customer in customers:
            for row in self._notes_on(customer):
                key = find_marker(row.note or "")
                made = instant(row.meta_data.create_time) if row.meta_data else None
                if key is None or row.id in seen or (made is not None and made.date() < since):
                    continue
                seen.add(row.id)
                yield Receipt(key=key, outcome=Outcome.ALREADY_THERE, ledger_id=row.id)

    def _notes_on(self, customer: CustomerRef) -> Iterator[wire.Attachable]:
        target = f"AttachableRef.EntityRef.Type = 'Customer' AND AttachableRef.EntityRef.value = {quoted(customer)}"
        start = 1
        while True:
            part = self._reader.page(wire.Attachable, target, "Id", start)
            yield from part.rows.good
            if part.covered < PAGE:
                return
            start += PAGE


def _receipt(key: str, answer: wire.BatchPart | None) -> Receipt:
    if answer is None:
        return _unknown(key, "QuickBooks said nothing of this note.")
    if answer.fault is not None:
        return _refused(key, answer.fault)
    if answer.attachable is None:
        return _unknown(key, "QuickBooks did not give this note back.")
    return Receipt(key=key, outcome=Outcome.WRITTEN, ledger_id=answer.attachable.id)


def _refused(key: str, fault: Fault) -> Receipt:
    """A fault as a receipt: impossible, or unknown where the fault is QuickBooks' own trouble."""
    outcome = Outcome.UNKNOWN if fault.code in UNSURE else Outcome.IMPOSSIBLE
    return Receipt(key=key, outcome=outcome, reason=fault.sentence)


def _unknown(key: str, reason: str) -> Receipt:
    return Receipt(key=key, outcome=Outcome.UNKNOWN, reason=reason)
