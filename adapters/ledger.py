"""The port: what a ledger must do, in what order, and with what errors (adapters.errors).

Every ledger passes the same contract suite (tests/contract/). Vendor objects and vendor exceptions never
leave an adapter. A document is never closed because a list did not show it: what is missing is asked for by
key (`fresh`), and only the ledger's answer closes it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeAlias, runtime_checkable

from adapters.documents import Customer, CustomerRef, Document, DocumentRef, Problem, Tombstone
from adapters.money import Money

Cursor: TypeAlias = str
"""Where reading stopped: opaque, safe to store once the page that carries it has been applied."""


class BlockPlace(StrEnum):
    """Where a ledger keeps a dunning block that we may set: on the whole customer, or on one document."""

    CUSTOMER = "customer"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this ledger can hold for us. `blocks` is None where no dunning block is to be written."""

    note_length: int  # characters of one note, our marker included
    links_per_note: int
    posts_per_batch: int
    tasks: bool = False
    blocks: BlockPlace | None = None
    native_promises: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company whose books these are. `zone` is a proposal (IANA name or `UTC+hh:mm`), confirmed at connect."""

    ref: str
    name: str
    home_currency: str
    country: str = ""
    zone: str = ""
    multicurrency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of the books. Applying one twice changes nothing.

    `cursor` may be stored in the transaction that applies the page. `read_at` is the server's own time of the
    answer. A whole read carries `whole_read` (its id, the same across a resumed read) and `scope` (the document
    kinds listed); on its last page `complete` says: open documents of `scope` without this read's stamp are now
    to be asked for by key.
    """

    customers: tuple[Customer, ...] = ()
    documents: tuple[Document, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    problems: tuple[Problem, ...] = ()
    cursor: Cursor
    read_at: datetime
    scope: frozenset[str] = frozenset()
    whole_read: str | None = None
    complete: bool = False
    last: bool = False  # nothing more to read now
    done: int = 0  # documents read so far and expected, for a progress bar
    expected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The ledger's own open totals per customer and currency on a day; `leaves_out` says what they omit.

    `aside` is what they omit where the ledger knows how much it is, by reason and currency: others who add up the same
    accounts may count it.
    """

    on: date
    read_at: datetime
    by_customer: dict[CustomerRef, dict[str, Money]]
    leaves_out: tuple[str, ...] = ()
    aside: Mapping[str, Mapping[str, Money]] = field(default_factory=dict)


def dated_after(on: date) -> str:
    """Why totals of a day leave out what is dated later."""
    return f"documents dated after {on.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Omitted:
    """Lines of a customer's account that are none of ours to ask for: why, how many, what they come to."""

    reason: str
    lines: int
    amounts: tuple[Money, ...]  # one for each currency
    documents: tuple[str, ...]  # some of them, as the ledger numbers them


class EntryKind(StrEnum):
    """What was said by or to a customer, and what was agreed."""

    REMINDER = "reminder"
    REPLY = "reply"
    CALL = "call"
    PROMISE_MADE = "promise_made"
    PROMISE_KEPT = "promise_kept"
    PROMISE_PARTLY_KEPT = "promise_partly_kept"
    PROMISE_BROKEN = "promise_broken"
    PROMISE_WITHDRAWN = "promise_withdrawn"
    PROMISE_OVERTAKEN = "promise_overtaken"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_REVIEWED = "dispute_reviewed"
    DISPUTE_RESOLVED = "dispute_resolved"
    PAUSE = "pause"
    RESUME = "resume"
    DOCUMENT_GONE = "document_gone"
    SETTLED = "settled"  # how an uncertain message turned out


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One note for the ledger. `key` comes from its meaning and is unique for ever; `text` ends with our marker.

    `step` is the place in its ladder of a reminder that left; 0 elsewhere, and where it is uncertain whether it did.
    `about` is the key of the entry whose state this one changes. `documents` may name some that are gone by now:
    the note then goes to the customer alone.
    """

    key: str
    kind: EntryKind
    customer: CustomerRef
    documents: tuple[DocumentRef, ...] = ()
    text: str
    neutral_text: str = ""  # one line without amounts, promises or disputes, for a field that may print
    happened_at: datetime
    amount: Money | None = None
    day: date | None = None
    about: str | None = None
    step: int = 0


class Outcome(StrEnum):
    """What became of an entry."""

    WRITTEN = "written"
    ALREADY_THERE = "already_there"
    IMPOSSIBLE = "impossible"
    UNKNOWN = "unknown"  # no answer: look for the marker before anything is written again


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The ledger's answer for one entry: `ledger_id` where it was written, `reason` where it was impossible."""

    key: str
    outcome: Outcome
    ledger_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Entries on their way: stored and committed before it is sent, and only ever repeated as the same bytes."""

    request_id: str
    body: bytes
    members: tuple[tuple[str, str], ...]  # (part id in the body, entry key)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockChange:
    """Sets or takes away OUR dunning block, on a customer or on one of its documents.

    `key` comes from its meaning. `before` is what the ledger told there before ours was ever tried, spelt as
    `Customer.block` and `Document.block` are: that is never ours. `again`: an earlier attempt may have arrived, so our
    code counts as ours where it stands. `ours` is what an earlier receipt named as ours; empty where none came.
    """

    key: str
    customer: CustomerRef
    document: DocumentRef | None = None
    set: bool
    before: str = ""
    again: bool = False
    ours: str = ""


def divided(blocks: str) -> frozenset[str]:
    """The single blocks of what `Customer.block`, or a receipt, names."""
    return frozenset(each for each in blocks.split(", ") if each)


class Ledger(Protocol):
    """A company's books, seen from outside. Every method may raise any `LedgerError` but `LedgerConflict`."""

    @property
    def capabilities(self) -> Capabilities:
        """What this ledger can hold for us."""
        ...

    def company(self) -> Company:
        """Name, home currency, and a proposal for the time zone."""
        ...

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        """What changed since `since`, at least once; `None` reads the whole books, `whole` sweeps the open documents.

        Resumable: stop anywhere, and call again with the cursor of the last page applied.
        """
        ...

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        """These documents and customers as they are now, and whatever else changed since `since`.

        Documents that are gone come as tombstones. The page's `read_at` is the instant its figures are true for;
        its cursor may be stored when `cursor` says that nothing was skipped (it then differs from `since`).
        """
        ...

    def totals(self, on: date) -> Totals:
        """The ledger's own open totals on a day; documents dated later are left out."""
        ...

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """Packs entries into batches, without sending anything. Deterministic for the same entries."""
        ...

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Sends a batch as the bytes it is. An answer that did not come is `Outcome.UNKNOWN`, for all its members."""
        ...

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        """Our own entries found in the ledger by their marker."""
        ...

    def pay_link(self, document: DocumentRef) -> str:
        """The ledger's page where this document can be paid online; empty where it has none."""
        ...

    def block(self, change: BlockChange) -> Receipt:
        """Sets or takes away our block. What is not empty is never written over, what is not ours never taken away.

        The receipt's `ledger_id` names what is ours there now, or was until now, in the spelling of `Customer.block`.
        Setting: WRITTEN or ALREADY_THERE with a `ledger_id`; ALREADY_THERE without one where somebody else's block
        stands, or nothing is dunned. Taking away: WRITTEN; ALREADY_THERE where nothing stands; IMPOSSIBLE where
        somebody else's does. A refusal is IMPOSSIBLE, a lost answer UNKNOWN. Raises `LedgerRejected` where
        `capabilities.blocks` is None and we have set none.
        """
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """A ledger in whose accounts stands more than what is asked for, and which can say what."""

    def left_out(self, customer: CustomerRef) -> Sequence[Omitted]:
        """What is left out of a customer's account as it is now, by reason. May raise any `LedgerError`."""
        ...
