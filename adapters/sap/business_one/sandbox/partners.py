"""Business partners, what stands on their accounts, and the list for reconciling them."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from adapters.documents import DocumentKind
from adapters.sandbox.records import ZERO, BooksError, Customer, Document
from adapters.sap.business_one.sandbox.context import Context
from adapters.sap.business_one.sandbox.wire import Json, clock, day, not_found, number, yes

_LANGUAGES = {"en": 8, "de": 9, "fr": 22, "es": 23}
_TYPES = {DocumentKind.INVOICE: 13, DocumentKind.CREDIT_MEMO: 14, DocumentKind.PAYMENT: 24, DocumentKind.JOURNAL: 30}


class Partners:
    """BusinessPartners."""

    entity, key = "BusinessPartners", "CardCode"

    def __init__(self, context: Context) -> None:
        self._context = context

    def rows(self, dialect: str, after: int = 0) -> Iterator[Json]:
        """All rows by code."""
        del after
        balances = self._balances()
        for customer in self._context.books.customers():
            yield self._row(customer, balances.get(customer.id, ZERO), dialect)

    def one(self, ident: str, dialect: str) -> Json:
        """One row. Raises Refused."""
        try:
            customer = self._context.books.customer(ident)
        except BooksError:
            raise not_found() from None
        return self._row(customer, self._balances().get(ident, ZERO), dialect)

    def amount(self, document: Document, account: Customer) -> Decimal:
        """What is open of a document as it stands on an account: in its currency, or the company's own."""
        in_own = not self._context.holds_all_currencies(account) and document.currency == account.currency
        return document.open if in_own else self._context.in_local(document.open, document.currency)

    def _balances(self) -> dict[str, Decimal]:
        accounts = {each.id: each for each in self._context.books.customers()}
        found: dict[str, Decimal] = defaultdict(Decimal)
        for document in self._context.open_documents():
            is_request = self._context.own(document).get("DownPaymentType") == "dptRequest"
            account = accounts.get(self._context.account(document.customer))
            if account is not None and not is_request:
                found[account.id] += self.amount(document, account)
        return found

    def open_transactions(self, codes: list[str]) -> list[Json]:
        """The open lines on these accounts."""
        accounts = {each.id: each for each in self._context.books.customers() if each.id in codes}
        rows = []
        for document in self._context.open_documents():
            account = accounts.get(self._context.account(document.customer))
            own = self._context.own(document)
            if account is not None and own.get("DownPaymentType") != "dptRequest":
                rows.append(self._open(document, self.amount(document, account), account.id, own))
        return rows

    @staticmethod
    def _open(document: Document, amount: Decimal, account: str, own: Json) -> Json:
        entry, _, line = document.id.partition(".")
        type_ = 203 if "DownPaymentType" in own else _TYPES[document.kind]
        return {
            "ShortName": account,
            "TransId": int(entry),
            "TransRowId": int(line or 0),
            "SrcObjTyp": str(type_),
            "SrcObjAbs": int(entry),
            "CreditOrDebit": "codDebit" if amount > 0 else "codCredit",
            "ReconcileAmount": number(abs(amount)),
            "CashDiscount": 0.0,
            "Selected": "tNO",
        }

    def _row(self, customer: Customer, balance: Decimal, dialect: str) -> Json:
        context = self._context
        made, changed = context.local(customer.created_at), context.local(customer.updated_at)
        kind = "cPayments_sum" if customer.bill_with_parent else "cDelivery_sum"
        multi = context.holds_all_currencies(customer)
        row: Json = {
            "CardCode": customer.id,
            "CardType": "cCustomer",
            "CardName": customer.name,
            "EmailAddress": customer.emails or None,
            "Phone1": customer.phone or None,
            "ContactPerson": None,
            "Currency": "##" if multi else context.code(customer.currency),
            "CurrentAccountBalance": number(balance),
            "Country": customer.country or None,
            "ZipCode": None,
            "BillToState": customer.region or None,
            "BlockDunning": "tNO",
            "DunningLevel": 0,
            "DunningDate": None,
            "DunningTerm": None,
            "FatherCard": customer.parent,
            "FatherType": kind if customer.parent else "cPayments_sum",
            "LanguageCode": _LANGUAGES.get(customer.language[:2]),
            "FreeText": customer.note or None,
            "Valid": yes(customer.active),
            "Frozen": yes(not customer.active),
            "CreateDate": day(made.date(), dialect),
            "CreateTime": clock(made),
            "UpdateDate": day(changed.date(), dialect),
            "UpdateTime": clock(changed),
            "ContactEmployees": [],
        }
        return row | context.own(customer)
