"""What may go wrong on a ledger's side, as cards: faults that its sandbox knows, rows that cannot be read; and at the
mail server's, and another process that syncs. Each ledger has its own deck.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from adapters.quickbooks.sandbox import QuickBooksFault, ServedQuickBooks
from adapters.sandbox.faults import Rule, Timing
from adapters.sandbox.server import Sandbox
from adapters.sap.business_one.sandbox import BusinessOneFault, ServedBusinessOne
from adapters.sap.s4hana.sandbox import S4HanaFault, ServedS4Hana
from connector.demo.post import CUT


@dataclass(frozen=True, slots=True)
class Poison:
    """Rows that break every page they stand on: invoices about to be asked for, or the newest of another kind."""

    entity: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the mail server says instead of taking the next `count` mails."""

    stage: str
    said: str
    count: int


@dataclass(frozen=True, slots=True)
class SyncBetween:
    """Another process syncs while the n-th mails of this hour stand at the mail server's door."""

    at: tuple[int, ...]


Card: TypeAlias = Rule | Poison | Refusal | SyncBetween


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A ledger in bad weather. `spoil` makes rows unreadable, by entity and the books' id; `clear` mends them.

    `poisons` are the entities that can be spoiled, `faults` what must strike in a month. `sums_rows`: its totals are
    sums of the rows that we read, so that one which cannot be read is said as a difference.
    """

    deck: Sequence[Card]
    spoil: Callable[[Sandbox, str, str], None]
    clear: Callable[[Sandbox], None]
    poisons: Sequence[str]
    faults: frozenset[str]
    sums_rows: bool = False
    names: Callable[[Sandbox], Mapping[str, str]] = lambda _: {}


def _mails_and_syncs() -> list[Card]:
    return [
        Refusal("MAIL", "421 4.3.2 closing for a moment", 3),
        Refusal("MAIL", CUT, 3),
        Refusal("RCPT", "450 4.2.0 greylisted", 4),
        Refusal("RCPT", CUT, 2),
        Refusal("DATA", "451 4.3.0 try again", 4),
        SyncBetween((1, 2, 5)),
        SyncBetween((1, 3, 8)),
    ]


def _struck(rules: Sequence[tuple[str, dict[str, str]]], where: str, *, count: int, once: Sequence[str]) -> list[Card]:
    """Faults that any call may meet, each struck so often that a patient client gets through."""
    return [
        Rule(fault=fault, path=where, count=1 if fault in once else count, options=options) for fault, options in rules
    ]


_TIMINGS: list[tuple[str, dict[str, str]]] = [
    ("slow", {"seconds": "0.02"}),
    ("cut_before", {}),
    ("cut_during", {}),
    ("cut_after", {}),
]

# -- QuickBooks

READS = r"/(cdc|query|invoice/|reports/)"
NOTES = r"/batch"
SIGN_IN = r"/oauth2/v1/tokens/bearer"

_QUICKBOOKS: list[tuple[str, dict[str, str]]] = [
    ("throttle", {"retry_after": "2"}),
    ("throttle", {"retry_after": "17"}),
    ("throttle", {}),
    ("fault", {"code": "10000", "status": "500"}),
    ("fault_200", {"code": "10000"}),
    ("xml_fault", {"code": "3001", "status": "500"}),
    ("html", {"status": "502"}),
    ("html", {"status": "504"}),
    ("empty", {"status": "503"}),
    ("gateway_fault", {"code": "3200", "status": "401"}),
    ("expired_token", {"all": "true"}),
    *_TIMINGS,
]
_REFUSE_TOKENS = ("gateway_fault", "expired_token")

SIGN_IN_RULES = [
    Rule(fault="throttle", path=SIGN_IN, count=2, options={"retry_after": "5"}),
    Rule(fault="html", path=SIGN_IN, count=2, options={"status": "503"}),
    Rule(fault="empty", path=SIGN_IN, count=1, options={"status": "500"}),
    Rule(fault="cut_before", path=SIGN_IN, count=2),
    Rule(fault="cut_during", path=SIGN_IN, count=1),
    Rule(fault="cut_after", path=SIGN_IN, count=1),  # the refresh is done, and its tokens are lost on the way
]

LASTING = [
    Rule(fault="throttle", path=READS, count=1, options={"retry_after": "1200"}),  # longer than a call has patience
    Rule(fault="throttle", path=NOTES, count=1, options={"retry_after": "900"}),
    Rule(fault="empty", path=READS, count=9, options={"status": "503"}),  # more than a call has attempts
    Rule(fault="html", path=r"/cdc", count=8, options={"status": "502"}),
    Rule(fault="cut_after", path=NOTES, count=8),  # written, and the answers never come
    Rule(fault="cut_before", path=NOTES, count=5),
    Rule(fault="cut_during", path=NOTES, count=5),
    Rule(fault="cut_after", path=SIGN_IN, count=5),
    Rule(fault="empty", path=SIGN_IN, count=5, options={"status": "503"}),
]


def _quickbooks(box: Sandbox) -> ServedQuickBooks:
    assert isinstance(box, ServedQuickBooks)
    return box


def _spoil_quickbooks(box: Sandbox, entity: str, ident: str) -> None:
    _quickbooks(box).face.poison(entity, ident)


def _clear_quickbooks(box: Sandbox) -> None:
    _quickbooks(box).face.context.poisoned.clear()


_QB_POISONS = ("Payment", "Customer", "JournalEntry", "CreditMemo")
QUICKBOOKS = Ground(
    deck=[
        *_struck(_QUICKBOOKS, READS, count=2, once=_REFUSE_TOKENS),
        *_struck(_QUICKBOOKS, NOTES, count=2, once=_REFUSE_TOKENS),
        *SIGN_IN_RULES,
        *LASTING,
        *[Poison("Invoice", count) for count in (1, 2, 4)],
        *[Poison(entity) for entity in _QB_POISONS],
        *_mails_and_syncs(),
    ],
    spoil=_spoil_quickbooks,
    clear=_clear_quickbooks,
    poisons=("Invoice", *_QB_POISONS),
    faults=frozenset({each.value for each in (*QuickBooksFault, *Timing)})
    - {QuickBooksFault.INVALID_GRANT, QuickBooksFault.POISON},  # the first ends a consent
)

# -- S/4HANA

_CUBE, _TEXTS, _PARTNERS = r"ItemCube", r"CompanyText", r"BUSINESS_PARTNER/\$batch"

_S4HANA: list[tuple[str, dict[str, str]]] = [
    ("busy", {"retry_after": "2"}),
    ("busy", {}),
    ("throttle", {"retry_after": "17"}),
    ("fault", {"status": "500"}),
    ("html", {"status": "502"}),
    ("html", {"status": "504"}),
    ("csrf", {}),
    *_TIMINGS,
]
_S4HANA_LASTING: list[Card] = [
    Rule(fault="busy", path=_CUBE, count=1, options={"retry_after": "1200"}),  # longer than a call has patience
    Rule(fault="throttle", path=_TEXTS, count=1, options={"retry_after": "900"}),
    Rule(fault="html", path=_CUBE, count=9, options={"status": "503"}),  # more than a call has attempts
    Rule(fault="html", path=_PARTNERS, count=8, options={"status": "502"}),
    Rule(fault="cut_after", path=_TEXTS, count=8),  # written, and the answers never come
    Rule(fault="cut_before", path=_TEXTS, count=5),
    Rule(fault="cut_during", path=_TEXTS, count=5),
]


def _s4hana(box: Sandbox) -> ServedS4Hana:
    assert isinstance(box, ServedS4Hana)
    return box


def _spoil_s4hana(box: Sandbox, entity: str, ident: str) -> None:
    del entity
    sets = _s4hana(box).face.sets
    sets.lines()
    sets.broken |= {(line.number, line.item) for line in sets.clerk.lines_of(ident)}


S4HANA = Ground(
    deck=[
        *_struck(_S4HANA, _CUBE, count=2, once=()),
        *_struck(_S4HANA, _TEXTS, count=2, once=()),
        *_struck(_S4HANA, _PARTNERS, count=2, once=()),
        *_S4HANA_LASTING,
        *[Poison("Invoice", count) for count in (1, 2, 4)],
        *[Poison(entity) for entity in ("Payment", "CreditMemo")],
        *_mails_and_syncs(),
    ],
    spoil=_spoil_s4hana,
    clear=lambda box: _s4hana(box).face.sets.broken.clear(),
    poisons=("Invoice", "Payment", "CreditMemo"),
    faults=frozenset({each.value for each in (*S4HanaFault, *Timing)})
    - {S4HanaFault.LOCKED, S4HanaFault.FORBIDDEN},  # an administrator's business, and a person's
    sums_rows=True,
    names=lambda box: _s4hana(box).face.names(),
)

# -- Business One

_LISTS, _BATCH, _LOGIN = r"/(Invoices|IncomingPayments|BusinessPartners|CreditNotes)", r"/\$batch", r"/Login"

_BUSINESS_ONE: list[tuple[str, dict[str, str]]] = [
    ("expired_session", {}),
    ("fault", {"status": "500", "code": "-1"}),
    ("html", {"status": "502"}),
    ("html", {"status": "503"}),
    ("empty", {"status": "503"}),
    *_TIMINGS,
]
_BUSINESS_ONE_LASTING: list[Card] = [
    Rule(fault="html", path=_LISTS, count=9, options={"status": "503"}),
    Rule(fault="empty", path=_BATCH, count=9, options={"status": "503"}),
    Rule(fault="cut_after", path=_BATCH, count=8),
    Rule(fault="cut_before", path=_BATCH, count=5),
    Rule(fault="cut_during", path=_BATCH, count=5),
    Rule(fault="html", path=_LOGIN, count=5, options={"status": "503"}),
    Rule(fault="cut_after", path=_LOGIN, count=5),
]
_ENTITIES = {
    "Invoice": "Invoices",
    "Payment": "IncomingPayments",
    "CreditMemo": "CreditNotes",
    "JournalEntry": "JournalEntries",
}


def _business_one(box: Sandbox) -> ServedBusinessOne:
    assert isinstance(box, ServedBusinessOne)
    return box


def _spoil_business_one(box: Sandbox, entity: str, ident: str) -> None:
    _business_one(box).face.context.broken.add((_ENTITIES[entity], int(ident)))


BUSINESS_ONE = Ground(
    deck=[
        *_struck(_BUSINESS_ONE, _LISTS, count=2, once=("expired_session",)),
        *_struck(_BUSINESS_ONE, _BATCH, count=2, once=("expired_session",)),
        *_struck([each for each in _BUSINESS_ONE if each[0] != "expired_session"], _LOGIN, count=2, once=()),
        *_BUSINESS_ONE_LASTING,
        *[Poison("Invoice", count) for count in (1, 2, 4)],
        *[Poison(entity) for entity in ("Payment", "CreditMemo", "JournalEntry")],
        *_mails_and_syncs(),
    ],
    spoil=_spoil_business_one,
    clear=lambda box: _business_one(box).face.context.broken.clear(),
    poisons=tuple(_ENTITIES),
    faults=frozenset({each.value for each in (*BusinessOneFault, *Timing)}),
)

GROUNDS: Mapping[str, Ground] = {"quickbooks": QUICKBOOKS, "s4hana": S4HANA, "business-one": BUSINESS_ONE}
