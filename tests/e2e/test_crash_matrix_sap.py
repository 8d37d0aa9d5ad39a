"""The morning of the crash matrix with the books in SAP: S/4HANA's texts are overwritten as a whole, under a lease of
ours, and Business One's activities have no key of ours. Killed between any two of their calls, nothing of it shows.

Commits that have nothing to do with the ledger are the same on all ledgers, and QuickBooks' morning is killed at each
of them, on both databases. Here SQLite will do, and every third of those.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.marker import find_markers
from connector import pauses
from connector.bootstrap import open_service
from connector.clock import SimulatedClock
from connector.jobs import Job
from connector.note_style import NoteStyle
from tests.e2e.crashing import company
from tests.e2e.crashing.deaths import calm, deaths, recovered_from, told
from tests.e2e.crashing.mornings import Boundary, Morning, Mornings
from tests.e2e.crashing.stands import STANDS, Stand

MorningsOn = Callable[[Stand, NoteStyle], Mornings]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

_NEAR = ("send", "sending", "record", "close", "post", "write", "text", "batch")
_EVERY = 3
_LAST: Boundary = ("after commit release text", 1)
"""When the text that was being written is done; the others are written as on any other morning."""
_LEASE = timedelta(minutes=3)


def _is_near(where: Boundary) -> bool:
    """Whether it lies at a hand-over, a post, a call that writes, or a commit about one.

    Commits about hand-overs may be joined, so that a later one of a name is missed now and then: all of a name are
    tried.
    """
    return any(word in where[0].split() for word in _NEAR)


@pytest.mark.parametrize("ledger", ["s4hana", "business-one"])
def test_killed_with_the_books_in_sap_nothing_is_doubled_lost_or_unmentioned(
    mornings_on: MorningsOn, ledger: str, record_property: Callable[[str, object], None]
) -> None:
    mornings = mornings_on(STANDS[ledger], NoteStyle.ATTACHABLE)
    passed = calm(mornings)
    near, others = filter(_is_near, passed), [each for each in passed if not _is_near(each)]
    where = [*near, *others[::_EVERY]]
    assert {"before write", "after write"} <= {name for name, _ in where}
    record_property(
        "summary",
        f"{ledger}: killed at {len(where)} of {len(passed)} boundaries: all around hand-overs and posts, and every "
        f"{_EVERY}rd of the {len(others)} others.",
    )
    wrong = deaths(mornings, where)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("ledger", ["s4hana", "business-one"])
def test_killed_between_two_writes_and_again_while_it_recovers_it_recovers_still(
    mornings_on: MorningsOn, ledger: str, record_property: Callable[[str, object], None]
) -> None:
    mornings, first = mornings_on(STANDS[ledger], NoteStyle.ATTACHABLE), ("after write", 1)
    where = [each for each in recovered_from(mornings, first) if _is_near(each) and "send" not in each[0].split()]
    if _LAST in where:
        where = where[: where.index(_LAST) + 1]
    record_property("summary", f"{ledger}: killed at {len(where)} boundaries of recovering from {first[0]}.")
    assert where
    wrong = deaths(mornings, where, first)
    assert not wrong, told(wrong)


def test_a_text_that_a_dead_writer_holds_is_written_when_its_lease_has_ended(mornings_on: MorningsOn) -> None:
    morning = mornings_on(STANDS["s4hana"], NoteStyle.ATTACHABLE).another()
    morning.start(die_at=("after commit lock text", 1))
    _pause(morning, company.KEPT)
    with pytest.raises(AssertionError, match="Somebody else is writing this customer's text"):
        morning.start(jobs=(Job.NOTES,))
    assert "pause" not in _kinds(morning, company.KEPT)
    morning.ledger.time.set(morning.ledger.time.now() + _LEASE)
    morning.start(jobs=(Job.NOTES,))
    assert _kinds(morning, company.KEPT) == ["pause"]
    morning.wait()
    morning.start(jobs=(Job.NOTES,))
    assert sorted(_kinds(morning, company.KEPT)) == ["pause", "promise_kept", "promise_made"]
    morning.forget()


def _pause(morning: Morning, name: str) -> None:
    """A person pauses a customer, at once after the service died."""
    service = open_service(morning.settings, clock=SimulatedClock(morning.ledger.time.now()))
    pauses.pause(service.office(), morning.ledger.customers[name], reason="a call", until=None)
    service.close()


def _kinds(morning: Morning, name: str) -> list[str]:
    """Of the entries in a customer's texts, the kinds."""
    ledger = morning.ledger
    told_of = [each for each in ledger.stand.told(ledger.books, ledger.face) if each.customer == ledger.customers[name]]
    return [key.partition(":")[0] for each in told_of for key in find_markers(each.words)]
