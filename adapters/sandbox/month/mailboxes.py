"""The customers' mail boxes: who reads a mail, what it shows, and what answers by itself."""

from datetime import date, datetime, timedelta

from adapters.sandbox import office
from adapters.sandbox.behaviour import Behaviour
from adapters.sandbox.bookkeeper import Bill
from adapters.sandbox.letters import REFUSALS, TRYING, Letters, Mail, read_mail
from adapters.sandbox.month.acts import Reply
from adapters.sandbox.month.reactions import Reactions
from adapters.sandbox.month.reading import Answers, Reading
from adapters.sandbox.month.stage import Stage
from adapters.sandbox.opening import OTHER_PARTY
from adapters.sandbox.population import Actor

_AWAY_DAYS = 5


class Mailboxes:
    """All addresses of the company's customers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._letters = Letters(stage.seed)
        self._reactions = Reactions(stage, Answers(stage, self._letters))
        self._owners: dict[str, list[Actor]] = {}  # by address
        self._read: set[tuple[str, str]] = set()  # (customer, Message-ID): a mail to several addresses is read once
        self._nth: dict[str, int] = {}
        self._sharers: set[str] = set()
        for actor in stage.company.actors.values():
            for address in actor.addresses:
                self._owners.setdefault(address.casefold(), []).append(actor)
        self._owners[OTHER_PARTY] = stage.playing(Behaviour.BILL_EMAIL_OF_OTHER)

    def receive(self, day: date, now: datetime, address: str, eml: bytes) -> list[Reply]:
        """A mail arrives at `address`; what comes back. Nobody answers for an address that is no customer's."""
        mail = read_mail(eml, address)
        owners = self._owners.get(address.casefold(), [])
        return [reply for actor in owners for reply in self._arrive(actor, mail, day, now, alone=len(owners) == 1)]

    def before_reread(self, actor: Actor, now: datetime) -> bool:
        """Whether the customer pays in the minutes before its figures are read again."""
        return self._reactions.before_reread(actor, now)

    def _arrive(self, actor: Actor, mail: Mail, day: date, now: datetime, *, alone: bool) -> list[Reply]:
        bills = [bill for bill in self._stage.open_bills(actor) if mail.names(bill.number)]
        if not bills and not alone:
            return []  # it is about another customer at this address
        if actor.part is Behaviour.BOUNCES:
            return self._bounce(actor, mail, now)
        if (actor.key, mail.message_id) in self._read:
            return []
        self._read.add((actor.key, mail.message_id))
        reading = self._take_in(actor, mail, bills, day, now)
        self._observe(reading)
        return self._away(reading) + self._reactions.react(reading)

    def _take_in(self, actor: Actor, mail: Mail, bills: list[Bill], day: date, now: datetime) -> Reading:
        past_due = tuple(bill for bill in bills if bill.due_date < day)
        to_come = tuple(bill for bill in bills if bill.due_date >= day)
        if past_due:
            self._nth[actor.key] = self._nth.get(actor.key, 0) + 1
            self._stage.mails_about.update(bill.id for bill in past_due)
        else:
            self._stage.heads_ups.update(bill.id for bill in to_come)
        return Reading(
            actor=actor,
            mail=mail,
            past_due=past_due,
            to_come=to_come,
            nth=self._nth[actor.key] if past_due else 0,
            day=day,
            now=now,
        )

    def _observe(self, reading: Reading) -> None:
        """Counts what the mail itself shows."""
        actor, tally, mark = reading.actor, self._stage.tally, reading.mail.message_id
        if not reading.past_due:
            if reading.to_come:
                tally.count(Behaviour.HEADS_UP_IN_TIME, mark)
            return
        if len(reading.past_due) > 1:
            tally.count(Behaviour.SEVERAL_INVOICES, mark)
        if len({bill.actor for bill in reading.past_due}) > 1:
            tally.count(Behaviour.BILLED_WITH_PARENT, actor.key)
        if actor.part is Behaviour.CREDIT_LOWERS_ASK:
            tally.count(Behaviour.CREDIT_LOWERS_ASK, actor.key)
        if reading.mail.recipient.casefold() == OTHER_PARTY:
            tally.count(Behaviour.BILL_EMAIL_OF_OTHER, actor.key)
        if actor.part is Behaviour.SHARED_ADDRESS:
            self._sharers.add(actor.key)
            if len(self._sharers) == len(self._stage.playing(Behaviour.SHARED_ADDRESS)):
                tally.count(Behaviour.SHARED_ADDRESS, reading.mail.recipient)

    def _away(self, reading: Reading) -> list[Reply]:
        """An out-of-office reply to the first mail."""
        actor = reading.actor
        if actor.part is not Behaviour.OUT_OF_OFFICE or reading.nth != 1:
            return []
        self._stage.tally.count(Behaviour.OUT_OF_OFFICE, actor.key)
        at = reading.now + timedelta(seconds=4)
        back_on = office.open_day(reading.day + timedelta(days=_AWAY_DAYS))
        return [Reply(at=at, eml=self._letters.away(actor, reading.mail, at=at, back_on=back_on), kind="away")]

    def _bounce(self, actor: Actor, mail: Mail, now: datetime) -> list[Reply]:
        """A delivery report; the last of the cast is first told that it takes longer."""
        self._stage.tally.count(Behaviour.BOUNCES, actor.key)
        refusal = REFUSALS[actor.copy % len(REFUSALS)]
        soon, later = now + timedelta(seconds=35), now + timedelta(hours=5)
        if actor.copy != len(self._stage.playing(Behaviour.BOUNCES)) - 1:
            return [Reply(at=soon, eml=self._letters.bounce(mail, refusal, at=soon), kind="bounce")]
        delayed = self._letters.bounce(mail, TRYING, at=soon, delayed=True)
        failed = self._letters.bounce(mail, refusal, at=later)
        return [Reply(at=soon, eml=delayed, kind="delayed"), Reply(at=later, eml=failed, kind="bounce")]
