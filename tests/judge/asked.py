"""What a message may ask for, reckoned from the books: lines, disputed and promised parts, free credit, totals."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.judge.amounts import Amount, amounts_in
from tests.judge.audit import Dispute, Promise
from tests.judge.books import ZERO, Books, Document
from tests.judge.evidence import Evidence
from tests.judge.families import customer_of, own_addresses, party_of, root_of
from tests.judge.messages import Message, Shown

_ASKED = (
    *("to be paid", "falling due", "in all"),
    *("zu zahlen", "demnächst fällig", "insgesamt"),
    *("à payer", "bientôt à échéance", "en tout"),
    *("a pagar", "próximo vencimiento", "en total"),
)
_OF_A_LINE = ("to be paid of it",)


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
        picture = expected(evidence, message, at)
        found.append(picture)
        if party_of(message.account):
            found.append(replace(picture, credit={}))
    return found


def expected(evidence: Evidence, message: Message, at: datetime) -> Expected:
    """What the message may ask, with the figures of this instant."""
    standing = ((shown, evidence.books.document(shown.document, at)) for shown in message.shown)
    parts = tuple(_part(evidence, shown, each, message, at) for shown, each in standing if each is not None)
    return Expected(at=at, parts=parts, credit=free_credit(evidence, message.root, at))


def _part(evidence: Evidence, shown: Shown, document: Document, message: Message, at: datetime) -> Part:
    open_now = max(ZERO, document.open)
    disputed = min(open_now, disputed_of(evidence, shown.item, at, document))
    promised = min(open_now - disputed, promised_of(evidence, shown.item, message.at))
    return Part(shown=shown, document=document, disputed=disputed, promised=promised)


def disputed_of(evidence: Evidence, item: str, at: datetime, document: Document) -> Decimal:
    """The contested amount of an item; a dispute that names none contests the whole."""
    live = [each for each in evidence.audit.disputes if each.item == item and each.lives_at(at)]
    return sum((_contested(each, document) for each in live), ZERO)


def _contested(dispute: Dispute, document: Document) -> Decimal:
    return max(ZERO, document.open) if dispute.amount is None else dispute.amount


def promised_of(evidence: Evidence, item: str, at: datetime) -> Decimal:
    """The part of an item that living promises cover."""
    return sum((covered(evidence, each).get(item, ZERO) for each in evidence.audit.promises if each.lives_at(at)), ZERO)


def covered(evidence: Evidence, promise: Promise) -> dict[str, Decimal]:
    """A promise laid over its items by due date, then number, until its amount is used."""
    if promise.id not in evidence.covered:
        evidence.covered[promise.id] = _lay(evidence, promise)
    return evidence.covered[promise.id]


def _lay(evidence: Evidence, promise: Promise) -> dict[str, Decimal]:
    left = promise.amount
    laid: dict[str, Decimal] = {}
    for document in promised_documents(evidence, promise):
        disputed = disputed_of(evidence, document.item, promise.made_at, document)
        share = min(left, max(ZERO, document.open - disputed))
        if share > 0:
            laid[document.item] = share
            left -= share
    return laid


def promised_documents(evidence: Evidence, promise: Promise) -> list[Document]:
    """The open documents a promise speaks of: those it names, else all past due when it was made."""
    day = evidence.company.day_of(promise.made_at)
    found = [
        each
        for each in account_documents(evidence, promise.account, promise.made_at)
        if each.currency == promise.currency and (each.item in promise.items if promise.items else each.due_date < day)
    ]
    return sorted(found, key=lambda each: (each.due_date, each.number, each.ref))


def account_documents(evidence: Evidence, account: str, at: datetime) -> list[Document]:
    """What can be asked of an account: its family's items, or only those that name its other party."""
    books, party = evidence.books, party_of(account)
    members = evidence.families(at).members(evidence.families(at).root(customer_of(account)))
    found = [each for each in books.documents_of(members, at) if each.can_be_asked]
    return [
        each
        for each in found
        if party & _followed(books, each, at) or not (party or is_another_party(evidence, each, at))
    ]


def _followed(books: Books, document: Document, at: datetime) -> frozenset[str]:
    """The addresses that an item may follow."""
    return document.emails or own_addresses(books, {document.customer}, at)


def is_another_party(evidence: Evidence, document: Document, at: datetime) -> bool:
    """Whether an item names only addresses that its customer does not, or follows its site's for want of any other."""
    books, site = evidence.books, document.customer
    root = root_of(books, site, at)
    sites, payers = own_addresses(books, {site}, at), own_addresses(books, {root}, at)
    payers |= evidence.company.contacts.get(root, frozenset())
    if not payers and site != root:
        return bool(document.emails | sites)
    return bool(document.emails) and not document.emails & (payers | sites)


def free_credit(evidence: Evidence, root: str, at: datetime) -> dict[str, Decimal]:
    """What is not yet applied to anything, by currency, positive: one pool for the family."""
    members = evidence.families(at).members(root)
    pool: dict[str, Decimal] = defaultdict(Decimal)
    for document in evidence.books.documents_of(members, at):
        if document.open < 0:
            pool[document.currency] -= document.open
    return dict(pool)


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
