"""Five hundred reminders, and mail that takes a second each: none leaves on figures older than a minute, all leave."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

import pytest

from connector.clock import SimulatedClock
from connector.deliver import deliver
from reminders.channels import SendOutcome, SendResult, Stage
from tests.unit.connector.speaking.firm import Firm

WAITING = 500
_REMINDER = re.compile(rb"X-Duecourse-Reminder: (\S+)")
A_SECOND = timedelta(seconds=1)


@dataclass
class SlowMailer:
    """Takes a second for each mail, by the simulated clock; safe for several threads."""

    clock: SimulatedClock
    at_data: dict[str, datetime] = field(default_factory=dict)  # by reminder
    taken: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        del sender
        with self._lock:
            self.clock.advance(A_SECOND)
        if not at_data():
            return SendResult(outcome=SendOutcome.CANCELLED, stage=Stage.DATA)
        with self._lock:
            self.at_data[_REMINDER.findall(data)[0].decode()] = self.clock.now()
            self.taken.append(recipient)
        return SendResult(outcome=SendOutcome.ACCEPTED, code=250, reply="2.0.0 queued")


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("answer_takes", [0, 45])
def test_with_slow_mail_nothing_leaves_on_old_figures_and_all_leaves_in_the_end(
    small_firm: Firm, connections: int, answer_takes: int
) -> None:
    firm = small_firm
    for number in range(WAITING):
        firm.owes(str(1000 + number), "10.00")
    firm.sync()
    firm.remind()
    mailer = SlowMailer(firm.clock)
    read_from: list[datetime] = []
    firm.books.read_hook = lambda: read_from.append(firm.clock.now())
    firm.books.on_fresh = lambda: firm.clock.advance(timedelta(seconds=answer_takes))
    rules = replace(firm.office.sending, connections=connections, pay_links=False)
    office = replace(firm.office, mailer=mailer, sending=rules)
    runs = 0
    while len(mailer.taken) < WAITING:
        runs += 1
        assert runs <= 30, f"only {len(mailer.taken)} left"
        deliver(office)
        firm.clock.advance(timedelta(minutes=15))
    assert sorted(mailer.taken) == sorted(f"c{1000 + number}@example.com" for number in range(WAITING))
    fresh = timedelta(seconds=office.sending.fresh_seconds)
    figures_at = {row["id"]: row["figures_at"] for row in firm.reminders()}
    assert max(at - figures_at[reminder] for reminder, at in mailer.at_data.items()) <= fresh
    assert set(figures_at.values()) <= set(read_from)
    assert len(read_from) <= 2 * WAITING / (fresh.total_seconds() - answer_takes) + 10
