"""The customers of the books: families, merges, and their balances."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from adapters.sandbox.history import History
from adapters.sandbox.records import BooksError, Customer, Document
from adapters.sandbox.shelf import CUSTOMER, Shelf, row_of
from adapters.sandbox.store import scaled

_DEPTH = 5  # levels of sub-customers


class CustomerBook:
    """The customers, kept in memory as well as in their rows: every document names one."""

    def __init__(self, shelf: Shelf, history: History, now: Callable[[], datetime]) -> None:
        self._shelf = shelf
        self._history = history
        self._now = now
        self._known: dict[str, Customer] = {}
        self._under: dict[str, list[str]] = {}  # the ids of sub-customers, by parent

    def get(self, ident: str) -> Customer:
        """The customer, inactive or not. Raises `BooksError` (`customer`) where it is unknown, deleted or merged."""
        found = self._known.get(ident)
        if found is None or found.deleted:
            raise BooksError(f"There is no customer {ident}.", code="customer")
        return found

    def each(self) -> Iterator[Customer]:
        """All customers that still are, in the order of their ids."""
        return (each for each in list(self._known.values()) if not each.deleted)

    def children(self, ident: str) -> list[Customer]:
        """The sub-customers directly under one."""
        return [self._known[child] for child in self._under.get(ident, ())]

    def line(self, ident: str | None) -> Iterator[Customer]:
        """A customer and its parents, from itself upwards."""
        while ident is not None and ident in self._known:
            customer = self._known[ident]
            yield customer
            ident = customer.parent

    def add(self, customer: Customer) -> Customer:
        """Adds a customer. Raises `BooksError` where its name is taken or its parent unknown."""
        self._check(customer)
        made = self._shelf.create(customer)
        self._keep(made)
        self._history.append(CUSTOMER, "create", made)
        return made

    def edit(self, ident: str, changes: dict[str, Any], event: str = "update") -> Customer:
        """Changes fields of a customer; a new parent moves its balance to another family."""
        before = self.get(ident)
        changed = msgspec.structs.replace(before, **changes)
        self._check(changed)
        made = self._shelf.update(changed)
        self._keep(made)
        self._history.append(CUSTOMER, event, made)
        if before.parent != made.parent:
            for each in (*self.line(before.parent), *self.line(ident)):
                self._rebalance(each)
        return made

    def _keep(self, customer: Customer) -> None:
        before = self._known.get(customer.id)
        if before is not None and before.parent is not None:
            self._under[before.parent].remove(customer.id)
        if customer.parent is not None:
            self._under.setdefault(customer.parent, []).append(customer.id)
        self._known[customer.id] = customer

    def move(self, before: Document | None, after: Document) -> None:
        """Moves the customers' balances as a document changed."""
        if before is not None and before.customer != after.customer:
            self._shift(before.customer, before.currency, -before.open)
            before = None
        self._shift(after.customer, after.currency, after.open - (before.open if before else Decimal(0)))

    def _shift(self, ident: str, currency: str, delta: Decimal) -> None:
        if not delta:
            return
        at, amount = int(self._now().timestamp()), scaled(delta)
        for customer in self.line(ident):
            same = amount if customer.currency == currency else 0
            self._shelf.rows.move_balance(customer.id, own=same if customer.id == ident else 0, jobs=same, at=at)

    def _rebalance(self, customer: Customer) -> None:
        own = self._shelf.rows.total("open", *self._open_of(customer))
        family = own
        for child in self.children(customer.id):
            row = self._shelf.rows.get(CUSTOMER, child.id)
            family += row.jobs or 0 if row and child.currency == customer.currency else 0
        self._shelf.rows.set_balances(customer.id, own=own, jobs=family)

    @staticmethod
    def _open_of(customer: Customer) -> tuple[str, tuple[object, ...]]:
        where = "customer = ? AND deleted = 0 AND json_extract(body, '$.currency') = ?"
        return where, (customer.id, customer.currency)

    def _check(self, customer: Customer) -> None:
        taken = "kind = ? AND deleted = 0 AND name = ? AND id <> ?"
        if self._shelf.rows.count(taken, (CUSTOMER, customer.name, customer.id)):
            raise BooksError(f"The name {customer.name!r} is taken.", code="name")
        ancestors = list(self.line(customer.parent)) if customer.parent else []
        if customer.parent and (not ancestors or ancestors[0].deleted):
            raise BooksError(f"There is no customer {customer.parent} to be a parent.", code="customer")
        if len(ancestors) >= _DEPTH or any(each.id == customer.id for each in ancestors):
            raise BooksError(f"{customer.name!r} would be more than {_DEPTH} levels deep.", code="depth")

    def load(self, customers: Iterable[Customer]) -> None:
        """Writes many new customers at once, without history."""
        self._shelf.rows.put_many(map(row_of, customers))
        for each in self._shelf.each(Customer, CUSTOMER):
            self._keep(each)

    def rebalance_all(self) -> None:
        """Works out every balance again: one pass over what is open, then children before their parents."""
        own = self._shelf.rows.open_by_customer()
        family: dict[str, int] = {}
        for each in sorted(self.each(), key=lambda one: -len(list(self.line(one.id)))):
            mine = own.get((each.id, each.currency), 0)
            family[each.id] = family.get(each.id, 0) + mine
            self._shelf.rows.set_balances(each.id, own=mine, jobs=family[each.id])
            parent = self._known.get(each.parent or "")
            if parent is not None and parent.currency == each.currency:
                family[parent.id] = family.get(parent.id, 0) + family[each.id]
