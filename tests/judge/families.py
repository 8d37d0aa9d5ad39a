"""Who is billed together: a customer with the sub-customers billed with it, and items that name another's address."""

from collections.abc import Iterable
from datetime import datetime

from tests.judge.books import Books, Customer, Document


def root_of(books: Books, customer: str, at: datetime) -> str:
    """The customer that is billed for `customer`: merged ones by their survivor, sub-customers by their parent."""
    seen: set[str] = set()
    while customer not in seen:
        seen.add(customer)
        found: Customer | None = books.customer(customer, at)
        if found is None:
            return customer
        if found.merged_into:
            customer = found.merged_into
        elif found.bill_with_parent and found.parent:
            customer = found.parent
        else:
            return customer
    return customer


class Families:
    """The billing families of one instant."""

    def __init__(self, books: Books, at: datetime) -> None:
        self._root = {each.id: root_of(books, each.id, at) for each in books.customers(at)}
        self._members: dict[str, set[str]] = {}
        for customer, root in self._root.items():
            self._members.setdefault(root, set()).add(customer)

    def root(self, customer: str) -> str:
        """The billing customer."""
        return self._root.get(customer, customer)

    def members(self, root: str) -> frozenset[str]:
        """Everybody billed under this customer, itself included."""
        return frozenset(self._members.get(root, {root})) | {root}


def own_addresses(books: Books, customers: Iterable[str], at: datetime) -> frozenset[str]:
    """Every address that these customers name as their own."""
    found = (books.customer(each, at) for each in customers)
    return frozenset().union(*(each.emails for each in found if each is not None))


def allowed_addresses(books: Books, document: Document, at: datetime) -> frozenset[str]:
    """The addresses that a document, its customer or the customer billed for it names."""
    root = root_of(books, document.customer, at)
    return document.emails | own_addresses(books, {document.customer, root}, at)


def customer_of(account: str) -> str:
    """The billing customer in an account's name (`20`, or `20|somebody@else.example`)."""
    return account.partition("|")[0]


def party_of(account: str) -> frozenset[str]:
    """The other party's addresses in an account's name (`20|a@b.example,c@d.example`); none for the customer's own."""
    return frozenset(address.strip().casefold() for address in account.partition("|")[2].split(",") if address.strip())
