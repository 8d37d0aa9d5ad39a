"""Our entries in S/4HANA: one long text on each customer in the company code (A_CustomerCompanyText), newest first.

A text is shared with people and overwritten as a whole, so it is read just before it is written, one writer of a
customer's at a time (`locked`), and read again afterwards. Each entry ends with the day of its writing and our marker:
an entry that stands there is never written again. What grows longer than `longest` characters moves, oldest first, to
the archive.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from adapters.documents import CustomerRef, DocumentRef
from adapters.errors import LedgerConflict, LedgerRejected, LedgerUnavailable
from adapters.ledger import Batch, Entry, Outcome, Receipt
from adapters.marker import find_markers, marker
from adapters.sap.faults import NotThere
from adapters.sap.odata import ODataClient, key
from adapters.sap.s4hana.wire import CompanyText
from adapters.sap.values import Version

TEXTS = "A_CustomerCompanyText"
NOTE_LENGTH, PER_BATCH, LONGEST = 2000, 30, 20_000
_DAY = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2}) \[duecourse:(?P<key>[^\]\s]+)\]")
_BETWEEN = "\n\n"


class Note(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An entry on its way, with as much of it as is written beside its text. `amount` is in major units."""

    key: str
    customer: str
    text: str
    documents: tuple[DocumentRef, ...] = ()
    day: date | None = None
    step: int = 0
    kind: str = ""
    about: str = ""
    amount: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPlace:
    """Where our text stands. `archive_id` is the text that takes what has grown too old; without one, nothing moves."""

    company_code: str
    text_id: str
    language: str = "EN"
    archive_id: str = ""
    longest: int = LONGEST


class TextWriter:
    """Writes entries and finds them again.

    `beside` is what else is written for an entry, before its text, and may be written twice without harm: what such a
    function returns could not be done, and stands in the text.
    """

    def __init__(
        self,
        client: ODataClient,
        place: TextPlace,
        locked: Callable[[CustomerRef], AbstractContextManager[object]],
        now: Callable[[], datetime],
        beside: Sequence[Callable[[Note], str]] = (),
    ) -> None:
        self._client = client
        self._place = place
        self._locked = locked
        self._now = now
        self._beside = beside

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Batches of thirty entries; the same entries make the same bytes."""
        return [_batch(entries[at : at + PER_BATCH]) for at in range(0, len(entries), PER_BATCH)]

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Writes what is not there yet, customer by customer; of a lost answer, that customer's entries are UNKNOWN."""
        notes = msgspec.json.decode(batch.body, type=list[Note])
        of_customer: dict[CustomerRef, list[Note]] = {}
        for note in notes:
            of_customer.setdefault(note.customer, []).append(note)
        receipts: dict[str, Receipt] = {}
        for customer, own in of_customer.items():
            receipts |= {each.key: each for each in self._write(customer, own)}
        return [receipts[note.key] for note in notes]

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our entries on these customers from a day on."""
        for customer in sorted(customers):
            for text_id in filter(None, (self._place.text_id, self._place.archive_id)):
                for found in _DAY.finditer(self._read(customer, text_id) or ""):
                    if date.fromisoformat(found["day"]) >= since:
                        yield Receipt(
                            key=found["key"], outcome=Outcome.ALREADY_THERE, ledger_id=_id(customer, found["key"])
                        )

    def _write(self, customer: CustomerRef, notes: Sequence[Note]) -> Iterator[Receipt]:
        try:
            with self._locked(customer):
                known = self._markers(customer)
                new = [note for note in notes if note.key not in known]
                if new:
                    self._prepend(customer, [self._with_what_is_beside(note) for note in new])
        except LedgerUnavailable as error:
            if not error.sent:
                raise
            yield from (Receipt(key=note.key, outcome=Outcome.UNKNOWN, reason=str(error)) for note in notes)
            return
        except (LedgerRejected, LedgerConflict) as error:
            yield from (Receipt(key=note.key, outcome=Outcome.IMPOSSIBLE, reason=str(error)) for note in notes)
            return
        for note in notes:
            outcome = Outcome.ALREADY_THERE if note.key in known else Outcome.WRITTEN
            yield Receipt(key=note.key, outcome=outcome, ledger_id=_id(customer, note.key))

    def _with_what_is_beside(self, note: Note) -> Note:
        lines = [line for line in (_tried(each, note) for each in self._beside) if line]
        return msgspec.structs.replace(note, text="\n".join([*lines, note.text])) if lines else note

    def _markers(self, customer: CustomerRef) -> set[str]:
        texts = [self._read(customer, each) for each in (self._place.text_id, self._place.archive_id) if each]
        return {found for text in texts for found in find_markers(text or "")}

    def _prepend(self, customer: CustomerRef, notes: Sequence[Note]) -> None:
        before = self._read(customer, self._place.text_id)
        entries = [_worded(note, self._now()) for note in reversed(notes)]
        text, moved = _cut(_BETWEEN.join([*entries, *([before] if before else [])]), self._place)
        if moved:  # to the archive first: between the two writes it stands in both, and is lost in neither
            older = self._read(customer, self._place.archive_id)
            archive = _BETWEEN.join(filter(None, (_not_yet_in(older or "", moved), older)))
            self._put(customer, self._place.archive_id, archive, is_new=older is None)
        self._put(customer, self._place.text_id, text, is_new=before is None)
        stands = set(find_markers(self._read(customer, self._place.text_id) or ""))
        if missing := [note.key for note in notes if note.key not in stands]:
            raise LedgerUnavailable(f"{missing[0]} is not in the text of customer {customer}: somebody else wrote it.")

    def _read(self, customer: CustomerRef, text_id: str) -> str | None:
        """The text, and None where there is none yet."""
        try:
            return self._client.one(TEXTS + self._key(customer, text_id), CompanyText).long_text
        except NotThere:
            return None

    def _put(self, customer: CustomerRef, text_id: str, text: str, *, is_new: bool) -> None:
        if is_new:
            own = {**self._names(customer, text_id), "LongText": text}
            self._client.change("POST", TEXTS, msgspec.json.encode(own))
        else:
            path = TEXTS + self._key(customer, text_id)
            self._client.change("PATCH", path, msgspec.json.encode({"LongText": text}))

    def _key(self, customer: CustomerRef, text_id: str) -> str:
        return key(self._names(customer, text_id), Version.V2)

    def _names(self, customer: CustomerRef, text_id: str) -> dict[str, str]:
        place = self._place
        return {
            "Customer": customer,
            "CompanyCode": place.company_code,
            "Language": place.language,
            "LongTextID": text_id,
        }


def _tried(beside: Callable[[Note], str], note: Note) -> str:
    try:
        return beside(note)
    except (LedgerRejected, LedgerConflict) as error:
        return str(error)


def _cut(text: str, place: TextPlace) -> tuple[str, str]:
    """What stays, and the oldest entries that have no room any more. Without an archive everything stays."""
    if not place.archive_id or len(text) <= place.longest:
        return text, ""
    at = text.rfind(_BETWEEN, 0, place.longest)
    return (text[:at], text[at + len(_BETWEEN) :]) if at > 0 else (text, "")


def _not_yet_in(older: str, moved: str) -> str:
    """What of `moved` does not stand at the head of the archive already, left there by a move that broke off."""
    parts = moved.split(_BETWEEN)
    for at in range(len(parts)):
        if (older + _BETWEEN).startswith(_BETWEEN.join(parts[at:]) + _BETWEEN):
            return _BETWEEN.join(parts[:at])
    return moved


def _batch(entries: Sequence[Entry]) -> Batch:
    notes = [
        Note(
            key=each.key,
            customer=each.customer,
            text=each.text,
            documents=each.documents,
            day=each.day,
            step=each.step,
            kind=each.kind.value,
            about=each.about or "",
            amount=str(each.amount.amount) if each.amount else "",
            currency=each.amount.currency if each.amount else "",
        )
        for each in entries
    ]
    body = msgspec.json.encode(notes)
    members = tuple((str(at), each.key) for at, each in enumerate(entries, 1))
    return Batch(request_id=hashlib.sha256(body).hexdigest()[:32], body=body, members=members)


def _worded(note: Note, at: datetime) -> str:
    """The entry's text; in its last line the day (UTC) of writing and the marker. Only the text is ever cut short."""
    ending = f"{at.astimezone(UTC).date().isoformat()} {marker(note.key)}"
    body = note.text.strip().removesuffix(marker(note.key)).rstrip().replace("\r", "")
    room = NOTE_LENGTH - len(ending) - 1
    body = body if len(body) <= room else body[: room - 1].rstrip() + "…"
    return f"{body}\n{ending}" if body else ending


def _id(customer: CustomerRef, entry: str) -> str:
    return f"{customer}/{entry}"
