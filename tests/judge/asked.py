"""What a message may ask for, reckoned from the books: lines, disputed and promised parts, free credit, totals."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.judge.amounts import Amount, amounts_in
from tests.judge.books import ZERO, Document
from tests.judge.evidence import Evidence
from tests.judge.families import party_of
from tests.judge.messages import Message, Shown
from tests.judge.owed import disputed_of, free_credit
from tests.judge.promised import promised_of

_ASKED = (
    *("to be paid", "falling due", "in all"),
    *("zu zahlen", "demnächst fällig", "insgesamt"),
    *("à payer", "bientôt à échéance", "en tout"),
    *("a pagar", "próximo vencimiento", "en total"),
)
_OF_A_LINE = ("to be paid of it",)
_JUDGED_WITHIN, _JUST = timedelta(days=1), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One item of a message, as the books have it. `disputed` and `promised` are parts not asked for now."""

    shown: Shown
    document: Document
    disputed: Decimal
    promised: Decimal

    @property
    def asked(self) -> Decimal:
        """What may be asked of it."""
        return self.document.open - self.disputed - self.promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a message may ask at one instant; amounts by currency."""

    at: datetime
    parts: tuple[Part, ...]
    credit: dict[str, Decimal]

    @property
    def gross(self) -> dict[str, Decimal]:
        """The parts' sum, one for each currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for part in self.parts:
            sums[part.document.currency] += part.asked
        return dict(sums)

    @property
    def asked(self) -> dict[str, Decimal]:
        """The parts' sum less the free credit, never below zero."""
        return {currency: max(ZERO, gross - self.credit.get(currency, ZERO)) for currency, gross in self.gross.items()}

    def left_out(self, name: str) -> dict[str, Decimal]:
        """The sum of the disputed or promised parts, by currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for part in self.parts:
            sums[part.document.currency] += getattr(part, name)
        return {currency: amount for currency, amount in sums.items() if amount}


def window(evidence: Evidence, message: Message) -> list[datetime]:
    """The instants at which the figures of a message may have been read, and between which the books changed."""
    first = message.at - timedelta(seconds=evidence.company.fresh_seconds)
    members = evidence.families(message.at).members(message.root)
    family = [each.ref for each in evidence.books.documents_of(members, message.at)]
    return evidence.books.moments(family, first, message.at)


def pictures(evidence: Evidence, message: Message) -> list[Expected]:
    """What the message may ask, with the figures of each instant of its window.

    Of another party's items the rules leave open whether the family's credit is taken off: both are right.
    """
    found = []
    for at in window(evidence, message):
        for promised_at in _judgings(evidence, message):
            picture = expected(evidence, message, at, promised_at)
            found.append(picture)
            if party_of(message.account):
                found.append(replace(picture, credit={}))
    return found


def _judgings(evidence: Evidence, message: Message) -> list[datetime]:
    """When what is left of the promises may have been reckoned, which is done after a sync: now, or before a payment
    of the last day came.
    """
    living = [each for each in evidence.audit.promises if each.lives_at(message.at)]
    if not any(each.may_speak_of(item) for each in living for item in message.items):
        return [message.at]
    members = evidence.families(message.at).members(message.root)
    since = message.at - _JUDGED_WITHIN
    came = (each.created_at for each in evidence.books.documents_of(members, message.at) if each.kind == "payment")
    return [message.at, *(at - _JUST for at in came if since < at <= message.at)]


def expected(evidence: Evidence, message: Message, at: datetime, promised_at: datetime) -> Expected:
    """What the message may ask, with the figures of one instant, and what was left of the promises at another."""
    standing = ((shown, evidence.books.document(shown.document, at)) for shown in message.shown)
    parts = tuple(
        _part(evidence, shown, each, at=at, promised_at=promised_at) for shown, each in standing if each is not None
    )
    return Expected(at=at, parts=parts, credit=free_credit(evidence, message.root, at))


def _part(evidence: Evidence, shown: Shown, document: Document, *, at: datetime, promised_at: datetime) -> Part:
    open_now = max(ZERO, document.open)
    disputed = min(open_now, disputed_of(evidence, shown.item, at, document))
    promised = min(open_now - disputed, promised_of(evidence, shown.item, promised_at))
    return Part(shown=shown, document=document, disputed=disputed, promised=promised)


def totals_of(message: Message) -> list[Amount]:
    """The amounts that the message asks to be paid in all; of a message with one line and no sum, that line's."""
    rows = [row for row in message.rest if is_asking(row)]
    found = [amount for row in rows for amount in list(amounts_in(row))[-1:]]
    if not found and len(message.shown) == 1 and (line := message.shown[0].line):
        return [line.amounts[-1]]
    return found


def is_asking(row: str) -> bool:
    """Whether a line says what is to be paid in all."""
    start = row.strip(" -•*\t").casefold()
    return start.startswith(_ASKED) and not start.startswith(_OF_A_LINE)
