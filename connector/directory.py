"""Customers with their families, loaded as needed: who is billed, and whose account an item belongs to."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from adapters.documents import CustomerRef
from connector.store.books import among
from connector.store.tables import customer
from reminders.account import AccountRef
from reminders.grouping import account_named, addresses_instead, billing_customer, own_addresses


class Listed(NamedTuple):
    """A customer as far as it tells whose an item is."""

    ref: CustomerRef
    name: str
    parent: CustomerRef | None = None
    bill_with_parent: bool = False
    emails: tuple[str, ...] | list[str] = ()
    own_contacts: list[str] | None = None
    merged_into: CustomerRef | None = None


class Directory:
    """A look-up of customers within one transaction; parents come along with their children."""

    def __init__(self, connection: Connection, company: str, *, follow_bill_email: bool = True) -> None:
        self._connection = connection
        self._company = company
        self._follow = follow_bill_email
        self._known: dict[CustomerRef, Listed] = {}
        self._billed: dict[CustomerRef, CustomerRef] = {}
        self._own: dict[CustomerRef, tuple[frozenset[str], Sequence[str]]] = {}

    def load(self, refs: Iterable[CustomerRef]) -> None:
        """Makes sure that these customers and their parents are known."""
        wanted = {ref for ref in refs if ref not in self._known}
        while wanted:
            where = (customer.c.company == self._company) & among(self._connection, customer.c.ref, wanted)
            found = [Listed(*row) for row in self._connection.execute(_COLUMNS.where(where)).all()]
            self._known.update((each.ref, each) for each in found)
            self._known.update((ref, Listed(ref, ref)) for ref in wanted - self._known.keys())
            related = {each.parent for each in found} | {each.merged_into for each in found}
            wanted = {ref for ref in related if ref and ref not in self._known}

    def get(self, ref: CustomerRef) -> Listed:
        """The customer, or the one it was merged into."""
        if ref not in self._known:
            self.load([ref])
        passed = {ref}
        while (into := self._known[ref].merged_into) and into not in passed:
            passed.add(ref := into)
        return self._known[ref]

    def billing(self, ref: CustomerRef) -> CustomerRef:
        """Who pays for what this customer buys."""
        if ref not in self._billed:
            self._billed[ref] = billing_customer(self.get(ref), self._known).ref
        return self._billed[ref]

    def account(self, ref: CustomerRef, bill_emails: tuple[str, ...]) -> AccountRef:
        """The account that an item of this customer with these bill addresses belongs to."""
        billed = self.billing(ref)
        if not self._follow or (ref == billed and (not bill_emails or bill_emails[0] in self.get(ref).emails)):
            return billed  # as nearly always
        if ref not in self._own:
            self._own[ref] = self._addresses(ref, billed)
        own, instead = self._own[ref]
        return account_named(billed, own, bill_emails or instead)

    def _addresses(self, ref: CustomerRef, billed: CustomerRef) -> tuple[frozenset[str], Sequence[str]]:
        """The customer's own addresses, and what an item without any follows."""
        one, payer = self.get(ref), self.get(billed)
        contacts = {*(self._known[ref].own_contacts or ()), *(payer.own_contacts or ())}
        return own_addresses(one, payer, contacts), addresses_instead(one, payer, contacts)


_COLUMNS = select(
    customer.c.ref,
    customer.c.name,
    customer.c.parent,
    customer.c.bill_with_parent,
    customer.c.emails,
    customer.c.own_contacts,
    customer.c.merged_into,
)
