"""A plain stand-in for the service, so that a month can be played without it: steps, gap, holds, nothing stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from email import policy
from email.message import EmailMessage

from adapters.documents import DocumentKind
from adapters.sandbox import office
from adapters.sandbox.books import Books
from adapters.sandbox.company import Company
from adapters.sandbox.month import (
    CashPostedAct,
    CollectorAct,
    Month,
    PauseAct,
    PromiseAct,
    Reply,
    SwitchCadenceAct,
    TaskDoneAct,
)
from adapters.sandbox.records import Customer, Document

LADDERS = {"standard": (3, 11, 21, 28, 40), "firm": (2, 9, 14, 21)}
CALLS = {"standard": 3, "firm": 2}
GAP = 5


@dataclass(slots=True)
class Ladder:
    """What an invoice was sent: the number of steps, and the day of the last."""

    steps: int = 0
    last: date = date.min
    headed_up: bool = False


@dataclass(slots=True)
class PlainService:
    """Writes to those who owe, once a day; `mails` and `acts` keep what happened."""

    company: Company
    month: Month
    ladders: dict[str, Ladder] = field(default_factory=dict)
    heard: dict[str, date] = field(default_factory=dict)
    held: dict[str, date] = field(default_factory=dict)
    cadences: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    acts: list[tuple[date, CollectorAct]] = field(default_factory=list)
    mails: list[tuple[datetime, str, bytes]] = field(default_factory=list)
    waiting_for_cash: bool = False

    @property
    def books(self) -> Books:
        return self.company.books

    def play(self) -> None:
        """All days of the month."""
        for day in self.month.days:
            self.month.morning(day)
            if day not in self.month.outage_days and office.is_open(day):
                self._collect(day)
                if day not in self.month.silent_cash_week[2:]:
                    self._remind(day)
            self.month.evening(day)

    def _collect(self, day: date) -> None:
        for act in self.month.collector(day, [(customer, "call") for customer in self.calls]):
            self.acts.append((day, act))
            match act:
                case PromiseAct():
                    self.held[act.customer] = office.open_days_after(act.day, 4)
                case PauseAct():
                    self.held[act.customer] = act.until
                case SwitchCadenceAct():
                    self.cadences[act.customer] = act.cadence
                case TaskDoneAct(kind="call"):
                    self.calls.remove(act.customer)
                case CashPostedAct():
                    self.waiting_for_cash = False
                case _:
                    pass

    def accounts(self) -> dict[str, list[Document]]:
        """Open invoices by the customer that gets the bill."""
        customers = {customer.id: customer for customer in self.books.customers()}
        found: dict[str, list[Document]] = {}
        for document in self.books.documents(kind=DocumentKind.INVOICE):
            if document.open > 0 and document.delivery != "waiting":
                customer: Customer = customers[document.customer]
                while customer.bill_with_parent and customer.parent:
                    customer = customers[customer.parent]
                own = customer.emails or document.bill_email
                is_own = not document.bill_email or document.bill_email in (own, customers[document.customer].emails)
                key = customer.id if is_own else f"{customer.id}|{document.bill_email}"
                found.setdefault(key, []).append(document)
        return found

    def _remind(self, day: date) -> None:
        now = office.at(day, 10)
        for place, (account, bills) in enumerate(sorted(self.accounts().items())):
            self._remind_account(day, now + timedelta(seconds=2 * place), account, bills)

    def _remind_account(self, day: date, now: datetime, account: str, bills: list[Document]) -> None:
        ident, _, other = account.partition("|")
        customer = self.books.customer(ident)
        addresses = list(_addresses(other or customer.emails))
        due = [bill for bill in bills if self._is_due(bill, customer, day)]
        if not due or not addresses or self.held.get(ident, day) > day:
            return
        if (day - self.heard.get(account, date.min)).days < GAP:
            return
        if self._is_call(due[0], customer):
            self._to_call(due, ident, day)
            return
        self.month.before_reread([account], now)
        still = [bill for bill in bills if self.books.document(bill.id).open > 0]
        if not any(bill in due for bill in still) or sum(map(self._open, bills)) <= self._credit(ident):
            return
        self._send(day, now, account, still, [bill for bill in due if bill in still], addresses)

    def _open(self, bill: Document) -> Decimal:
        return self.books.document(bill.id).open

    def _credit(self, ident: str) -> Decimal:
        credits_ = [each.open for each in self.books.documents(ident) if each.open < 0]
        return -sum(credits_, Decimal(0))

    def _steps(self, customer: Customer) -> tuple[str, tuple[int, ...]]:
        name = self.cadences.get(customer.id, "standard")
        return name, LADDERS[name]

    def _is_due(self, bill: Document, customer: Customer, day: date) -> bool:
        ladder = self.ladders.setdefault(bill.id, Ladder())
        _, steps = self._steps(customer)
        late = (day - bill.due_date).days
        if late < 0:
            return late >= -3 and not ladder.headed_up
        if ladder.steps >= len(steps) or self.waiting_for_cash:
            return False
        if ladder.steps == 0:
            is_new = (day - office.local_day(bill.created_at)).days < 7
            first = office.open_days_after(bill.due_date + timedelta(days=steps[0]), 2)
            return day >= first and not is_new
        return (day - ladder.last).days >= steps[ladder.steps] - steps[ladder.steps - 1] - 2

    def _is_call(self, bill: Document, customer: Customer) -> bool:
        return self.ladders[bill.id].steps == CALLS[self._steps(customer)[0]]

    def _to_call(self, due: list[Document], ident: str, day: date) -> None:
        for bill in due:
            self._take(bill, day)
        self.calls.append(ident)

    def _take(self, bill: Document, day: date) -> None:
        ladder = self.ladders[bill.id]
        if bill.due_date > day:
            ladder.headed_up = True
        else:
            ladder.steps, ladder.last = ladder.steps + 1, day

    def _send(
        self, day: date, now: datetime, account: str, bills: list[Document], due: list[Document], to: list[str]
    ) -> None:
        is_past_due = any(bill.due_date < day for bill in due)
        shown = [bill for bill in bills if bill.due_date < day] if is_past_due else due
        for bill in due:
            if bill in shown:
                self._take(bill, day)
        self.heard[account] = day
        lines = "\n".join(f"Invoice {bill.number}: {self._open(bill)} {bill.currency}" for bill in shown)
        eml = _mail(f"{account}-{day}".replace("|", "-").replace("@", "."), to[0], lines)
        for address in to:
            self.mails.append((now, address, eml))
            self.replies += self.month.on_mail(day, now, address, eml)


def _addresses(emails: str) -> Iterator[str]:
    for part in emails.replace(";", ",").split(","):
        if "@" in part:
            yield part.strip()


def _mail(key: str, to: str, lines: str) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "Larkfield Supply <ar@larkfield.example>"
    message["Reply-To"] = "Larkfield Supply <ar+r1@larkfield.example>"
    message["To"] = to
    message["Subject"] = "Invoices past due at Larkfield"
    message["Message-ID"] = f"<{key}@larkfield.example>"
    message.set_content(f"Hello,\n\n{lines}\n\nPlease pay.\n")
    return message.as_bytes()
