"""Lists and forms that the books keep without understanding them: terms, items, accounts, vendors, estimates …"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from adapters.quickbooks.sandbox.context import Context
from adapters.quickbooks.sandbox.entity import STAMPS, Entity, writable
from adapters.quickbooks.sandbox.query import Field, Of
from adapters.quickbooks.sandbox.wire import NAME_TAKEN, Json, Refused, amount, as_decimal
from adapters.sandbox.records import ZERO, ListEntry
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row

_COMPUTED = frozenset(["Active"])
_TERM_DAYS = {"DueDays", "DiscountDays", "DayOfMonthDue", "DueNextMonthDays", "DiscountDayOfMonth"}
_ACTIVE = {"active": Field("active", Of.FLAG)}


def _plain(*names: str) -> dict[str, Field]:
    return {name.lower(): Field(f"json_extract(body, '$.extra.{name}')") for name in names}


class NameList(Entity[ListEntry]):
    """A list whose entries have a unique name; `titled` is the property that holds it."""

    record = ListEntry
    titled: ClassVar[str] = "Name"
    default_order = "name, n"
    hides_inactive = True
    defaults: ClassVar[Json] = {}

    def render(self, row: Row) -> Json:
        """The entry as it was written."""
        entry = Shelf.decode(ListEntry, row)
        return {**self.defaults, **entry.extra, "Active": entry.active, **self.context.envelope(entry)}

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """Creates an entry. Raises `Refused` (2020, 6240)."""
        return self._add(self.titled_in(body), body)

    def titled_in(self, body: Json) -> str:
        """The name in a body, which no other entry has."""
        title = str(body.get(self.titled) or "")
        if not title:
            raise Refused("2020", f"Required parameter {self.titled} is missing", element=self.titled)
        if self.context.listed(self.kind, name=title):
            raise Refused("6240", NAME_TAKEN)
        return title

    def _add(self, title: str, body: Json, sequence: str = "") -> str:
        with self.books.lock:
            entry = ListEntry(
                id=self.books.shelf.new_id(sequence or self.kind),
                kind=self.kind,
                name=title,
                active=body.get("Active") is not False,
                extra=self.shaped(writable(body, {}, _COMPUTED, sparse=False)),
            )
            return self.books.shelf.create(entry).id

    def shaped(self, extra: Json) -> Json:
        """The fields as they are kept."""
        return extra

    def update(self, record: ListEntry, body: Json, *, sparse: bool) -> None:
        """Changes an entry; `Active: false` hides it."""
        title = str(body.get(self.titled) or record.name)
        if title != record.name and self.titled == "Name":
            self.titled_in(body)
        extra = self.shaped(writable(body, record.extra, _COMPUTED, sparse=sparse))
        active = record.active if body.get("Active") is None else bool(body["Active"])
        with self.books.lock:
            self.books.shelf.update(msgspec.structs.replace(record, name=title, active=active, extra=extra))


class Terms(NameList):
    """Term."""

    name = "Term"
    kind = "term"
    fields: ClassVar[dict[str, Field]] = {**STAMPS, **_ACTIVE, "name": Field("name"), **_plain("Type", "DueDays")}

    def shaped(self, extra: Json) -> Json:
        """A term is driven by days, or by a date."""
        for name in _TERM_DAYS & set(extra):
            if not str(extra[name]).isdigit():
                raise Refused("2080", f"Invalid value for {name}: {extra[name]}", element=name)
        kind = "DATE_DRIVEN" if extra.get("DayOfMonthDue") else "STANDARD"
        return {**extra, "Type": kind}


class Items(NameList):
    """Item."""

    name = "Item"
    kind = "item"
    fields: ClassVar[dict[str, Field]] = {**STAMPS, **_ACTIVE, "name": Field("name"), **_plain("Type", "Sku")}

    def shaped(self, extra: Json) -> Json:
        """Every item has a full name."""
        return {"FullyQualifiedName": extra.get("Name", ""), **extra}


class PaymentMethods(NameList):
    """PaymentMethod."""

    name = "PaymentMethod"
    kind = "payment_method"
    fields: ClassVar[dict[str, Field]] = {**STAMPS, **_ACTIVE, "name": Field("name"), **_plain("Type")}


class Vendors(NameList):
    """Vendor."""

    name = "Vendor"
    kind = "vendor"
    titled = "DisplayName"
    defaults: ClassVar[Json] = {"Balance": 0, "Vendor1099": False}
    fields: ClassVar[dict[str, Field]] = {**STAMPS, **_ACTIVE, "displayname": Field("name"), **_plain("CompanyName")}

    def shaped(self, extra: Json) -> Json:
        """Every vendor has a name for its cheques and a currency."""
        currency = self.context.currency_ref(self.books.home_currency)
        return {"PrintOnCheckName": extra.get("DisplayName", ""), "CurrencyRef": currency, **extra}


class Accounts(NameList):
    """Account."""

    name = "Account"
    kind = "account"
    fields: ClassVar[dict[str, Field]] = {
        **STAMPS,
        **_ACTIVE,
        "name": Field("name"),
        **_plain("AccountType", "AccountSubType", "Classification", "FullyQualifiedName"),
    }

    def shaped(self, extra: Json) -> Json:
        """Every account has a full name and a balance."""
        return {"FullyQualifiedName": extra.get("Name", ""), "SubAccount": False, "CurrentBalance": 0, **extra}


class Forms(NameList):
    """Sales forms that never open accounts receivable: kept, totalled, shown, nothing more."""

    default_order = "n DESC"
    hides_inactive = False
    fields: ClassVar[dict[str, Field]] = {
        **STAMPS,
        "docnumber": Field("json_extract(body, '$.extra.DocNumber')"),
        "txndate": Field("json_extract(body, '$.extra.TxnDate')", Of.DAY),
        "totalamt": Field("CAST(json_extract(body, '$.extra.TotalAmt') * 1000 AS INTEGER)", Of.AMOUNT),
        "customerref": Field("json_extract(body, '$.extra.CustomerRef.value')", sorts=False),
    }

    def render(self, row: Row) -> Json:
        """The form as it was written, without the lists' `Active`."""
        made = super().render(row)
        del made["Active"]
        return made

    def titled_in(self, body: Json) -> str:
        """Forms have no name."""
        return str(body.get("DocNumber") or "")

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """Keeps the form, numbered like every transaction."""
        return self._add(self.titled_in(body), body, "transaction")

    def shaped(self, extra: Json) -> Json:
        """With its total and its day."""
        lines = extra.get("Line") or []
        parts = [line for line in lines if line.get("DetailType") != "SubTotalLineDetail"]
        total = sum((as_decimal(line.get("Amount"), "Amount") for line in parts), ZERO)
        given = {name: value for name, value in extra.items() if name != "TotalAmt"}
        return {"TxnDate": self.context.today().isoformat(), **given, "TotalAmt": amount(Decimal(total))}

    def void(self, record: ListEntry) -> None:
        """Sets every amount to nothing."""
        lines = [{**line, "Amount": 0} for line in record.extra.get("Line") or []]
        note = {"PrivateNote": "Voided"}
        with self.books.lock:
            extra = {**record.extra, **note, "Line": lines, "TotalAmt": 0}
            self.books.shelf.update(msgspec.structs.replace(record, extra=extra))

    def delete(self, record: ListEntry) -> None:
        """Removes the form."""
        with self.books.lock:
            self.books.shelf.update(msgspec.structs.replace(record, deleted=True))


class Estimates(Forms):
    """Estimate."""

    name = "Estimate"
    kind = "estimate"


class SalesReceipts(Forms):
    """SalesReceipt."""

    name = "SalesReceipt"
    kind = "sales_receipt"


class RefundReceipts(Forms):
    """RefundReceipt."""

    name = "RefundReceipt"
    kind = "refund_receipt"


class Deposits(Forms):
    """Deposit."""

    name = "Deposit"
    kind = "deposit"


class Preferences(NameList):
    """Preferences: one object with the id 1."""

    name = "Preferences"
    kind = "preferences"
    hides_inactive = False
    fields: ClassVar[dict[str, Field]] = {**STAMPS}

    def render(self, row: Row) -> Json:
        """The preferences, with what the books themselves decide."""
        made = super().render(row)
        del made["Active"]
        made["CurrencyPrefs"] = {
            "MultiCurrencyEnabled": self.books.multicurrency,
            "HomeCurrency": {"value": self.books.home_currency},
        }
        return made

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """There is one already: writing to it without an id changes it."""
        record: Any = Shelf.decode(ListEntry, self.row("1"))
        self.update(record, body, sparse=True)
        return "1"


def account_id(context: Context, title: str) -> str:
    """The id of the account with this name; one that the chart does not know yet is added to it."""
    found = context.listed("account", name=title)
    if found is not None:
        return found.id
    kind = "Accounts Receivable" if "receivable" in title.lower() else "Expense"
    return Accounts(context).create({"Name": title, "AccountType": kind}, {})
