"""How credits are set against what is owed: in full, in part, and taken back again, as a clerk does it in S/4HANA."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from adapters.sap.s4hana.sandbox.entries import ZERO, Entries, Head, Line, Number
from adapters.sap.s4hana.sandbox.settings import Partial


@dataclass(slots=True)
class Debit:
    """Something owed. `line` is where it stands now: `posted`, or the residual item that replaced it."""

    id: str
    posted: Line
    line: Line
    paid: list[tuple[str, Line]] = field(default_factory=list)  # the credits set against it, in order
    residuals: list[Number] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        """What is not paid yet."""
        return self.posted.amount + sum((line.amount for _, line in self.paid), ZERO)


@dataclass(slots=True)
class Credit:
    """A payment or credit memo. `free` are its lines that pay nothing yet; `splits` the documents that cut them."""

    id: str
    posted: list[Line]
    free: list[Line]
    splits: list[Number] = field(default_factory=list)


@dataclass(slots=True)
class Settling:
    """Sets credits against debits."""

    entries: Entries
    partial: Partial = Partial.REFERENCE
    resets_seen: bool = True
    debits: dict[str, Debit] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)
    withdrawn: dict[str, list[Line]] = field(default_factory=dict)  # the lines of what was reversed last

    def apply(self, credit: str, debit: str, amount: Decimal, at: datetime) -> None:
        """Sets an amount of a credit against a debit."""
        owed = self.debits[debit]
        new = self._taken(self.credits[credit], amount, at)
        owed.paid += [(credit, line) for line in new]
        if not owed.left:
            self._clear(owed, at)
        elif self.partial is Partial.RESIDUAL:
            self._replace(owed, new, at)
        elif self.partial is Partial.REFERENCE:
            for line in new:
                self._name(line, owed.line, at)

    def unapply(self, credit: str, debit: str, at: datetime) -> None:
        """Takes back all that a credit has set against a debit."""
        owed = self.debits[debit]
        self._open(owed, at)
        freed = [line for who, line in owed.paid if who == credit]
        others = [each for each in owed.paid if each[0] != credit]
        for line in freed:
            self._name(line, None, at)
        self.credits[credit].free += freed
        owed.paid = []
        for who, line in others:
            owed.paid.append((who, line))
            if self.partial is Partial.RESIDUAL:
                self._replace(owed, [line], at)
            elif self.partial is Partial.REFERENCE:
                self._name(line, owed.line, at)

    def withdraw(self, ident: str, at: datetime) -> None:
        """Reverses what was posted for a document that nothing is set against any more."""
        debit, credit = self.debits.pop(ident, None), self.credits.pop(ident, None)
        self.withdrawn[ident] = [debit.posted] if debit else credit.posted if credit else []
        if debit is not None:
            self.entries.reverse(debit.posted.number, at)
        if credit is not None:
            for number in reversed(credit.splits):
                self.entries.reset(number, at, seen=self.resets_seen)
                self.entries.reverse(number, at)
            self.entries.reverse(credit.posted[0].number, at)

    # -- parts

    def _taken(self, credit: Credit, amount: Decimal, at: datetime) -> list[Line]:
        """Free lines of exactly this amount, one of them cut where none fits."""
        taken: list[Line] = []
        wanted = amount
        for line in sorted(credit.free, key=lambda each: -each.amount != amount):  # one that fits comes first
            if not wanted:
                break
            part = line if -line.amount <= wanted else self._cut(credit, line, wanted, at)
            taken.append(part)
            credit.free.remove(part)
            wanted += part.amount
        if wanted:
            raise ValueError(f"Credit {credit.id} has not {amount} left.")
        return taken

    def _cut(self, credit: Credit, line: Line, amount: Decimal, at: datetime) -> Line:
        """Clears a line by a document that posts it anew, in two parts."""
        rest = -line.amount - amount
        counter, part, other = self.entries.post(
            _again(line, "AB", at, self.entries), [-line.amount, -amount, -rest], at
        )
        self.entries.clear([line, counter], at, counter.number)
        credit.free.remove(line)
        credit.free += [part, other]
        credit.splits.append(counter.number)
        for each in (part, other):
            each.due = line.due
        return part

    def _name(self, line: Line, invoice: Line | None, at: datetime) -> None:
        if line.invoice is not invoice:
            line.invoice = invoice
            if line.made_at != self.entries.local(at):
                self.entries.touch(line, at)

    def _clear(self, owed: Debit, at: datetime) -> None:
        """Clears a debit: by the payment that is being posted, or by a document of its own.

        Never by one that cut a credit: it has cleared that already, and a reset would open both. A credit memo clears
        nothing as it is posted.
        """
        lines = [line for _, line in owed.paid if line.is_open]
        now = self.entries.local(at)
        own = next((line.number for line in reversed(lines) if line.made_at == now and line.kind == "DZ"), None)
        self.entries.clear([owed.line, *lines], at, own)

    def _replace(self, owed: Debit, new: Iterable[Line], at: datetime) -> None:
        """Clears a debit and what pays part of it; what is left is a new line, which names the one it replaces."""
        before = owed.line
        counter, rest = self.entries.post(_again(before, "AB", at, self.entries), [-owed.left, owed.left], at)
        rest.due, rest.invoice = before.due, before
        self.entries.clear([before, counter, *new], at, counter.number)
        owed.line = rest
        owed.residuals.append(counter.number)

    def _open(self, owed: Debit, at: datetime) -> None:
        """Undoes whatever has cleared a debit; others that were cleared together with it are cleared again."""
        if owed.line.cleared_by is not None:
            opened = self.entries.reset(owed.line.cleared_by, at, seen=self.resets_seen)
            for other in self.debits.values():
                if other is not owed and other.line in opened:
                    self.entries.clear([other.line, *(line for _, line in other.paid if line.is_open)], at)
        for number in reversed(owed.residuals):
            self.entries.reset(number, at, seen=self.resets_seen)
            self.entries.reverse(number, at)
        owed.residuals, owed.line = [], owed.posted


def _again(line: Line, kind: str, at: datetime, entries: Entries) -> Head:
    """The head of a document that posts a line anew."""
    return Head(
        kind=kind,
        customer=line.customer,
        branch=line.branch,
        currency=line.currency,
        on=entries.local(at).date(),
        dated=line.dated,
        reference=line.reference,
        text=line.text,
        of=line.of,
    )
