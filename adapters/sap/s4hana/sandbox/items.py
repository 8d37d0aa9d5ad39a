"""Lines of journal entries as A_OperationalAcctgDocItemCube shows them."""

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import NamedTuple

from adapters.money import decimals
from adapters.sap.s4hana.sandbox.entries import CUSTOMER, Line
from adapters.sap.s4hana.sandbox.wire import Row, Value

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
    cleared = line.cleared_by
    invoice = line.invoice
    made = line.made_at
    row: dict[str, Value] = {
        "CompanyCode": company.code,
        "FiscalYear": line.number.year,
        "AccountingDocument": line.number.document,
        "AccountingDocumentItem": str(line.item),
        "CompanyCodeName": company.name,
        "CompanyCodeCurrency": company.currency,
        "FinancialAccountType": line.account,
        "AccountingDocumentType": line.kind,
        "AccountingDocumentCategory": "",
        "AccountingDocumentItemType": "",
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
        "DueCalculationBaseDate": line.due if line.account == CUSTOMER else _NO_DAY,
        "NetDueDate": line.due if line.account == CUSTOMER else _NO_DAY,
        "IsCleared": cleared is not None,
        "ClearingDate": line.cleared_on,
        "ClearingCreationDate": line.cleared_on,
        "ClearingAccountingDocument": cleared.document if cleared else "",
        "ClearingDocFiscalYear": cleared.year if cleared else _NO_YEAR,
        "ClearingIsReversed": line.was_reset,
        "DocumentReferenceID": line.reference,
        "AssignmentReference": "",
        "BillingDocument": "",
        "DocumentItemText": line.text,
        "InvoiceReference": invoice.number.document if invoice else line.invoice_letter,
        "InvoiceReferenceFiscalYear": invoice.number.year if invoice else _NO_YEAR,
        "InvoiceItemReference": str(invoice.item) if invoice else "0",
        "FollowOnDocumentType": "Z" if invoice and line.amount < 0 else "",
        "PaymentBlockingReason": line.payment_block,
        "DunningBlockingReason": line.dunning_block,
        "DunningLevel": "0",
        "DunningArea": "",
        "LastDunningDate": _NO_DAY,
        "PaymentMethod": "",
        "PaymentTerms": "",
        "PaymentDifferenceReason": "",
        "IsReversal": line.reverses is not None,
        "IsReversed": line.reversed_by is not None,
    }
    other = line.reverses or line.reversed_by
    row["ReverseDocument"] = other.document if other else ""
    row["ReverseDocumentFiscalYear"] = other.year if other else _NO_YEAR
    return row


def _posting_key(line: Line) -> str:
    if line.account != CUSTOMER:
        return "40" if line.amount > 0 else "50"
    if line.special:
        return "09" if line.amount > 0 else "19"
    keys = {"DR": "01", "DZ": "15", "DG": "11"}
    return keys.get(line.kind, "06" if line.amount > 0 else "16")
