"""Customers with their families, loaded as needed: who is billed, and whose account an item belongs to."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from adapters.documents import Customer, CustomerRef
from connector.store.tables import customer
from reminders.account import AccountRef
from reminders.grouping import account_of, billing_customer


class Directory:
    """A look-up of customers within one transaction; parents come along with their children."""

    def __init__(self, connection: Connection, company: str, *, follow_bill_email: bool = True) -> None:
        self._connection = connection
        self._company = company
        self._follow = follow_bill_email
        self._contacts: dict[CustomerRef, tuple[str, ...]] = {}
        self._known: dict[CustomerRef, Customer] = {}
        self._merged: dict[CustomerRef, CustomerRef] = {}

    def load(self, refs: Iterable[CustomerRef]) -> None:
        """Makes sure that these customers and their parents are known."""
        wanted = set(refs) - self._known.keys()
        while wanted:
            rows = self._connection.execute(
                select(customer).where(customer.c.company == self._company, customer.c.ref.in_(wanted)),
            ).mappings()
            for row in rows:
                self._known[row["ref"]] = Customer(
                    ref=row["ref"],
                    name=row["name"],
                    parent=row["parent"],
                    bill_with_parent=row["bill_with_parent"],
                    active=row["active"],
                    emails=tuple(row["emails"]),
                    note=row["note"],
                    language=row["own_language"] or row["language"],
                    country=row["country"],
                    block=row["block"],
                )
                self._contacts[row["ref"]] = tuple(row["own_contacts"] or ())
                if row["merged_into"]:
                    self._merged[row["ref"]] = row["merged_into"]
            self._known.update({ref: Customer(ref=ref, name=ref) for ref in wanted - self._known.keys()})
            parents = {each.parent for each in self._known.values() if each.parent}
            wanted = ({*parents, *self._merged.values()}) - self._known.keys()

    def get(self, ref: CustomerRef) -> Customer:
        """The customer, or the one it was merged into."""
        self.load([ref])
        passed = {ref}
        while (into := self._merged.get(ref)) and into not in passed:
            passed.add(ref := into)
        return self._known[ref]

    def billing(self, ref: CustomerRef) -> CustomerRef:
        """Who pays for what this customer buys."""
        self.load([ref])
        return billing_customer(self.get(ref), self._known).ref

    def account(self, ref: CustomerRef, bill_emails: tuple[str, ...]) -> AccountRef:
        """The account that an item of this customer with these bill addresses belongs to."""
        self.load([ref])
        return account_of(
            self.get(ref),
            self._known,
            bill_emails,
            own_contacts=self._contacts.get(ref, ()),
            follow_bill_email=self._follow,
        )
