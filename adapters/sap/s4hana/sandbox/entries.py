"""Journal entries as S/4HANA keeps them: documents of lines that never change, and marks on them that may.

Four things happen here and nowhere else: a document is posted, lines are cleared, a clearing is reset, and a document
is reversed. Lines are listed by key, as the system orders them.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
_RANGES = {"RV": 90_000_000, "AB": 100_000_000, "DZ": 1_400_000_000, "DG": 1_600_000_000, "DR": 1_800_000_000}
_OTHER = 100_000_000
CUSTOMER, LEDGER = "D", "S"


class Number(NamedTuple):
    """A document within its company code."""

    year: str
    document: str


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """One line. What was posted stays; `due`, texts, blocks and the invoice that it names may be edited."""

    number: Number
    item: int
    kind: str  # the document's type: DR, DZ, DG, AB …
    account: str = CUSTOMER
    customer: str = ""
    branch: str = ""
    of: str = ""  # the document of the books that it stands for, as they call it
    amount: Decimal
    currency: str
    posted_on: date
    dated: date
    made_at: datetime  # in the system's own time
    due: date | None = None
    reference: str = ""
    text: str = ""
    special: str = ""
    invoice: "Line | None" = None
    invoice_letter: str = ""
    cleared_by: Number | None = None
    cleared_on: date | None = None
    was_reset: bool = False
    reversed_by: Number | None = None
    reverses: Number | None = None
    changed_on: date | None = None
    dunning_block: str = ""
    payment_block: str = ""

    @property
    def order(self) -> tuple[str, str, int]:
        """Where the line stands among all lines."""
        return (self.number.year, self.number.document.zfill(10), self.item)

    @property
    def is_open(self) -> bool:
        """Whether nothing has cleared it."""
        return self.cleared_by is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the lines of a document have in common."""

    kind: str
    customer: str
    currency: str
    on: date
    dated: date | None = None
    branch: str = ""
    reference: str = ""
    text: str = ""
    of: str = ""


@dataclass(slots=True)
class Entries:
    """All journal entries of one company code. `local` turns an instant into the system's own time."""

    local: Callable[[datetime], datetime]
    lines: list[Line] = field(default_factory=list)
    _last: dict[tuple[str, int], int] = field(default_factory=dict)
    _documents: dict[Number, list[Line]] = field(default_factory=dict)
    _cleared: dict[Number, list[Line]] = field(default_factory=dict)

    def number(self, kind: str, on: date) -> Number:
        """The next number for a document of this type: every fiscal year begins anew."""
        begin = _RANGES.get(kind, _OTHER)
        place = (str(on.year), begin)
        self._last[place] = self._last.get(place, 0) + 1
        return Number(place[0], str(begin + self._last[place]))

    def post(
        self, head: Head, amounts: Sequence[Decimal], at: datetime, *, due: date | None = None, special: str = ""
    ) -> list[Line]:
        """Posts a document with a line on the customer for each amount, and one that balances it."""
        number = self.number(head.kind, head.on)
        made = [self._line(number, head, at, item, amount) for item, amount in enumerate(amounts, 1)]
        for line in made:
            line.due, line.special = due, special
        rest = -sum(amounts, ZERO)
        if rest:
            counter = self._line(number, head, at, len(made) + 1, rest)
            counter.account, counter.customer, counter.branch = LEDGER, "", ""
            self._keep(counter)
        for line in made:
            self._keep(line)
        return made

    def _line(self, number: Number, head: Head, at: datetime, item: int, amount: Decimal) -> Line:
        return Line(
            number=number,
            item=item,
            kind=head.kind,
            customer=head.customer,
            branch=head.branch,
            of=head.of,
            amount=amount,
            currency=head.currency,
            posted_on=head.on,
            dated=head.dated or head.on,
            made_at=self.local(at),
            reference=head.reference[:16],
            text=head.text[:50],
        )

    def _keep(self, line: Line) -> None:
        insort(self.lines, line, key=lambda each: each.order)
        self._documents.setdefault(line.number, []).append(line)

    def of(self, number: Number) -> list[Line]:
        """A document's lines."""
        return self._documents.get(number, [])

    def clear(self, lines: Iterable[Line], at: datetime, by: Number | None = None) -> Number:
        """Clears lines that add up to nothing, by a document of their own where `by` names none."""
        members = list(lines)
        if sum((each.amount for each in members), ZERO):
            raise ValueError("Lines that are cleared together add up to nothing.")
        on = self.local(at).date()
        number = by or self.number("AB", on)
        for line in members:
            line.cleared_by, line.cleared_on = number, on
        self._cleared.setdefault(number, []).extend(members)
        return number

    def reset(self, number: Number, at: datetime, *, seen: bool) -> list[Line]:
        """Resets a clearing: its lines are open again. `seen`: their documents' day of change tells of it."""
        members = self._cleared.pop(number, [])
        for line in members:
            line.cleared_by, line.cleared_on, line.was_reset = None, None, True
            if seen:
                self.touch(line, at)
        return members

    def reverse(self, number: Number, at: datetime) -> Number:
        """Posts the opposite of a document whose lines are open; the two clear each other."""
        on = self.local(at).date()
        before = self.of(number)
        first = before[0]
        kind = first.kind if first.kind == "AB" else "DA"
        head = Head(kind=kind, customer="", currency=first.currency, on=on, reference=first.reference)
        by = self.number(kind, on)
        cleared = []
        for line in list(before):
            made = self._line(by, head, at, line.item, -line.amount)
            made.account, made.customer, made.branch = line.account, line.customer, line.branch
            made.due, made.special, made.text, made.of = line.due, line.special, line.text, line.of
            made.reverses, line.reversed_by = number, by
            self._keep(made)
            cleared += [line, made] if line.account == CUSTOMER and line.is_open else []
        self.clear(cleared, at, by)
        return by

    def touch(self, line: Line, at: datetime) -> None:
        """The line's document was edited today."""
        for each in self.of(line.number):
            each.changed_on = self.local(at).date()
