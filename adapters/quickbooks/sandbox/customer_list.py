"""Customers and sub-customers, with their own balance and the family's."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from adapters.quickbooks.sandbox.entity import (
    STAMPS,
    Entity,
    address,
    reference,
    text,
    writable,
)
from adapters.quickbooks.sandbox.properties import PROPERTIES
from adapters.quickbooks.sandbox.query import Field, Of
from adapters.quickbooks.sandbox.wire import Json, Refused, amount
from adapters.sandbox.records import Customer
from adapters.sandbox.shelf import Shelf
from adapters.sandbox.store import Row, unscaled

_METHODS = {"email": "Email", "print": "Print", "none": "None"}
_PROPERTIES = PROPERTIES["customer"]
_LENGTHS = {"CompanyName": 100, "GivenName": 100, "MiddleName": 100, "FamilyName": 100, "Title": 16, "Suffix": 16}
_PLUS = "CASE WHEN instr({0}, '+') THEN NULL ELSE {0} END".format("json_extract(body, '$.emails')")


class Customers(Entity[Customer]):
    """Customer."""

    name = "Customer"
    kind = "customer"
    record = Customer
    known = _PROPERTIES.known
    default_order = "name, n"
    hides_inactive = True
    fields: ClassVar[dict[str, Field]] = {
        **STAMPS,
        "active": Field("active", Of.FLAG),
        "displayname": Field("name"),
        "fullyqualifiedname": Field("name"),
        "printoncheckname": Field("name"),
        "primaryemailaddr": Field(_PLUS),  # the real one misses addresses with a plus sign
        "balance": Field("open", Of.AMOUNT),
        "balancewithjobs": Field("jobs", Of.AMOUNT, filters=False),
        **{
            name.lower(): Field(f"json_extract(body, '$.extra.{name}')")
            for name in ("CompanyName", "GivenName", "MiddleName", "FamilyName")
        },
    }

    def render(self, row: Row) -> Json:
        """The customer with its place in the family; an inactive one has "(deleted)" after its name."""
        customer = Shelf.decode(Customer, row)
        context = self.context
        line = list(self.books.customer_book.line(customer.id))
        shown = customer.name if customer.active else f"{customer.name} (deleted)"
        stamps = context.envelope(customer)
        stamps["MetaData"]["LastUpdatedTime"] = context.time_of(row.updated)
        made: Json = {
            "Taxable": False,
            **customer.extra,
            **stamps,
            "DisplayName": shown,
            "FullyQualifiedName": ":".join([*(each.name for each in reversed(line[1:])), shown]),
            "PrintOnCheckName": customer.name,
            "Active": customer.active,
            "Job": customer.parent is not None,
            "BillWithParent": customer.bill_with_parent,
            "IsProject": False,
            "Balance": amount(unscaled(row.open or 0)),
            "BalanceWithJobs": amount(unscaled(row.jobs or 0)),
            "CurrencyRef": context.currency_ref(customer.currency),
            "PreferredDeliveryMethod": _METHODS.get(customer.delivery_method, "None"),
        }
        return made | self._optional(customer, len(line) - 1)

    def _optional(self, customer: Customer, level: int) -> Json:
        made: Json = {}
        if customer.emails:
            made["PrimaryEmailAddr"] = {"Address": customer.emails}
        if customer.phone:
            made["PrimaryPhone"] = {"FreeFormNumber": customer.phone}
        if customer.note:
            made["Notes"] = customer.note
        if customer.parent is not None:
            made |= {"ParentRef": {"value": customer.parent}, "Level": level}
        place = {"Country": customer.country, "CountrySubDivisionCode": customer.region}
        if any(place.values()) and "BillAddr" not in customer.extra:
            made["BillAddr"] = {name: value for name, value in place.items() if value}
        term = self.context.listed("term", name=customer.terms) if customer.terms else None
        if term is not None:
            made["SalesTermRef"] = {"value": term.id, "name": term.name}
        if customer.customer_type and "CustomerTypeRef" not in customer.extra:
            made["CustomerTypeRef"] = {"value": customer.customer_type, "name": customer.customer_type}
        if customer.language:
            made["Locale"] = customer.language
        return made

    def create(self, body: Json, params: Mapping[str, str]) -> str:  # noqa: ARG002 - no create option applies
        """Creates a customer; a name is made of the parts where there is no DisplayName."""
        changes = self._read(body, None, sparse=False)
        name = changes.pop("name")
        return self.books.add_customer(name, currency=reference(body, "CurrencyRef") or None, **changes)

    def update(self, record: Customer, body: Json, *, sparse: bool) -> None:
        """Changes a customer; `Active: false` is how one is deleted."""
        self.books.edit_customer(record.id, **self._read(body, record, sparse=sparse))

    def _read(self, body: Json, before: Customer | None, *, sparse: bool) -> dict[str, Any]:
        self.check(body)
        for field, longest in _LENGTHS.items():
            text(body, field, longest)
        every = not sparse or before is None
        changes: dict[str, Any] = {}
        for field, read in _READERS.items():
            if every or field in body:
                changes |= read(body)
        if every or "SalesTermRef" in body:
            term = self.context.listed("term", ident=reference(body, "SalesTermRef") or "-")
            changes["terms"] = term.name if term else None
        if body.get("PreferredDeliveryMethod"):
            changes["delivery_method"] = str(body["PreferredDeliveryMethod"]).lower()
        if body.get("Active") is not None:
            changes["active"] = bool(body["Active"])
        changes["extra"] = writable(body, before.extra if before else {}, _PROPERTIES.computed, sparse=sparse)
        return changes


def _name(body: Json) -> str:
    parts = (str(body.get(each) or "") for each in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix"))
    made = text(body, "DisplayName", 500) or " ".join(part for part in parts if part)
    made = made.removesuffix(" (deleted)")
    if not made:
        raise Refused(
            "6000",
            "Business Validation Error: At least one of the fields Title, Given name, Middle name, Family name, "
            "Display name, Suffix must be supplied.",
        )
    if any(each in made for each in ":\t\n"):
        raise Refused("2080", "DisplayName contains a character that is not allowed", element="DisplayName")
    return made


def _place(body: Json) -> dict[str, Any]:
    place = body.get("BillAddr") or {}
    return {"country": str(place.get("Country") or ""), "region": str(place.get("CountrySubDivisionCode") or "")}


_READERS: dict[str, Callable[[Json], dict[str, Any]]] = {
    "DisplayName": lambda body: {"name": _name(body)},
    "PrimaryEmailAddr": lambda body: {"emails": address(body, "PrimaryEmailAddr")},
    "Notes": lambda body: {"note": text(body, "Notes", 2000)},
    "PrimaryPhone": lambda body: {"phone": text(body.get("PrimaryPhone") or {}, "FreeFormNumber", 30)},
    "ParentRef": lambda body: {"parent": reference(body, "ParentRef") or None},
    "BillWithParent": lambda body: {"bill_with_parent": bool(body.get("BillWithParent"))},
    "BillAddr": _place,
}
