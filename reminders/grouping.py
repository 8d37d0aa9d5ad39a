"""Whose account an item belongs to, and who gets its messages. Docs/rules.md, sections 1 and 3.

A sub-customer billed with its parent is part of the parent's account: one pool of credit, one set of caps and holds.
An item whose BillEmail is none of the customer's own addresses forms an account of its own with that address, so that
nobody is shown an invoice that names somebody else. Where the parent has no address at all, a sub-customer's items
follow the sub-customer's own: its address is not shown what the parent or another site owes. Free credit stays the
customer's: whoever loads such an account takes the customer's free credit into account there too, since asking less is
the safe side.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from adapters.documents import CustomerRef
from reminders.account import AccountRef

SEPARATOR = "|"
"""Between the customer and the address in the ref of an account that follows its BillEmail."""


class Billable(Protocol):
    """A customer, as far as it tells who gets its bills."""

    @property
    def ref(self) -> CustomerRef:
        """Its own ref."""
        ...

    @property
    def parent(self) -> CustomerRef | None:
        """Whose sub-customer it is."""
        ...

    @property
    def bill_with_parent(self) -> bool:
        """Whether the parent gets its bills."""
        ...

    @property
    def emails(self) -> Sequence[str]:
        """Its addresses."""
        ...


B = TypeVar("B", bound=Billable)


def billing_customer(customer: B, customers: Mapping[CustomerRef, B]) -> B:
    """The customer who gets the bill for `customer`: the highest parent it is billed with, or itself.

    A parent that is not in `customers` ends the way up; so does a circle of parents, which a ledger should not hold.
    """
    passed = {customer.ref}
    while customer.bill_with_parent and customer.parent is not None and customer.parent not in passed:
        parent = customers.get(customer.parent)
        if parent is None:
            break
        customer = parent
        passed.add(customer.ref)
    return customer


def account_of(
    customer: B,
    customers: Mapping[CustomerRef, B],
    bill_emails: Sequence[str],
    *,
    own_contacts: Collection[str] = (),
    follow_bill_email: bool = True,
) -> AccountRef:
    """The account of an item of `customer` that names `bill_emails`.

    Own addresses are those of the customer, of the one it is billed with, and the reminder contacts set with us for
    either (`own_contacts`). One of them among `bill_emails` is enough for the item to stay with its customer.
    """
    billed = billing_customer(customer, customers)
    if not follow_bill_email:
        return billed.ref
    named = bill_emails or addresses_instead(customer, billed, own_contacts)
    return account_named(billed.ref, own_addresses(customer, billed, own_contacts), named)


def own_addresses(customer: Billable, billed: Billable, own_contacts: Collection[str]) -> frozenset[str]:
    """The addresses that are the customer's own, as they are compared; none where only a sub-customer has any."""
    if _only_the_site_has_any(customer, billed, own_contacts):
        return frozenset()
    return frozenset(_folded(address) for address in (*customer.emails, *billed.emails, *own_contacts))


def addresses_instead(customer: Billable, billed: Billable, own_contacts: Collection[str]) -> Sequence[str]:
    """What an item without BillEmail follows: its sub-customer's addresses, where the one billed has none."""
    return customer.emails if _only_the_site_has_any(customer, billed, own_contacts) else ()


def _only_the_site_has_any(customer: Billable, billed: Billable, own_contacts: Collection[str]) -> bool:
    return customer.ref != billed.ref and not billed.emails and not own_contacts


def account_named(billed: CustomerRef, own: Collection[str], bill_emails: Sequence[str]) -> AccountRef:
    """The account of an item that names `bill_emails`, of a customer with these addresses of its `own`."""
    named = {_folded(address) for address in bill_emails}
    if not named or not named.isdisjoint(own):
        return billed
    return f"{billed}{SEPARATOR}{','.join(sorted(named))}"


def customer_of(account: AccountRef) -> CustomerRef:
    """The billing customer of an account."""
    return account.partition(SEPARATOR)[0]


def addresses_of(account: AccountRef) -> tuple[str, ...]:
    """The addresses that an account follows; none where it is the customer's own."""
    return tuple(address for address in account.partition(SEPARATOR)[2].split(",") if address)


def choose_recipients(
    own_contacts: Sequence[str],
    customer_emails: Sequence[str],
    bill_emails: Sequence[str],
    unusable: Collection[str] = (),
) -> tuple[str, ...]:
    """Who gets the account's messages.

    The reminder contacts set with us, else the customer's addresses, else BillEmail: the first of the three that names
    anybody decides. Addresses that have bounced or asked us to stop are then left out, and nobody else is tried in
    their place: a task asks for an address instead.
    """
    stopped = {_folded(address) for address in unusable}
    source = own_contacts or customer_emails or bill_emails
    return tuple(address for address in _once(source) if _folded(address) not in stopped)


def sharing(recipients: Mapping[AccountRef, Iterable[str]]) -> Mapping[str, tuple[AccountRef, ...]]:
    """Addresses that get the messages of several customers, and whose: a task offers to join them."""
    accounts: dict[str, list[AccountRef]] = {}
    for account, addresses in recipients.items():
        for address in {_folded(each) for each in addresses}:
            accounts.setdefault(address, []).append(account)
    return {
        address: tuple(sorted(refs))
        for address, refs in accounts.items()
        if len({customer_of(ref) for ref in refs}) > 1
    }


def _once(addresses: Iterable[str]) -> tuple[str, ...]:
    """Each address once, as first written."""
    seen: dict[str, str] = {}
    for address in addresses:
        seen.setdefault(_folded(address), address)
    return tuple(seen.values())


def _folded(address: str) -> str:
    """How addresses are compared: without case. Mail servers that tell cases apart do not exist in practice."""
    return address.strip().casefold()
