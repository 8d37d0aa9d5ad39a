"""Messages: all mails of one reminder, with the items they speak of, set against the books of that instant."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.judge.amounts import Amount, amounts_in
from tests.judge.audit import Audit, Taken
from tests.judge.books import Books, Document
from tests.judge.company import Company
from tests.judge.families import Families, customer_of
from tests.judge.mails import Line, Mail, Reading, mentions, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An item as a message shows it."""

    item: str
    document: str
    number: str
    line: Line | None  # None: named, without an amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one reminder said. `account` is claimed by the audit, or worked out from the recipient."""

    reminder: str
    account: str
    root: str
    mails: tuple[Mail, ...]
    at: datetime
    day: date
    shown: tuple[Shown, ...]
    rest: tuple[str, ...]
    taken: tuple[Taken, ...]
    candidates: tuple[str, ...]  # every document that it could speak of

    @property
    def name(self) -> str:
        """How sentences call it."""
        return f"reminder {self.reminder or self.mails[0].file} of {self.day} to {', '.join(self.recipients)}"

    @property
    def recipients(self) -> list[str]:
        """The addresses it went to."""
        return sorted({mail.to for mail in self.mails})

    @property
    def items(self) -> frozenset[str]:
        """The items it shows."""
        return frozenset(each.item for each in self.shown)

    @property
    def subject_amounts(self) -> list[Amount]:
        """The amounts in its subject."""
        return list(amounts_in(self.mails[0].subject))


def gather(mails: list[Mail], books: Books, audit: Audit, company: Company) -> list[Message]:
    """The messages in the order in which they left."""
    groups: dict[str, list[Mail]] = defaultdict(list)
    for mail in mails:
        groups[mail.reminder or mail.message_id or mail.file].append(mail)
    families: dict[int, Families] = {}
    found = []
    for group in groups.values():
        at = group[0].accepted_at
        state = books.customer_changes_until(at)  # a family may change between two messages of a day
        if state not in families:
            families[state] = Families(books, at)
        found.append(_message(group, books, audit, company.day_of(at), families[state]))
    return sorted(found, key=lambda message: message.at)


def _message(mails: list[Mail], books: Books, audit: Audit, day: date, families: Families) -> Message:
    mail = mails[0]
    said = audit.said.get(mail.reminder)
    account = said.account if said else _account_of(mail, books, families)
    root = families.root(customer_of(account))
    documents = _askable(books, families.members(root), mail.accepted_at)
    reading = read_text(mail.text, frozenset(each.number for each in documents))
    taken = tuple(audit.by_reminder.get(mail.reminder, ())) if mail.reminder else ()
    return Message(
        reminder=mail.reminder,
        account=account,
        root=root,
        mails=tuple(mails),
        at=mail.accepted_at,
        day=day,
        shown=tuple(_assign(reading, documents, mail.text, taken)),
        rest=reading.rest,
        taken=taken,
        candidates=tuple(each.ref for each in documents),
    )


def _askable(books: Books, members: frozenset[str], at: datetime) -> list[Document]:
    """Invoices and journal lines of a family, the open ones first, oldest due date first."""
    found = [each for each in books.documents_of(members, at) if each.kind in {"invoice", "journal"}]
    recent = at - timedelta(days=2)
    return sorted(found, key=lambda each: (not _was_open(books, each.ref, recent, at), each.due_date, each.ref))


def _was_open(books: Books, ref: str, after: datetime, until: datetime) -> bool:
    states = (books.document(ref, at) for at in books.moments([ref], after, until))
    return any(state is not None and state.can_be_asked for state in states)


def _assign(reading: Reading, documents: list[Document], text: str, taken: tuple[Taken, ...]) -> list[Shown]:
    """Gives each line its document: the claimed one first, then one whose open balance it shows, then any."""
    claimed = {each.item for each in taken}
    free = list(documents)
    shown: list[Shown] = []
    for line in reading.lines:
        alike = [each for each in free if each.number == line.number]
        if not alike:
            continue
        best = min(alike, key=lambda each: (not _says(line, each), each.item not in claimed))
        free.remove(best)
        shown.append(Shown(item=best.item, document=best.ref, number=best.number, line=line))
    return shown + [
        Shown(item=each.item, document=each.ref, number=each.number, line=None)
        for each in free
        if each.item in claimed and (not each.number or mentions(text, each.number))
    ]


def _says(line: Line, document: Document) -> bool:
    return any(amount.is_(document.open, document.currency) for amount in line.amounts)


def _account_of(mail: Mail, books: Books, families: Families) -> str:
    """The family that a mail without a row in the audit seems to speak to."""
    for customer in sorted(books.customers(mail.accepted_at), key=lambda each: each.id):
        if mail.to in customer.emails:
            return families.root(customer.id)
    for document in books.documents(mail.accepted_at):
        if mail.to in document.emails:
            return families.root(document.customer)
    return ""
