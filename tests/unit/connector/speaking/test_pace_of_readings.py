"""How many reminders are read afresh at once: as many as leave while their figures are fresh, and few at first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.office import SendingRules
from tests.unit.connector.speaking.firm import Firm


@pytest.fixture
def crowd(small_firm: Firm) -> Firm:
    """Sixteen customers of one invoice each are to be reminded."""
    for ref in range(20, 36):
        small_firm.owes(str(ref))
    small_firm.sync()
    small_firm.remind()
    return small_firm


def readings(firm: Firm, rules: SendingRules) -> list[int]:
    """How many invoices each reading was about."""
    assert firm.deliver(replace(firm.office, sending=rules)).sent == 16
    return [len(each.documents) for each in firm.books.read_afresh]


def test_a_server_that_takes_mails_at_once_gets_twice_as_many_each_time(crowd: Firm) -> None:
    assert readings(crowd, SendingRules(first_batch=2)) == [2, 4, 8, 2]


def test_also_where_figures_may_hardly_age(crowd: Firm) -> None:
    assert readings(crowd, SendingRules(first_batch=2, fresh_seconds=2)) == [2, 4, 8, 2]


def test_a_slow_server_gets_what_leaves_in_half_the_time_that_figures_stay_fresh(crowd: Firm) -> None:
    crowd.mailer.takes = timedelta(seconds=10)
    assert readings(crowd, SendingRules(first_batch=2)) == [2, 3, 3, 3, 3, 2]


def test_a_server_that_became_slow_gets_fewer_but_never_fewer_than_there_are_connections(crowd: Firm) -> None:
    crowd.mailer.takes = timedelta(seconds=29)
    assert readings(crowd, SendingRules(first_batch=2)) == [2, *[1] * 14]


def test_no_reading_is_about_more_than_the_ledger_tells_in_a_call(crowd: Firm) -> None:
    assert readings(crowd, SendingRules(first_batch=2, batch=5)) == [2, 4, 5, 5]


def test_the_first_reading_is_no_larger_than_any_other(crowd: Firm) -> None:
    assert readings(crowd, SendingRules(first_batch=9, batch=5)) == [5, 5, 5, 1]


def test_a_slow_ledger_makes_no_reading_smaller_where_mails_leave_at_once(crowd: Firm) -> None:
    crowd.books.on_fresh = lambda: crowd.clock.advance(timedelta(seconds=10))
    assert readings(crowd, SendingRules(first_batch=2)) == [2, 4, 8, 2]


def test_what_a_slow_ledger_takes_of_the_time_that_figures_stay_fresh_is_not_left_for_sending(crowd: Firm) -> None:
    crowd.books.on_fresh = lambda: crowd.clock.advance(timedelta(seconds=12))
    crowd.mailer.takes = timedelta(seconds=6)
    assert readings(crowd, SendingRules(first_batch=2)) == [2, *[4] * 3, 2]


def test_a_reading_that_had_to_be_repeated_is_no_slow_sending(crowd: Firm) -> None:
    def slow_once() -> None:
        crowd.books.on_fresh = lambda: None
        crowd.clock.advance(timedelta(seconds=61))

    crowd.books.on_fresh = slow_once
    assert readings(crowd, SendingRules(first_batch=2)) == [2, 2, 4, 8, 2]
