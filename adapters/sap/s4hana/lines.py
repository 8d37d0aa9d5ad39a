"""Journal entry lines as documents: what is owed, what is left of it, and what is left out and why.

In S/4HANA everything is a line of the same kind: invoices are positive, payments and credit memos negative, and nothing
says what is left of an invoice. That is reckoned here (SAP KBA 3399348): a partial payment and its invoice both stay
open, the payment naming the invoice; a residual item is a new open line that names the one it replaces. So what is left
of an open invoice is its amount and the open credits that name it; every other credit stays with the customer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from hashlib import sha256
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
    """What differs from system to system: which document types are payments, which payment methods collect the money
    by direct debit, and what a payment block means.

    SAP keeps payment blocks and dunning blocks apart; `payment_block_holds` treats the first, and a direct debit that
    is to come, as the second.
    """

    payment_types: frozenset[str] = PAYMENT_TYPES
    direct_debits: frozenset[str] = frozenset()
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
    kept_back: Mapping[Key, Money] = field(default_factory=dict)  # what residual items took back of cleared credits
    replaced: Mapping[Key, Key] = field(default_factory=dict)  # by residual item, the line that it replaces
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
    before = by.replaced.get(key)
    return _document(
        line,
        kind=DocumentKind.INVOICE,
        total=total,
        open=left,
        items=(Item(due_date=due, total=total, open=left),),
        block=_block(line, by.habits),
        remark=_remark(line, by.habits),
        replaces=invoice_ref(before) if before else "",
    )


def _block(line: Line, habits: Habits) -> str:
    """The line's dunning block; its payment block only where the system is used so that it means the same."""
    if line.dunning_blocking_reason or not habits.payment_block_holds:
        return line.dunning_blocking_reason
    by_debit = f"payment method {line.payment_method}" if line.payment_method in habits.direct_debits else ""
    return line.payment_blocking_reason or by_debit


def _remark(line: Line, habits: Habits) -> str:
    """What else SAP says of an invoice: whether it may be paid, how it is to be paid, how far SAP itself dunned it."""
    said = []
    if line.payment_blocking_reason:
        said.append(f"payment block {line.payment_blocking_reason}")
    if line.payment_method:
        by_debit = " (direct debit)" if line.payment_method in habits.direct_debits else ""
        said.append(f"payment method {line.payment_method}{by_debit}")
    if line.dunning_level.strip("0 "):
        on = day(line.last_dunning_date)
        said.append(f"SAP's dunning level {line.dunning_level}" + (f" since {on.isoformat()}" if on else ""))
    return ", ".join(said)


def _credit(line: Line, total: Money, by: Reckoning) -> Document:
    key, target = key_of(line), named_by(line)
    shares: Sequence[Applied] = by.payments.get(key, ())
    left = Money.zero(total.currency) if line.is_cleared else total
    if left and target is not None and target in by.invoices:
        shares = [each for each in applied_to(target, by.invoices[target], by.credits) if each.credit == key]
        for each in shares:
            left += each.amount
    if key in by.kept_back:
        total += by.kept_back[key]
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
    remark: str = "",
    replaces: DocumentRef = "",
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
        remark=remark,
        replaces=replaces,
        version=_version(line, open, block, remark, replaces),
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


def _version(line: Line, left: Money, *told: str) -> str:
    """Changes with whatever of the line can change and matters to us."""
    parts = (
        left.minor,
        line.is_cleared,
        line.net_due_date,
        line.due_calculation_base_date,
        line.invoice_reference,
        line.document_reference_id,
        line.is_reversed,
        *told,
    )
    return sha256(repr(parts).encode()).hexdigest()[:32]
