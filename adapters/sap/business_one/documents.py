"""Rows as documents: invoices with their instalments, credit notes, payments, and lines of journal entries.

What is left of an invoice is DocTotal less PaidToDate, in the document's own currency. Of payments and journal entries
Business One tells it elsewhere (open_lines.py). A cancelled document keeps its number and has nothing in it: it and the
document that cancels it, which is passed over, make zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from adapters.documents import Allocation, Document, DocumentKind, DocumentRef, Item, document_ref
from adapters.money import Money, MoneyError
from adapters.sap.business_one import wire
from adapters.sap.business_one.instalments import Part, spread
from adapters.sap.business_one.settings import Currencies, Settings
from adapters.sap.values import ValueUnreadable, day

INVOICE, CREDIT_NOTE, PAYMENT, JOURNAL, DOWN_PAYMENT = 13, 14, 24, 30, 203
"""SAP's numbers of the object types."""
BLOCK = "BlockDunning"

TYPE_OF: dict[type[wire.Row], int] = {
    wire.Invoice: INVOICE,
    wire.CreditNote: CREDIT_NOTE,
    wire.DownPayment: DOWN_PAYMENT,
    wire.Payment: PAYMENT,
    wire.JournalEntry: JOURNAL,
}
KIND_OF: dict[int, type[wire.Row]] = {number: kind for kind, number in TYPE_OF.items()}
_APPLIED = {
    "it_Invoice": INVOICE,
    "it_CredItnote": CREDIT_NOTE,
    "it_DownPayment": DOWN_PAYMENT,
    "it_JournalEntry": JOURNAL,
    "it_OpeningBalance": JOURNAL,
}


class Key(NamedTuple):
    """A document: its object type and number; of a journal entry also the line, elsewhere -1."""

    type: int
    entry: int
    line: int = -1


def ref_of(key: Key, *, is_credit: bool = False) -> DocumentRef:
    """`invoice:130`, `invoice:203/7` for a down payment, `credit_memo:13/130` for an invoice below zero."""
    if key.type == PAYMENT:
        return document_ref(DocumentKind.PAYMENT, str(key.entry))
    if key.type == JOURNAL:
        return document_ref(DocumentKind.JOURNAL, f"{key.entry}.{key.line}")
    kind = DocumentKind.CREDIT_MEMO if is_credit or key.type == CREDIT_NOTE else DocumentKind.INVOICE
    usual = CREDIT_NOTE if kind is DocumentKind.CREDIT_MEMO else INVOICE
    return document_ref(kind, str(key.entry) if key.type == usual else f"{key.type}/{key.entry}")


def key_of(ref: DocumentRef) -> Key | None:
    """The document that a ref names; None where it is none of ours."""
    kind, _, ident = ref.partition(":")
    told, mark, entry = ident.rpartition("/")
    entry, _, line = entry.partition(".")
    usual = {"invoice": INVOICE, "credit_memo": CREDIT_NOTE, "payment": PAYMENT, "journal": JOURNAL}.get(kind)
    if usual is None or not entry.isdigit() or (mark and not told.isdigit()):
        return None
    return Key(int(told) if mark else usual, int(entry), int(line) if line.isdigit() else -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is needed beside the rows: what is left of payments and journal lines, and what was paid on instalments."""

    currencies: Currencies
    settings: Settings
    open_amounts: Mapping[Key, Decimal] = field(default_factory=dict)  # signed, in the account's currency
    today: date = date.max  # what is dated later may not be told yet
    account_of: Mapping[str, str] = field(default_factory=dict)  # the partner on whose account another's lines stand
    account_currencies: Mapping[str, str] = field(default_factory=dict)
    on_instalments: Mapping[Key, Mapping[int, Money]] = field(default_factory=dict)

    def is_local(self, partner: str) -> bool:
        """Whether what is open on the partner's account is told in local currency."""
        account = self.account_of.get(partner, partner)
        return not self.currencies.is_foreign(self.account_currencies.get(account))

    def left(self, partner: str, key: Key, total: Money, local: Decimal, code: str | None, day_: date) -> Money:
        """What is left of a line on a partner's account, in the line's own currency; never more than the line.

        Where the account is told in local currency, a foreign line's part is taken of its total. `day_` is the line's.
        """
        told = self.open_amounts.get(key)
        if told is None and day_ > self.today:
            return total
        if not told or not total:
            return Money.zero(total.currency)
        if self.currencies.is_foreign(code) and self.is_local(partner):
            left = self.currencies.money(total.amount * told / local if local else Decimal(0), code)
        else:
            left = self.currencies.money(told, code)
        return max(left, total) if total.minor < 0 else min(left, total)


def is_ignored(row: wire.Invoice) -> bool:
    """Whether the row only cancels another document, or asks for money that is not posted."""
    is_request = isinstance(row, wire.DownPayment) and row.down_payment_type == "dptRequest"
    return row.cancel_status == "csCancellation" or is_request


def is_cancelled(row: wire.Invoice) -> bool:
    """Whether another document cancelled it."""
    return wire.yes(row.cancelled) or row.cancel_status == "csYes"


def amounts(row: wire.Invoice, currencies: Currencies) -> tuple[Money, Money]:
    """Total and what is left, in the document's currency, signed as the row has them. Raises MoneyError."""
    is_foreign = currencies.is_foreign(row.doc_currency)
    total = (row.doc_total_fc if is_foreign else row.doc_total) or Decimal(0)
    paid = (row.paid_to_date_fc if is_foreign else row.paid_to_date) or Decimal(0)
    is_open = row.document_status == "bost_Open" and not is_cancelled(row)
    whole = currencies.money(total, row.doc_currency)
    if is_open and not paid:
        return whole, whole
    return whole, currencies.money(total - paid if is_open else Decimal(0), row.doc_currency)


def has_parts(row: wire.Invoice, currencies: Currencies) -> bool:
    """Whether it matters on which instalment something was paid; not where the row's amounts cannot be read."""
    if len(row.document_installments or ()) < 2:
        return False
    with suppress(MoneyError):
        total, left = amounts(row, currencies)
        return left.minor > 0 and left != total
    return False


def of_invoice(row: wire.Invoice, type_: int, known: Known) -> Document:
    """An invoice, down payment or credit note. Raises ValueUnreadable and MoneyError."""
    total, left = amounts(row, known.currencies)
    if type_ == CREDIT_NOTE:
        total, left = -total, -left
    is_credit = type_ == CREDIT_NOTE or total.minor < 0
    voided = is_cancelled(row)
    if voided:
        total = left = Money.zero(total.currency)
    key = Key(type_, row.doc_entry)
    ref = ref_of(key, is_credit=is_credit)
    own = {what: wire.own_field(row, name) for name, what in known.settings.document_fields.items()}
    items = () if is_credit else _items(row, key, (total, left), known)
    return Document(
        kind=DocumentKind(ref.partition(":")[0]),
        id=ref.partition(":")[2],
        customer=row.card_code,
        number=own.get("number") or str(row.doc_num or row.doc_entry),
        issue_date=_issued(row.doc_date),
        total=total,
        open=left,
        items=items,
        voided=voided,
        bill_emails=addresses(own.get("bill_emails", "")),
        memo=own.get("memo") or row.comments or row.num_at_card or "",
        block=BLOCK if wire.yes(row.block_dunning) else "",
        version=_version(row, left, items, own),
        created_at=known.settings.instant(row.creation_date, row.doc_time),
        updated_at=known.settings.instant(row.update_date, row.update_time),
    )


def _items(row: wire.Invoice, key: Key, of: tuple[Money, Money], known: Known) -> tuple[Item, ...]:
    total, left = of
    told = row.document_installments or []
    due = day(row.doc_due_date) or next((on for each in told if (on := day(each.due_date))), _issued(row.doc_date))
    if len(told) < 2 or not total:
        return (Item(due_date=due, total=total, open=left),)
    is_foreign = known.currencies.is_foreign(row.doc_currency)
    parts = [
        Part(
            number=each.installment_id,
            due_date=day(each.due_date) or due,
            total=known.currencies.money(each.total_fc if is_foreign else each.total, row.doc_currency),
        )
        for each in told
    ]
    return spread(parts, total, left, known.on_instalments.get(key, {}))


def _version(row: wire.Invoice, left: Money, items: Sequence[Item], own: Mapping[str, str]) -> str:
    """Changes with whatever of the row can change and matters to us."""
    parts = [left.minor, row.doc_due_date, row.block_dunning, row.comments, row.card_code, row.cancelled, *own.values()]
    parts += [f"{each.part}:{each.due_date}:{each.open.minor}" for each in items[1:] and items]
    return "|".join("" if each is None else str(each) for each in parts)


def targets(row: wire.Payment | wire.Applications) -> Iterable[tuple[Key, wire.Applied]]:
    """The documents that a payment names."""
    for each in row.payment_invoices or ():
        type_ = _APPLIED.get(each.invoice_type or "")
        if type_ is not None and each.doc_entry is not None:
            yield Key(type_, each.doc_entry, (each.doc_line or 0) if type_ == JOURNAL else -1), each


def applied(each: wire.Applied, code: str | None, currencies: Currencies) -> Money:
    """What of a payment goes to one document: signed, credits that it uses up are negative. Raises MoneyError."""
    value = (each.applied_fc if currencies.is_foreign(code) else each.sum_applied) or Decimal(0)
    is_credit = _APPLIED.get(each.invoice_type or "") == CREDIT_NOTE
    return currencies.money(-abs(value) if is_credit else value, code)


def means(row: wire.Payment) -> Decimal:
    """The money that came, in local currency, whatever way it came."""
    sums = [row.cash_sum, row.transfer_sum, row.bill_of_exchange_amount]
    sums += [each.check_sum for each in row.payment_checks or ()]
    sums += [each.credit_sum for each in row.payment_credit_cards or ()]
    return sum((each for each in sums if each), Decimal(0))


def may_be_left(row: wire.Payment, currencies: Currencies) -> bool:
    """Whether something of a payment may still be to the customer's credit, so that it must be asked for."""
    if wire.yes(row.cancelled):
        return False
    if currencies.is_foreign(row.doc_currency):
        return True
    with suppress(MoneyError):
        used = sum((applied(each, None, currencies).minor for _, each in targets(row)), 0)
        return used != currencies.money(means(row), None).minor
    return False  # where its amounts cannot be read, nothing becomes of it


def of_payment(row: wire.Payment, known: Known) -> Document:
    """A payment. Raises ValueUnreadable and MoneyError."""
    code, key, issued = row.doc_currency, Key(PAYMENT, row.doc_entry), _issued(row.doc_date)
    currencies = known.currencies
    shares = [(target, applied(each, code, currencies)) for target, each in targets(row)]
    used = sum((share for _, share in shares), Money.zero(currencies.name(code)))
    came = currencies.money(means(row), None)
    total = used if currencies.is_foreign(code) else came
    left = Money.zero(total.currency)
    if wire.yes(row.cancelled):
        total, shares = left, []
    elif currencies.is_foreign(code):  # what came is told in local currency alone: the total is what became of it
        left = known.left(row.card_code or "", key, _foreign(row, came, known), -came.amount, code, issued)
        total = used - left
    elif may_be_left(row, currencies):
        left = known.left(row.card_code or "", key, used - came, -came.amount, code, issued)
    return Document(
        kind=DocumentKind.PAYMENT,
        id=str(row.doc_entry),
        customer=row.card_code or "",
        number=row.transfer_reference or row.counter_reference or str(row.doc_num or row.doc_entry),
        issue_date=issued,
        total=-total,
        open=left,
        allocations=tuple(
            Allocation(target=ref_of(target, is_credit=target.type == INVOICE and share.minor < 0), amount=share)
            for target, share in shares
        ),
        voided=wire.yes(row.cancelled),
        memo=row.remarks or "",
        version=f"{left.minor}|{row.cancelled}|{len(shares)}|{used.minor}",
    )


def _foreign(row: wire.Payment, came: Money, known: Known) -> Money:
    """The most that can be left of a payment in a foreign currency."""
    if known.is_local(row.card_code or ""):
        return known.currencies.money(-came.amount / (row.doc_rate or Decimal(1)), row.doc_currency)
    return known.currencies.money(known.open_amounts.get(Key(PAYMENT, row.doc_entry)), row.doc_currency)


def of_entry(row: wire.JournalEntry, line: wire.EntryLine, known: Known) -> Document:
    """A line of a journal entry on a customer's account. Raises ValueUnreadable and MoneyError."""
    key = Key(JOURNAL, row.jdt_num, line.line_id)
    currencies = known.currencies
    is_foreign = currencies.is_foreign(line.fc_currency)
    code = line.fc_currency if is_foreign else None
    local = (line.debit or Decimal(0)) - (line.credit or Decimal(0))
    foreign = (line.fc_debit or Decimal(0)) - (line.fc_credit or Decimal(0))
    total = currencies.money(foreign if is_foreign else local, code)
    issued = _issued(row.reference_date)
    left = known.left(line.short_name or "", key, total, local, code, issued)
    due = day(line.due_date) or day(row.due_date) or issued
    return Document(
        kind=DocumentKind.JOURNAL,
        id=f"{row.jdt_num}.{line.line_id}",
        customer=line.short_name or "",
        number=str(row.number or row.jdt_num),
        issue_date=issued,
        total=total,
        open=left,
        items=(Item(due_date=due, total=total, open=left),) if total.minor > 0 else (),
        memo=line.line_memo or row.memo or "",
        block="BlockDunningLetter" if wire.yes(row.block_dunning_letter) else "",
        version=f"{left.minor}|{due}|{row.block_dunning_letter}|{line.line_memo or row.memo or ''}",
    )


def _issued(told: str | None) -> date:
    found = day(told)
    if found is None:
        raise ValueUnreadable("there is no document date")
    return found


def addresses(text: str) -> tuple[str, ...]:
    """The addresses in a field that may hold several."""
    parts = text.replace(";", ",").replace("\n", ",").split(",")
    return tuple(dict.fromkeys(each.strip() for each in parts if "@" in each))
