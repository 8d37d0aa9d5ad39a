"""QuickBooks' rows as documents of adapters.documents.

Open amounts are QuickBooks' own: Balance of an invoice, RemainingCredit of a credit memo, UnappliedAmt of a payment.
Allocations are taken as each payment line gives them, each taking its amount off what it names: positive against an
invoice, negative against the credit memo that it uses up. Which credit paid which invoice is never guessed.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from itertools import accumulate
from typing import TypeAlias

from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages

from adapters.documents import (
    CUSTOMER,
    Allocation,
    Customer,
    Delivery,
    Document,
    DocumentKind,
    Item,
    Problem,
    document_ref,
)
from adapters.marker import marker_lines_removed
from adapters.money import Money, MoneyError
from adapters.quickbooks import wire

KINDS = {
    "Invoice": DocumentKind.INVOICE,
    "CreditMemo": DocumentKind.CREDIT_MEMO,
    "Payment": DocumentKind.PAYMENT,
    "JournalEntry": DocumentKind.JOURNAL,
}
ENTITY_OF = {kind: entity for entity, kind in KINDS.items()}

HomeCurrency: TypeAlias = Callable[[], str]

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@(?:[\w-]+\.)+[\w-]{2,}")
_DELIVERY = {"EmailSent": Delivery.SENT, "NeedToSend": Delivery.WAITING}
_LONGEST_ADDRESS = 254
_LONGEST_LIST = 160  # characters of all addresses in one field; QuickBooks itself takes 100
LONGEST_NAME, LONGEST_WORDS = 500, 20_000  # QuickBooks takes 500 and 4,000
_LONGEST_ID, _LONGEST_METHOD = 60, 16
_LONGEST_PROBLEM = 400
_CURRENCY = re.compile(r"[A-Z]{3}")
_FIRST_YEAR, _LAST_YEAR = 1900, 9998  # what lies outside cannot be told in every time zone


class Unmappable(ValueError):
    """A row that lacks what every such row must have."""


@lru_cache(maxsize=4096)
def addresses(text: str | None) -> tuple[str, ...]:
    """The valid addresses in a field into which people type several, in order, each once; as many as fit."""
    if not text:
        return ()
    if len(text) < _LONGEST_LIST and _ADDRESS.fullmatch(text):  # one, as nearly always
        return (text,)
    found = (part.strip() for part in re.split(r"[,;]", text[:LONGEST_WORDS]))
    known = dict.fromkeys(each for each in found if len(each) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(each))
    together = accumulate(len(each) + 1 for each in known)
    return tuple(each for each, length in zip(known, together, strict=True) if length <= _LONGEST_LIST)


def instant(text: str | None) -> datetime | None:
    """An instant with the company's offset, as aware UTC."""
    if not text:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unmappable(f"{text!r} is not an instant") from error
    if given.tzinfo is None:
        raise Unmappable(f"{text!r} has no offset from UTC")
    if not _FIRST_YEAR <= given.year <= _LAST_YEAR:
        raise Unmappable(f"{text!r} is no instant of any books")
    return given if given.tzinfo is UTC else given.astimezone(UTC)


@lru_cache(maxsize=8192)
def day(text: str | None, name: str) -> date:
    """A day written with dashes, or with slashes as Intuit's own page has it."""
    try:
        found = date.fromisoformat((text or "").replace("/", "-"))
    except ValueError as error:
        raise Unmappable(f"{name} {text!r} is not a day") from error
    if found.year < _FIRST_YEAR:
        raise Unmappable(f"{name} {text!r} lies before the time of any books: correct it there")
    return found


def _amount(value: Decimal | None, currency: str, name: str) -> Money:
    if value is None:
        raise Unmappable(f"{name} is missing")
    return Money.of(value, currency)


def currency_of(ref: wire.Key | None, home: HomeCurrency) -> str:
    """A row's currency; one that names none is in the home currency."""
    return _currency((ref.value if ref else None) or home())


@lru_cache(maxsize=256)
def _currency(code: str) -> str:
    if not _CURRENCY.fullmatch(code):
        raise Unmappable(f"{code[:20]!r} is no currency: three letters, like USD")
    return code


def identified(ident: str, name: str = "Id") -> str:
    """An id as QuickBooks gives them. Raises `Unmappable` for what nothing could be found again by."""
    if not ident or len(ident) > _LONGEST_ID or not ident.isprintable():
        raise Unmappable(f"{name} is missing, or none by which it can be found again")
    return ident


def version_of(row: wire.Row) -> str:
    """What tells one state of a row from another."""
    return (row.sync_token or "")[:_LONGEST_ID]


def _created(row: wire.Row) -> datetime | None:
    return instant(row.meta_data.create_time) if row.meta_data else None


def _updated(row: wire.Row) -> datetime | None:
    return instant(row.meta_data.last_updated_time) if row.meta_data else None


def customer(row: wire.Customer, home: HomeCurrency) -> Customer:
    """A customer. Its language is its country's, where the country has one alone."""
    where = row.bill_addr or wire.Address()
    country = country_code(where.country_code or where.country or "")
    currency = currency_of(row.currency_ref, home)
    return Customer(
        ref=identified(row.id),
        name=(row.display_name or row.fully_qualified_name or row.id)[:LONGEST_NAME],
        parent=identified(row.parent_ref.value, "ParentRef") if row.parent_ref and row.parent_ref.value else None,
        bill_with_parent=bool(row.bill_with_parent),
        active=row.active is not False,
        emails=addresses(row.primary_email_addr.address if row.primary_email_addr else None),
        phone=((row.primary_phone.free_form_number if row.primary_phone else None) or "")[:LONGEST_NAME],
        language=language_of(country),
        country=country,
        region=(where.country_sub_division_code or "")[:LONGEST_NAME],
        postcode=(where.postal_code or "")[:LONGEST_NAME],
        currency=currency,
        customer_type=_label(row.customer_type_ref),
        delivery_method=(row.preferred_delivery_method or "").lower()[:_LONGEST_METHOD],
        note=(row.notes or "")[:LONGEST_WORDS],
        balance=Money.of(row.balance, currency) if row.balance is not None else None,
        version=version_of(row),
        created_at=_created(row),
        updated_at=_updated(row),
    )


def _label(ref: wire.Ref | None) -> str:
    return (ref.name or ref.value or "")[:LONGEST_NAME] if ref else ""


def invoice(row: wire.Invoice, home: HomeCurrency) -> Document:
    """An invoice with its one item. Zero total and zero balance: voided, whatever its note says."""
    currency = currency_of(row.currency_ref, home)
    total = _amount(row.total_amt, currency, "TotalAmt")
    balance = total if row.balance == row.total_amt else _amount(row.balance, currency, "Balance")
    issued = day(row.txn_date, "TxnDate")
    due = day(row.due_date, "DueDate") if row.due_date else issued
    sent_at = instant(row.delivery_info.delivery_time) if row.delivery_info else None
    delivery = _DELIVERY.get(row.email_status or "", Delivery.UNKNOWN)
    return Document(
        kind=DocumentKind.INVOICE,
        id=identified(row.id),
        customer=_customer_of(row),
        number=(row.doc_number or "")[:LONGEST_NAME],
        issue_date=issued,
        total=total,
        open=balance,
        items=(Item(due_date=due, total=total, open=balance),) if balance.minor >= 0 else (),
        voided=not total and not balance,
        bill_emails=addresses(row.bill_email.address if row.bill_email else None),
        delivery=Delivery.SENT if sent_at and delivery is Delivery.UNKNOWN else delivery,
        sent_at=sent_at,
        memo=marker_lines_removed(row.private_note or "")[:LONGEST_WORDS],
        version=version_of(row),
        created_at=_created(row),
        updated_at=_updated(row),
    )


def _customer_of(row: wire.Transaction) -> str:
    return identified((row.customer_ref.value if row.customer_ref else None) or "", "CustomerRef")


def credit_memo(row: wire.CreditMemo, home: HomeCurrency) -> Document:
    """A credit memo; what is left of it is open, and negative."""
    currency = currency_of(row.currency_ref, home)
    total = _amount(row.total_amt, currency, "TotalAmt")
    left = row.remaining_credit if row.remaining_credit is not None else row.balance
    rest = _amount(left, currency, "RemainingCredit")
    return _credit(
        row,
        DocumentKind.CREDIT_MEMO,
        number=row.doc_number or "",
        total=-total,
        rest=-rest,
        bill_emails=addresses(row.bill_email.address if row.bill_email else None),
    )


def payment(row: wire.Payment, home: HomeCurrency, journal_target: Callable[[wire.LinkedTxn], str]) -> Document:
    """A payment; what is not applied is open, and negative. One of zero with lines joins credits to invoices."""
    currency = currency_of(row.currency_ref, home)
    total = _amount(row.total_amt, currency, "TotalAmt")
    rest = _amount(row.unapplied_amt or Decimal(0), currency, "UnappliedAmt")
    return _credit(
        row,
        DocumentKind.PAYMENT,
        number=row.payment_ref_num or "",
        total=-total,
        rest=-rest,
        allocations=_allocations(row, currency, total - rest, journal_target),
    )


def _allocations(
    row: wire.Payment, currency: str, applied: Money, journal_target: Callable[[wire.LinkedTxn], str]
) -> tuple[Allocation, ...]:
    """Each line as given. What takes from a credit is negative: of journal lines only the sum can tell."""
    found: list[Allocation] = []
    journals = 0
    for line in row.line or ():
        amount = Money.of(line.amount or Decimal(0), currency)
        for link in line.linked_txn or ():
            if link.txn_type == "JournalEntry":
                journals += amount.minor
                found.append(Allocation(target=journal_target(link), amount=amount))
            else:
                found.append(_allocation(link, amount))
    others = sum(each.amount.minor for each in found) - journals
    if journals and others - journals == applied.minor:
        prefix = f"{DocumentKind.JOURNAL}:"
        return tuple(replace(a, amount=-a.amount) if a.target.startswith(prefix) else a for a in found)
    return tuple(found)


def _allocation(link: wire.LinkedTxn, amount: Money) -> Allocation:
    kind = KINDS.get(link.txn_type or "")
    ident = identified(link.txn_id or "", "LinkedTxn")
    if kind is None:
        return Allocation(target=f"{(link.txn_type or 'unknown').lower()[:_LONGEST_ID]}:{ident}", amount=amount)
    signed = -amount if kind is DocumentKind.CREDIT_MEMO else amount
    return Allocation(target=document_ref(kind, ident), amount=signed)


def _credit(
    row: wire.Transaction,
    kind: DocumentKind,
    *,
    number: str,
    total: Money,
    rest: Money,
    allocations: tuple[Allocation, ...] = (),
    bill_emails: tuple[str, ...] = (),
) -> Document:
    return Document(
        kind=kind,
        id=identified(row.id),
        customer=_customer_of(row),
        number=number[:LONGEST_NAME],
        issue_date=day(row.txn_date, "TxnDate"),
        total=total,
        open=rest,
        allocations=allocations,
        voided=not total and not rest and not allocations,
        bill_emails=bill_emails,
        memo=(row.private_note or "")[:LONGEST_WORDS],
        version=version_of(row),
        created_at=_created(row),
        updated_at=_updated(row),
    )


@cache
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 of a country as people and QuickBooks write it: US, USA, Germany, Deutschland; else empty."""
    asked = text.strip()
    if len(asked) == 2 and asked.upper() in Locale("en").territories:
        return asked.upper()
    alias = get_global("territory_aliases").get(asked.upper())
    if len(asked) == 3 and alias:
        return str(alias[0])
    return _countries().get(asked.casefold(), "")


@cache
def _countries() -> dict[str, str]:
    named: dict[str, str] = {}
    for language in ("es", "de", "fr", "en"):
        territories = Locale(language).territories.items()
        named |= {name.casefold(): code for code, name in territories if len(code) == 2 and code.isalpha()}
    return named


@cache
def language_of(country: str) -> str:
    """The language of a country that has one official language alone; else empty."""
    spoken = get_official_languages(country, de_facto=True) if country else ()
    return spoken[0] if len(spoken) == 1 else ""


def problem_of(entity: str, ledger_id: str, text: str, number: str | None = None) -> Problem:
    """A row that could not be read, named as a finance person would look for it."""
    kind = KINDS.get(entity)
    ledger_id = ledger_id[:_LONGEST_ID] or "?"
    ref = document_ref(kind, ledger_id) if kind else f"{entity.lower()}:{ledger_id}"
    known = ledger_id if ledger_id != "?" else "unknown"
    name = f"{entity} {number[:_LONGEST_ID]} (id {known})" if number else f"{entity} with id {known}"
    said = f"{name} cannot be read: {text}"
    return Problem(ref=ref, kind=kind.value if kind else CUSTOMER, text=said[:_LONGEST_PROBLEM])


MAPPING_ERRORS = (Unmappable, MoneyError)
"""What the functions above raise for a row that cannot be taken as it is."""
