"""The same month, fair and in bad weather: the same books, the same mails, the same notes, a few minutes later.

Whatever strikes heals within the hour, by a call's own patience or by the schedule's next run. So nothing may differ
but instants and minted ids; the table of what struck is printed.
"""

from collections.abc import Callable
from datetime import timedelta

from adapters.sandbox.behaviour import AT_LEAST
from connector.demo.evidence import Evidence
from connector.demo.stand import STANDS
from tests.e2e.months import Told, differences
from tests.judge.judge import judge

#: A seed whose deck lets everything strike, by ledger and database.
SEEDS = {
    ("quickbooks", "sqlite"): 1,
    ("quickbooks", "postgresql"): 1,
    ("s4hana", "sqlite"): 1,
    ("business-one", "sqlite"): 1,
}

#: A mail leaves at the latest so long after its calm twin: three runs of the schedule, and the waits within them.
LATEST = timedelta(minutes=75)

Calm = Callable[[str], tuple[Told, Evidence]]
Faulty = Callable[[str, str], Told]


class FairMonth:
    """What holds of the month behind `ledger` in any weather, and is asked of the fair one."""

    ledger = "quickbooks"

    def test_the_fair_month_keeps_every_promise(self, calm: Calm) -> None:
        told, evidence = calm(self.ledger)
        assert judge(told.folder).broken == []
        assert not evidence.failed_jobs
        assert not evidence.failed_commands

    def test_the_fair_month_agrees_with_the_ledger_every_day(self, calm: Calm) -> None:
        _, evidence = calm(self.ledger)
        assert evidence.agreeing_days == len(evidence.month.days) - len(evidence.month.outage_days)

    def test_the_fair_month_shows_whatever_the_ledger_can_hold(self, calm: Calm) -> None:
        _, evidence = calm(self.ledger)
        assert evidence.missing == {}
        assert len(STANDS[self.ledger].hidden) < len(AT_LEAST) / 10


class FaultyMonth:
    """What holds of the month behind `ledger`, on a database of this `kind`, in bad weather."""

    ledger = "quickbooks"
    kind = "sqlite"

    def test_bad_weather_ends_in_the_same_books(self, calm: Calm, faulty: Faulty) -> None:
        month, (fair, _) = faulty(self.ledger, self.kind), calm(self.ledger)
        assert month.open_balances == fair.open_balances
        assert differences(fair.booked, month.booked) == []
        assert differences(fair.notes, month.notes) == []
        assert max(month.note_keys.values()) == 1

    def test_bad_weather_changes_no_reminder(self, calm: Calm, faulty: Faulty) -> None:
        month, (fair, _) = faulty(self.ledger, self.kind), calm(self.ledger)
        assert differences(fair.said, month.said) == []
        assert differences(fair.mails, month.mails) == []

    def test_bad_weather_makes_a_mail_later_by_minutes_at_most(self, calm: Calm, faulty: Faulty) -> None:
        arrived, (fair, _) = faulty(self.ledger, self.kind).arrived, calm(self.ledger)
        assert arrived.keys() == fair.arrived.keys()
        late = {key: arrived[key] - fair.arrived[key] for key in arrived}
        assert max(late.values()) > timedelta(minutes=10)  # some of the weather was felt
        assert {key: by for key, by in late.items() if not timedelta(0) <= by <= LATEST} == {}

    def test_bad_weather_changes_no_promise_dispute_hold_or_reply(self, calm: Calm, faulty: Faulty) -> None:
        """What the faulty month has more was decided while the ledger could not be read, on the figures of the last
        sync: a step passed, or a task opened, about an item that was settled by then. It led to nothing.
        """
        month, (fair, _) = faulty(self.ledger, self.kind), calm(self.ledger)
        assert sorted((fair.agreed - month.agreed).elements()) == []
        more = (month.agreed - fair.agreed).elements()
        assert [line for line in more if not month.is_on_old_figures(line)] == []

    def test_the_judge_finds_every_promise_kept_in_bad_weather(self, faulty: Faulty) -> None:
        assert judge(faulty(self.ledger, self.kind).folder).broken == []
