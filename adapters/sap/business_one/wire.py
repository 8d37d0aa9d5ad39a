"""What Business One tells, as it stands on the wire: the properties we read, under their own names.

Amounts are JSON numbers, read as exact decimals. Yes and no are `tYES` and `tNO`, days `2026-01-31` (v1) or
`2026-01-31T00:00:00Z` (v2) in the server's own zone. Almost anything may be null. Tenants add fields of their own
(`U_…`): they are passed over, or read where they are mapped (`with_fields`).
"""

from decimal import Decimal
from functools import cache
from typing import TypeVar, cast

import msgspec

YES, NO = "tYES", "tNO"


class Row(msgspec.Struct, kw_only=True, rename="pascal"):
    """A row with its properties in SAP's spelling."""


R = TypeVar("R", bound=Row)


class Instalment(Row):
    """DocumentInstallments: a part of an invoice with a due date of its own."""

    installment_id: int
    due_date: str | None = None
    total: Decimal | None = None
    total_fc: Decimal | None = msgspec.field(name="TotalFC", default=None)


class Invoice(Row, kw_only=True):
    """Invoices, CreditNotes and DownPayments, which are of one type. Amounts are local, FC in DocCurrency."""

    doc_entry: int
    doc_num: int | None = None
    card_code: str
    num_at_card: str | None = None
    doc_date: str | None = None
    doc_due_date: str | None = None
    doc_total: Decimal
    doc_total_fc: Decimal | None = None
    doc_currency: str | None = None
    paid_to_date: Decimal
    paid_to_date_fc: Decimal | None = msgspec.field(name="PaidToDateFC", default=None)
    document_status: str
    cancelled: str | None = None
    cancel_status: str | None = None
    comments: str | None = None
    block_dunning: str | None = None
    creation_date: str | None = None
    doc_time: str | None = None
    update_date: str | None = None
    update_time: str | None = None
    document_installments: list[Instalment] | None = None


class CreditNote(Invoice):
    """CreditNotes."""


class DownPayment(Invoice):
    """DownPayments: those that were invoiced (`dptInvoice`) are owed, requests are not posted."""

    down_payment_type: str | None = None


class BaseLine(Row):
    """A line of a document, with what it was made from."""

    base_type: int | None = None
    base_entry: int | None = None


class Based(Row):
    """A credit note with nothing but what its lines were made from."""

    doc_entry: int
    document_lines: list[BaseLine] | None = None


class Applied(Row):
    """PaymentInvoices: what of a payment goes where."""

    doc_entry: int | None = None
    doc_line: int | None = None
    invoice_type: str | None = None
    sum_applied: Decimal | None = None
    applied_fc: Decimal | None = msgspec.field(name="AppliedFC", default=None)
    installment_id: int | None = None


class Check(Row):
    """PaymentChecks."""

    check_sum: Decimal | None = None


class Card(Row):
    """PaymentCreditCards."""

    credit_sum: Decimal | None = None


class Payment(Row):
    """IncomingPayments."""

    doc_entry: int
    doc_num: int | None = None
    doc_type: str | None = None
    card_code: str | None = None
    doc_date: str | None = None
    doc_currency: str | None = None
    doc_rate: Decimal | None = None
    cash_sum: Decimal | None = None
    transfer_sum: Decimal | None = None
    bill_of_exchange_amount: Decimal | None = None
    transfer_reference: str | None = None
    counter_reference: str | None = None
    remarks: str | None = None
    cancelled: str | None = None
    payment_checks: list[Check] | None = None
    payment_credit_cards: list[Card] | None = None
    payment_invoices: list[Applied] | None = None


class Applications(Row):
    """A payment with nothing but where it goes."""

    doc_entry: int
    payment_invoices: list[Applied] | None = None


class EntryLine(Row):
    """JournalEntryLines; on a partner's line ShortName is its code, elsewhere it is the account's."""

    line_id: int = msgspec.field(name="Line_ID")
    short_name: str | None = None
    account_code: str | None = None
    debit: Decimal | None = None
    credit: Decimal | None = None
    fc_debit: Decimal | None = msgspec.field(name="FCDebit", default=None)
    fc_credit: Decimal | None = msgspec.field(name="FCCredit", default=None)
    fc_currency: str | None = msgspec.field(name="FCCurrency", default=None)
    due_date: str | None = None
    line_memo: str | None = None


class JournalEntry(Row, kw_only=True):
    """JournalEntries."""

    jdt_num: int
    number: int | None = None
    reference_date: str | None = None
    due_date: str | None = None
    memo: str | None = None
    original_journal: str | None = None
    block_dunning_letter: str | None = None
    journal_entry_lines: list[EntryLine]


class Contact(Row):
    """ContactEmployees."""

    name: str | None = None
    e_mail: str | None = msgspec.field(name="E_Mail", default=None)
    active: str | None = None


class Partner(Row):
    """BusinessPartners."""

    card_code: str
    card_type: str | None = None
    card_name: str | None = None
    email_address: str | None = None
    phone1: str | None = None
    contact_person: str | None = None
    currency: str | None = None
    country: str | None = None
    zip_code: str | None = None
    bill_to_state: str | None = None
    block_dunning: str | None = None
    dunning_date: str | None = None
    dunning_term: str | None = None
    father_card: str | None = None
    father_type: str | None = None
    language_code: int | None = None
    free_text: str | None = None
    frozen: str | None = None
    update_date: str | None = None
    update_time: str | None = None
    create_date: str | None = None
    contact_employees: list[Contact] | None = None


class DunningTerm(Row):
    """A partner with the term by which Business One's own wizard duns it."""

    card_code: str
    dunning_term: str | None = None


class Balance(Row):
    """A partner with what stands on its account, in its own currency (local where it has all: `##`)."""

    card_code: str
    currency: str | None = None
    father_card: str | None = None
    father_type: str | None = None
    current_account_balance: Decimal | None = None


class OpenRow(Row, kw_only=True):
    """A row of InternalReconciliationsService_GetOpenTransactions: what is left of one line on a partner's account."""

    short_name: str
    trans_id: int
    trans_row_id: int
    src_obj_typ: str | int | None = None
    src_obj_abs: int | None = None
    credit_or_debit: str
    reconcile_amount: Decimal


class OpenRows(msgspec.Struct):
    """The answer that holds them."""

    rows: list[OpenRow] | None = msgspec.field(name="InternalReconciliationOpenTransRows", default=None)


class Activity(Row):
    """Activities."""

    activity_code: int
    card_code: str | None = None
    notes: str | None = None
    details: str | None = None
    activity_date: str | None = None
    activity_property: str | None = None
    closed: str | None = None


class Held(Row, kw_only=True):
    """A document with nothing but its dunning block."""

    doc_entry: int
    block_dunning: str | None = None
    etag: str | None = msgspec.field(name="@odata.etag", default=None)


class Currency(Row):
    """Currencies: what a company calls a currency, and its ISO code."""

    code: str
    documents_code: str | None = None


class AdminInfo(Row, kw_only=True):
    """CompanyService_GetAdminInfo."""

    company_name: str | None = None
    local_currency: str
    country: str | None = None


ENTITIES: dict[type[Row], str] = {
    Invoice: "Invoices",
    CreditNote: "CreditNotes",
    DownPayment: "DownPayments",
    Payment: "IncomingPayments",
    Applications: "IncomingPayments",
    JournalEntry: "JournalEntries",
    Partner: "BusinessPartners",
    DunningTerm: "BusinessPartners",
    Balance: "BusinessPartners",
    Based: "CreditNotes",
    Activity: "Activities",
    Currency: "Currencies",
}

KEYS: dict[str, str] = {
    "JournalEntries": "JdtNum",
    "BusinessPartners": "CardCode",
    "Activities": "ActivityCode",
    "Currencies": "Code",
}
"""The properties that lists are ordered by; of all others it is DocEntry."""


@cache
def properties(kind: type[Row]) -> tuple[str, ...]:
    """The names of what we read of such a row, for `$select`."""
    return tuple(each.encode_name for each in msgspec.structs.fields(kind))


@cache
def with_fields(kind: type[R], names: tuple[str, ...]) -> type[R]:
    """The same row with a tenant's own fields, which are kept under their names."""
    if not names:
        return kind
    more = [(name, str | int | float | None, msgspec.field(name=name, default=None)) for name in names]
    made = msgspec.defstruct(kind.__name__, more, bases=(kind,), kw_only=True)
    return cast("type[R]", made)


def own_field(row: Row, name: str) -> str:
    """A tenant's own field of a row as text; empty where there is none."""
    told: object = getattr(row, name, None)
    return "" if told is None else str(told).strip()


def yes(told: str | None) -> bool:
    """Whether it says yes."""
    return told == YES
