"""What every company has before its first customer: accounts, items, terms, ways to pay, a vendor, preferences."""

from adapters.quickbooks.sandbox import company_info
from adapters.quickbooks.sandbox.context import Context
from adapters.quickbooks.sandbox.lists import Accounts, Items, NameList, PaymentMethods, Preferences, Terms, Vendors
from adapters.quickbooks.sandbox.wire import Json
from adapters.sandbox.records import AR_ACCOUNT, ListEntry

SECOND_AR_ACCOUNT = "Accounts Receivable - Retail"
_ACCOUNTS = (
    ("Checking", "Bank", "Asset"),
    ("Savings", "Bank", "Asset"),
    ("Sales of Product Income", "Income", "Revenue"),
    ("Undeposited Funds", "Other Current Asset", "Asset"),
    (AR_ACCOUNT, "Accounts Receivable", "Asset"),
    (SECOND_AR_ACCOUNT, "Accounts Receivable", "Asset"),
    ("Services", "Income", "Revenue"),
    ("Bad Debts", "Expense", "Expense"),
    ("Uncategorized", "Expense", "Expense"),
    ("Accounts Payable (A/P)", "Accounts Payable", "Liability"),
)
_TERMS = (("Due on receipt", 0), ("Net 10", 10), ("Net 15", 15), ("Net 30", 30), ("Net 45", 45), ("Net 60", 60))
_METHODS = (
    ("Cash", "NON_CREDIT_CARD"),
    ("Check", "NON_CREDIT_CARD"),
    ("Bank transfer", "NON_CREDIT_CARD"),
    ("Visa", "CREDIT_CARD"),
)
_ITEMS = (("Services", "Service", "SRV"), ("Hours", "Service", "HRS"), ("Parts", "NonInventory", "PRT"))


def plant(context: Context) -> None:
    """Writes the chart into books that have none yet."""
    if context.listed("preferences", ident="1"):
        return
    company_info.plant(context)
    for name, kind, side in _ACCOUNTS:
        _add(Accounts(context), {"Name": name, "AccountType": kind, "Classification": side})
    for name, days in _TERMS:
        _add(Terms(context), {"Name": name, "DueDays": days})
    for name, kind in _METHODS:
        _add(PaymentMethods(context), {"Name": name, "Type": kind})
    for name, kind, sku in _ITEMS:
        income = {"value": "7", "name": "Services"}
        _add(Items(context), {"Name": name, "Type": kind, "Sku": sku, "UnitPrice": 0, "IncomeAccountRef": income})
    _add(Vendors(context), {"DisplayName": "Corner Stationery", "CompanyName": "Corner Stationery"})
    with context.books.lock:
        ident = context.books.shelf.new_id(Preferences.kind)
        context.books.shelf.create(ListEntry(id=ident, kind=Preferences.kind, extra=_preferences()))


def _add(entity: NameList, body: Json) -> None:
    entity.create(body, {})


def _preferences() -> Json:
    return {
        "EmailMessagesPrefs": {
            name: {"Subject": f"{kind} from the company", "Message": "Please find it attached."}
            for name, kind in (("InvoiceMessage", "Invoice"), ("StatementMessage", "Statement"))
        },
        "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January",
            "TaxYearMonth": "January",
            "TaxForm": "0",
            "CustomerTerminology": "Customers",
            "UseAccountNumbers": False,
        },
        "SalesFormsPrefs": {
            "CustomField": [],
            "CustomTxnNumbers": False,
            "AllowDeposit": True,
            "AllowDiscount": True,
            "AllowEstimates": True,
            "AutoApplyCredit": False,
            "AutoApplyPayments": False,
            "ETransactionPaymentEnabled": True,
            "DefaultTerms": {"value": "4"},
            "DefaultCustomerMessage": "Thank you for your business.",
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
        "TaxPrefs": {"UsingSalesTax": False, "PartnerTaxEnabled": False},
        "TimeTrackingPrefs": {"WorkWeekStartDate": "Monday", "UseServices": True, "BillCustomers": True},
        "OtherPrefs": {
            "NameValue": [
                {"Name": "SalesFormsPrefs.DefaultCustomerMessage", "Value": "Thank you for your business."},
                {"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"},
            ]
        },
    }
