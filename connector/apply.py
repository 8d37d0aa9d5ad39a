"""Applies pages of the ledger to the store, in the caller's transaction. Applying one twice changes nothing.

What they mean for reminders, promises and disputes is told as `Happening`s; connector.aftermath acts on them in
the same transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, select, update

from adapters.documents import Document, DocumentKind, Gone, Item, Tombstone, item_ref
from adapters.ledger import Page
from connector.directory import Directory
from connector.news import (
    could_be_read,
    differs,
    family_changed,
    fresh_state,
    item_differs,
    mailed_late,
    matters,
    may_allocate,
    new_cycle,
    reaches_otherwise,
)
from connector.store import books, companies, problems
from connector.store.tables import allocation, customer, document, item


class What(StrEnum):
    """What a change of the books means to us."""

    NEW = "new"  # an invoice that was not there before
    GONE = "gone"  # a document was voided, deleted, written off or merged away
    SETTLED = "settled"  # an item's open amount became zero
    REOPENED = "reopened"  # it was settled, and is open again within reopen_days
    RETURNED = "returned"  # it is open again later, or its payment was returned
    DUE_DATE_MOVED = "due_date_moved"
    NOTE_CHANGED = "note_changed"  # the ledger's note on a customer
    LEDGER_MAILED = "ledger_mailed"  # the ledger's own reminder went out
    CUSTOMER_MERGED = "customer_merged"
    MOVED = "moved"  # another customer is billed for a document now; the detail names the one before
    PAID = "paid"  # a payment or its allocations are new or changed
    DUNNED = "dunned"  # the ledger's own dunning writes to a customer from now on, or no more
    RESIDUAL = "residual"  # it is what is left of another, which the detail names


class Happening(NamedTuple):
    """Something that a page brought. `subject` is an item, document or customer ref; `account` whose it is."""

    what: What
    subject: str
    account: str
    detail: str = ""


@dataclass(slots=True)
class Applied:
    """What a page changed."""

    documents: int = 0
    customers: int = 0
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeRules:
    """What the life of an item after its first reminder needs: days, and whether its bill address is followed."""

    reopen_days: int = 7
    quiet_days: int = 5
    follow_bill_email: bool = True
    zone: tzinfo = UTC  # the company's


class _Pages:
    """Pages on their way into the store, one after another."""

    page: Page

    def __init__(self, connection: Connection, company: str, *, today: date, now: datetime, life: LifeRules) -> None:
        self.connection = connection
        self.company = company
        self.today = today
        self.now = now
        self.life = life
        self.directory = self._fresh_directory()
        self.mains: set[str] = set()
        self.returned: set[str] = set()
        self.moved: dict[str, str] = {}  # who has a customer's documents now
        self.applied = Applied()

    def apply(self, page: Page) -> None:
        """Applies this page but for the accounts that it touches."""
        self.page = page
        self._customers()
        self.returned = self._returned_targets()
        self._documents()
        self._return_reopened()
        for each in self.page.tombstones:
            self._tombstone(each)
        if problems.has_any(self.connection, self.company):
            problems.clear(self.connection, self.company, could_be_read(self.page))
        if self.page.problems:
            problems.save(self.connection, self.company, self.page.problems, self.now)

    def touch(self) -> Applied:
        """Marks all accounts that the pages touched: once each, since they come in one transaction."""
        for ref in books.followers(self.connection, self.company, self.mains):
            self._touch(ref)
        books.touch_accounts(self.connection, self.company, self.applied.accounts, self.today)
        return self.applied

    # -- customers

    def _customers(self) -> None:
        incoming = {each.ref: each for each in self.page.customers}
        known = books.rows_by_ref(self.connection, customer, self.company, incoming)
        changed = [each for ref, each in incoming.items() if ref not in known or known[ref]["version"] != each.version]
        if not changed:
            return
        books.save_customers(self.connection, self.company, changed)
        self.directory = self._fresh_directory()
        self.directory.load([each.ref for each in changed])
        self.applied.customers += len(changed)
        moved = [each for each in changed if each.ref not in known or family_changed(known[each.ref], each)]
        if moved:
            self._rehome([each.ref for each in moved])
        for each in changed:
            before = known.get(each.ref)
            if each.note and (before is None or before["note"] != each.note):
                self._happened(What.NOTE_CHANGED, each.ref, self._main_account(each.ref), each.note)
            if each.dunned_by != (before["dunned_by"] or "" if before is not None else ""):
                self._happened(What.DUNNED, each.ref, self._main_account(each.ref))
            if before is not None and matters(before, each):
                self._touch_main(self._main_account(each.ref))

    def _rehome(self, refs: Sequence[str]) -> None:
        """A family or an address changed: its open items may belong to another account now."""
        for row in books.open_of_families(self.connection, self.company, refs):
            main = self._main_account(row["customer"])
            if main != row["account"]:
                where = (document.c.company == self.company) & (document.c.ref == row["ref"])
                self.connection.execute(update(document).where(where).values(account=main))
                self._happened(What.MOVED, row["ref"], main, row["account"])
            self._touch(main)
            target = self.directory.account(row["customer"], tuple(row["bill_emails"]))
            moved = self.connection.execute(
                update(item)
                .where(item.c.company == self.company, item.c.document == row["ref"], item.c.account != target)
                .values(account=target),
            )
            if moved.rowcount:
                self._touch(target)

    # -- documents

    def _documents(self) -> None:
        incoming = {each.ref: each for each in self.page.documents}
        if not incoming:
            return
        there = books.compared(self.connection, self.company, incoming)
        changed = [each for ref, each in incoming.items() if ref not in there or differs(there[ref], each)]
        if not changed:
            return
        self.directory.load([each.customer for each in changed])
        known = books.rows_by_ref(
            self.connection, document, self.company, [each.ref for each in changed if each.ref in there]
        )
        items = books.items_of(self.connection, self.company, known)  # a document and its items come together
        document_rows, item_rows = [], []
        for each in changed:
            before = known.get(each.ref)
            main = self._main_account(each.customer)
            document_rows.append(self._document_row(each, before, main))
            if each.items:
                target = self.directory.account(each.customer, each.bill_emails)
                item_rows.extend([self._item_row(each, one, target, items) for one in each.items])
            self._notice(each, before, main)
        books.save_documents(self.connection, document_rows)
        books.save_items(self.connection, item_rows)
        self._close_missing_parts(changed, items)
        allocating = [each for each in changed if may_allocate(each)]
        books.replace_allocations(self.connection, self.company, allocating, known=known)
        self.applied.documents += len(changed)

    def _document_row(self, each: Document, before: RowMapping | None, main: str) -> tuple[object, ...]:
        if before is not None and before["customer"] != each.customer:
            self.moved[before["customer"]] = each.customer
        what_it_was = each.voided and before is not None  # for the invoice that may replace it
        return books.document_row(
            self.company,
            each,
            main_account=main,
            total_minor=before["total_minor"] if what_it_was and before is not None else each.total.minor,
            created_at=each.created_at or (before and before["created_at"]) or self._entered(each),
            first_seen=before["first_seen"] if before else self._born(each),
            replaces=before["replaces"] if what_it_was and before is not None else each.replaces or None,
            now=self.now,
        )

    def _entered(self, each: Document) -> datetime:
        """When a document was entered that does not say so (payments in Business One): we see it now, so now at the
        latest. What the first read shows is older, and is taken for as old as it is dated.
        """
        if self.is_first_read:
            return min(datetime.combine(each.issue_date, time.min, self.life.zone), self.now)
        return self.now

    @cached_property
    def is_first_read(self) -> bool:
        """Whether the books were never read to their end."""
        return not companies.load(self.connection, self.company).first_read_done

    def _born(self, each: Document) -> date:
        made = each.created_at or self._entered(each)
        return min(made.astimezone(self.life.zone).date(), self.today)

    def _item_row(self, of: Document, one: Item, target: str, items: Mapping[str, RowMapping]) -> tuple[object, ...]:
        before = items.get(item_ref(of.ref, one.part)) if items else None
        state = fresh_state(one, self.today) if before is None else self._next_state(of, one, before, target)
        if before is None or item_differs(before, one, target):
            self._touch(target)
            if before is not None and before["account"] != target:
                self._touch(before["account"])
        return books.item_row(self.company, of, one, account_ref=target, state=state)

    def _next_state(self, of: Document, one: Item, before: RowMapping, target: str) -> tuple[object, ...]:
        """Cycle and position of an item that was known before (rules, section 5)."""
        state = {name: before[name] for name in books.STATE}
        ref = before["ref"]
        if one.open.minor <= 0 and before["open_minor"] > 0:
            state["closed_on"] = self.today
            self._happened(What.SETTLED, ref, target)
        elif one.open.minor > 0 and before["open_minor"] <= 0:
            state |= self._reopen(of, before, target)
        if one.due_date != before["due_date"]:
            later = one.due_date > self.today
            state["due_date_before"] = None if later else before["due_date"]
            if later:
                state |= new_cycle(before)
            self._happened(What.DUE_DATE_MOVED, ref, target, "later" if later else "past")
        return tuple(state[name] for name in books.STATE)

    def _reopen(self, of: Document, before: RowMapping, target: str) -> dict[str, object]:
        closed_on = before["closed_on"] or self.today
        quickly = (self.today - closed_on).days <= self.life.reopen_days
        if quickly and of.ref not in self.returned:
            self._happened(What.REOPENED, before["ref"], target)
            return {"closed_on": None, "quiet_until": self.today + timedelta(days=self.life.quiet_days)}
        self._happened(What.RETURNED, before["ref"], target, of.number)
        return {"closed_on": None, "quiet_until": None} | new_cycle(before)

    def _return_reopened(self) -> None:
        """What an earlier page showed open again, and this page says that its payment was returned: as if at once."""
        for ref, row in books.items_of(self.connection, self.company, self.returned).items():
            if row["open_minor"] > 0 and row["quiet_until"] and row["quiet_until"] > self.today:
                where = (item.c.company == self.company) & (item.c.ref == ref)
                self.connection.execute(update(item).where(where).values(quiet_until=None, **new_cycle(row)))
                known = books.rows_by_ref(self.connection, document, self.company, [row["document"]])
                self._happened(What.RETURNED, ref, row["account"], known[row["document"]]["number"])
                self._touch(row["account"])

    def _returned_targets(self) -> set[str]:
        """Documents that a payment voided or deleted on this page had been set against."""
        undone = [each.ref for each in self.page.documents if each.voided]
        undone += [each.ref for each in self.page.tombstones if not each.is_customer]
        targets: set[str] = set()
        for some in books.chunks(undone):
            targets |= set(
                self.connection.scalars(
                    select(allocation.c.target).where(
                        allocation.c.company == self.company,
                        allocation.c.source.in_(some),
                        allocation.c.source.like("payment:%"),
                    ),
                ),
            )
        return targets

    def _close_missing_parts(self, changed: Sequence[Document], items: Mapping[str, RowMapping]) -> None:
        if not items:
            return
        present = {item_ref(each.ref, one.part) for each in changed for one in each.items}
        for ref in items.keys() - present:
            if items[ref]["open_minor"] > 0:
                where = (item.c.company == self.company) & (item.c.ref == ref)
                self.connection.execute(update(item).where(where).values(open_minor=0, closed_on=self.today))
                self._touch(items[ref]["account"])

    def _notice(self, each: Document, before: RowMapping | None, main: str) -> None:
        if before is not None:
            self._notice_change(each, before, main)
        if each.kind is not DocumentKind.INVOICE:
            self._touch_main(main)
            if each.kind is DocumentKind.PAYMENT:
                self._happened(What.PAID, each.ref, main)
        elif before is None:
            self._happened(What.NEW, each.ref, main)
        if each.replaces and (before is None or before["replaces"] != each.replaces):
            self._happened(What.RESIDUAL, each.ref, main, each.replaces)

    def _notice_change(self, each: Document, before: RowMapping, main: str) -> None:
        if each.voided and not before["voided"]:
            self._happened(What.GONE, each.ref, main, Gone.VOIDED.value)
        if before["account"] != main:
            self._happened(What.MOVED, each.ref, main, before["account"])
        if reaches_otherwise(before, each):
            self._touch(self.directory.account(each.customer, each.bill_emails))
        if each.sent_at and before["sent_at"] != each.sent_at and mailed_late(each):
            target = self.directory.account(each.customer, each.bill_emails)
            self._happened(What.LEDGER_MAILED, each.ref, target, each.sent_at.isoformat())

    # -- what is gone

    def _tombstone(self, each: Tombstone) -> None:
        if each.is_customer:
            self._customer_gone(each)
            return
        row = books.rows_by_ref(self.connection, document, self.company, [each.ref]).get(each.ref)
        if row is None or row["gone"]:
            return
        self.directory.load([row["customer"]])
        for one in books.items_of(self.connection, self.company, [each.ref]).values():
            self._touch(one["account"])
        books.close_document(
            self.connection, self.company, each.ref, how=each.how.value, today=self.today, now=self.now
        )
        self._touch(row["account"])
        self._happened(What.GONE, each.ref, row["account"], each.how.value)
        self.applied.documents += 1

    def _customer_gone(self, each: Tombstone) -> None:
        where = (customer.c.company == self.company) & (customer.c.ref == each.ref)
        row = self.connection.execute(select(customer.c.merged_into, customer.c.active).where(where)).one_or_none()
        into = row and (each.into or self.moved.get(each.ref) or row.merged_into)
        if row is None or (not row.active and row.merged_into == into):
            return
        self.connection.execute(update(customer).where(where).values(active=False, merged_into=into))
        self.directory = self._fresh_directory()
        self._rehome([each.ref])
        self._happened(What.CUSTOMER_MERGED, each.ref, self._main_account(each.ref), into or "")

    def _fresh_directory(self) -> Directory:
        return Directory(self.connection, self.company, follow_bill_email=self.life.follow_bill_email)

    def _main_account(self, ref: str) -> str:
        return self.directory.billing(ref)

    def _touch_main(self, ref: str) -> None:
        """What is true of a customer is true of the accounts that follow its bill addresses too."""
        self._touch(ref)
        self.mains.add(ref)

    def _touch(self, ref: str) -> None:
        if ref not in self.applied.accounts:
            who, _, where = ref.partition("|")
            self.applied.accounts[ref] = (who, where)

    def _happened(self, what: What, subject: str, of: str, detail: str = "") -> None:
        self.applied.happenings.append(Happening(what, subject, of, detail))


def apply_pages(
    connection: Connection, company: str, pages: Iterable[Page], *, today: date, now: datetime, life: LifeRules
) -> Applied:
    """Applies `pages` in their order; `today` is the company's, `now` aware UTC. Returns what changed, and what it
    means as things stand after the last of them.
    """
    applying = _Pages(connection, company, today=today, now=now, life=life)
    for page in pages:
        applying.apply(page)
    return applying.touch()
