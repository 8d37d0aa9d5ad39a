"""Incoming payments, with what they were set against."""

from collections.abc import Iterator
from decimal import Decimal

from adapters.documents import DocumentKind
from adapters.sandbox.records import ZERO, Allocation, Document
from adapters.sap.business_one.sandbox.context import Context
from adapters.sap.business_one.sandbox.wire import Json, day, not_found, number, yes

_TYPES = {"invoice": "it_Invoice", "credit_memo": "it_CredItnote", "journal": "it_JournalEntry"}


class Payments:
    """IncomingPayments."""

    entity, key = "IncomingPayments", "DocEntry"

    def __init__(self, context: Context) -> None:
        self._context = context

    def rows(self, dialect: str, after: int = 0) -> Iterator[Json]:
        """All rows by number."""
        return (self._row(each, dialect) for each in self._context.documents(DocumentKind.PAYMENT, after))

    def one(self, ident: str, dialect: str) -> Json:
        """One row. Raises Refused."""
        found = self._context.document(DocumentKind.PAYMENT, int(ident)) if ident.isdigit() else None
        if found is None or (self.entity, int(ident)) in self._context.hidden:
            raise not_found()
        return self._row(found, dialect)

    def _row(self, document: Document, dialect: str) -> Json:
        context = self._context
        gone = document.voided or document.deleted
        total = -context.total_before(document)
        shares = context.allocations_before(document)
        lines = [self._applied(at, each, document) for at, each in enumerate(shares)]
        made: Json = {
            "DocEntry": int(document.id),
            "DocNum": int(document.id),
            "DocType": "rCustomer",
            "CardCode": document.customer,
            "DocDate": day(document.issue_date, dialect),
            "DocCurrency": context.code(document.currency),
            "DocRate": number(ZERO if context.is_local(document.currency) else context.books.rate(document.currency)),
            "CashSum": 0.0,
            "TransferSum": number(context.in_local(total, document.currency)),
            "BillOfExchangeAmount": 0.0,
            "TransferReference": document.reference or None,
            "CounterReference": None,
            "Remarks": document.memo or None,
            "Cancelled": yes(gone),
            "PaymentChecks": [],
            "PaymentCreditCards": [],
            "PaymentInvoices": lines,
        }
        made |= context.own(document)
        if (self.entity, int(document.id)) in context.broken:
            made["DocEntry"], made["TransferSum"] = int(document.id), "n/a"
        return made

    def _applied(self, at: int, each: Allocation, document: Document) -> Json:
        kind, _, ident = each.target.partition(":")
        entry, _, line = ident.partition(".")
        amount: Decimal = each.amount
        own = self._context.own(document).get("InstallmentIds", {})
        return {
            "LineNum": at,
            "DocEntry": int(entry),
            "DocLine": int(line or 0),
            "InvoiceType": self._type(kind, int(entry)),
            "SumApplied": number(self._context.in_local(amount, document.currency)),
            "AppliedFC": number(ZERO if self._context.is_local(document.currency) else amount),
            "InstallmentId": own.get(entry, 1),
        }

    def _type(self, kind: str, entry: int) -> str:
        found = self._context.document(DocumentKind.INVOICE, entry) if kind == "invoice" else None
        is_down_payment = found is not None and "DownPaymentType" in self._context.own(found)
        return "it_DownPayment" if is_down_payment else _TYPES[kind]
