"""Invoices, credit notes and down payments, and the documents that cancel them."""

import hashlib
from collections.abc import Iterator

from adapters.documents import DocumentKind
from adapters.sandbox.records import ZERO, Document
from adapters.sap.business_one.sandbox.context import Context
from adapters.sap.business_one.sandbox.wire import V2, Json, Refused, clock, day, not_found, number, yes

CANCELLATION = 900_000
"""Added to a document's number, it is that of the document that cancels it."""
_WRITABLE = frozenset(["BlockDunning", "Comments", "DocDueDate"])


class Sales:
    """One of the three entity sets. Down payments are invoices whose `extra` names their type."""

    def __init__(self, context: Context, entity: str) -> None:
        self._context = context
        self.entity = entity
        self._kind = DocumentKind.CREDIT_MEMO if entity == "CreditNotes" else DocumentKind.INVOICE
        self.key = "DocEntry"

    def rows(self, dialect: str, after: int = 0, *, only_open: bool = False) -> Iterator[Json]:
        """All rows by number; those that are open alone where that is enough."""
        for document in self._context.documents(self._kind, after, only_open=only_open):
            if self._is_ours(document):
                yield self._row(document, dialect)
        for document in () if only_open else self._context.cancelled(self._kind):
            if self._is_ours(document) and CANCELLATION + int(document.id) > after:
                yield self._cancelling(document, dialect)

    def _is_ours(self, document: Document) -> bool:
        is_down_payment = "DownPaymentType" in self._context.own(document)
        return self._kind is DocumentKind.CREDIT_MEMO or is_down_payment == (self.entity == "DownPayments")

    def one(self, ident: str, dialect: str) -> Json:
        """One row. Raises Refused."""
        found = self._context.document(self._kind, int(ident) % CANCELLATION) if ident.isdigit() else None
        if found is None or not self._is_ours(found) or (self.entity, int(ident)) in self._context.hidden:
            raise not_found()
        if int(ident) >= CANCELLATION:
            return self._cancelling(found, dialect)
        return self._row(found, dialect)

    def change(self, ident: str, given: Json, match: str | None, dialect: str) -> None:
        """Changes fields that may be changed. Raises Refused."""
        row = self.one(ident, dialect)
        if match is not None and match != row.get("@odata.etag"):
            message = "Another user or another operation modified data; to continue, open the window again (ODBC -2039)"
            raise Refused(412, -2039, message)
        wrong = [name for name in given if name not in _WRITABLE and not name.startswith("U_")]
        if wrong:
            raise Refused(400, -5002, f"Cannot update field {wrong[0]}")
        document = self._context.books.document(ident)
        own = {**self._context.own(document), **given}
        self._context.books.change_document(ident, extra={**document.extra, "business_one": own})

    def _row(self, document: Document, dialect: str) -> Json:
        context = self._context
        sign = -1 if document.kind is DocumentKind.CREDIT_MEMO else 1
        gone = document.voided or document.deleted
        total = context.total_before(document) * sign
        left = ZERO if gone else document.open * sign
        made = self._facts(document, dialect) | {
            "DocumentStatus": "bost_Open" if left else "bost_Close",
            "Cancelled": yes(gone),
            "CancelStatus": "csYes" if gone else "csNo",
        }
        for name, amount in (("DocTotal", total), ("PaidToDate", total - left)):
            local = context.in_local(amount, document.currency)
            fc = "DocTotalFc" if name == "DocTotal" else "PaidToDateFC"
            made |= {name: number(local), fc: number(ZERO if context.is_local(document.currency) else amount)}
        made["DocumentInstallments"] = [self._instalment(document, made)]
        made |= context.own(document)
        if (self.entity, int(document.id)) in context.broken:
            made["DocTotal"] = "n/a"
        return self._marked(made, document, dialect)

    def _marked(self, made: Json, document: Document, dialect: str) -> Json:
        if dialect != V2 or not self._context.settings.etags:
            return made
        mark = hashlib.sha256(repr((document.version, made)).encode()).hexdigest()[:12].upper()
        return {"@odata.etag": f'W/"{mark}"', **made}

    def _facts(self, document: Document, dialect: str) -> Json:
        context = self._context
        made, changed = context.local(document.created_at), context.local(context.stamp(document))
        return {
            "DocEntry": int(document.id),
            "DocNum": int(document.number) if document.number.isdigit() else int(document.id),
            "DocType": "dDocument_Items",
            "CardCode": document.customer,
            "NumAtCard": None if document.number.isdigit() else document.number,
            "DocDate": day(document.issue_date, dialect),
            "DocDueDate": day(document.due_date, dialect),
            "TaxDate": day(document.issue_date, dialect),
            "DocCurrency": context.code(document.currency),
            "DocRate": number(ZERO if context.is_local(document.currency) else context.books.rate(document.currency)),
            "Comments": document.memo or None,
            "BlockDunning": "tNO",
            "CreationDate": day(made.date(), dialect),
            "DocTime": clock(made),
            "UpdateDate": day(changed.date(), dialect),
            "UpdateTime": clock(changed),
            "DocumentLines": [],
            **({"DownPaymentType": "dptInvoice"} if self.entity == "DownPayments" else {}),
        }

    @staticmethod
    def _instalment(document: Document, made: Json) -> Json:
        del document
        return {
            "InstallmentId": 1,
            "DueDate": made["DocDueDate"],
            "Percentage": 100.0,
            "Total": made["DocTotal"],
            "TotalFC": made["DocTotalFc"],
            "DunningLevel": 0,
            "LastDunningDate": None,
        }

    def _cancelling(self, document: Document, dialect: str) -> Json:
        row = self._row(document, dialect)
        number_ = CANCELLATION + int(document.id)
        return {**row, "DocEntry": number_, "DocNum": number_, "Cancelled": "tNO", "CancelStatus": "csCancellation"}
