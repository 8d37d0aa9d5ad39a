"""Our entries in Business One: an activity on the customer, linked to the first document it speaks of.

A promise is a task with the promised day as its EndDueDate, and is closed when it was kept, broken or withdrawn. The
whole text stands in Notes and ends with our marker, its first line in Details. An activity has no key of ours: so the
customer's recent activities are searched for the marker before anything is written.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import cast

import msgspec

from adapters.documents import CustomerRef
from adapters.errors import LedgerConflict, LedgerError, LedgerRejected, LedgerUnavailable
from adapters.ledger import Batch, Entry, EntryKind, Outcome, Receipt
from adapters.marker import find_marker, mark
from adapters.sap.batch import Answer, Call
from adapters.sap.business_one import wire
from adapters.sap.business_one.documents import Key, key_of
from adapters.sap.business_one.reads import Asked, Reader, Service, cut, on, quoted
from adapters.sap.business_one.settings import Settings
from adapters.sap.odata import read_one

NOTE_LENGTH, PER_BATCH = 2000, 30
_SLACK = timedelta(days=1)
"""The server's day of an activity may be another than ours."""
_CLOSING = frozenset(
    [
        EntryKind.PROMISE_KEPT,
        EntryKind.PROMISE_PARTLY_KEPT,
        EntryKind.PROMISE_BROKEN,
        EntryKind.PROMISE_WITHDRAWN,
        EntryKind.PROMISE_OVERTAKEN,
    ]
)


class _Note(msgspec.Struct, kw_only=True, omit_defaults=True):
    key: str
    customer: str
    text: str
    at: date
    type: int = 0
    entry: int = 0
    due: date | None = None  # of a task
    closes: str = ""  # the key of the entry whose task is done


@dataclass(slots=True)
class _Open:
    """A note on its way: `link` falls away where the document is refused."""

    note: _Note
    task: int | None = None
    link: bool = True


class ActivityWriter:
    """Writes entries and finds them again."""

    def __init__(self, service: Service, reader: Reader, settings: Settings) -> None:
        self._service = service
        self._client = service.client
        self._reader = reader
        self._settings = settings

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Batches of thirty entries; the same entries make the same bytes."""
        return [self._batch(entries[at : at + PER_BATCH]) for at in range(0, len(entries), PER_BATCH)]

    def _batch(self, entries: Sequence[Entry]) -> Batch:
        body = msgspec.json.encode([_note(each) for each in entries])
        members = tuple((str(at), each.key) for at, each in enumerate(entries, 1))
        return Batch(request_id=hashlib.sha256(body).hexdigest()[:32], body=body, members=members)

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our entries on these customers from a day on (the server's, a day more where it may be another)."""
        for row in self._activities(customers, f"ActivityDate ge {on(since - _SLACK)}"):
            if (key := find_marker(row.notes or "")) is not None:
                yield Receipt(key=key, outcome=Outcome.ALREADY_THERE, ledger_id=str(row.activity_code))

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Writes what is not there yet. What was on its way when an answer was lost is UNKNOWN.

        Raises LedgerUnavailable where certainly nothing of the batch was written.
        """
        notes = msgspec.json.decode(batch.body, type=list[_Note])
        there = self._there(notes)
        receipts = {
            note.key: Receipt(key=note.key, outcome=Outcome.ALREADY_THERE, ledger_id=str(there[note.key].activity_code))
            for note in notes
            if note.key in there
        }
        missing = [note for note in notes if note.key not in there]
        if missing:
            tasks = self._referred(missing)
            on_their_way = [self._prepared(note, tasks) for note in missing]
            receipts |= self._send(on_their_way, is_first=True)
        return [receipts[note.key] for note in notes]

    # -- what is there

    def _there(self, notes: Sequence[_Note]) -> dict[str, wire.Activity]:
        """Our activities among the customers' recent ones, by the entry's key."""
        name = self._settings.marker_field
        if name:
            lists = [
                Asked(
                    kind=cast("type[wire.Row]", wire.Activity),
                    filter=" or ".join(f"{name} eq {quoted(note.key)}" for note in some),
                )
                for some in cut(notes, 20)
            ]
            rows = cast("list[wire.Activity]", self._reader.all_of(lists)[wire.Activity].good)
        else:
            first = min(note.at for note in notes) - _SLACK
            rows = list(self._activities({note.customer for note in notes}, f"ActivityDate ge {on(first)}"))
        return {key: row for row in rows if (key := find_marker(row.notes or "")) is not None}

    def _referred(self, notes: Sequence[_Note]) -> dict[str, wire.Activity]:
        """The activities of earlier entries that these end: promises."""
        wanted = {note.closes for note in notes if note.closes}
        customers = {note.customer for note in notes if note.closes}
        found = {}
        for row in self._activities(customers, "") if wanted else ():
            if (key := find_marker(row.notes or "")) in wanted and key is not None:
                found[key] = row
        return found

    def _activities(self, customers: Collection[str], condition: str) -> Iterator[wire.Activity]:
        kind: type[wire.Row] = wire.Activity
        more = f" and {condition}" if condition else ""
        codes = (" or ".join(f"CardCode eq {quoted(each)}" for each in some) for some in cut(sorted(customers), 20))
        lists = [Asked(kind=kind, filter=f"({each}){more}") for each in codes]
        if lists:
            yield from cast("list[wire.Activity]", self._reader.all_of(lists)[kind].good)

    # -- what is to be written

    def _prepared(self, note: _Note, referred: dict[str, wire.Activity]) -> _Open:
        """The note with the task it closes."""
        task = referred.get(note.closes)
        return _Open(note=note, task=task.activity_code if task and not wire.yes(task.closed) else None)

    def _calls(self, each: _Open) -> list[Call]:
        base = f"{self._service.base}/Activities"
        note = each.note
        told: dict[str, object] = {
            "CardCode": note.customer,
            "ActivityProperty": "cn_Task" if note.due else "cn_Note",
            "Details": _cut(note.text.partition("\n")[0], self._settings.details_length),
            "Notes": note.text,
        }
        if note.entry and each.link:
            told |= {"DocType": str(note.type), "DocEntry": str(note.entry)}
        if note.due:
            told["EndDueDate"] = note.due.isoformat()
        if self._settings.marker_field:
            told[self._settings.marker_field] = note.key
        calls = [Call(method="POST", path=base, body=msgspec.json.encode(told))]
        if each.task is not None:  # first, so that a promise whose end is noted is never left open
            body = msgspec.json.encode({"Closed": wire.YES})
            calls.insert(0, Call(method="PATCH", path=f"{base}({each.task})", body=body))
        return calls

    def _send(self, pending: list[_Open], *, is_first: bool) -> dict[str, Receipt]:
        """Sends them in one $batch, each in a changeset of its own; the server stops at the first that fails."""
        receipts: dict[str, Receipt] = {}
        while pending:
            calls = [(each, call) for each in pending for call in self._calls(each)]
            numbered = [
                Call(method=call.method, path=call.path, body=call.body, changeset=at)
                for at, (_, call) in enumerate(calls)
            ]
            try:
                answers = self._client.batch(numbered)
            except LedgerUnavailable as error:
                if is_first and not error.sent:
                    raise
                return receipts | {each.note.key: _unknown(each, str(error)) for each in pending}
            except (LedgerRejected, LedgerConflict) as error:
                return receipts | {each.note.key: _impossible(each, error) for each in pending}
            is_first = False
            done = self._taken(calls, answers, receipts)
            if not done:
                return receipts | {each.note.key: _unknown(each, "no part was answered") for each in pending}
            pending = [each for each in pending if each.note.key not in receipts]
        return receipts

    def _taken(
        self, calls: list[tuple[_Open, Call]], answers: list[Answer | None], receipts: dict[str, Receipt]
    ) -> bool:
        """Notes what became of each, down to where the server stopped; whether anything was answered."""
        for (each, call), answer in zip(calls, answers, strict=True):
            if answer is None:
                break
            error = self._client.error_in(answer)
            if isinstance(error, LedgerUnavailable):
                receipts[each.note.key] = _unknown(each, str(error))
            elif call.method == "PATCH":
                each.task = None  # done, or the task is gone: either way it is not tried again
            elif error is None:
                row = read_one(answer.body, wire.Activity)
                receipts[each.note.key] = Receipt(
                    key=each.note.key, outcome=Outcome.WRITTEN, ledger_id=str(row.activity_code)
                )
            elif each.note.entry and each.link:
                each.link = False
            else:
                receipts[each.note.key] = _impossible(each, error)
        return answers[0] is not None


def _note(entry: Entry) -> _Note:
    keys = [key for key in map(key_of, entry.documents) if key is not None]
    first = keys[0] if keys else Key(0, 0)
    return _Note(
        key=entry.key,
        customer=entry.customer,
        text=mark(entry.text, entry.key, NOTE_LENGTH),
        at=entry.happened_at.astimezone(UTC).date(),
        type=first.type,
        entry=first.entry,
        due=entry.day if entry.kind is EntryKind.PROMISE_MADE else None,
        closes=(entry.about or "") if entry.kind in _CLOSING else "",
    )


def _cut(line: str, length: int) -> str:
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _unknown(each: _Open, reason: str) -> Receipt:
    return Receipt(key=each.note.key, outcome=Outcome.UNKNOWN, reason=reason)


def _impossible(each: _Open, error: LedgerError) -> Receipt:
    return Receipt(key=each.note.key, outcome=Outcome.IMPOSSIBLE, reason=str(error))
