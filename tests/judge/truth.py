"""Is a stated reason true? Reckoned from books, mails and what people said; empty where it is, or cannot be known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.judge.audit import Row
from tests.judge.books import ZERO, Document
from tests.judge.evidence import Evidence
from tests.judge.families import allowed_addresses, customer_of, party_of
from tests.judge.owed import account_documents, disputed_of, free_credit
from tests.judge.progress import Place, is_due, is_held, is_paused
from tests.judge.promised import promised_of

WEEK, MONTH = 7, 31
_UNSEEN_HOLDS = frozenset({"ledger_block", "do_not_contact", "difference"})  # nothing outside shows these
_MAILED = ("mail_received", "reply_received", "task_opened")
_NO_ADDRESS_KINDS = ("address_stopped", "bounced", "address_bounced", "reminder_refused", "dispatch_refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A reason for an item on a day. `ats` are the instants whose figures it may stand on."""

    evidence: Evidence
    account: str
    root: str
    document: Document
    place: Place
    day: date
    ats: tuple[datetime, ...]
    verdict: Row


def _timed(stated: Stated) -> str:
    if not is_due(stated.evidence, stated.document, stated.account, stated.place, stated.day):
        return ""
    step = stated.place.cadence.steps[stated.place.standing.index]
    return f"step {step.id} was due by then"


def _days_of_contact(stated: Stated) -> list[date]:
    """A day for each time that the account heard from anybody, up to the day: mails, calls, the ledger's own mails."""
    evidence, mine = stated.evidence, customer_of(stated.account)
    party = party_of(stated.account)
    mailed = {message.reminder for message in evidence.messages}
    days = [m.day for m in evidence.messages if m.root == stated.root and party_of(m.account) == party]
    days += [row.day for row in evidence.audit.of("call_logged") if customer_of(row.account) == mine]
    uncertain = (row for row in evidence.audit.of("reminder_said") if row.subject not in mailed)
    days += [row.day for row in uncertain if customer_of(row.account) == mine]
    members = evidence.families(stated.ats[0]).members(stated.root)
    sent = (each.sent_at for each in evidence.books.documents_of(members, stated.ats[0]))
    days += [evidence.company.day_of(at) for at in sent if at is not None]
    return [day for day in days if day <= stated.day]


def _gap(stated: Stated) -> str:
    gap = timedelta(days=stated.place.cadence.min_gap_days)
    heard = any(stated.day - gap < day for day in _days_of_contact(stated))
    return "" if heard else f"the account heard nothing in the {gap.days} days before"


def _cap(window: int, cap: str) -> Callable[[Stated], str]:
    def check(stated: Stated) -> str:
        since = stated.day - timedelta(days=window)
        messages = [m for m in stated.evidence.messages if since < m.day <= stated.day]
        heard = sum(since < day for day in _days_of_contact(stated))
        by_address = [sum(address in m.recipients for m in messages) for address in _addresses(stated)]
        allowed: int = getattr(stated.place.cadence, cap)
        enough = max([heard, *by_address], default=0) >= allowed
        return "" if enough else f"the account heard {heard} times in {window} days, and {allowed} times are allowed"

    return check


def _addresses(stated: Stated) -> frozenset[str]:
    return party_of(stated.account) or allowed_addresses(stated.evidence.books, stated.document, stated.ats[0])


def _address_busy(stated: Stated) -> str:
    addresses = _addresses(stated)
    busy = any(m.day == stated.day and addresses & set(m.recipients) for m in stated.evidence.messages)
    return "" if busy else "no other message went to its addresses on that day"


def _other_message(stated: Stated) -> str:
    rows = stated.evidence.audit.of("reminder_planned", "reminder_said")
    other = any(row.account == stated.account and row.day == stated.day for row in rows)
    return "" if other else "there was no other message to the account on that day"


def _held(stated: Stated) -> str:
    if str(stated.verdict.data.get("hold") or "") in _UNSEEN_HOLDS:
        return ""
    held = is_held(stated.evidence, stated.document, stated.account, stated.day)
    return "" if held else "no promise, dispute, pause, reply or reopening held it"


def asked_of_account(evidence: Evidence, account: str, currency: str, day: date, at: datetime) -> Decimal:
    """What could be asked of an account at an instant: past-due items less their disputed and promised parts."""
    total = ZERO
    for document in account_documents(evidence, account, at):
        if (
            document.currency == currency
            and document.due_date < day
            and not is_paused(evidence, document, account, day)
        ):
            disputed = min(document.open, disputed_of(evidence, document.item, at, document))
            total += max(ZERO, document.open - disputed - promised_of(evidence, document.item, at))
    return total


def _covered_by_credit(stated: Stated) -> str:
    currency = stated.document.currency
    for at in stated.ats:
        credit = free_credit(stated.evidence, stated.root, at).get(currency, ZERO)
        if credit > 0 and asked_of_account(stated.evidence, stated.account, currency, stated.day, at) <= credit:
            return ""
        if credit >= stated.document.open and stated.place.standing.due_date >= stated.day:
            return ""
    return "no free credit covered what would be asked"


def _below_minimum(stated: Stated) -> str:
    currency = stated.document.currency
    least = stated.place.cadence.minimum.get(currency, ZERO)
    for at in stated.ats:
        credit = free_credit(stated.evidence, stated.root, at).get(currency, ZERO)
        asked = asked_of_account(stated.evidence, stated.account, currency, stated.day, at) - credit
        if asked < least or stated.document.open - credit < least:
            return ""
    return f"more than {currency} {least} was to be asked"


def _no_address(stated: Stated) -> str:
    if not _addresses(stated):
        return ""
    sharing = (_rows_of(stated, each) for each in _who_share(stated))
    stopped = any(_stops_an_address(row) for rows in sharing for row in rows)
    return "" if stopped else f"the books name {', '.join(sorted(_addresses(stated)))}"


def _who_share(stated: Stated) -> Iterator[str]:
    """The customer, and everybody else who names one of its addresses: an address is stopped for all of them."""
    yield customer_of(stated.account)
    addresses = _addresses(stated)
    for each in stated.evidence.books.customers(stated.ats[0]):
        if addresses & each.emails:
            yield each.id


def _rows_of(stated: Stated, customer: str) -> list[Row]:
    return stated.evidence.audit.by_customer.get(customer, [])


def _stops_an_address(row: Row) -> bool:
    is_report = row.kind in _MAILED and row.data.get("kind") == "delivery_report"
    return row.kind in _NO_ADDRESS_KINDS or is_report or "bounce" in row.kind or "bounce" in str(row.data)


def _persons(stated: Stated) -> str:
    place = stated.place
    taken_today = any(
        each.day == stated.day and each.how in {"done", "not_made"}
        for each in stated.evidence.audit.by_item.get(stated.document.item, ())
    )
    if taken_today or (not place.has_ended and place.cadence.steps[place.standing.index].is_persons):
        return ""
    return "the next step is not a person's"


def _ended(stated: Stated) -> str:
    return "" if stated.place.has_ended else "the ladder has steps left"


def _nothing_owed(stated: Stated) -> str:
    states = (stated.evidence.books.document(stated.document.ref, at) for at in stated.ats)
    owed = all(state is not None and state.can_be_asked for state in states)
    return f"{stated.document.ref} was open" if owed else ""


_CHECKS: dict[str, Callable[[Stated], str]] = {
    "not_yet": _timed,
    "posting_lag": _timed,
    "new_invoice": _timed,
    "distance": _timed,
    "min_gap": _gap,
    "weekly_cap": _cap(WEEK, "weekly_cap"),
    "monthly_cap": _cap(MONTH, "monthly_cap"),
    "address_busy": _address_busy,
    "other_message": _other_message,
    "held": _held,
    "covered_by_credit": _covered_by_credit,
    "below_minimum": _below_minimum,
    "no_address": _no_address,
    "person_step": _persons,
    "person_step_open": _persons,
    "ladder_ended": _ended,
    "escalated": _ended,
    "nothing_owed": _nothing_owed,
}
WAITING = frozenset(_CHECKS) | {"heads_up_lapsed", "no_cadence"}
SENDING = frozenset({"step_due", "heads_up_due"})


def untrue(code: str, stated: Stated) -> str:
    """Why the reason is not true, in a few words; empty where it is, or where nothing outside could tell."""
    check = _CHECKS.get(code)
    return check(stated) if check else ""
