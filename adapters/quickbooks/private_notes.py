"""Our entries as lines in the invoice's own PrivateNote, for companies that asked for it.

QuickBooks calls this field Statement Memo, and it may print on what the customer gets: only the neutral line of an
entry goes in, one of at most 120 characters, after what people wrote. The field is read, changed and written back with
its SyncToken. A batch holds only the intention (which line, on which invoices); the marker in the field says whether it
was carried out. What cannot go there (no such invoice any more, a closed period, no room) becomes an Attachable.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import msgspec

from adapters.documents import CustomerRef, DocumentKind
from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.ledger import Batch, Entry, Outcome, Receipt
from adapters.marker import find_markers, mark_line
from adapters.quickbooks import wire
from adapters.quickbooks.faults import STALE
from adapters.quickbooks.notes import UNSURE, NewNote, NoteWriter, batch_of, chunks, new_note, note_batch
from adapters.quickbooks.reads import PAGE, quoted, spelled

FIELD_LENGTH = 4000
LINE_LENGTH = 120
_ATTEMPTS = 3
_BODY_MARK = b'{"PrivateNotes":'


class _Intention(msgspec.Struct, kw_only=True):
    key: str
    line: str
    invoices: list[str]
    otherwise: NewNote


class _Intentions(msgspec.Struct, kw_only=True):
    notes: list[_Intention] = msgspec.field(name="PrivateNotes")


class _Update(msgspec.Struct, kw_only=True, rename="pascal"):
    id: str
    sync_token: str
    private_note: str
    sparse: bool = msgspec.field(name="sparse", default=True)


class _Part(msgspec.Struct, kw_only=True):
    b_id: str = msgspec.field(name="bId")
    invoice: _Update = msgspec.field(name="Invoice")
    operation: str = "update"


class _Request(msgspec.Struct, kw_only=True):
    parts: list[_Part] = msgspec.field(name="BatchItemRequest")


@dataclass(slots=True)
class _Progress:
    """What became of each (entry, invoice): written, or why not."""

    written: dict[tuple[str, str], str] = field(default_factory=dict)
    impossible: set[str] = field(default_factory=set)  # keys that go into an Attachable
    unsure: dict[str, str] = field(default_factory=dict)
    sent: bool = False


def with_lines(note: str, lines: Sequence[str]) -> str | None:
    """`note` with our lines at its end. Where it is full our oldest fall out; None where people left no room."""
    rows = [*note.splitlines(), *lines]
    while len(text := "\n".join(rows).strip()) > FIELD_LENGTH:
        oldest = next((at for at, row in enumerate(rows) if find_markers(row)), None)
        if oldest is None or rows[oldest] in lines:
            return None
        del rows[oldest]
    return text


class PrivateNoteWriter(NoteWriter):
    """Writes neutral lines where an entry has one and speaks of invoices; Attachables else."""

    def compose(self, entries: Sequence[Entry]) -> list[Batch]:
        """Batches of intentions, then batches of Attachables."""
        lines = [entry for entry in entries if entry.neutral_text and _invoices_of(entry)]
        others = [entry for entry in entries if not (entry.neutral_text and _invoices_of(entry))]
        return [*(_intentions(each) for each in chunks(lines)), *super().compose(others)]

    def post(self, batch: Batch) -> list[Receipt]:
        """Carries a batch out; may be repeated, since a line whose marker is there is not written again."""
        if not batch.body.startswith(_BODY_MARK):
            return super().post(batch)
        intended = msgspec.json.decode(batch.body, type=_Intentions).notes
        progress = _Progress()
        todo = intended
        for _ in range(_ATTEMPTS):
            todo = self._attempt(todo, progress)
            if not todo:
                break
        progress.impossible |= {each.key for each in todo}
        return [self._receipt(each, progress) for each in intended]

    def _attempt(self, todo: Sequence[_Intention], progress: _Progress) -> list[_Intention]:
        """Writes what is still to be written; returns what was overtaken by somebody else's change."""
        wanted: dict[str, list[_Intention]] = {}
        for each in todo:
            for ident in each.invoices:
                if (each.key, ident) not in progress.written:
                    wanted.setdefault(ident, []).append(each)
        rows = self._read(list(wanted), progress)
        parts: list[_Part] = []
        for row in rows:
            if row.total_amt or row.balance:
                parts += self._planned(row, wanted[row.id], progress)
        stale = self._write(parts, wanted, progress) if parts else set()
        return [each for each in todo if set(each.invoices) & stale and each.key not in progress.impossible]

    def _read(self, invoices: list[str], progress: _Progress) -> list[wire.Invoice]:
        try:
            return self._reader.by_ids(wire.Invoice, invoices)[0]
        except LedgerUnavailable as error:
            error.sent = progress.sent
            raise

    def _planned(self, row: wire.Invoice, intended: Sequence[_Intention], progress: _Progress) -> list[_Part]:
        there = set(find_markers(row.private_note or ""))
        progress.written |= {(each.key, row.id): row.id for each in intended if each.key in there}
        missing = [each for each in intended if each.key not in there]
        text = with_lines(row.private_note or "", [each.line for each in missing])
        if not missing or text is None:
            progress.impossible |= {each.key for each in missing}
            return []
        update = _Update(id=row.id, sync_token=row.sync_token or "", private_note=text)
        return [_Part(b_id=row.id[-10:], invoice=update)]

    def _write(self, parts: list[_Part], wanted: dict[str, list[_Intention]], progress: _Progress) -> set[str]:
        stale: set[str] = set()
        for some in chunks(parts):
            keys = {each.key for part in some for each in wanted[part.invoice.id]}
            progress.sent = True
            try:
                answers = self._send(batch_of(msgspec.json.encode(_Request(parts=list(some))), ()))
            except LedgerUnavailable as error:
                progress.unsure |= dict.fromkeys(keys, str(error))
                continue
            except LedgerConflict:
                stale |= {part.invoice.id for part in some}
                continue
            except LedgerRejected:
                progress.impossible |= keys
                continue
            for part in some:
                if self._is_stale(part.invoice.id, answers.get(part.b_id), wanted, progress):
                    stale.add(part.invoice.id)
        return stale

    def _is_stale(
        self, ident: str, answer: wire.BatchPart | None, wanted: dict[str, list[_Intention]], progress: _Progress
    ) -> bool:
        """Takes note of one part's answer; whether the invoice has to be read again."""
        keys = {each.key for each in wanted[ident]}
        if answer is None or (answer.fault is not None and answer.fault.code in UNSURE):
            reason = answer.fault.sentence if answer and answer.fault else "QuickBooks said nothing of this note."
            progress.unsure |= dict.fromkeys(keys, reason)
        elif answer.fault is None:
            progress.written |= {(key, ident): ident for key in keys}
        elif answer.fault.code == STALE:
            return True
        else:
            progress.impossible |= keys
        return False

    def _receipt(self, intended: _Intention, progress: _Progress) -> Receipt:
        if intended.key in progress.unsure:
            return Receipt(key=intended.key, outcome=Outcome.UNKNOWN, reason=progress.unsure[intended.key])
        on = [ident for (key, ident) in progress.written if key == intended.key]
        if on and intended.key not in progress.impossible:
            return Receipt(key=intended.key, outcome=Outcome.WRITTEN, ledger_id=f"invoice:{on[0]}")
        return super().post(note_batch([(intended.key, intended.otherwise)]))[0]

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our Attachables and our lines."""
        yield from super().posted(customers, since)
        start = datetime.combine(since, time(), UTC)
        for customer in customers:
            where = f"CustomerRef = {quoted(customer)} AND MetaData.LastUpdatedTime >= {quoted(spelled(start))}"
            position = 1
            while True:
                part = self._reader.page(wire.Invoice, where, "MetaData.LastUpdatedTime", position)
                for row in part.rows.good:
                    for key in find_markers(row.private_note or ""):
                        yield Receipt(key=key, outcome=Outcome.ALREADY_THERE, ledger_id=f"invoice:{row.id}")
                if part.covered < PAGE:
                    break
                position += PAGE


def _invoices_of(entry: Entry) -> list[str]:
    prefix = f"{DocumentKind.INVOICE}:"
    return [document.removeprefix(prefix) for document in entry.documents if document.startswith(prefix)]


def _intentions(entries: Sequence[Entry]) -> Batch:
    notes = [
        _Intention(
            key=entry.key,
            line=mark_line(entry.neutral_text, entry.key, LINE_LENGTH),
            invoices=_invoices_of(entry),
            otherwise=new_note(entry),
        )
        for entry in entries
    ]
    return batch_of(msgspec.json.encode(_Intentions(notes=notes)), [entry.key for entry in entries])
