"""Journal entries: their lines on accounts receivable move a customer's balance without any invoice."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from adapters.quickbooks.sandbox.entity import (
    STAMPS,
    Entity,
    day_of,
    reference,
    text,
    unmodelled,
    writable,
)
from adapters.quickbooks.sandbox.lists import account_id
from adapters.quickbooks.sandbox.properties import PROPERTIES
from adapters.quickbooks.sandbox.query import Field, Of
from adapters.quickbooks.sandbox.sales import day_from
from adapters.quickbooks.sandbox.wire import Json, Refused, amount, as_amount
from adapters.sandbox.records import ZERO, EntryLine, JournalEntry
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row

_PROPERTIES = PROPERTIES["journal_entry"]


class JournalEntries(Entity[JournalEntry]):
    """JournalEntry."""

    name = "JournalEntry"
    kind = "journal_entry"
    record = JournalEntry
    known = _PROPERTIES.known
    fields: ClassVar[dict[str, Field]] = {
        **STAMPS,
        "docnumber": Field("number"),
        "txndate": Field("day", Of.DAY),
    }

    def render(self, row: Row) -> Json:
        """The entry with its lines; nothing tells what is open of it."""
        entry = Shelf.decode(JournalEntry, row)
        debits = sum((line.amount for line in entry.lines if line.amount > 0), ZERO)
        made: Json = {
            **self.context.envelope(entry),
            "Adjustment": False,
            "TxnDate": entry.on.isoformat(),
            "CurrencyRef": self.context.currency_ref(entry.currency),
            "TxnTaxDetail": {},
            **entry.extra,
            "TotalAmt": amount(debits),
            "Line": [self._line(each) for each in entry.lines],
        }
        optional = (("DocNumber", entry.number), ("PrivateNote", entry.memo))
        return made | {name: value for name, value in optional if value}

    def _line(self, line: EntryLine) -> Json:
        detail: Json = {
            "PostingType": "Debit" if line.amount >= 0 else "Credit",
            "AccountRef": {"value": account_id(self.context, line.account), "name": line.account},
        }
        if line.customer is not None:
            detail["Entity"] = {"Type": "Customer", "EntityRef": self.context.customer_ref(line.customer)}
        made: Json = {
            "Id": line.id,
            "Amount": amount(abs(line.amount)),
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": detail,
        }
        return made | ({"Description": line.description} if line.description else {})

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """Creates an entry; debits and credits must be equal, and a line on AR must name a customer."""
        self.check(body)
        lines = [self._read(line) for line in body.get("Line") or [] if line.get("JournalEntryLineDetail")]
        if not lines:
            raise Refused("2020", "Required parameter Line is missing in the request", element="Line")
        if sum((value for _, value, _ in lines), ZERO):
            raise Refused("6000", "Business Validation Error: The debits and credits of the journal entry differ.")
        given = day_of(body, "TxnDate")
        return self.books.journal(
            lines,
            on=day_from(given, "TxnDate") if given else self.context.today(),
            memo=text(body, "PrivateNote", 4000),
            currency=reference(body, "CurrencyRef") or None,
            number=text(body, "DocNumber", 21),
            extra=unmodelled(body, _PROPERTIES.computed),
        )

    def _read(self, line: Json) -> tuple[str | None, Decimal, str]:
        detail: dict[str, Any] = line["JournalEntryLineDetail"]
        account = self.context.listed("account", ident=reference(detail, "AccountRef"))
        if account is None:
            raise Refused("2020", "Required parameter AccountRef is missing in the request", element="AccountRef")
        entity = detail.get("Entity") or {}
        named = reference(entity, "EntityRef") if entity.get("Type", "Customer") == "Customer" else ""
        on_ar = account.extra.get("AccountType") == "Accounts Receivable"
        if on_ar and not named:
            detail_text = "When you use Accounts Receivable, you must choose a customer in the Name field."
            raise Refused("6000", f"Business Validation Error: {detail_text}")
        sign = -1 if detail.get("PostingType") == "Credit" else 1
        customer = self.books.customer(named).id if on_ar else None
        return customer, as_amount(line.get("Amount"), "Amount") * sign, account.name

    def update(self, record: JournalEntry, body: Json, *, sparse: bool) -> None:
        """Changes number and note; the lines stay as they were booked."""
        self.check(body)
        changes: dict[str, Any] = {"extra": writable(body, record.extra, _PROPERTIES.computed, sparse=sparse)}
        if not sparse or "PrivateNote" in body:
            changes["memo"] = text(body, "PrivateNote", 4000)
        if not sparse or "DocNumber" in body:
            changes["number"] = text(body, "DocNumber", 21)
        self.books.change_entry(record.id, **changes)

    def delete(self, record: JournalEntry) -> None:
        """Deletes the entry with all its lines."""
        self.books.delete("journal", record.id)
