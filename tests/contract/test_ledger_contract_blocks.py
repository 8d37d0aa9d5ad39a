"""What every ledger with dunning blocks must keep: nobody else's is touched, and ours is set and taken away once."""

from typing import cast

import pytest

from adapters.errors import LedgerRejected, LedgerUnavailable
from adapters.ledger import BlockChange, BlockPlace, Outcome
from tests.contract.ledgers import Blocking, Connection, Trait
from tests.contract.lively import bill, customer


class Place:
    """A customer with an invoice, and the block that this ledger keeps on one of the two."""

    def __init__(self, here: Blocking) -> None:
        self.here = here
        self.owner = customer(here)
        self.invoice = bill(here, self.owner)
        self.is_document = here.ledger.capabilities.blocks is BlockPlace.DOCUMENT
        self.document = here.ref("invoice", self.invoice) if self.is_document else None
        self.cursor = list(here.ledger.changes(None))[-1].cursor

    def change(self, *, is_set: bool, before: str = "", again: bool = False, ours: str = "") -> BlockChange:
        return BlockChange(
            key="block:1",
            customer=self.owner,
            document=self.document,
            set=is_set,
            before=before,
            again=again,
            ours=ours,
        )

    def stands(self) -> str:
        return self.here.stands(self.owner, self.invoice)

    def told(self) -> str:
        """The block as the ledger's own reading tells it."""
        page = self.here.ledger.fresh([self.document] if self.document else [], [self.owner], self.cursor)
        told = page.documents if self.document else page.customers
        return next(each.block for each in told if each.ref == (self.document or self.owner))


@pytest.fixture
def place(here: Connection) -> Place:
    if Trait.BLOCKS not in here.traits:
        pytest.skip("this ledger has no blocks")
    return Place(cast("Blocking", here))


def test_a_block_is_refused_where_the_ledger_has_none(here: Connection) -> None:
    if Trait.BLOCKS in here.traits:
        pytest.skip("this ledger has blocks")
    assert here.ledger.capabilities.blocks is None
    with pytest.raises(LedgerRejected):
        here.ledger.block(BlockChange(key="block:1", customer="1", set=True))


def test_a_block_is_set_named_as_it_is_read_and_taken_away_again(place: Place) -> None:
    assert (place.stands(), place.told()) == ("", "")
    made = place.here.ledger.block(place.change(is_set=True))
    assert (made.key, made.outcome) == ("block:1", Outcome.WRITTEN)
    assert made.ledger_id == place.told() != ""
    freed = place.here.ledger.block(place.change(is_set=False, ours=made.ledger_id))
    assert (freed.outcome, freed.ledger_id) == (Outcome.WRITTEN, made.ledger_id)
    assert (place.stands(), place.told()) == ("", "")


def test_what_somebody_else_blocked_is_neither_written_over_nor_taken_away(place: Place) -> None:
    place.here.block_by_hand(place.owner, place.invoice)
    before, stood = place.told(), place.stands()
    for again in (False, True):
        receipt = place.here.ledger.block(place.change(is_set=True, before=before, again=again))
        assert (receipt.outcome, receipt.ledger_id) == (Outcome.ALREADY_THERE, "")
        assert receipt.reason
    assert place.here.ledger.block(place.change(is_set=False, before=before)).outcome is Outcome.ALREADY_THERE
    assert place.stands() == stood != ""


def test_a_block_that_came_between_is_not_ours_at_a_first_attempt(place: Place) -> None:
    assert place.told() == ""
    place.here.ledger.block(place.change(is_set=True))  # somebody with the same code, say
    receipt = place.here.ledger.block(place.change(is_set=True))
    assert (receipt.outcome, receipt.ledger_id) == (Outcome.ALREADY_THERE, "")


def test_a_lost_answer_is_unknown_and_the_next_attempt_finds_it_ours(place: Place) -> None:
    place.here.lose_next_block()
    assert place.here.ledger.block(place.change(is_set=True)).outcome is Outcome.UNKNOWN
    found = place.here.ledger.block(place.change(is_set=True, again=True))
    assert (found.outcome, found.ledger_id) == (Outcome.ALREADY_THERE, place.told())
    place.here.lose_next_block()
    assert place.here.ledger.block(place.change(is_set=False, ours=found.ledger_id)).outcome is Outcome.UNKNOWN
    gone = place.here.ledger.block(place.change(is_set=False, ours=found.ledger_id, again=True))
    assert (gone.outcome, place.stands()) == (Outcome.ALREADY_THERE, "")


def test_what_may_have_arrived_is_taken_away_although_nobody_told_what_it_was(place: Place) -> None:
    place.here.lose_next_block()
    place.here.ledger.block(place.change(is_set=True))
    freed = place.here.ledger.block(place.change(is_set=False))
    assert (freed.outcome, place.stands()) == (Outcome.WRITTEN, "")


def test_a_change_that_never_arrived_is_said_to_be_unsent(place: Place) -> None:
    place.here.lose_next_block(before=True)
    with pytest.raises(LedgerUnavailable) as raised:
        place.here.ledger.block(place.change(is_set=True))
    assert not raised.value.sent
    assert place.stands() == ""


def test_a_block_that_somebody_lifted_is_not_there_to_be_taken_away(place: Place) -> None:
    made = place.here.ledger.block(place.change(is_set=True))
    place.here.block_by_hand(place.owner, place.invoice, lifted=True)
    assert place.here.ledger.block(place.change(is_set=False, ours=made.ledger_id)).outcome is Outcome.ALREADY_THERE
