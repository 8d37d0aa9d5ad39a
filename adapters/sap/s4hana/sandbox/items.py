"""Lines of journal entries as A_OperationalAcctgDocItemCube shows them."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import NamedTuple

from adapters.money import decimals
from adapters.sap.s4hana.sandbox.entries import CUSTOMER, Line
from adapters.sap.s4hana.sandbox.wire import Row

ENTITY = "A_OperationalAcctgDocItemCube"
KEY = ("CompanyCode", "FiscalYear", "AccountingDocument", "AccountingDocumentItem")
_NO_DAY: date | None = None
_NO_YEAR = "0000"


class Company(NamedTuple):
    """The company code."""

    code: str
    name: str
    currency: str


def row_of(line: Line, company: Company, names: Mapping[str, str]) -> Row:
    """A line as it is shown. What is not known has its initial value."""
    made = line.made_at
    is_customers = line.account == CUSTOMER
    return {
        "CompanyCode": company.code,
        "FiscalYear": line.number.year,
        "AccountingDocument": line.number.document,
        "AccountingDocumentItem": str(line.item),
        "CompanyCodeName": company.name,
        "CompanyCodeCurrency": company.currency,
        "FinancialAccountType": line.account,
        "AccountingDocumentType": line.kind,
        "PostingKey": _posting_key(line),
        "DebitCreditCode": "S" if line.amount >= 0 else "H",
        "SpecialGLCode": line.special,
        "Customer": line.customer,
        "CustomerName": names.get(line.customer, ""),
        "BranchAccount": line.branch,
        "AmountInTransactionCurrency": line.amount.quantize(Decimal(1).scaleb(-decimals(line.currency))),
        "TransactionCurrency": line.currency,
        "PostingDate": line.posted_on,
        "DocumentDate": line.dated,
        "AccountingDocumentCreationDate": made.date(),
        "CreationTime": time(made.hour, made.minute, made.second),
        "LastChangeDate": line.changed_on,
        "DueCalculationBaseDate": line.due if is_customers else _NO_DAY,
        "NetDueDate": line.due if is_customers else _NO_DAY,
        "DocumentReferenceID": line.reference,
        "DocumentItemText": line.text,
        "PaymentBlockingReason": line.payment_block,
        "DunningBlockingReason": line.dunning_block,
        **_clearing(line),
        **_others(line),
        **_INITIAL,
    }


def _clearing(line: Line) -> Row:
    """Whether and by what it was cleared."""
    cleared = line.cleared_by
    return {
        "IsCleared": cleared is not None,
        "ClearingDate": line.cleared_on,
        "ClearingCreationDate": line.cleared_on,
        "ClearingAccountingDocument": cleared.document if cleared else "",
        "ClearingDocFiscalYear": cleared.year if cleared else _NO_YEAR,
        "ClearingIsReversed": line.was_reset,
    }


def _others(line: Line) -> Row:
    """The documents that it names: its invoice, and what it reverses or is reversed by."""
    invoice, other = line.invoice, line.reverses or line.reversed_by
    return {
        "InvoiceReference": invoice.number.document if invoice else line.invoice_letter,
        "InvoiceReferenceFiscalYear": invoice.number.year if invoice else _NO_YEAR,
        "InvoiceItemReference": str(invoice.item) if invoice else "0",
        "FollowOnDocumentType": "Z" if invoice and line.amount < 0 else "",
        "IsReversal": line.reverses is not None,
        "IsReversed": line.reversed_by is not None,
        "ReverseDocument": other.document if other else "",
        "ReverseDocumentFiscalYear": other.year if other else _NO_YEAR,
    }


_INITIAL: Row = {
    "AccountingDocumentCategory": "",
    "AccountingDocumentItemType": "",
    "AssignmentReference": "",
    "BillingDocument": "",
    "DunningLevel": "0",
    "DunningArea": "",
    "LastDunningDate": _NO_DAY,
    "PaymentMethod": "",
    "PaymentTerms": "",
    "PaymentDifferenceReason": "",
}
"""What these books know nothing of."""


def _posting_key(line: Line) -> str:
    if line.account != CUSTOMER:
        return "40" if line.amount > 0 else "50"
    if line.special:
        return "09" if line.amount > 0 else "19"
    keys = {"DR": "01", "DZ": "15", "DG": "11"}
    return keys.get(line.kind, "06" if line.amount > 0 else "16")
