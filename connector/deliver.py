"""Deliver: claim, read afresh, decide again, send, record.

A message leaves only on figures read from the ledger at most `fresh_seconds` before, and only if the same rules that
planned it still say so. `sending` is committed before the message is handed over; what became of it is committed
after. A process that dies between the two leaves a dispatch that is `uncertain`, which no timer ever settles
(design, section 5).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from connector.accounts import Loaded, load_accounts
from connector.cancelling import cancel_reminder
from connector.contacting import contact_facts
from connector.drafts import Change, documents_of, facts_of, fingerprint, words_for
from connector.envelopes import envelope_for
from connector.office import CompanyPaused, Office
from connector.said import record_refused, record_said
from connector.store import books, reminders
from connector.store.companies import Mode
from connector.store.reminders import Claim
from connector.sync import apply_fresh
from reminders.cadence import decide
from reminders.channels import SendOutcome, SendResult
from reminders.channels.email import Envelope, build
from reminders.contact_rules import VerdictKind, may_contact
from reminders.decision import MessagePlan
from reminders.messages import Message

_RETRY_DEFERRED = timedelta(minutes=15)


@dataclass(slots=True)
class Delivered:
    """What a delivery run did, in reminders; `why_cancelled` counts the reasons."""

    sent: int = 0
    uncertain: int = 0
    refused: int = 0
    deferred: int = 0
    cancelled: int = 0
    lowered: int = 0
    why_cancelled: dict[str, int] = field(default_factory=dict)

    def cancel(self, because: str) -> None:
        """Counts a cancelled reminder."""
        self.cancelled += 1
        self.why_cancelled[because] = self.why_cancelled.get(because, 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A reminder that may leave: its mail, and the instant its figures are true for."""

    claim: Claim
    envelope: Envelope
    data: bytes
    read_at: datetime


def deliver(office: Office) -> Delivered:
    """Sends what is ready. Raises LedgerError where freshness cannot be read, and `CompanyPaused`."""
    done = Delivered()
    recover(office)
    while claims := _claim(office):
        try:
            for letter in _prepared(office, claims, done):
                _send(office, letter, done)
        finally:
            _put_back(office, claims)
    return done


def recover(office: Office) -> int:
    """Settles what a process left behind when it died: `sending` becomes `uncertain`, the rest is ready again."""
    now = office.now()
    with office.database.write("recover claims") as connection:
        rows = reminders.abandoned(connection, office.company, now)
        for row in rows:
            fence = reminders.take_over(connection, row)
            if fence is None:
                continue
            claim = Claim(id=row["id"], fence=fence, row=row)
            for each in reminders.dispatches(connection, row["id"]):
                if each["state"] == "sending":
                    result = SendResult(outcome=SendOutcome.UNCERTAIN, reply="the process ended while handing over")
                    record_said(office, connection, claim, each["address"], result)
            _close_or_ready(connection, row["id"])
    return len(rows)


def _claim(office: Office) -> list[Claim]:
    with office.database.write("claim reminders") as connection:
        row = office.row(connection)
        if row.paused_because:
            raise CompanyPaused(row.paused_because)
        if row.mode is Mode.DRY_RUN:
            return []
        lease = timedelta(seconds=office.sending.lease_seconds)
        return reminders.claim(connection, office.company, now=office.now(), lease=lease, limit=office.sending.batch)


def _put_back(office: Office, claims: Sequence[Claim]) -> None:
    """Whatever is still claimed after a run (an error stopped it) is ready again for the next one."""
    with office.database.write("put claims back") as connection:
        for claim in claims:
            row = reminders.by_id(connection, claim.id)
            if row and row["state"] == "claimed" and row["fence"] == claim.fence:
                sending = [each for each in reminders.dispatches(connection, claim.id) if each["state"] == "sending"]
                if not sending:
                    reminders.put_back(connection, claim.id, not_before=row["not_before"])


# -- reading afresh and deciding again


def _prepared(office: Office, claims: Sequence[Claim], done: Delivered) -> Iterator[_Letter]:
    """The letters that may leave, one by one; read again when the figures grew too old."""
    waiting = list(claims)
    while waiting:
        read_at = _read_afresh(office, waiting)
        while waiting and _is_fresh(office, read_at):
            letter = _prepare(office, waiting[0], read_at, done)
            waiting.pop(0)
            if letter:
                yield letter


def _is_fresh(office: Office, read_at: datetime) -> bool:
    return office.now() - read_at <= timedelta(seconds=office.sending.fresh_seconds)


def _read_afresh(office: Office, claims: Sequence[Claim]) -> datetime:
    documents = list(dict.fromkeys(ref for claim in claims for ref in documents_of(claim.row["facts"])))
    customers = list(dict.fromkeys(claim.row["customer"] for claim in claims))
    with office.database.read() as connection:
        cursor = office.row(connection).cursor
    assert cursor is not None
    read_at = office.now()  # before the call, and by our own clock: the ledger's may go wrong
    apply_fresh(office, office.ledger.fresh(documents, customers, cursor))
    _fetch_pay_links(office, documents)
    return read_at


def _fetch_pay_links(office: Office, documents: Sequence[str]) -> None:
    """Once per invoice, and kept."""
    with office.database.read() as connection:
        missing = books.without_pay_link(connection, office.company, documents)
    links = {ref: office.ledger.pay_link(ref) for ref in missing} if office.sending.pay_links else {}
    if links:
        with office.database.write("keep pay links") as connection:
            books.save_pay_links(connection, office.company, links)


def _prepare(office: Office, claim: Claim, read_at: datetime, done: Delivered) -> _Letter | None:
    """Decides once more on the fresh figures; None where the message may not leave now."""
    with office.database.write("decide once more") as connection:
        if not reminders.is_ours(connection, claim):
            return None
        loaded, plan, because = _decide(office, connection, claim, read_at)
        if loaded is None or plan is None:
            _cancel(office, connection, claim, because, done)
            return None
        if not _may_leave(office, connection, claim, loaded, done):
            return None
        words = _words(office, connection, claim, loaded, plan, done)
        if words is None:
            return None
        envelope = envelope_for(office, connection, claim.row, plan.recipients)
    return _Letter(claim=claim, envelope=envelope, data=build(words, envelope, office.now()), read_at=read_at)


def _decide(
    office: Office, connection: Connection, claim: Claim, read_at: datetime
) -> tuple[Loaded | None, MessagePlan | None, str]:
    """The same rules on the fresh figures: what they plan now, or why they plan nothing."""
    today = office.today()
    if claim.row["decided_on"] != today:
        return None, None, "planned on an earlier day: decided again"
    found = load_accounts(
        office,
        connection,
        office.row(connection),
        [claim.row["account"]],
        today=today,
        excluding=claim.id,
        figures_at=read_at,
    )
    if not found:
        return None, None, "the account is gone"
    loaded = found[0]
    decision = decide(loaded.account, office.cadence(loaded.cadence), today, office.calendar)
    held = f"{decision.hold.value}: " if decision.hold else ""
    return loaded, decision.message, f"{held}{decision.sentence}"


def _cancel(office: Office, connection: Connection, claim: Claim, because: str, done: Delivered) -> None:
    if cancel_reminder(office, connection, claim.id, claim.row["account"], because):
        done.cancel(because)
    else:  # something was said before: only the recipients still waiting are cancelled
        for each in reminders.dispatches(connection, claim.id):
            reminders.set_dispatch(
                connection, claim.id, each["address"], "cancelled", now=office.now(), reply=because, expect=["waiting"]
            )
        _close_or_ready(connection, claim.id)


def _may_leave(office: Office, connection: Connection, claim: Claim, loaded: Loaded, done: Delivered) -> bool:
    """The contact rules, at the last gate before sending."""
    verdict = may_contact(contact_facts(office, loaded), office.now())
    if verdict.kind is VerdictKind.ALLOW:
        return True
    if verdict.kind is VerdictKind.BLOCK:
        _cancel(office, connection, claim, verdict.rule, done)
        return False
    done.deferred += 1
    reminders.put_back(connection, claim.id, not_before=verdict.until)
    return False


def _words(
    office: Office, connection: Connection, claim: Claim, loaded: Loaded, plan: MessagePlan, done: Delivered
) -> Message | None:
    """The words that leave: as stored where nothing changed, said anew where it is only less; None: cancelled."""
    facts = facts_of(plan)
    change = Change(claim.row["facts"], facts)
    if not (change.is_none or change.is_only_less):
        _cancel(office, connection, claim, change.sentence, done)
        return None
    words = words_for(office, office.row(connection), loaded, plan, office.today())
    if not change.is_none:
        done.lowered += 1
        reminders.keep_items(connection, claim.id, [each.item for each in plan.advance])
        reminders.add_dispatches(connection, office.company, claim.id, plan.recipients, office.now())
        for each in reminders.dispatches(connection, claim.id):
            if each["address"] not in plan.recipients:
                reminders.set_dispatch(
                    connection, claim.id, each["address"], "cancelled", now=office.now(), expect=["waiting"]
                )
    reminders.change(
        connection,
        claim.id,
        facts=facts,
        fingerprint=fingerprint(facts),
        subject=words.subject,
        text_body=words.text,
        html_body=words.html,
        figures_at=loaded.account.figures_at,
    )
    return words


# -- sending


def _send(office: Office, letter: _Letter, done: Delivered) -> None:
    """One letter to each of its recipients, each in a transaction of its own."""
    not_before = None
    for address in letter.envelope.recipients:
        gate = _Gate(office, letter, address)
        result = office.mailer.send(letter.envelope.sender, address, letter.data, gate.open)
        _record(office, letter, address, result)
        _count(done, result)
        if result.outcome is SendOutcome.DEFERRED:
            not_before = office.now() + _RETRY_DEFERRED
    with office.database.write("close reminder") as connection:
        if reminders.is_ours(connection, letter.claim):
            _close_or_ready(connection, letter.claim.id, not_before=not_before)


class _Gate:
    """Stands immediately before a message is handed over."""

    def __init__(self, office: Office, letter: _Letter, address: str) -> None:
        self._office = office
        self._letter = letter
        self._address = address

    def open(self) -> bool:
        """Commits `sending`, if the claim is still ours, the dispatch still waits and the figures are fresh."""
        office, letter = self._office, self._letter
        if not _is_fresh(office, letter.read_at):
            return False
        with office.database.write("sending") as connection:
            return reminders.is_ours(connection, letter.claim) and reminders.set_dispatch(
                connection, letter.claim.id, self._address, "sending", now=office.now(), expect=["waiting"]
            )


def _record(office: Office, letter: _Letter, address: str, result: SendResult) -> None:
    claim = letter.claim
    if result.outcome is SendOutcome.CANCELLED:
        return
    with office.database.write(f"record {result.outcome.value}") as connection:
        if result.outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN}:
            record_said(office, connection, claim, address, result)
        elif result.outcome is SendOutcome.REFUSED:
            record_refused(office, connection, claim, address, result)
        else:
            reminders.set_dispatch(
                connection,
                claim.id,
                address,
                "waiting",
                now=office.now(),
                reply=result.reply,
                expect=["sending", "waiting"],
            )


def _count(done: Delivered, result: SendResult) -> None:
    if result.outcome is SendOutcome.ACCEPTED:
        done.sent += 1
    elif result.outcome is SendOutcome.UNCERTAIN:
        done.uncertain += 1
    elif result.outcome is SendOutcome.REFUSED:
        done.refused += 1
    else:
        done.deferred += 1


def _close_or_ready(connection: Connection, reminder_id: str, not_before: datetime | None = None) -> None:
    """A reminder is done when all its dispatches are; else it is ready for the recipients that still wait."""
    states = {each["state"] for each in reminders.dispatches(connection, reminder_id)}
    if "waiting" in states:
        reminders.put_back(connection, reminder_id, not_before=not_before)
    elif states & {"sent", "uncertain"}:
        reminders.change(connection, reminder_id, state="said", lease_until=None)
    else:
        reminders.change(connection, reminder_id, state="refused", lease_until=None)
        reminders.free_items(connection, reminder_id)
