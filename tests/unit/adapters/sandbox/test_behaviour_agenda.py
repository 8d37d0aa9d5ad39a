"""The world's time: acts happen in their order, at their instant."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.sandbox.agenda import Agenda, WorldClock

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_acts_happen_in_the_order_of_time_each_at_its_instant() -> None:
    clock = WorldClock(START)
    agenda = Agenda(clock)
    happened: list[tuple[str, datetime]] = []
    agenda.note(START + 2 * MINUTE, lambda: happened.append(("second", clock())))
    agenda.note(START + MINUTE, lambda: happened.append(("first", clock())))
    agenda.note(START + 2 * MINUTE, lambda: happened.append(("third", clock())))
    agenda.play(START + 3 * MINUTE)
    assert happened == [("first", START + MINUTE), ("second", START + 2 * MINUTE), ("third", START + 2 * MINUTE)]


def test_what_lies_at_the_end_or_later_waits() -> None:
    agenda = Agenda(WorldClock(START))
    agenda.note(START + MINUTE, lambda: None)
    agenda.play(START + MINUTE)
    assert len(agenda) == 1


def test_an_act_may_note_another_one_for_the_same_play() -> None:
    agenda = Agenda(WorldClock(START))
    happened: list[str] = []
    agenda.note(START, lambda: agenda.note(START + MINUTE, lambda: happened.append("second")))
    agenda.play(START + 2 * MINUTE)
    assert happened == ["second"]


def test_without_anybody_to_enter_it_cash_waits_and_is_entered_late_without_turning_the_clock_back() -> None:
    clock = WorldClock(START)
    agenda = Agenda(clock)
    happened: list[tuple[str, datetime]] = []
    agenda.note(START + MINUTE, lambda: happened.append(("cash", clock())), cash=True)
    agenda.note(START + 2 * MINUTE, lambda: happened.append(("void", clock())))
    agenda.play(START + 3 * MINUTE, post_cash=False)
    agenda.play(START + 4 * MINUTE)
    assert happened == [("void", START + 2 * MINUTE), ("cash", START + 2 * MINUTE)]


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        WorldClock(datetime(2026, 11, 2))  # noqa: DTZ001 - the mistake is the point
