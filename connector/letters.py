"""Letters: claimed reminders, decided once more on fresh figures, and put into the words that leave.

Same items, same amounts: it leaves. Only less: it is said anew and stored before it leaves. Anything else: cancelled
with the reason, and the account is looked at again (design, section 2.4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from connector.accounts import Loaded, load_accounts
from connector.cancelling import cancel_reminder
from connector.contacting import contact_facts
from connector.defects import tell_person
from connector.drafts import Change, facts_of, fingerprint, words_for
from connector.envelopes import envelope_for
from connector.handover import close_or_ready
from connector.office import Office
from connector.store import dispatches, reminders
from connector.store.claims import Claim, ours, put_back
from connector.store.companies import CompanyRow
from reminders.cadence import decide
from reminders.channels.email import Envelope, build
from reminders.contact_rules import VerdictKind, may_contact
from reminders.decision import MessagePlan


@dataclass(slots=True)
class Delivered:
    """What a delivery run did, in messages; `why_cancelled` counts the reasons."""

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
class Letter:
    """A reminder that may leave: its mail, the instant its figures are true for, and the account it was decided on."""

    claim: Claim
    envelope: Envelope
    data: bytes
    waiting: tuple[str, ...]  # those of its recipients that it has not been handed over to
    read_at: datetime
    touches: int  # of the account, when it was decided

    @property
    def mailboxes(self) -> set[str]:
        """Whom it reaches: an address is the same one however it is written."""
        return {each.casefold() for each in self.envelope.recipients}


def prepare(
    office: Office, claims: Sequence[Claim], read_at: datetime, done: Delivered
) -> Iterator[tuple[Letter, ...]]:
    """The letters among these claims, in groups that may be sent side by side; the others are cancelled or put off.

    They are decided together. One whose address a letter before it goes to is decided again with the next group,
    after that letter has gone.
    """
    waiting = list(claims)
    while waiting:
        taken: set[str] = set()
        group, later = [], []
        for letter in _Preparing(office, read_at, done).letters(waiting):
            if taken.isdisjoint(letter.mailboxes):
                group.append(letter)
                taken |= letter.mailboxes
            else:
                later.append(letter.claim)
        yield tuple(group)
        waiting = later


log = structlog.get_logger()

#: What could not be made into a letter is tried again after this long.
_BROKEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _NotNow:
    """It does not leave: cancelled with a reason, or put off until an instant."""

    because: str = ""
    until: datetime | None = None


class _Preparing:
    """Some claims being decided once more, in one transaction."""

    def __init__(self, office: Office, read_at: datetime, done: Delivered) -> None:
        self.office = office
        self.read_at = read_at
        self.done = done
        self.today = office.today()
        self.unreadable: set[str] = set()
        self.words: list[dict[str, object]] = []

    def letters(self, claims: Sequence[Claim]) -> list[Letter]:
        office = self.office
        with office.database.write("decide once more") as connection:
            still_ours = ours(connection, claims)
            mine = [claim for claim in claims if claim.id in still_ours]
            accounts, ids = [claim.row["account"] for claim in mine], [claim.id for claim in mine]
            row = office.row(connection)
            loaded = {
                each.account.ref: each
                for each in load_accounts(
                    office,
                    connection,
                    row,
                    accounts,
                    today=self.today,
                    excluding=ids,
                    figures_at=self.read_at,
                    broken=self.unreadable.add,
                )
            }
            self.threads = reminders.threads_of(connection, office.company, accounts, but=ids)
            self.states = dispatches.states(connection, ids)
            letters = [self._safely(connection, row, claim, loaded.get(claim.row["account"])) for claim in mine]
            reminders.store_words(connection, self.words)
        return [letter for letter in letters if letter]

    def _safely(self, connection: Connection, row: CompanyRow, claim: Claim, loaded: Loaded | None) -> Letter | None:
        """One letter that cannot be made stops no other: it is put off, and a person is told."""
        try:
            return self._letter(connection, row, claim, loaded)
        except Exception:
            log.exception("a letter could not be made", reminder=claim.id, company=self.office.company)
        put_back(connection, claim.id, not_before=self.office.now() + _BROKEN)
        self.done.deferred += 1
        tell_person(self.office, connection, claim.row["account"])
        return None

    def _letter(self, connection: Connection, row: CompanyRow, claim: Claim, loaded: Loaded | None) -> Letter | None:
        """The letter; nothing of it is written before all of it could be made, and what is written holds together."""
        if claim.row["account"] in self.unreadable:
            raise LookupError("what is stored about the account cannot be read")
        plan = self._judge(claim, loaded)
        if loaded is None or isinstance(plan, _NotNow):
            with connection.begin_nested():
                self._stop(connection, claim, plan if isinstance(plan, _NotNow) else _NotNow())
            return None
        day = reminders.decided_on(connection, claim.row["replaces"])
        words = words_for(self.office, row, loaded, plan, self.today, replaces=day)
        envelope, thread = envelope_for(self.office, claim.row, plan.recipients, self.threads.get(claim.row["account"]))
        data = build(words, envelope, self.office.now())
        facts = facts_of(plan)
        if not Change(claim.row["facts"], facts).is_none:
            with connection.begin_nested():
                self._say_less(connection, claim, plan, facts)
            self.done.lowered += 1
        self.words.append(
            {
                "of": claim.id,
                "subject": words.subject,
                "text_body": words.text,
                "html_body": words.html,
                "figures_at": self.read_at,
                "thread": thread,
            }
        )
        waiting = tuple(each for each in plan.recipients if self.states.get((claim.id, each)) == "waiting")
        return Letter(
            claim=claim,
            envelope=envelope,
            data=data,
            waiting=waiting,
            read_at=self.read_at,
            touches=loaded.touches,
        )

    def _judge(self, claim: Claim, loaded: Loaded | None) -> MessagePlan | _NotNow:
        """Decides once more, by the same rules; then the contact rules, at the last gate before sending."""
        if loaded is None:
            return _NotNow(because="the account is gone")
        if claim.row["decided_on"] != self.today:
            return _NotNow(because="planned on an earlier day: decided again")
        decision = decide(loaded.account, self.office.cadence(loaded.cadence), self.today, self.office.calendar)
        plan = decision.message
        if plan is None:
            held = f"{decision.hold.value}: " if decision.hold else ""
            return _NotNow(because=f"{held}{decision.sentence}")
        verdict = may_contact(contact_facts(self.office, loaded), self.office.now())
        if verdict.kind is VerdictKind.BLOCK:
            return _NotNow(because=f"{verdict.rule}: {verdict.reason}")
        if verdict.kind is not VerdictKind.ALLOW:
            return _NotNow(until=verdict.until)
        change = Change(claim.row["facts"], facts_of(plan))
        return plan if change.is_none or change.is_only_less else _NotNow(because=change.sentence)

    def _stop(self, connection: Connection, claim: Claim, no: _NotNow) -> None:
        if not no.because:
            put_back(connection, claim.id, not_before=no.until)
            self.done.deferred += 1
        elif cancel_reminder(self.office, connection, claim.id, claim.row["account"], no.because):
            self.done.cancel(no.because)
        else:
            self._cancel_rest(connection, claim, no.because)

    def _cancel_rest(self, connection: Connection, claim: Claim, because: str) -> None:
        """Some of it was said: the recipients that still wait hear nothing."""
        states = {address: state for (of, address), state in self.states.items() if of == claim.id}
        waiting = [address for address, state in states.items() if state == "waiting"]
        cancelled = [(claim.id, address, "cancelled", because) for address in waiting]
        if cancelled:
            dispatches.set_states(connection, cancelled, now=self.office.now())
        close_or_ready(connection, claim.id, {*states.values()} - {"waiting"})

    def _say_less(self, connection: Connection, claim: Claim, plan: MessagePlan, facts: dict[str, Any]) -> None:
        now = self.office.now()
        reminders.change(connection, claim.id, facts=facts, fingerprint=fingerprint(facts))
        reminders.keep_items(connection, claim.id, [each.item for each in plan.advance])
        dispatches.add(connection, self.office.company, claim.id, plan.recipients, now)
        self.states |= dispatches.states(connection, [claim.id])
        gone = [
            (of, address, "cancelled", "")
            for (of, address), state in self.states.items()
            if of == claim.id and state == "waiting" and address not in plan.recipients
        ]
        if gone:
            dispatches.set_states(connection, gone, now=now)
