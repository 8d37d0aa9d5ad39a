"""Is cash posted? The rhythm of entered payments, its silence, and what a person says."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from connector.cash import Cash, cash_on
from connector.jobs import cash_note
from connector.release import cash_is_posted
from connector.store import tables
from connector.store.engine import Database
from reminders.working_days import WorkingDays
from tests.unit.connector.books.house import House

DAILY = 30


def _cash(house: House) -> Cash:
    return cash_on(house.row, house.office.calendar, house.today)


def _entered(house: House, day: date, amount: str = "1.00") -> None:
    at = datetime.combine(day, time(16, 0), tzinfo=UTC)
    house.ledger.receive(f"p{day:%m%d}", "20", amount, on=day, at=at)


@pytest.fixture
def posting(connected: House) -> House:
    """A payment was entered on each working day of six weeks, the last on Friday 30 October."""
    calendar = WorkingDays("US")
    for back in range(1, DAILY * 7 // 5 + 1):
        day = connected.in_days(-back)
        if calendar.is_working(day):
            _entered(connected, day)
    connected.sync()
    return connected


def test_the_rhythm_is_the_usual_gap_and_one_working_day_more(posting: House) -> None:
    cash = _cash(posting)
    assert (cash.last_entered, cash.silent_days, cash.usual_days) == (date(2026, 10, 30), 0, 2)


def test_only_whole_working_days_of_silence_count(posting: House) -> None:
    silent = []
    for _ in range(8):
        silent.append((posting.today.strftime("%a"), _cash(posting).silent_days, _cash(posting).is_silent))
        posting.wait(days=1)
    assert silent == [
        ("Mon", 0, False),
        ("Tue", 1, False),
        ("Wed", 2, False),
        ("Thu", 3, True),
        ("Fri", 4, True),
        ("Sat", 5, True),
        ("Sun", 5, True),
        ("Mon", 5, True),
    ]


def test_a_holiday_is_no_day_of_silence(posting: House) -> None:
    posting.wait(days=8)
    _entered(posting, date(2026, 11, 10))
    posting.sync()  # Tuesday; Wednesday 11 November is Veterans Day
    posting.wait(days=3)
    assert posting.today == date(2026, 11, 13)
    assert _cash(posting).silent_days == 1


def test_a_payment_of_zero_that_joins_a_credit_to_an_invoice_is_no_cash(posting: House) -> None:
    invoice = posting.ledger.bill("130", "20", "10.00", posting.in_days(20))
    posting.ledger.credit("700", "20", "10.00", posting.today)
    posting.ledger.apply_credit("901", "credit_memo:700", invoice, "10.00")
    posting.sync()
    assert _cash(posting).last_entered == date(2026, 10, 30)


def test_a_payment_counts_on_the_day_it_was_entered_whatever_its_date(posting: House) -> None:
    posting.ledger.receive("990", "20", "5.00", on=posting.in_days(-20))
    posting.sync()
    assert _cash(posting).last_entered == posting.today


def test_the_day_is_the_company_s_own(connected: House) -> None:
    connected.ledger.receive("990", "20", "5.00", at=datetime(2026, 11, 2, 3, 0, tzinfo=UTC))
    connected.sync()  # three in the morning in Greenwich is Sunday evening in New York
    assert _cash(connected).last_entered == date(2026, 11, 1)


def test_with_too_few_days_silence_says_nothing(connected: House) -> None:
    for back in (3, 4, 5, 6):
        _entered(connected, connected.in_days(-back))
    connected.sync()
    connected.wait(days=40)
    assert _cash(connected).usual_days is None
    assert not _cash(connected).is_silent


def test_a_rare_rhythm_is_silent_only_after_its_own_measure(connected: House) -> None:
    for back in (3, 10, 17, 24, 31, 38, 45):  # each Friday
        _entered(connected, connected.in_days(-back))
    connected.sync()
    assert _cash(connected).usual_days is not None
    connected.wait(days=7)
    assert not _cash(connected).is_silent
    connected.wait(days=3)
    assert _cash(connected).is_silent


def test_a_silence_set_in_the_rules_goes_before_the_rhythm(database: Database) -> None:
    house = House(database, cash_posted_within=6)
    house.ledger.receive("990", "20", "5.00")
    house.sync()
    house.wait(days=9)
    assert (_cash(house).usual_days, _cash(house).is_silent) == (6, False)
    house.wait(days=3)
    assert _cash(house).is_silent


def test_a_long_silence_does_not_end_by_itself(posting: House) -> None:
    for _ in range(14):
        posting.wait(days=5)
        posting.sync()
        assert _cash(posting).is_silent


def test_a_person_s_word_ends_the_silence_for_a_while(posting: House) -> None:
    posting.wait(days=7)
    assert _cash(posting).is_silent
    cash_is_posted(posting.office, posting.in_days(-1))
    assert not _cash(posting).is_silent
    assert len(posting.history("cash_is_posted")) == 1
    posting.wait(days=7)
    assert _cash(posting).is_silent


@pytest.fixture
def waiting(posting: House) -> House:
    """Nobody posts cash since a week, and a past-due reminder waits."""
    posting.wait(days=7)
    posting.ledger.bill("130", "20", "100.00", posting.in_days(-14))
    posting.ledger.customer("21", "Bertram")
    posting.ledger.bill("131", "21", "100.00", posting.in_days(2))
    posting.sync()
    posting.remind()
    return posting


def test_silence_makes_drafts_of_past_due_reminders_and_lets_a_heads_up_go(waiting: House) -> None:
    states = {row["account"]: (row["state"], row["waits_because"]) for row in waiting.rows(tables.reminder)}
    assert states["20"] == ("draft", "cash")
    assert states["21"] == ("said", None)
    assert cash_note(waiting.office).startswith("No payment entered since Friday 30 Oct: 1 reminders wait.")


def test_drafts_are_released_when_payments_come_again(waiting: House) -> None:
    waiting.wait(minutes=10)
    waiting.ledger.receive("990", "21", "5.00")
    waiting.sync()
    assert cash_note(waiting.office) == ""
    assert "draft" not in {row["state"] for row in waiting.rows(tables.reminder)}
    waiting.wait(minutes=10)
    waiting.remind()
    assert len(waiting.mailer.sent) == 2


def test_drafts_are_released_by_a_person_s_word(waiting: House) -> None:
    assert cash_is_posted(waiting.office, waiting.today - timedelta(days=1)) == 1
    assert "draft" not in {row["state"] for row in waiting.rows(tables.reminder)}
