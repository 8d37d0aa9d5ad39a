"""Killed at every boundary of a morning, and started again: nothing doubled, lost, unmentioned or wrong by a cent."""

from collections.abc import Callable

import pytest

from connector.note_style import NoteStyle
from tests.e2e.crashing.deaths import calm, deaths, recovered_from, told
from tests.e2e.crashing.journal import unnamed
from tests.e2e.crashing.mornings import Boundary, Mornings
from tests.e2e.crashing.stands import STANDS, Stand

#: After these deaths there is more to recover than on any other morning.
FIRST_DEATHS: tuple[Boundary, ...] = (("before send", 2), ("after post", 1))


@pytest.fixture
def mornings_of(mornings_on: Callable[[Stand, NoteStyle], Mornings]) -> Callable[[NoteStyle], Mornings]:
    """Makes the company's mornings on QuickBooks."""
    return lambda style: mornings_on(STANDS["quickbooks"], style)


def test_every_commit_send_and_post_lies_between_two_boundaries(mornings_of: Callable[[NoteStyle], Mornings]) -> None:
    for style in NoteStyle:
        mornings = mornings_of(style)
        morning = mornings.another()
        morning.recover()
        for events in morning.runs:
            kinds = {each.kind for each in events}
            assert kinds >= {"commit", "send", "post"} or morning.runs.index(events)
            assert unnamed(events) == []
        morning.forget()


def test_killed_at_every_boundary_nothing_is_doubled_lost_or_unmentioned(
    mornings_of: Callable[[NoteStyle], Mornings],
    database_kind: str,
    record_property: Callable[[str, object], None],
) -> None:
    mornings = mornings_of(NoteStyle.ATTACHABLE)
    where = calm(mornings)
    names = {name for name, _ in where}
    record_property("summary", f"{database_kind}: killed at {len(where)} boundaries, which have {len(names)} names.")
    wrong = deaths(mornings, where)
    assert not wrong, told(wrong)


def test_killed_while_notes_go_into_the_statement_memo_none_is_doubled_or_lost(
    mornings_of: Callable[[NoteStyle], Mornings],
    database_kind: str,
    record_property: Callable[[str, object], None],
) -> None:
    mornings = mornings_of(NoteStyle.PRIVATE_NOTE)
    where = calm(mornings)
    notes = where[where.index(("before commit store batch", 1)) : where.index(("before commit end notes", 1))]
    record_property("summary", f"{database_kind}: killed at {len(notes)} boundaries of notes in the Statement Memo.")
    wrong = deaths(mornings, notes)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("first", FIRST_DEATHS)
def test_killed_again_while_it_recovers_it_recovers_still(
    mornings_of: Callable[[NoteStyle], Mornings],
    first: Boundary,
    database_kind: str,
    record_property: Callable[[str, object], None],
) -> None:
    mornings = mornings_of(NoteStyle.ATTACHABLE)
    usual = set(calm(mornings))
    where = [each for each in recovered_from(mornings, first) if each not in usual or "recover" in each[0]]
    record_property("summary", f"{database_kind}: killed at {len(where)} boundaries of recovering from {first[0]}.")
    assert where
    wrong = deaths(mornings, where, first, usual={name for name, _ in usual})
    assert not wrong, told(wrong)
