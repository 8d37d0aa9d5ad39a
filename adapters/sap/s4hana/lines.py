"""Journal entry lines as documents: what is owed, what is left of it, and what is left out and why.

In S/4HANA everything is a line of the same kind: invoices are positive, payments and credit memos negative, and nothing
says what is left of an invoice. That is reckoned here (SAP KBA 3399348): a partial payment and its invoice both stay
open, the payment naming the invoice; a residual item is a new open line that names the one it replaces. So what is left
of an open invoice is its amount and the open credits that name it; every other credit stays with the customer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from adapters.documents import Allocation, Document, DocumentKind, DocumentRef, Item, document_ref
from adapters.money import Money, MoneyError
from adapters.sap.s4hana.wire import Line, Sum
from adapters.sap.values import ValueUnreadable, amount, day, unpadded

PAYMENT_TYPES = frozenset(["DZ"])
"""Document types of customer payments as SAP delivers them; a setting, since they can be customised."""

_NO_YEAR = frozenset(["", "0000"])
_CLOCK = re.compile(r"(?:PT)?(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,4})S)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What differs from system to system: which document types are payments, and what a payment block means.

    SAP keeps payment blocks and dunning blocks apart; `payment_block_holds` treats the first as the second.
    """

    payment_types: frozenset[str] = PAYMENT_TYPES
    payment_block_holds: bool = False


class LeftOut(StrEnum):
    """Why an open line on a customer is no receivable of ours to ask for."""

    OTHER_ACCOUNT = "no customer line"
    OTHER_COMPANY = "another company code"
    SPECIAL_GL = "special G/L"
    REVERSED = "reversed"
    COUNTER = "cleared by its own document"


class Key(NamedTuple):
    """A line within its company code, without filling zeros."""

    year: str
    document: str
    item: str

    def __str__(self) -> str:
        return "/".join(self)


def key_of(line: Sum) -> Key:
    """The line's own key."""
    return Key(line.fiscal_year, unpadded(line.accounting_document), unpadded(line.accounting_document_item))


def named_by(line: Line) -> Key | None:
    """The line that this one names as its invoice. A letter alone (V: due like an invoice) names none."""
    document, item = unpadded(line.invoice_reference), unpadded(line.invoice_item_reference)
    if not document or not item or line.invoice_reference_fiscal_year in _NO_YEAR:
        return None
    return Key(line.invoice_reference_fiscal_year, document, item)


def left_out(line: Sum, company_code: str) -> LeftOut | None:
    """Why the line is none of ours; None where it is."""
    if line.financial_account_type != "D":
        return LeftOut.OTHER_ACCOUNT
    if line.company_code != company_code:
        return LeftOut.OTHER_COMPANY
    if line.special_gl_code:
        return LeftOut.SPECIAL_GL
    return LeftOut.REVERSED if is_void(line) else None


def is_void(line: Sum) -> bool:
    """Whether the line was reversed, or reverses another."""
    return line.is_reversed or line.is_reversal


def money_of(line: Sum) -> Money:
    """The signed amount. Raises MoneyError and ValueUnreadable."""
    return Money.of(amount(line.amount_in_transaction_currency), line.transaction_currency)


def is_counter(line: Line, payment_types: frozenset[str] = PAYMENT_TYPES) -> bool:
    """Whether the line stands for what its own document clears, as a transfer posting has them: nobody ever owed it.

    What a payment clears at once is cleared by its own document, too; that is the payment.
    """
    by = (line.clearing_doc_fiscal_year, unpadded(line.clearing_accounting_document))
    if not line.is_cleared or by != (line.fiscal_year, unpadded(line.accounting_document)):
        return False
    return line.accounting_document_type not in payment_types or money_of(line).minor > 0


@dataclass(slots=True)
class Credits:
    """Open credits by the invoice that they name, for as long as a read lasts.

    `unsure` are invoices that something names which cannot be read: what is left of them cannot be told.
    """

    by_invoice: dict[Key, list[tuple[Key, Money]]] = field(default_factory=dict)
    unsure: set[Key] = field(default_factory=set)

    def add(self, line: Line) -> None:
        """Notes an open credit that names an invoice; told again, it is the same one."""
        target = named_by(line)
        if target is None or line.is_cleared or line.special_gl_code:
            return
        try:
            value = money_of(line)
        except (ValueUnreadable, MoneyError):
            self.unsure.add(target)
            return
        if value.minor < 0:
            others = [each for each in self.by_invoice.get(target, ()) if each[0] != key_of(line)]
            self.by_invoice[target] = sorted([*others, (key_of(line), value)])

    def on(self, invoice: Key) -> Sequence[tuple[Key, Money]]:
        """The credits that name an invoice, by key."""
        return self.by_invoice.get(invoice, ())


class Applied(NamedTuple):
    """What of a credit goes to which invoice; `amount` is positive."""

    credit: Key
    invoice: Key
    amount: Money


def applied_to(invoice: Key, owed: Money, known: Credits) -> list[Applied]:
    """The open credits that name an invoice, taken one after the other until nothing is left of it."""
    found: list[Applied] = []
    left = owed
    for credit, value in known.on(invoice):
        if value.currency != owed.currency or left.minor <= 0:
            continue
        share = min(-value, left)
        found.append(Applied(credit, invoice, share))
        left -= share
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """What is needed to make documents of lines: the credits, and the invoices that credits name, by key."""

    credits: Credits
    invoices: Mapping[Key, Money]  # open invoices that a credit names
    payments: Mapping[Key, Sequence[Applied]] = field(default_factory=dict)  # of cleared credits
    habits: Habits = Habits()


def document_of(line: Line, by: Reckoning) -> Document:
    """One line as a document; what was reversed keeps nothing. Raises ValueUnreadable and MoneyError."""
    amount_ = money_of(line)
    total = Money.zero(amount_.currency) if is_void(line) else amount_
    return _invoice(line, total, by) if amount_.minor > 0 else _credit(line, total, by)


def _invoice(line: Line, total: Money, by: Reckoning) -> Document:
    key = key_of(line)
    if key in by.credits.unsure and not line.is_cleared:
        raise ValueUnreadable("a credit that names it cannot be read")
    left = Money.zero(total.currency) if line.is_cleared else total
    for each in applied_to(key, left, by.credits):
        left -= each.amount
    due = day(line.net_due_date) or day(line.due_calculation_base_date) or _issued(line)
    return _document(
        line,
        kind=DocumentKind.INVOICE,
        total=total,
        open=left,
        items=(Item(due_date=due, total=total, open=left),),
        block=_block(line, by.habits),
    )


def _block(line: Line, habits: Habits) -> str:
    """The line's dunning block; its payment block only where the system is used so that it means the same."""
    return line.dunning_blocking_reason or (line.payment_blocking_reason if habits.payment_block_holds else "")


def _credit(line: Line, total: Money, by: Reckoning) -> Document:
    key, target = key_of(line), named_by(line)
    shares: Sequence[Applied] = by.payments.get(key, ())
    left = Money.zero(total.currency) if line.is_cleared else total
    if left and target is not None and target in by.invoices:
        shares = [each for each in applied_to(target, by.invoices[target], by.credits) if each.credit == key]
        for each in shares:
            left += each.amount
    is_payment = line.accounting_document_type in by.habits.payment_types
    return _document(
        line,
        kind=DocumentKind.PAYMENT if is_payment else DocumentKind.CREDIT_MEMO,
        total=total,
        open=left,
        allocations=tuple(Allocation(target=invoice_ref(each.invoice), amount=each.amount) for each in shares),
    )


def _document(
    line: Line,
    *,
    kind: DocumentKind,
    total: Money,
    open: Money,  # noqa: A002 - the vocabulary's word
    items: tuple[Item, ...] = (),
    allocations: tuple[Allocation, ...] = (),
    block: str = "",
) -> Document:
    made = _made_at(line)
    return Document(
        kind=kind,
        id=str(key_of(line)),
        customer=unpadded(line.customer),
        number=line.document_reference_id or unpadded(line.billing_document) or unpadded(line.accounting_document),
        issue_date=_issued(line),
        total=total,
        open=open,
        items=items,
        allocations=allocations,
        voided=is_void(line),
        memo=line.document_item_text,
        block=block,
        version=_version(line, open),
        created_at=made,
        updated_at=made,
    )


def invoice_ref(key: Key) -> DocumentRef:
    """The ref of the invoice with this key."""
    return document_ref(DocumentKind.INVOICE, str(key))


def _issued(line: Line) -> date:
    found = day(line.document_date) or day(line.posting_date)
    if found is None:
        raise ValueUnreadable("there is no document date")
    return found


def _made_at(line: Line) -> datetime | None:
    """When it was entered, as the server's clock had it: days are sure, the time's zone is not, and taken as UTC."""
    on = day(line.accounting_document_creation_date)
    if on is None:
        return None
    told = _CLOCK.match(line.creation_time or "")
    hours, minutes, seconds = told.groups("0") if told else ("0", "0", "0")
    return datetime.combine(on, time(int(hours) % 24, int(minutes) % 60, int(seconds) % 60), UTC)


def _version(line: Line, left: Money) -> str:
    """Changes with whatever of the line can change and matters to us."""
    parts = (
        left.minor,
        line.is_cleared,
        line.net_due_date,
        line.due_calculation_base_date,
        line.dunning_blocking_reason,
        line.payment_blocking_reason,
        line.invoice_reference,
        line.document_reference_id,
        line.is_reversed,
        line.last_dunning_date,
    )
    return "|".join(["" if each in (None, "", False) else str(each) for each in parts])


def clearings(lines: Iterable[Line], payment_types: frozenset[str] = PAYMENT_TYPES) -> dict[Key, list[Applied]]:
    """What cleared credits paid: within one clearing, credits are laid over invoices in the order of their keys.

    Which credit of a clearing paid which of its invoices, S/4HANA does not tell; the sums are right in any order.
    """
    groups: dict[tuple[str, str, str, str], list[Line]] = {}
    for line in lines:
        if (
            line.is_cleared
            and line.clearing_accounting_document
            and _is_readable(line)
            and not is_counter(line, payment_types)
        ):
            group = (
                line.clearing_doc_fiscal_year,
                unpadded(line.clearing_accounting_document),
                unpadded(line.customer),
                line.transaction_currency,
            )
            groups.setdefault(group, []).append(line)
    found: dict[Key, list[Applied]] = {}
    for members in groups.values():
        for each in _lay(sorted(members, key=key_of)):
            found.setdefault(each.credit, []).append(each)
    return found


def _is_readable(line: Line) -> bool:
    try:
        return bool(money_of(line))
    except (ValueUnreadable, MoneyError):
        return False


def _lay(members: Sequence[Line]) -> Iterable[Applied]:
    owed = [(key_of(each), money_of(each)) for each in members]
    invoices = [(key, value) for key, value in owed if value.minor > 0]
    for credit, value in owed:
        left = -value
        while left.minor > 0 and invoices:
            invoice, rest = invoices[0]
            share = min(left, rest)
            yield Applied(credit, invoice, share)
            left -= share
            if share == rest:
                invoices.pop(0)
            else:
                invoices[0] = (invoice, rest - share)
