"""Why this was sent, or not sent, on a day: the verdict with its facts, item by item, and what was said before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from adapters.documents import document_of
from adapters.errors import LedgerError
from adapters.ledger import LeavesOut, Omitted
from adapters.money import Money
from connector import remarks
from connector.contacting import contact_facts
from connector.office import Office
from connector.planning import Judged
from connector.remind import plan
from connector.store import books, events
from connector.store.tables import document
from reminders.account import Hold, OwedItem
from reminders.contact_rules import may_contact
from reminders.decision import SENTENCES, ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyItem:
    """One open item: where it stands on its ladder, and its own verdict."""

    item: str
    number: str
    due_date: date
    days_past_due: int
    open: Money | None  # None for an earlier day
    last_step: str  # "friendly-1 on 2026-11-03 (sent)", or empty
    reason: str
    sentence: str
    remark: str = ""  # what the ledger says beside it; it holds nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyHold:
    """A reason to wait that holds today. `ends` is the first day on which it no longer does."""

    kind: str
    begins: date
    ends: date | None
    reason: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that was said, planned or noted."""

    at: datetime
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The verdict of an account and a day. `leaves` says when a message due today may leave, by the contact rules."""

    account: str
    name: str
    day: date
    outcome: str
    reason: str
    sentence: str
    hold: str
    facts: dict[str, str]
    cadence: str
    cadence_version: str
    figures_at: str
    look_on: str
    leaves: str
    asked: tuple[Money, ...]
    recipients: tuple[str, ...]
    items: tuple[WhyItem, ...]
    holds: tuple[WhyHold, ...]
    happened: tuple[Happened, ...]
    remark: str = ""  # what the ledger says beside the customer; it holds nothing
    left_out: tuple[Omitted, ...] = ()  # as the ledger tells it now; of today's verdict alone
    not_told: str = ""  # why the ledger did not say what is left out


def why_today(office: Office, account: str) -> Why | None:
    """What would be decided for the account now, on what is stored; nothing is written. None: no such account.

    A ledger that leaves lines out of an account is asked for them.
    """
    for judged in plan(office, [account]):
        return _of_judged(office, judged)
    return None


def why_on(office: Office, account: str, day: date) -> Why | None:
    """The verdict of an earlier day, as it was written down then. None where the account was not looked at."""
    with office.database.read() as connection:
        data = events.verdict_on(connection, office.company, account, day)
    if data is None:
        return None
    return Why(
        account=account,
        name=account,
        day=day,
        outcome=data["outcome"],
        reason=data["reason"],
        sentence=SENTENCES[ReasonCode(data["reason"])],
        hold=data["hold"] or "",
        facts=data["facts"],
        cadence=data["cadence"],
        cadence_version=data["cadence_version"],
        figures_at=data["figures_at"] or "",
        look_on=data["look_on"] or "",
        leaves="",
        asked=(),
        recipients=(),
        items=_past_items(office, data["items"], day),
        holds=(),
        happened=_happened(office, account, until=day),
    )


def _of_judged(office: Office, judged: Judged) -> Why:
    decision, account = judged.decision, judged.loaded.account
    left_out, not_told = _left_out(office, account.customer)
    today, message = office.today(), decision.message
    with office.database.read() as connection:
        beside = remarks.of_documents(connection, office.company, {each.document for each in account.items})
        of_customer = remarks.of_customer(connection, office.company, account.customer)
    return Why(
        account=account.ref,
        name=account.name,
        day=today,
        outcome=decision.outcome.value,
        reason=decision.reason.value,
        sentence=decision.sentence,
        hold=decision.hold.value if decision.hold else "",
        facts=dict(decision.facts),
        cadence=judged.cadence.name if account.cadence_assigned else "",
        cadence_version=judged.cadence.version if account.cadence_assigned else "",
        figures_at=account.figures_at.isoformat() if account.figures_at else "",
        look_on=decision.look_on.isoformat() if decision.look_on else "",
        leaves=_leaves(office, judged) if message else "",
        asked=tuple(each.asked for each in message.amounts) if message else (),
        recipients=message.recipients if message else (),
        items=tuple(
            _item(each, today, decision.items.get(each.ref), beside.get(each.document, ""))
            for each in _in_order(account.items)
        ),
        holds=tuple(_hold(each) for each in account.holds if _holds_on(each, today)),
        happened=_happened(office, account.ref),
        remark=of_customer,
        left_out=left_out,
        not_told=not_told,
    )


def _left_out(office: Office, customer: str) -> tuple[tuple[Omitted, ...], str]:
    """What the ledger keeps of the customer beside what is asked for; or why it does not say so now."""
    if not isinstance(office.ledger, LeavesOut):
        return (), ""
    try:
        return tuple(office.ledger.left_out(customer)), ""
    except LedgerError as error:
        return (), str(error)


def _leaves(office: Office, judged: Judged) -> str:
    """When the contact rules let it go."""
    verdict = may_contact(contact_facts(office, judged.loaded), office.now())
    if verdict.until is not None:
        return f"not before {verdict.until:%Y-%m-%d %H:%M} UTC ({verdict.rule}: {verdict.reason})"
    return f"{verdict.kind.value}: {verdict.reason}" + (f" {verdict.warning}" if verdict.warning else "")


def _in_order(items: Iterable[OwedItem]) -> list[OwedItem]:
    return sorted(items, key=lambda each: (each.due_date, each.number, each.ref))


def _item(owed: OwedItem, today: date, code: ReasonCode | None, remark: str) -> WhyItem:
    last = owed.taken[-1] if owed.taken else None
    return WhyItem(
        item=owed.ref,
        number=owed.number,
        due_date=owed.due_date,
        days_past_due=owed.days_past_due(today),
        open=owed.open,
        last_step=f"{last.step_id} on {last.on} ({last.how.value})" if last else "",
        reason=code.value if code else "",
        sentence=SENTENCES[code] if code else "",
        remark=remark,
    )


def _past_items(office: Office, codes: Mapping[str, str], day: date) -> tuple[WhyItem, ...]:
    """The items of an earlier verdict. What was open then is told by the messages, where one went out."""
    documents = {document_of(ref) for ref in codes}
    with office.database.read() as connection:
        known = books.items_of(connection, office.company, documents)
        numbers = books.rows_by_ref(connection, document, office.company, documents)
    return tuple(
        WhyItem(
            item=ref,
            number=numbers[document_of(ref)]["number"],
            due_date=known[ref]["due_date"],
            days_past_due=(day - known[ref]["due_date"]).days,
            open=None,
            last_step="",
            reason=code,
            sentence=SENTENCES[ReasonCode(code)],
        )
        for ref, code in codes.items()
        if ref in known
    )


def _holds_on(hold: Hold, today: date) -> bool:
    return hold.begins <= today and (hold.ends is None or today < hold.ends)


def _hold(hold: Hold) -> WhyHold:
    return WhyHold(
        kind=hold.kind.value,
        begins=hold.begins,
        ends=hold.ends,
        reason=hold.reason,
        items=tuple(sorted(hold.items)),
    )


def _happened(office: Office, account: str, *, until: date | None = None) -> tuple[Happened, ...]:
    """Messages and notes, newest first."""
    with office.database.read() as connection:
        messages = events.messages_of(connection, office.company, account)
        notes = events.entries_of(connection, office.company, account.partition("|")[0])
    found = [Happened(at=row["said_at"] or row["decided_at"], what="message", text=_message(row)) for row in messages]
    found += [
        Happened(at=row["happened_at"], what="note", text=f"{row['text_body'].splitlines()[0]} [{row['state']}]")
        for row in notes
    ]
    return tuple(
        sorted(
            (each for each in found if until is None or each.at.date() <= until), key=lambda each: each.at, reverse=True
        )
    )


def _message(row: Any) -> str:  # noqa: ANN401 - a reminder's row
    became = row["cancelled_because"] and f"cancelled: {row['cancelled_because']}"
    words = f"“{row['subject']}”" if row["subject"] else "not yet put into words"
    return f"{row['step_id']}: {words} — {became or row['state'].replace('_', ' ')} ({row['id'][:8]})"
