"""Pages fetched several at once from a set that changes under them: every row that stays is told, whatever moves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.quickbooks import wire
from adapters.quickbooks.cursor import Phase
from adapters.quickbooks.reads import PAGE, Crew, Reader, Slice
from adapters.quickbooks.walk import Walk, bounded

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)


class Shelf:
    """Invoices in the order of their creation, told by place; `happens` before each answer."""

    def __init__(self, rows: int, *, at_once: int = 1) -> None:
        self.ids = list(range(rows))
        self.at_once = at_once  # so many were made in the same second
        self.asked: list[tuple[str, int]] = []
        self.happens: Callable[[int], None] = lambda _: None

    def made(self, ident: int) -> str:
        return (BEGIN + timedelta(seconds=ident // self.at_once)).isoformat()

    def count(self, entity: str, where: str) -> tuple[int, datetime]:
        return len(self._found(where)), BEGIN

    def page(self, kind: type[wire.Invoice], where: str, order: str, start: int = 1) -> Slice[wire.Invoice]:
        self.happens(len(self.asked))
        self.asked.append((where, start))
        found = self._found(where)[start - 1 : start - 1 + PAGE]
        rows = [kind(id=str(each), meta_data=wire.MetaData(create_time=self.made(each))) for each in found]
        return Slice(wire.Rows(rows), len(rows), BEGIN)

    def _found(self, where: str) -> list[int]:
        since = where.rpartition(">= ")[2].strip("'")
        return [each for each in self.ids if self.made(each) >= since]


def walked(shelf: Shelf, *, planned: bool = False, phase: Phase | None = None) -> list[int]:
    """The ids that a walk over the shelf tells, in its order."""
    phase = phase or Phase(entity="Invoice", planned=planned)
    walk = Walk(cast("Reader", cast("Any", shelf)), Crew(None, 8), phase)

    def reach() -> None:
        while walk.begun < 8 and walk.reach_on():
            pass

    return [int(row.id) for part in walk.parts(reach) for row in part.rows.good]


@pytest.mark.parametrize("rows", [0, 1, 999, 1000, 1001, 1999, 2000, 5300])
def test_a_shelf_that_stands_still_is_read_once_in_full_pages(rows: int) -> None:
    shelf = Shelf(rows)
    assert walked(shelf) == list(range(rows))
    assert len(shelf.asked) <= max(-(-rows // (PAGE - 1)), 1) + 1


def test_what_leaves_the_set_between_two_pages_costs_no_other_row() -> None:
    shelf = Shelf(5000)

    def paid(answers: int) -> None:
        if answers == 2:
            del shelf.ids[10:40]  # every place behind them moves by thirty

    shelf.happens = paid
    told = walked(shelf)
    assert set(told) >= set(shelf.ids)
    assert [where for where, _ in shelf.asked if ">=" in where]  # from there on by the instant


def test_rows_of_one_second_on_both_sides_of_a_joint_are_all_told() -> None:
    shelf = Shelf(4000, at_once=130)
    shelf.happens = lambda answers: shelf.ids.__delitem__(slice(0, 25)) if answers in {1, 3} else None
    assert set(walked(shelf)) >= set(shelf.ids)


def test_more_rows_of_one_second_than_a_page_holds_are_all_told() -> None:
    shelf = Shelf(3700, at_once=3000)
    assert sorted(walked(shelf)) == list(range(3700))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_is_paid_whenever_each_row_that_stays_is_told(data: st.DataObject) -> None:
    shelf = Shelf(data.draw(st.integers(0, 6500)), at_once=data.draw(st.sampled_from([1, 7, 400])))

    def paid(_: int) -> None:
        for _ in range(data.draw(st.integers(0, 2))):
            at = data.draw(st.integers(0, max(len(shelf.ids) - 1, 0)))
            del shelf.ids[at : at + data.draw(st.sampled_from([1, 3, 700, 1500]))]

    shelf.happens = paid
    told = walked(shelf)
    assert set(told) >= set(shelf.ids)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_walk_that_broke_off_goes_on_behind_the_last_part(after: int) -> None:
    shelf, phase = Shelf(4300, at_once=60), Phase(entity="Invoice")
    walk = Walk(cast("Reader", cast("Any", shelf)), Crew(None, 8), phase)
    counted = walk.counted()
    assert counted
    phase.expected, phase.planned = counted[0], True
    told: list[int] = []
    for number, part in enumerate(walk.parts(walk.reach_on), 1):  # type: ignore[arg-type]  # its answer is not needed
        told += [int(row.id) for row in part.rows.good]
        if number == after:
            break
    told += walked(shelf, phase=phase)
    assert set(told) == set(range(4300))
    assert bounded(phase)
