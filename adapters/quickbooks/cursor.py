"""Where reading stopped: the state behind the opaque cursor, and the plans that a reading follows.

A plan is a list of phases, each a set of rows read page by page. `since` is the instant from which changes are still
to be asked for once all phases are read; it is noted before the first of them.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from adapters.errors import LedgerRejected
from adapters.quickbooks import wire
from adapters.quickbooks.journals import Journals
from adapters.quickbooks.mapping import KINDS

SETTLE = timedelta(minutes=2)
"""Rows become visible up to half a minute after their LastUpdatedTime; asking from a little earlier finds them."""

CAPTURED: tuple[type[wire.Row], ...] = (
    wire.Customer,
    wire.Invoice,
    wire.Payment,
    wire.CreditMemo,
    wire.JournalEntry,
)
SCOPE = tuple(kind.value for kind in KINDS.values())

CREATED, UPDATED = "MetaData.CreateTime", "MetaData.LastUpdatedTime"


class Phase(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One set of rows in the order of an instant; `key` is the instant of the last one read."""

    entity: str
    where: str = ""
    order: str = CREATED
    planned: bool = False
    first: str = ""  # rows from this instant on
    expected: int = 0
    told: int = 0
    key: str = ""
    skip: int = 0  # rows of the instant `key` already seen


class State(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Everything a reading must know to go on after a crash."""

    version: int = 1
    since: str
    phases: list[Phase] = []
    whole: str = ""  # the id of the whole read under way
    unreadable: list[str] = []  # kinds of which a row could not be read in it
    history: str = ""  # closed documents dated before this are left out of a first read
    accounts: list[str] = []
    other_accounts: list[str] = []
    journals: Journals = msgspec.field(default_factory=Journals)
    done: int = 0
    expected: int = 0

    def encode(self) -> str:
        """As a cursor."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def decode(cls, cursor: str) -> "State":
        """From a cursor. Raises `LedgerRejected` for one that is not ours."""
        try:
            return msgspec.json.decode(cursor, type=cls)
        except msgspec.DecodeError as error:
            raise LedgerRejected("This cursor is none of QuickBooks.", code="cursor") from error

    @property
    def from_instant(self) -> datetime:
        """`since`, as an instant."""
        return datetime.fromisoformat(self.since)

    @property
    def scope(self) -> frozenset[str]:
        """The kinds of which the whole read tells everything; kinds with unreadable rows are never among them."""
        return frozenset(SCOPE) - frozenset(self.unreadable) if self.whole else frozenset()

    def move_to(self, server_time: datetime) -> None:
        """Everything up to `server_time` has been told, less what may still become visible."""
        self.since = (server_time - SETTLE).isoformat()


def first_read(realm: str, now: datetime, history: date) -> State:
    """The plan of a first read: customers, what is open, then what was closed since `history`.

    Payments, credits and journal entries are read whole: QuickBooks cannot filter by what is left of them. `since` is
    still to be noted, by the server's own time.
    """
    state = State(since="", history=history.isoformat())
    state.whole = _whole_id(realm, now)
    state.phases = [
        Phase(entity="Customer", where="Active IN (true, false)"),
        Phase(entity="Invoice", where="Balance > '0'"),
        Phase(entity="CreditMemo"),
        Phase(entity="Payment"),
        Phase(entity="JournalEntry"),
        Phase(entity="Invoice", where=f"Balance <= '0' AND TxnDate >= '{state.history}'"),
    ]
    return state


def begin_sweep(state: State, realm: str, at: datetime) -> None:
    """Adds a sweep of the open documents.

    Open invoices and credit memos are listed. Open payments and journal lines cannot be listed apart, so the sweep
    lists none: they are asked for by key, a thousand a call.
    """
    state.whole = _whole_id(realm, at)
    state.unreadable = []
    state.done = state.expected = 0
    state.phases += [
        Phase(entity="Invoice", where="Balance > '0'"),
        Phase(entity="CreditMemo", where="Balance > '0'"),
    ]


def catch_up(state: State, entities: Iterable[str], server_time: datetime) -> None:
    """Plans to read what changed since `since` by its LastUpdatedTime, where it cannot be had in one call."""
    active = {"Customer": "Active IN (true, false)"}
    from_here = state.since
    state.phases = [
        Phase(entity=entity, where=active.get(entity, ""), order=UPDATED, planned=True, first=from_here)
        for entity in entities
    ]
    state.move_to(server_time)


def _whole_id(realm: str, at: datetime) -> str:
    return f"{realm}-{at:%Y%m%dT%H%M%S}"
