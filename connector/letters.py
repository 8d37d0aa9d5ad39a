"""Letters: claimed reminders, decided once more on fresh figures, and put into the words that leave.

Same items, same amounts: it leaves. Only less: it is said anew and stored before it leaves. Anything else: cancelled
with the reason, and the account is looked at again (design, section 2.4).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from connector.accounts import Loaded, load_accounts
from connector.cancelling import cancel_reminder
from connector.contacting import contact_facts
from connector.defects import tell_person
from connector.drafts import Change, facts_of, fingerprint, words_for
from connector.envelopes import envelope_for
from connector.office import Office
from connector.sending import close_or_ready
from connector.store import reminders
from connector.store.claims import Claim, is_ours, put_back
from connector.store.companies import CompanyRow
from reminders.cadence import decide
from reminders.channels.email import Envelope, build
from reminders.contact_rules import VerdictKind, may_contact
from reminders.decision import MessagePlan
from reminders.messages import Message


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
    read_at: datetime
    touches: int  # of the account, when it was decided


def prepare(office: Office, claims: Sequence[Claim], read_at: datetime, done: Delivered) -> Iterator[Letter]:
    """The letters among these claims; the others are cancelled or put off.

    They are decided together. One whose address was written to meanwhile (by a letter before it) is decided again.
    """
    written_to: set[str] = set()
    for letter in _Preparing(office, read_at, done).letters(claims):
        if written_to.isdisjoint(_mailboxes(letter)):
            ready: Letter | None = letter
        else:
            ready = next(iter(_Preparing(office, read_at, done).letters([letter.claim])), None)
        if ready:
            yield ready
            written_to |= _mailboxes(ready)


def _mailboxes(letter: Letter) -> set[str]:
    """Whom it reaches: an address is the same one however it is written."""
    return {each.casefold() for each in letter.envelope.recipients}


log = structlog.get_logger()

#: What could not be made into a letter is tried again after this long.
_BROKEN = timedelta(hours=1)


class _Preparing:
    """Some claims being decided once more, in one transaction."""

    def __init__(self, office: Office, read_at: datetime, done: Delivered) -> None:
        self.office = office
        self.read_at = read_at
        self.done = done
        self.today = office.today()
        self.unreadable: set[str] = set()

    def letters(self, claims: Sequence[Claim]) -> list[Letter]:
        office = self.office
        with office.database.write("decide once more") as connection:
            ours = [claim for claim in claims if is_ours(connection, claim)]
            row = office.row(connection)
            loaded = {
                each.account.ref: each
                for each in load_accounts(
                    office,
                    connection,
                    row,
                    [claim.row["account"] for claim in ours],
                    today=self.today,
                    excluding=[claim.id for claim in ours],
                    figures_at=self.read_at,
                    broken=self.unreadable.add,
                )
            }
            letters = [self._safely(connection, row, claim, loaded.get(claim.row["account"])) for claim in ours]
        return [letter for letter in letters if letter]

    def _safely(self, connection: Connection, row: CompanyRow, claim: Claim, loaded: Loaded | None) -> Letter | None:
        """One letter that cannot be made stops no other: it is put off, and a person is told."""
        try:
            with connection.begin_nested():
                return self._letter(connection, row, claim, loaded)
        except Exception:
            log.exception("a letter could not be made", reminder=claim.id, company=self.office.company)
        put_back(connection, claim.id, not_before=self.office.now() + _BROKEN)
        self.done.deferred += 1
        tell_person(self.office, connection, claim.row["account"])
        return None

    def _letter(self, connection: Connection, row: CompanyRow, claim: Claim, loaded: Loaded | None) -> Letter | None:
        if claim.row["account"] in self.unreadable:
            raise LookupError("what is stored about the account cannot be read")
        if loaded is None or claim.row["decided_on"] != self.today:
            because = "planned on an earlier day: decided again" if loaded else "the account is gone"
            self._cancel(connection, claim, because)
            return None
        decision = decide(loaded.account, self.office.cadence(loaded.cadence), self.today, self.office.calendar)
        plan = decision.message
        if plan is None:
            held = f"{decision.hold.value}: " if decision.hold else ""
            self._cancel(connection, claim, f"{held}{decision.sentence}")
            return None
        if not self._may_leave(connection, claim, loaded):
            return None
        words = self._words(connection, row, claim, loaded, plan)
        if words is None:
            return None
        envelope = envelope_for(self.office, connection, claim.row, plan.recipients)
        return Letter(
            claim=claim,
            envelope=envelope,
            data=build(words, envelope, self.office.now()),
            read_at=self.read_at,
            touches=loaded.touches,
        )

    def _cancel(self, connection: Connection, claim: Claim, because: str) -> None:
        if cancel_reminder(self.office, connection, claim.id, claim.row["account"], because):
            self.done.cancel(because)
            return
        for each in reminders.dispatches(connection, claim.id):  # some of it was said: the rest is cancelled
            reminders.set_dispatch(
                connection,
                claim.id,
                each["address"],
                "cancelled",
                now=self.office.now(),
                reply=because,
                expect=["waiting"],
            )
        close_or_ready(connection, claim.id)

    def _may_leave(self, connection: Connection, claim: Claim, loaded: Loaded) -> bool:
        """The contact rules, at the last gate before sending."""
        verdict = may_contact(contact_facts(self.office, loaded), self.office.now())
        if verdict.kind is VerdictKind.ALLOW:
            return True
        if verdict.kind is VerdictKind.BLOCK:
            self._cancel(connection, claim, f"{verdict.rule}: {verdict.reason}")
        else:
            self.done.deferred += 1
            put_back(connection, claim.id, not_before=verdict.until)
        return False

    def _words(
        self, connection: Connection, row: CompanyRow, claim: Claim, loaded: Loaded, plan: MessagePlan
    ) -> Message | None:
        """The words that leave, stored first. None where more would be said than was planned: cancelled."""
        facts = facts_of(plan)
        change = Change(claim.row["facts"], facts)
        if not (change.is_none or change.is_only_less):
            self._cancel(connection, claim, change.sentence)
            return None
        if not change.is_none:
            self.done.lowered += 1
            self._say_less(connection, claim, plan)
        day = reminders.decided_on(connection, claim.row["replaces"])
        words = words_for(self.office, row, loaded, plan, self.today, replaces=day)
        reminders.change(
            connection,
            claim.id,
            facts=facts,
            fingerprint=fingerprint(facts),
            subject=words.subject,
            text_body=words.text,
            html_body=words.html,
            figures_at=self.read_at,
        )
        return words

    def _say_less(self, connection: Connection, claim: Claim, plan: MessagePlan) -> None:
        now = self.office.now()
        reminders.keep_items(connection, claim.id, [each.item for each in plan.advance])
        reminders.add_dispatches(connection, self.office.company, claim.id, plan.recipients, now)
        for each in reminders.dispatches(connection, claim.id):
            if each["address"] not in plan.recipients:
                reminders.set_dispatch(connection, claim.id, each["address"], "cancelled", now=now, expect=["waiting"])
