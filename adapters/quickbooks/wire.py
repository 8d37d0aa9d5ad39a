"""QuickBooks' JSON as typed structs, straight from the bytes.

Only the fields we use are named; all others are passed over, so that a field added by Intuit breaks nothing. Ids stay
strings (some have 19 digits), amounts are `Decimal` from the raw text, days and instants stay text until mapped. A
field that a row leaves out is None: a deleted stub never looks like an invoice paid in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from adapters.quickbooks.answers import decoded
from adapters.quickbooks.faults import Fault


class _Wire(msgspec.Struct, kw_only=True, rename="pascal", gc=False):
    """Field `total_amt` is `TotalAmt` on the wire. Rows are trees: nothing for the collector to look through."""


class Ref(msgspec.Struct, kw_only=True, gc=False):
    """A reference to another object: its id, and its name at that moment."""

    value: str | None = None
    name: str | None = None
    type: str | None = None


class Key(msgspec.Struct, kw_only=True, gc=False):
    """A reference of which the id alone is looked at: every row has two, and their names would be half of it."""

    value: str | None = None


class MetaData(_Wire):
    """When a row was made and last changed, with the company's offset."""

    create_time: str | None = None
    last_updated_time: str | None = None


class Email(_Wire):
    """An e-mail field; people type several addresses into it."""

    address: str | None = None


class Phone(_Wire):
    """A phone number as typed."""

    free_form_number: str | None = None


class Address(_Wire):
    """A postal address, as far as it tells where somebody is."""

    country: str | None = None
    country_code: str | None = None
    country_sub_division_code: str | None = None
    postal_code: str | None = None


class Row(_Wire):
    """What every object has. `status` is "Deleted" on a stub, which has nothing else."""

    id: str
    sync_token: str | None = None
    meta_data: MetaData | None = None
    status: str | None = msgspec.field(name="status", default=None)

    @property
    def is_stub(self) -> bool:
        """Whether this only says that the object is gone."""
        return self.status == "Deleted"


class Customer(Row):
    """A customer or sub-customer."""

    display_name: str | None = None
    fully_qualified_name: str | None = None
    active: bool | None = None
    parent_ref: Key | None = None
    bill_with_parent: bool | None = None
    primary_email_addr: Email | None = None
    primary_phone: Phone | None = None
    bill_addr: Address | None = None
    currency_ref: Key | None = None
    customer_type_ref: Ref | None = None
    preferred_delivery_method: str | None = None
    notes: str | None = None
    balance: Decimal | None = None


class Transaction(Row):
    """What invoices, credit memos and payments share."""

    doc_number: str | None = None
    txn_date: str | None = None
    customer_ref: Key | None = None
    currency_ref: Key | None = None
    total_amt: Decimal | None = None
    private_note: str | None = None


class DeliveryInfo(_Wire):
    """How and when QuickBooks itself mailed a document."""

    delivery_type: str | None = None
    delivery_time: str | None = None


class Invoice(Transaction):
    """An invoice; `balance` is QuickBooks' own."""

    due_date: str | None = None
    balance: Decimal | None = None
    bill_email: Email | None = None
    email_status: str | None = None
    delivery_info: DeliveryInfo | None = None
    invoice_link: str | None = None


class CreditMemo(Transaction):
    """A credit memo; `remaining_credit` is what can still be set against invoices."""

    balance: Decimal | None = None
    remaining_credit: Decimal | None = None
    bill_email: Email | None = None


class LinkedTxn(_Wire):
    """The other end of a payment line."""

    txn_id: str | None = None
    txn_type: str | None = None
    txn_line_id: str | None = None


class PaymentLine(_Wire):
    """An amount of a payment, and what it is set against."""

    amount: Decimal | None = None
    linked_txn: list[LinkedTxn] | None = None


class Payment(Transaction):
    """A payment; one of zero joins credits to invoices."""

    payment_ref_num: str | None = None
    unapplied_amt: Decimal | None = None
    line: list[PaymentLine] | None = None


class Entity(_Wire):
    """Whom a journal line names."""

    type: str | None = None
    entity_ref: Ref | None = None


class JournalDetail(_Wire):
    """A journal line's side, account and party."""

    posting_type: str | None = None
    account_ref: Ref | None = None
    entity: Entity | None = None


class JournalLine(_Wire):
    """One line of a journal entry."""

    id: str | None = None
    description: str | None = None
    amount: Decimal | None = None
    journal_entry_line_detail: JournalDetail | None = None


class JournalEntry(Row):
    """A journal entry; it has no balance of its own."""

    doc_number: str | None = None
    txn_date: str | None = None
    currency_ref: Key | None = None
    private_note: str | None = None
    line: list[JournalLine] | None = None


class Account(Row):
    """A general ledger account."""

    name: str | None = None
    account_type: str | None = None


class AttachedTo(_Wire):
    """What a note is attached to."""

    entity_ref: Ref | None = None


class Attachable(Row):
    """A note (or a file) attached to customers and documents."""

    note: str | None = None
    attachable_ref: list[AttachedTo] | None = None


class CompanyInfo(Row):
    """The company itself."""

    company_name: str | None = None
    country: str | None = None


class CurrencyPrefs(_Wire):
    """Whether there are several currencies, and which is home."""

    multi_currency_enabled: bool | None = None
    home_currency: Ref | None = None


class Preferences(Row):
    """The company's settings, as far as we use them."""

    currency_prefs: CurrencyPrefs | None = None


ENTITIES: Mapping[str, type[Row]] = {
    kind.__name__: kind for kind in (Customer, Invoice, CreditMemo, Payment, JournalEntry, Account, Attachable)
}

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is not shaped as Intuit's documentation says; `id` is empty where even that was not found."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """The rows of one entity in an answer, those that could be read and those that could not."""

    good: Sequence[R] = ()
    bad: Sequence[Unreadable] = ()

    def __len__(self) -> int:
        return len(self.good) + len(self.bad)


class _JustId(msgspec.Struct, kw_only=True):
    id: str | int = msgspec.field(name="Id", default="")


def decode_rows(raw: msgspec.Raw | bytes, kind: type[R]) -> Rows[R]:
    """All rows in one go; only where one cannot be read are they taken one by one."""
    try:
        return Rows(msgspec.json.decode(raw, type=list[kind]))  # type: ignore[valid-type]  # a type made at run time
    except msgspec.ValidationError:
        return _one_by_one(raw, kind)


def _one_by_one(raw: msgspec.Raw | bytes, kind: type[R]) -> Rows[R]:
    good: list[R] = []
    bad: list[Unreadable] = []
    for each in decoded(raw, list[msgspec.Raw]):
        try:
            good.append(msgspec.json.decode(each, type=kind))
        except msgspec.ValidationError as error:
            bad.append(Unreadable(_id_of(each), str(error)))
    return Rows(good, bad)


def _id_of(raw: msgspec.Raw) -> str:
    try:
        return str(msgspec.json.decode(raw, type=_JustId).id)
    except msgspec.ValidationError:
        return ""


class QueryReply(msgspec.Struct, kw_only=True):
    """The answer to a query: rows under the entity's name, or a count."""

    response: dict[str, msgspec.Raw] = msgspec.field(name="QueryResponse")  # empty where nothing was found
    time: str | None = None

    @property
    def count(self) -> int:
        """What `COUNT(*)` counted."""
        return decoded(self.response["totalCount"], int) if "totalCount" in self.response else 0

    def rows(self, kind: type[R]) -> Rows[R]:
        """The rows of one kind; nothing found is an empty answer."""
        raw = self.response.get(kind.__name__)
        return decode_rows(raw, kind) if raw is not None else Rows()


class _CdcPart(msgspec.Struct, kw_only=True):
    parts: list[dict[str, msgspec.Raw]] = msgspec.field(name="QueryResponse", default_factory=list)
    fault: Fault | None = msgspec.field(name="Fault", default=None)


class CdcReply(msgspec.Struct, kw_only=True):
    """The answer of Change Data Capture: one part per entity asked for, empty where nothing changed."""

    response: list[_CdcPart] = msgspec.field(name="CDCResponse")
    time: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it holds no part at all: that is no answer, and not "nothing changed"."""
        return not any(outer.parts for outer in self.response)

    @property
    def fault(self) -> Fault | None:
        """The first fault hidden inside the answer, if there is one."""
        for outer in self.response:
            if outer.fault is not None:
                return outer.fault
            for part in outer.parts:
                if "Fault" in part:
                    return decoded(part["Fault"], Fault)
        return None

    def rows(self, kind: type[R]) -> Rows[R]:
        """The changed rows of one kind, stubs of deleted ones among them."""
        found = [part[kind.__name__] for outer in self.response for part in outer.parts if kind.__name__ in part]
        decoded = [decode_rows(raw, kind) for raw in found]
        good = [row for rows in decoded for row in rows.good]
        return Rows(good, [row for rows in decoded for row in rows.bad])


class BatchPart(_Wire):
    """One part of a batch's answer."""

    b_id: str = msgspec.field(name="bId", default="")
    fault: Fault | None = None
    attachable: Attachable | None = None
    invoice: Invoice | None = None


class BatchReply(msgspec.Struct, kw_only=True):
    """The answer to a batch, part by part, in any order."""

    parts: list[BatchPart] = msgspec.field(name="BatchItemResponse", default_factory=list)
    time: str | None = None
