"""Invoices and credit memos: the sales forms that open accounts receivable."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from adapters.quickbooks.sandbox.entity import (
    STAMPS,
    Entity,
    address,
    day_of,
    reference,
    text,
    writable,
)
from adapters.quickbooks.sandbox.properties import PROPERTIES
from adapters.quickbooks.sandbox.query import Field, Of
from adapters.quickbooks.sandbox.wire import Json, Refused, amount, as_amount, as_decimal
from adapters.sandbox.records import ZERO, Document
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row

_CENT = Decimal("0.01")
_STATUS = {"sent": "EmailSent", "waiting": "NeedToSend", "none": "NotSet"}
_DELIVERY = {status: delivery for delivery, status in _STATUS.items()}
_PROPERTIES = PROPERTIES["sales"]
_FIELDS: dict[str, Field] = {
    **STAMPS,
    "docnumber": Field("number"),
    "txndate": Field("day", Of.DAY),
    "customerref": Field("customer", sorts=False),
    "totalamt": Field("total", Of.AMOUNT, filters=False),
    "salestermref": Field("json_extract(body, '$.extra.SalesTermRef.value')", sorts=False),
}


class SalesForm(Entity[Document]):
    """What invoices and credit memos have in common; `sign` is -1 where the books hold the amount as a credit."""

    record = Document
    known = _PROPERTIES.known
    sign: ClassVar[int]

    @abstractmethod
    def extras(self, document: Document) -> Json:
        """The fields that only this form has."""

    def render(self, row: Row) -> Json:
        """The form, whether a client or the company's own life wrote it."""
        document = Shelf.decode(Document, row)
        context = self.context
        total = document.total * self.sign
        made: Json = {
            **context.envelope(document),
            "CustomField": [],
            "TxnDate": document.issue_date.isoformat(),
            "CurrencyRef": context.currency_ref(document.currency),
            "TxnTaxDetail": {"TotalTax": 0},
            "CustomerRef": context.customer_ref(document.customer),
            "ApplyTaxAfterDiscount": False,
            "PrintStatus": "NeedToPrint",
            **document.extra,
            "Line": _lines(document, total),
            "TotalAmt": amount(total),
            "Balance": amount(document.open * self.sign),
            "EmailStatus": _STATUS[document.delivery],
            **self.extras(document),
        }
        optional = (("DocNumber", document.number), ("PrivateNote", document.memo))
        made |= {name: value for name, value in optional if value}
        if document.bill_email:
            made["BillEmail"] = {"Address": document.bill_email}
        if document.voided:
            made["TxnTaxDetail"] = {"TotalTax": 0}
        if self.books.multicurrency:
            rate = self.books.rate(document.currency)
            made["ExchangeRate"] = rate if rate != 1 else 1
            made["HomeTotalAmt"] = amount((total * rate).quantize(_CENT))
            made["HomeBalance"] = amount((document.open * self.sign * rate).quantize(_CENT))
        return made

    def read(self, body: Json, before: Document | None, *, sparse: bool) -> dict[str, Any]:
        """The fields of the books' document that a body sets; what a full update leaves out is emptied."""
        self.check(body)
        changes: dict[str, Any] = {}
        every = not sparse or before is None
        if every or "DocNumber" in body:
            changes["number"] = text(body, "DocNumber", 21)
        if every or "PrivateNote" in body:
            changes["memo"] = text(body, "PrivateNote", 4000)
        if every or "BillEmail" in body:
            changes["bill_email"] = address(body, "BillEmail")
        if every or "EmailStatus" in body:
            changes["delivery"] = _DELIVERY.get(str(body.get("EmailStatus") or "NotSet"), "none")
        if every or "TxnDate" in body:
            given = day_of(body, "TxnDate")
            standing = before.issue_date if before else self.context.today()
            changes["issue_date"] = day_from(given, "TxnDate") if given else standing
        changes["extra"] = writable(body, before.extra if before else {}, _PROPERTIES.computed, sparse=sparse)
        if changes.get("delivery") == "waiting" and not (changes.get("bill_email") or (before and before.bill_email)):
            raise Refused("2020", "Required parameter BillEmail is missing in the request", element="BillEmail")
        return changes

    def total_of(self, body: Json, *, required: bool) -> Decimal | None:
        """The total of a body's lines and tax; None where it has no lines."""
        lines = body.get("Line")
        if not lines:
            if required:
                raise Refused("2020", "Required parameter Line is missing in the request", element="Line")
            return None
        body["Line"] = _numbered(lines)
        tax = body.get("TxnTaxDetail") or {}
        return (_sum(lines) + as_decimal(tax.get("TotalTax"), "TotalTax")).quantize(_CENT)

    def customer_of(self, body: Json) -> str:
        """The customer whom a body names. Raises `Refused` (2020, 6250)."""
        ident = reference(body, "CustomerRef")
        if not ident:
            raise Refused("2020", "Required parameter CustomerRef is missing in the request", element="CustomerRef")
        return self.books.customer(ident).id

    def number_for(self, changes: dict[str, Any], params: Mapping[str, str]) -> str:
        """The number of a new form: the client's, else the next one. Raises `Refused` (6140) where it exists."""
        number = str(changes.pop("number"))
        allowed = self.context.settings.duplicate_numbers or "allowduplicatedocnum" in params.get("include", "")
        if (
            number
            and not allowed
            and self.books.rows.count("number = ? AND kind = ? AND deleted = 0", (number, self.kind))
        ):
            raise Refused(
                "6140", f"Duplicate Document Number Error : DocNumber={number} is assigned to TxnType={self.name}"
            )
        return number or self.books.new_number()

    def delete(self, record: Document) -> None:
        """Deletes the form; one with payments linked must be freed first (6000)."""
        if record.linked:
            raise Refused("6000", "Business Validation Error: Unlink the payments of this transaction first.")
        self.books.delete(self.kind, record.id)


class Invoices(SalesForm):
    """Invoice: AR debit with a due date, payments linked, and perhaps a page to pay it."""

    name = "Invoice"
    kind = "invoice"
    sign = 1
    fields: ClassVar[dict[str, Field]] = {
        **_FIELDS,
        "duedate": Field("due", Of.DAY),
        "balance": Field("open", Of.AMOUNT),
    }

    def extras(self, document: Document) -> Json:
        """Due date, deposit, links and delivery."""
        made: Json = {
            "DueDate": document.due_date.isoformat(),
            "LinkedTxn": [{"TxnId": ident, "TxnType": "Payment"} for ident in document.linked],
            "AllowIPNPayment": False,
            "AllowOnlinePayment": False,
            "AllowOnlineCreditCardPayment": bool(document.extra.get("AllowOnlineCreditCardPayment")),
            "AllowOnlineACHPayment": bool(document.extra.get("AllowOnlineACHPayment")),
        }
        if document.deposit:
            made["Deposit"] = amount(document.deposit)
        if document.sent_at is not None:
            sent = self.context.time(document.sent_at)
            made["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": sent}
        if "SalesTermRef" not in document.extra:
            term = self._term(document.customer)
            made |= {"SalesTermRef": term} if term else {}
        return made

    def _term(self, customer: str) -> Json | None:
        terms = self.books.customer(customer).terms
        found = self.context.listed("term", name=terms) if terms else None
        return {"value": found.id, "name": found.name} if found else None

    def create(self, body: Json, params: Mapping[str, str]) -> str:
        """Creates an invoice; a missing due date follows from the terms."""
        changes = self.read(body, None, sparse=False)
        customer = self.customer_of(body)
        total = self.total_of(body, required=True) or ZERO
        changes["extra"] |= {"Line": body["Line"]}
        return self.books.bill(
            customer,
            total,
            due_date=self._due(body, changes["issue_date"]),
            number=self.number_for(changes, params),
            deposit=as_amount(body.get("Deposit"), "Deposit"),
            currency=reference(body, "CurrencyRef") or None,
            **changes,
        )

    def update(self, record: Document, body: Json, *, sparse: bool) -> None:
        """Changes an invoice; new lines change its total, and what is paid of it stays paid."""
        changes = self.read(body, record, sparse=sparse)
        if not sparse:
            self.customer_of(body)
        total = self.total_of(body, required=not sparse and not record.voided)
        if total is not None and not record.voided:
            changes["extra"] |= {"Line": body["Line"]}
            deposit = as_amount(body.get("Deposit"), "Deposit") if "Deposit" in body or not sparse else record.deposit
            self.books.change_total(record.id, total, deposit)
        if "DueDate" in body or not sparse:
            changes["due_date"] = self._due(body, changes.get("issue_date", record.issue_date))
        self.books.change_document(record.id, **changes)

    def void(self, record: Document) -> None:
        """Voids an invoice."""
        self.books.void("invoice", record.id)

    def _due(self, body: Json, issued: date) -> date:
        given = day_of(body, "DueDate")
        if given:
            return day_from(given, "DueDate")
        term = self.context.listed("term", ident=reference(body, "SalesTermRef") or "-")
        return issued + timedelta(days=int(term.extra.get("DueDays", 30)) if term else 30)

    def link(self, document: Document) -> str:
        """The page where this invoice can be paid; empty where online payment is off or nobody can be mailed."""
        if not (self.context.settings.payment_pages and document.bill_email and document.open > 0):
            return ""
        return f"https://connect.intuit.com/portal/app/CommerceNetwork/view/scs-v1-{document.id}"


class CreditMemos(SalesForm):
    """CreditMemo: AR credit, applied by a payment of zero."""

    name = "CreditMemo"
    kind = "credit_memo"
    sign = -1
    fields: ClassVar[dict[str, Field]] = {**_FIELDS, "balance": Field("open", Of.AMOUNT, sign=-1)}

    def extras(self, document: Document) -> Json:
        """What is left to apply."""
        return {"RemainingCredit": amount(-document.open)}

    def create(self, body: Json, params: Mapping[str, str]) -> str:
        """Creates a credit memo."""
        changes = self.read(body, None, sparse=False)
        customer = self.customer_of(body)
        total = self.total_of(body, required=True) or ZERO
        changes["extra"] |= {"Line": body["Line"]}
        return self.books.credit(
            customer,
            total,
            on=changes["issue_date"],
            currency=reference(body, "CurrencyRef") or None,
            memo=changes["memo"],
            number=self.number_for(changes, params),
            bill_email=changes["bill_email"],
            extra=changes["extra"],
        )

    def update(self, record: Document, body: Json, *, sparse: bool) -> None:
        """Changes a credit memo."""
        changes = self.read(body, record, sparse=sparse)
        if not sparse:
            self.customer_of(body)
        total = self.total_of(body, required=not sparse and not record.voided)
        if total is not None and not record.voided:
            changes["extra"] |= {"Line": body["Line"]}
            self.books.change_total(record.id, -total)
        self.books.change_document(record.id, **changes)


def day_from(given: str, field: str) -> date:
    """The date in a field. Raises `Refused` (2080)."""
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise Refused("2080", f"Invalid date for {field}: {given}", element=field) from error


def _lines(document: Document, total: Decimal) -> list[Json]:
    written = document.extra.get("Line")
    if written:
        lines = [dict(line) for line in written if line.get("DetailType") != "SubTotalLineDetail"]
    else:
        detail = {"ItemRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "NON"}}
        lines = [{"Id": "1", "LineNum": 1, "Amount": amount(total), "DetailType": "SalesItemLineDetail"}]
        lines[0]["SalesItemLineDetail"] = detail
    for line in lines:
        if "Amount" in line:
            line["Amount"] = 0 if document.voided else amount(as_decimal(line["Amount"], "Amount"))
    net = ZERO if document.voided else sum((as_decimal(line.get("Amount"), "Amount") for line in lines), ZERO)
    return [*lines, {"Amount": amount(net), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]


def _numbered(lines: list[Json]) -> list[Json]:
    kept = [line for line in lines if line.get("DetailType") != "SubTotalLineDetail"]
    return [{**line, "Id": str(line.get("Id") or at), "LineNum": at} for at, line in enumerate(kept, start=1)]


def _sum(lines: list[Json]) -> Decimal:
    total = ZERO
    for line in lines:
        kind = line.get("DetailType")
        value = as_decimal(line.get("Amount"), "Amount")
        if kind == "SalesItemLineDetail":
            detail = line.get("SalesItemLineDetail") or {}
            price, quantity = detail.get("UnitPrice"), detail.get("Qty")
            if price and quantity:
                worked = as_decimal(price, "UnitPrice") * as_decimal(quantity, "Qty")
                if worked.quantize(_CENT) != value.quantize(_CENT):
                    raise Refused("6070", "Amount is not equal to UnitPrice * Qty.", element="Line.Amount")
        if kind in {"SalesItemLineDetail", "GroupLineDetail"}:
            total += value
        elif kind == "DiscountLineDetail":
            total -= value
    return total
