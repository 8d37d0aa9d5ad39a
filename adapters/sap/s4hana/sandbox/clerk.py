"""The clerk who keeps a company's books in S/4HANA: each change of the books as the postings it would be there.

A bill is a document with one line on the customer. What pays it in full clears it; what pays part of it stays open and
names it; the rest of a payment is a line on account. Nothing is ever changed or deleted: a void is a reversal, another
amount a reversal and a new posting, a payment taken back a clearing that is reset. The same books make the same lines.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import msgspec

from adapters.documents import DocumentKind
from adapters.sandbox.books import Books
from adapters.sandbox.history import snapshot
from adapters.sap.s4hana.sandbox.entries import ZERO, Entries, Head, Line
from adapters.sap.s4hana.sandbox.settling import Credit, Debit, Settling

_KINDS = frozenset(kind.value for kind in DocumentKind)
_TYPES = {DocumentKind.INVOICE: "DR", DocumentKind.PAYMENT: "DZ", DocumentKind.CREDIT_MEMO: "DG"}
_DEPOSIT = "deposit:"


class _Set(msgspec.Struct, frozen=True):
    target: str
    amount: Decimal

    @property
    def id(self) -> str:
        return self.target.rpartition(":")[2]


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """A document of the books after a change, as their history tells it."""

    kind: DocumentKind
    id: str
    number: str
    customer: str
    currency: str
    total: Decimal
    deposit: Decimal
    issue_date: date
    due_date: date
    voided: bool
    deleted: bool
    memo: str
    reference: str
    allocations: tuple[_Set, ...]

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is owed any more."""
        return self.voided or self.deleted

    @property
    def posting(self) -> tuple[object, ...]:
        """What a posting fixes: a change of it is a new posting."""
        return (self.total, self.deposit, self.customer, self.currency, self.issue_date)

    @property
    def edited(self) -> tuple[object, ...]:
        """What may be edited in a posting."""
        return (self.due_date, self.memo, self.number, self.reference)


@dataclass(slots=True)
class Clerk:
    """Posts what the books tell. Not thread-safe: the books' lock is held."""

    books: Books
    entries: Entries
    settling: Settling
    _known: dict[str, Booked] = field(default_factory=dict)
    _flows: dict[str, dict[tuple[str, str], Decimal]] = field(default_factory=dict)
    _seq: int = 0

    def catch_up(self) -> None:
        """Posts what happened in the books since the last time."""
        if not self._seq:
            self._open()
        for change in self.books.history.after(self._seq):
            self._seq = change.seq
            if change.entity in _KINDS:
                self._take(msgspec.convert(change.record, Booked), change.at)

    def _open(self) -> None:
        """Documents that were loaded into the books without a history: posted as they stand, payments last."""
        told = {change.id for change in self.books.history if change.entity in _KINDS}
        loaded = [each for each in self.books.documents() if each.id not in told]
        for document in sorted(loaded, key=lambda each: (each.kind is DocumentKind.PAYMENT, each.created_at)):
            self._take(msgspec.convert(snapshot(document), Booked), document.created_at)

    def lines_of(self, ident: str) -> list[Line]:
        """The lines on which a document of the books stands now: an invoice's one, a credit's that are not used up."""
        debit = self.settling.debits.get(ident)
        if debit is not None:
            return [debit.line]
        credit = self.settling.credits.get(ident)
        return self.settling.withdrawn.get(ident, []) if credit is None else list(credit.posted)

    def payer(self, customer: str) -> str:
        """Whose account a customer's items are posted to: the head office's where it has one."""
        seen = {customer}
        while True:
            found = self.books.customer_book.get(customer)
            if not (found.parent and found.bill_with_parent) or found.parent in seen:
                return customer
            customer = found.parent
            seen.add(customer)

    def _take(self, booked: Booked, at: datetime) -> None:
        before = self._known.get(booked.id)
        self._known[booked.id] = booked
        if before is not None and booked.posting != before.posting and not booked.is_gone:
            self._post_anew(before, booked, at)
        elif before is None and not booked.is_gone:
            self._post(booked, at)
        elif before is not None and booked.edited != before.edited and not booked.is_gone:
            self._edit(booked, at)
        self._flow(booked, at)
        if booked.is_gone and before is not None and not before.is_gone:
            self._withdraw(before, at)

    # -- what money goes where

    def _flow(self, booked: Booked, at: datetime) -> None:
        """Takes back what an earlier version set against something else, then sets what is new."""
        if booked.kind is not DocumentKind.PAYMENT:
            return
        before = self._flows.get(booked.id, {})
        flows = {} if booked.is_gone else self._flows_of(booked)
        less = [pair for pair, amount in before.items() if flows.get(pair, ZERO) < amount]
        for credit, debit in less:
            self.settling.unapply(credit, debit, at)
        kept = {pair: amount for pair, amount in before.items() if pair not in less}
        for (credit, debit), amount in flows.items():
            if more := amount - kept.get((credit, debit), ZERO):
                self.settling.apply(credit, debit, more, at)
        self._flows[booked.id] = flows

    def _flows_of(self, booked: Booked) -> dict[tuple[str, str], Decimal]:
        """From which credit how much goes to which debit: credits that a payment joins first, then its own money."""
        sources = [(each.id, -each.amount) for each in booked.allocations if each.amount < 0]
        sources.append((booked.id, -booked.total))
        flows: dict[tuple[str, str], Decimal] = {}
        for target in booked.allocations:
            wanted = target.amount
            while wanted > 0 and sources:
                source, there = sources[0]
                share = min(wanted, there)
                if share:
                    pair = (source, target.id)
                    flows[pair] = flows.get(pair, ZERO) + share
                wanted -= share
                sources[0] = (source, there - share)
                if share == there:
                    sources.pop(0)
        return flows

    # -- posting

    def _post(self, booked: Booked, at: datetime) -> None:
        if booked.total > 0:
            self._post_debit(booked, at)
        elif booked.total < 0:
            own = [amount for (credit, _), amount in self._flows_of(booked).items() if credit == booked.id]
            rest = -booked.total - sum(own, ZERO)
            amounts = [-amount for amount in (*own, rest) if amount]
            lines = self.entries.post(self._head(booked), amounts, at, due=booked.due_date)
            self.settling.credits[booked.id] = Credit(booked.id, posted=list(lines), free=list(lines))

    def _post_debit(self, booked: Booked, at: datetime) -> None:
        (line,) = self.entries.post(self._head(booked), [booked.total], at, due=booked.due_date)
        self.settling.debits[booked.id] = Debit(booked.id, posted=line, line=line)
        if booked.deposit:
            (paid,) = self.entries.post(self._head(booked, "DZ"), [-booked.deposit], at)
            name = _DEPOSIT + booked.id
            self.settling.credits[name] = Credit(name, posted=[paid], free=[paid])
            self.settling.apply(name, booked.id, booked.deposit, at)

    def _head(self, booked: Booked, kind: str = "") -> Head:
        payer = self.payer(booked.customer)
        return Head(
            kind=kind or _TYPES.get(booked.kind, "DR" if booked.total > 0 else "DG"),
            customer=payer,
            branch=booked.customer if payer != booked.customer else "",
            currency=booked.currency,
            on=booked.issue_date,
            reference=booked.number or booked.reference,
            text=booked.memo,
            of=f"{booked.kind.value}:{booked.id}",
        )

    def _post_anew(self, before: Booked, booked: Booked, at: datetime) -> None:
        """Reverses a posting and posts it again, and sets against it what was set before."""
        concerned = [
            (pair, amount) for flows in self._flows.values() for pair, amount in flows.items() if booked.id in pair
        ]
        for (credit, debit), _ in concerned:
            self.settling.unapply(credit, debit, at)
        self._withdraw(before, at)
        self._post(booked, at)
        for (credit, debit), amount in concerned:
            self.settling.apply(credit, debit, amount, at)

    def _withdraw(self, booked: Booked, at: datetime) -> None:
        deposit = _DEPOSIT + booked.id
        if deposit in self.settling.credits:
            self.settling.unapply(deposit, booked.id, at)
            self.settling.withdraw(deposit, at)
        self.settling.withdraw(booked.id, at)

    def _edit(self, booked: Booked, at: datetime) -> None:
        debit = self.settling.debits.get(booked.id)
        lines = {id(each): each for each in ([debit.posted] if debit else []) + self.lines_of(booked.id)}
        for line in lines.values():
            line.due, line.text = booked.due_date, booked.memo[:50]
            line.reference = (booked.number or booked.reference)[:16]
            self.entries.touch(line, at)
