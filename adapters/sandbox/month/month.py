"""The month: what the world around the service does, morning by morning."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from adapters.sandbox import office
from adapters.sandbox.agenda import SettableClock
from adapters.sandbox.behaviour import NEEDS_SERVICE, Behaviour
from adapters.sandbox.bookkeeper import Bill
from adapters.sandbox.books import Books
from adapters.sandbox.company import Company
from adapters.sandbox.month.acts import CollectorAct, Reply
from adapters.sandbox.month.collector import Collector
from adapters.sandbox.month.mailboxes import Mailboxes
from adapters.sandbox.month.script import Script
from adapters.sandbox.month.stage import DAYS, OUTAGE, SILENT, Stage

_JOBS_BEGIN = 9  # o'clock in the company's zone: what the morning did is in the books by then
_AFTER_STEP = {
    1: Behaviour.PAYS_AFTER_FIRST_STEP,
    2: Behaviour.PAYS_AFTER_SECOND_STEP,
    3: Behaviour.PAYS_AFTER_THIRD_STEP,
}
_PAYERS = {None, Behaviour.PAYS_BEFORE_REMINDER, Behaviour.PAYS_AFTER_HEADS_UP, *_AFTER_STEP.values()}
_STANDING = (
    *(Behaviour.CREDIT_COVERS_ALL, Behaviour.CREDIT_AT_PARENT, Behaviour.NEVER_DELIVERED),
    *(Behaviour.TWO_CURRENCIES, Behaviour.JOURNAL_ON_AR, Behaviour.NIGHT_ZONE),
)
"""What stands in the books from the first day, and is counted then."""


class Month:
    """A month of a believable company, from `company.today` on: thirty days in service, and two of an outage.

    For every day: `morning`, then the service's jobs (with `before_reread` and `on_mail` as they happen) unless the
    day is one of `outage_days`, then `collector`, whose acts whoever plays the month carries out, then `evening`.
    The books' clock is only ever moved forward. The same seed and the same mails give the same month. `without` is what
    the bookkeeper does not do, because the ledger has no such thing.
    """

    needs_service = frozenset(each.value for each in NEEDS_SERVICE)

    def __init__(
        self,
        company: Company,
        books: Books,
        clock: SettableClock,
        seed: int,
        *,
        without: Collection[Behaviour] = (),
    ) -> None:
        if books is not company.books:
            raise ValueError("The month is played on the company's own books.")
        self._clock = clock
        self._stage = Stage(company=company, seed=seed)
        self._mailboxes = Mailboxes(self._stage)
        self._collector = Collector(self._stage)
        self._accounts = {company.keeper.ids[actor.key]: actor for actor in company.actors.values()}
        company.keeper.paid = self._classify
        Script(self._stage, without).plan()

    @property
    def days(self) -> tuple[date, ...]:
        """The days of the month."""
        return tuple(self._stage.day(number) for number in range(DAYS))

    @property
    def outage_days(self) -> tuple[date, ...]:
        """The days on which the service is off."""
        return tuple(self._stage.day(number) for number in OUTAGE)

    @property
    def silent_cash_week(self) -> tuple[date, ...]:
        """The days on which nobody enters payments, though customers pay."""
        return tuple(self._stage.day(number) for number in SILENT)

    def morning(self, day: date) -> None:
        """What the bookkeeper does before the service's jobs of `day`; ends at nine in the company's zone."""
        until = office.at(day, _JOBS_BEGIN)
        self._stage.agenda.play(until, post_cash=not self._stage.is_silent(day))
        self._advance(until)
        self._observe(day)

    def until(self, day: date, hour: int) -> None:
        """What goes on in the office up to this hour of `day`, in the company's zone."""
        until = office.at(day, hour)
        self._stage.agenda.play(until, post_cash=not self._stage.is_silent(day))
        self._advance(until)

    def evening(self, day: date) -> None:
        """The rest of the day in the office; ends at midnight."""
        until = office.at(day + timedelta(days=1), 0)
        self._stage.agenda.play(until, post_cash=not self._stage.is_silent(day))
        self._advance(until)

    def before_reread(self, customers: Iterable[str], now: datetime) -> list[str]:
        """These customers' (or accounts') figures are about to be read again, at `now`: some pay just before.

        Returns the ids of those that did.
        """
        heads = {customer.partition("|")[0] for customer in customers}
        found = [self._accounts[each] for each in sorted(heads) if each in self._accounts]
        return [self._stage.id_of(actor) for actor in found if self._mailboxes.before_reread(actor, now)]

    def on_mail(self, day: date, now: datetime, recipient_address: str, eml_bytes: bytes) -> list[Reply]:
        """A mail arrives at one address; what comes back, each with the instant of its arrival."""
        return self._mailboxes.receive(day, now, recipient_address, eml_bytes)

    def collector(self, day: date, open_tasks: Collection[tuple[str, str]] = ()) -> list[CollectorAct]:
        """What the collector does on `day`. `open_tasks` are (customer's id, kind); calls are made only for those."""
        return self._collector.acts(day, [(self._accounts.get(who), kind) for who, kind in open_tasks])

    def shown(self) -> dict[str, int]:
        """How often each behaviour of docs/rules.md section 7 has been shown so far, in its order.

        Those in `needs_service` stay 0: only the service's own history can show them.
        """
        return self._stage.tally.shown()

    def missing(self) -> dict[str, int]:
        """Which behaviours have been shown too seldom so far, `needs_service` left out, and by how much."""
        return self._stage.tally.missing()

    def _advance(self, instant: datetime) -> None:
        self._clock.set(max(self._clock(), instant))

    def _classify(self, bills: list[Bill]) -> None:
        """After how many mails an invoice was paid in full."""
        stage = self._stage
        for bill in bills:
            if stage.company.actors[bill.actor].part not in _PAYERS or stage.keeper.open(bill) > 0:
                continue
            mails = stage.mails_about[bill.id]
            early = Behaviour.PAYS_AFTER_HEADS_UP if bill.id in stage.heads_ups else Behaviour.PAYS_BEFORE_REMINDER
            behaviour = _AFTER_STEP.get(mails) if mails else early
            if behaviour is not None:
                stage.tally.count(behaviour, bill.id)

    def _observe(self, day: date) -> None:
        """Counts what a day shows by itself."""
        tally, number = self._stage.tally, (day - self._stage.company.today).days
        if number == 0:
            for behaviour in _STANDING:
                for actor in self._stage.playing(behaviour):
                    tally.count(behaviour, actor.key)
        if office.is_holiday(day):
            tally.count(Behaviour.HOLIDAY, day.isoformat())
        if number == OUTAGE[-1]:
            tally.count(Behaviour.SERVICE_OFF, day.isoformat())
        if number == SILENT.stop:
            tally.count(Behaviour.NO_CASH_POSTED, day.isoformat())
