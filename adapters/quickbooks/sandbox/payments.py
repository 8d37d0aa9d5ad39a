"""Payments: money in, and the payments of zero that join a credit memo with invoices."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from adapters.documents import DocumentKind
from adapters.quickbooks.sandbox.entity import (
    STAMPS,
    Entity,
    day_of,
    reference,
    text,
    unmodelled,
    writable,
)
from adapters.quickbooks.sandbox.properties import PROPERTIES
from adapters.quickbooks.sandbox.query import Field, Of
from adapters.quickbooks.sandbox.sales import day_from
from adapters.quickbooks.sandbox.wire import Json, Refused, amount, as_amount
from adapters.sandbox.records import ZERO, Allocation, Document
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row

_TYPES = {"invoice": "Invoice", "credit_memo": "CreditMemo", "journal": "JournalEntry", "payment": "Payment"}
_KINDS = {"Invoice": "invoice", "CreditMemo": "credit_memo", "JournalEntry": "journal"}
_PROPERTIES = PROPERTIES["payment"]
_NAME_VALUE = "{http://schema.intuit.com/finance/v3}NameValue"


class Payments(Entity[Document]):
    """Payment."""

    name = "Payment"
    kind = "payment"
    record = Document
    known = _PROPERTIES.known
    fields: ClassVar[dict[str, Field]] = {
        **STAMPS,
        "paymentrefnum": Field("json_extract(body, '$.reference')"),
        "txndate": Field("day", Of.DAY),
        "customerref": Field("customer", sorts=False),
        "totalamt": Field("total", Of.AMOUNT, filters=False, sign=-1),
    }

    def render(self, row: Row) -> Json:
        """The payment with a line for each document that it was set against."""
        document = Shelf.decode(Document, row)
        context = self.context
        made: Json = {
            **context.envelope(document),
            "CustomerRef": context.customer_ref(document.customer),
            "CurrencyRef": context.currency_ref(document.currency),
            "TxnDate": document.issue_date.isoformat(),
            "ProcessPayment": False,
            **({"DepositToAccountRef": {"value": "4"}} if document.total else {}),
            **document.extra,
            "TotalAmt": amount(-document.total),
            "UnappliedAmt": amount(-document.open),
            "Line": [self._line(each) for each in document.allocations],
        }
        optional = (("PaymentRefNum", document.reference), ("PrivateNote", document.memo))
        made |= {name: value for name, value in optional if value}
        if self.books.multicurrency:
            made["ExchangeRate"] = self.books.rate(document.currency)
        return made

    def _line(self, allocation: Allocation) -> Json:
        kind, _, ident = allocation.target.partition(":")
        entry, _, line = ident.partition(".")
        link: Json = {"TxnId": entry, "TxnType": _TYPES[kind]}
        if line:
            link["TxnLineId"] = line
        number = self.books.document(allocation.target).number
        named = (("txnId", entry), ("txnOpenBalance", str(abs(allocation.open_before))), ("txnReferenceNumber", number))
        return {
            "Amount": amount(abs(allocation.amount)),
            "LinkedTxn": [link],
            "LineEx": {"any": [_name_value(name, value) for name, value in named if value]},
        }

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """Creates a payment, applied as its lines say."""
        self.check(body)
        if body.get("TotalAmt") in (None, ""):
            raise Refused("2020", "Required parameter TotalAmt is missing in the request", element="TotalAmt")
        ident = reference(body, "CustomerRef")
        if not ident:
            raise Refused("2020", "Required parameter CustomerRef is missing in the request", element="CustomerRef")
        given = day_of(body, "TxnDate")
        return self.books.pay(
            self.books.customer(ident).id,
            as_amount(body["TotalAmt"], "TotalAmt"),
            on=day_from(given, "TxnDate") if given else self.context.today(),
            apply=self._parts(body),
            currency=reference(body, "CurrencyRef") or None,
            memo=text(body, "PrivateNote", 4000),
            reference=text(body, "PaymentRefNum", 21),
            extra=unmodelled(body, _PROPERTIES.computed),
        )

    def update(self, record: Document, body: Json, *, sparse: bool) -> None:
        """Changes a payment: its lines are all replaced, or none."""
        self.check(body)
        changes: dict[str, Any] = {"extra": writable(body, record.extra, _PROPERTIES.computed, sparse=sparse)}
        if not sparse or "PrivateNote" in body:
            changes["memo"] = text(body, "PrivateNote", 4000)
        if not sparse or "PaymentRefNum" in body:
            changes["reference"] = text(body, "PaymentRefNum", 21)
        given = day_of(body, "TxnDate")
        if given:
            changes["issue_date"] = day_from(given, "TxnDate")
        if "Line" in body or not sparse:
            total = as_amount(body.get("TotalAmt", -record.total), "TotalAmt")
            self.books.rewrite_payment(record.id, total, self._parts(body))
        self.books.change_document(record.id, **changes)

    def void(self, record: Document) -> None:
        """Voids a payment; what it paid is open again."""
        self.books.void("payment", record.id)

    def delete(self, record: Document) -> None:
        """Deletes a payment; what it paid is open again."""
        self.books.delete("payment", record.id)

    def _parts(self, body: Json) -> dict[str, Decimal]:
        parts: dict[str, Decimal] = {}
        for line in body.get("Line") or []:
            for link in line.get("LinkedTxn") or []:
                target = self._target(link)
                value = as_amount(line.get("Amount"), "Line.Amount")
                sign = 1 if target.open >= 0 and target.kind is not DocumentKind.CREDIT_MEMO else -1
                parts[target.id] = parts.get(target.id, ZERO) + value * sign
        return {ident: value for ident, value in parts.items() if value}

    def _target(self, link: Json) -> Document:
        kind, ident = _KINDS.get(str(link.get("TxnType"))), str(link.get("TxnId") or "")
        if kind is None:
            raise Refused("620", f"Transaction of type {link.get('TxnType')} cannot be linked.")
        if kind == "journal":
            line = str(link.get("TxnLineId") or "")
            entry = self.books.entry(ident)
            on_ar = [each.id for each in entry.lines if each.customer] if entry else []
            if not on_ar:
                raise Refused("620", f"Journal entry {ident} has no line on accounts receivable.")
            ident = f"{ident}.{line if line in on_ar else on_ar[0]}"
        return self.books.document(f"{kind}:{ident}")


def _name_value(name: str, value: str) -> Json:
    return {
        "name": _NAME_VALUE,
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
