"""Killed at every boundary of a morning, and started again: nothing doubled, lost, unmentioned or wrong by a cent."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from connector.note_style import NoteStyle
from tests.contract.databases import PostgresDatabases, SqliteDatabases
from tests.e2e.crashing import company
from tests.e2e.crashing.journal import boundaries, unnamed
from tests.e2e.crashing.mornings import Boundary, Morning, Mornings, Survived
from tests.e2e.crashing.outside import LedgerServer, MailServer
from tests.e2e.crashing.stands import STANDS, Stand
from tests.e2e.crashing.verdict import broken_promises
from tests.unit.reminders.channels.certificates import make_tls

#: After these deaths there is more to recover than on any other morning.
FIRST_DEATHS: tuple[Boundary, ...] = (("before send", 2), ("after post", 1))


@pytest.fixture
def mornings_on(
    databases: SqliteDatabases | PostgresDatabases, tmp_path: Path
) -> Iterator[Callable[[Stand, NoteStyle], Mornings]]:
    """Makes the company's mornings on a ledger, with notes of this style."""
    trusted = tmp_path / "server.pem"
    make_tls(tmp_path)
    with ExitStack() as stack:
        ledger = stack.enter_context(LedgerServer())
        mail = stack.enter_context(
            MailServer(refuses=company.REFUSES, defers_once=company.DEFERS_ONCE, falls_silent=company.FALLS_SILENT)
        )
        yield lambda stand, style: Mornings(tmp_path / style.value, databases, (ledger, mail), trusted, style, stand)


@pytest.fixture
def mornings_of(mornings_on: Callable[[Stand, NoteStyle], Mornings]) -> Callable[[NoteStyle], Mornings]:
    """Makes the company's mornings on QuickBooks."""
    return lambda style: mornings_on(STANDS["quickbooks"], style)


def calm(mornings: Mornings) -> list[Boundary]:
    """A morning without a death is as it must be. Returns the boundaries that its first run passed."""
    morning = mornings.another()
    events = morning.start()
    morning.wait()
    morning.start()
    assert broken_promises(morning, was_killed=False) == []
    morning.forget()
    return boundaries(events)


def deaths(
    mornings: Mornings, where: Sequence[Boundary], first: Boundary | None = None, *, usual: Collection[str] = ()
) -> dict[Boundary, list[str]]:
    """Dies at each of these boundaries, every time on another morning, and tells what went wrong.

    `first`: it has died there already, and is recovering from that. Several letters leave at once, and their commits
    may be joined: which of them are is not the same on every morning. So a boundary may be missed, but no name;
    `usual` names are reached on any morning.
    """
    wrong: dict[Boundary, list[str]] = {}
    missed: list[Boundary] = []
    for boundary in where:
        morning = mornings.another()
        try:
            if first:
                _die_and_wait(morning, first)
            morning.start(die_at=boundary)
            morning.recover()
            found = broken_promises(morning, was_killed=True)
        except Survived:
            missed.append(boundary)
            continue
        except (AssertionError, TimeoutError) as error:
            found = [str(error)]
        finally:
            morning.forget()
        if found:
            wrong[boundary] = found
    reached = {name for name, _ in set(where) - set(missed)} | set(usual)
    return wrong | {each: ["was never reached"] for each in missed if each[0] not in reached}


def told(wrong: dict[Boundary, list[str]]) -> str:
    """One line for each death, so that nothing is cut short."""
    return "\n".join(f"{name} #{number}: {'; '.join(found)}" for (name, number), found in wrong.items())


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
    where = [each for each in _recovered_from(mornings, first) if each not in usual or "recover" in each[0]]
    record_property("summary", f"{database_kind}: killed at {len(where)} boundaries of recovering from {first[0]}.")
    assert where
    wrong = deaths(mornings, where, first, usual={name for name, _ in usual})
    assert not wrong, told(wrong)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("ledger", ["s4hana", "business-one"])
def test_killed_at_every_boundary_on_sap_nothing_is_doubled_lost_or_unmentioned(
    mornings_on: Callable[[Stand, NoteStyle], Mornings],
    ledger: str,
    record_property: Callable[[str, object], None],
) -> None:
    mornings = mornings_on(STANDS[ledger], NoteStyle.ATTACHABLE)
    where = calm(mornings)
    names = {name for name, _ in where}
    record_property("summary", f"{ledger}: killed at {len(where)} boundaries, which have {len(names)} names.")
    wrong = deaths(mornings, where)
    assert not wrong, told(wrong)


def _recovered_from(mornings: Mornings, first: Boundary) -> list[Boundary]:
    """The boundaries of the run that recovers from this death."""
    morning = mornings.another()
    _die_and_wait(morning, first)
    events = morning.start()
    assert unnamed(events) == []
    morning.forget()
    return boundaries(events)


def _die_and_wait(morning: Morning, first: Boundary) -> None:
    morning.start(die_at=first)
    morning.wait()
