"""A mail server whose every answer is scripted, and a ledger that loses answers, for the tests of what we say."""

import email
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from email import policy
from email.message import EmailMessage
from hashlib import sha256

from adapters.documents import Document, Item, customer_problem
from adapters.errors import LedgerError
from adapters.ledger import Batch, Entry, Outcome, Page, Receipt
from adapters.money import Money
from connector.clock import SimulatedClock
from reminders.channels import SendOutcome, SendResult, Stage
from tests.fakes import FakeLedger

ACCEPTED = SendResult(outcome=SendOutcome.ACCEPTED, code=250, reply="2.0.0 queued")
NO_SUCH_USER = SendResult(outcome=SendOutcome.REFUSED, code=550, reply="5.1.1 no such user here", stage=Stage.RECIPIENT)
UNWELCOME = SendResult(outcome=SendOutcome.REFUSED, code=554, reply="5.7.1 not welcome", stage=Stage.END)
WRONG_PASSWORD = SendResult(outcome=SendOutcome.DEFERRED, code=535, reply="5.7.8 bad password", stage=Stage.LOGIN)
GREYLISTED = SendResult(outcome=SendOutcome.DEFERRED, code=450, reply="4.2.0 come back", stage=Stage.RECIPIENT)
NO_LAST_REPLY = SendResult(outcome=SendOutcome.UNCERTAIN, reply="no reply to the dot", stage=Stage.END)

_AFTER_THE_GATE = frozenset({Stage.BODY, Stage.END})


class ServerCrash(BaseException):
    """The process dies while it hands a mail over: nothing that catches errors sees it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the server may have taken."""

    to: str
    data: bytes

    @property
    def read(self) -> EmailMessage:
        return email.message_from_bytes(self.data, policy=policy.default)

    @property
    def text(self) -> str:
        body = self.read.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @property
    def reminder(self) -> str:
        return str(self.read["X-Duecourse-Reminder"])


@dataclass
class ScriptedMailer:
    """Answers as the script says, by recipient and in order; then accepts. `takes` passes before each mail's DATA."""

    clock: SimulatedClock
    script: dict[str, list[SendResult | BaseException]] = field(default_factory=dict)
    takes: timedelta = timedelta()
    before_data: Callable[[str], object] = lambda _: None  # the customer's world moves on while we speak SMTP
    after_data: Callable[[str], object] = lambda _: None  # ... and while the last reply is waited for
    asked: list[str] = field(default_factory=list)  # whom a connection was made for
    taken: list[Mail] = field(default_factory=list)

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        del sender
        self.asked.append(recipient)
        answers = self.script.get(recipient)
        answer = answers.pop(0) if answers else ACCEPTED
        self.clock.advance(self.takes)
        self.before_data(recipient)
        if isinstance(answer, SendResult) and answer.stage not in _AFTER_THE_GATE:
            return answer
        if not at_data():
            return SendResult(outcome=SendOutcome.CANCELLED, stage=Stage.DATA)
        if isinstance(answer, BaseException):
            raise answer
        if answer.outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN}:
            self.taken.append(Mail(recipient, data))
        self.after_data(recipient)
        return answer

    @property
    def readers(self) -> list[str]:
        return [each.to for each in self.taken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a fresh reading was about."""

    documents: tuple[str, ...]
    customers: tuple[str, ...]
    since: str


@dataclass
class Books(FakeLedger):
    """A fake ledger whose posts and reads can go wrong, and that keeps every batch it was given."""

    posts: list[Batch] = field(default_factory=list)
    post_faults: list[LedgerError | Outcome | str] = field(default_factory=list)
    composed: list[int] = field(default_factory=list)  # how many entries were batched at a time
    looked_for: list[frozenset[str]] = field(default_factory=list)
    why_impossible: str = "the customer is inactive"
    written_on: dict[str, date] = field(default_factory=dict)
    read_afresh: list[Asked] = field(default_factory=list)
    silent_about: set[str] = field(default_factory=set)  # documents that a fresh reading does not tell about
    unreadable: set[str] = field(default_factory=set)  # customers that a fresh reading finds spoiled
    pay_links: dict[str, str | LedgerError] = field(default_factory=dict)
    pay_links_asked: list[str] = field(default_factory=list)
    on_fresh: Callable[[], object] = lambda: None
    before_post: Callable[[], object] = lambda: None  # the request is on its way; nothing is written yet
    after_post: Callable[[], object] = lambda: None  # everything is written; the answer is on its way
    answers_nothing_of: set[str] = field(default_factory=set)  # keys that the answer to a batch leaves out

    def fresh(self, documents: Collection[str], customers: Collection[str], since: str) -> Page:
        self.read_afresh.append(Asked(documents=tuple(documents), customers=tuple(customers), since=since))
        page = super().fresh(documents, customers, since)
        self.on_fresh()
        return replace(
            page,
            customers=tuple(each for each in page.customers if each.ref not in self.unreadable),
            documents=tuple(each for each in page.documents if each.ref not in self.silent_about),
            problems=tuple(customer_problem(ref, f"Customer {ref} cannot be read.") for ref in self.unreadable),
        )

    def pay_link(self, document: str) -> str:
        self.pay_links_asked.append(document)
        link = self.pay_links.get(document, "")
        if isinstance(link, LedgerError):
            raise link
        return link

    def part_pay(self, ref: str, amount: str) -> None:
        before = self.documents[ref]
        self._set_open(before, before.open - Money.of(amount, before.open.currency))

    def raise_to(self, ref: str, amount: str) -> None:
        before = self.documents[ref]
        self._set_open(before, Money.of(amount, before.open.currency))

    def payment(self, ident: str, customer: str, amount: str) -> None:
        """A payment that is applied to nothing that we know of; the cash was posted."""
        self.credit(ident, customer, amount, self.now().date())
        made = self.documents.pop(f"credit_memo:{ident}")
        zero = Money.zero(made.open.currency)
        paid = replace(made, kind=type(made.kind)("payment"), open=zero)
        self.documents[paid.ref] = paid

    def _set_open(self, before: Document, left: Money) -> None:
        items: tuple[Item, ...] = tuple(replace(each, open=left) for each in before.items)
        self.documents[before.ref] = replace(before, open=left, items=items, version=self._next())

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        """One batch for each thirty entries; its bytes say what is in it, its id follows from them."""
        self._composed.update({each.key: each for each in entries})
        self.composed.append(len(entries))
        batches = []
        for at in range(0, len(entries), 30):
            some = entries[at : at + 30]
            body = json.dumps([[each.key, each.text] for each in some]).encode()
            members = tuple((str(number), each.key) for number, each in enumerate(some))
            batches.append(Batch(request_id=sha256(body).hexdigest()[:32], body=body, members=members))
        return batches

    def post(self, batch: Batch) -> Sequence[Receipt]:
        """Answers as `post_faults` says: an error raised, `written <n>` (the first n arrive and the answer is lost),
        or an outcome for every member; then writes everything.
        """
        self.posts.append(batch)
        self.before_post()
        fault = self.post_faults.pop(0) if self.post_faults else None
        keys = [key for _, key in batch.members]
        if isinstance(fault, LedgerError):
            raise fault
        if isinstance(fault, str) and not isinstance(fault, Outcome):
            self._write(keys[: int(fault.removeprefix("written "))])
            return [Receipt(key=key, outcome=Outcome.UNKNOWN) for key in keys]
        if fault is not None:
            return [Receipt(key=key, outcome=fault, reason=self.why_impossible) for key in keys]
        self._write(keys)
        self.after_post()
        told = [key for key in keys if key not in self.answers_nothing_of]
        return [Receipt(key=key, outcome=Outcome.WRITTEN, ledger_id=f"note-{key}"[:200]) for key in told]

    def posted(self, customers: Collection[str], since: date) -> Iterator[Receipt]:
        self._read()
        self.looked_for.append(frozenset(customers))
        yield from (each for each in super().posted(customers, since) if self.written_on[each.key] >= since)

    def _write(self, keys: Sequence[str]) -> None:
        for key in keys:
            assert key not in self.notes, f"{key} was written twice"
            self.notes[key] = self._composed[key]
            self.written_on[key] = self.now().date()
