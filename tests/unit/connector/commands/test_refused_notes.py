from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ledger import Batch, Outcome, Receipt
from tests.fakes import FakeLedger
from tests.unit.connector.commands.shop import Shop


class RefusingLedger(FakeLedger):
    """Refuses notes for good."""

    def post(self, batch: Batch) -> Sequence[Receipt]:
        return [Receipt(key=key, outcome=Outcome.IMPOSSIBLE, reason="the period is closed") for _, key in batch.members]


@pytest.fixture
def refused(tmp_path: Path) -> Iterator[Shop]:
    """A call was logged, and the ledger would not have its note."""
    shop = Shop(tmp_path)
    shop.tell("mode", "dry_run", "--yes")
    shop.tell("sync")
    shop.tell("call", "20", "--note", "They pay on Friday.")
    ledger = RefusingLedger(now=shop.clock.now)
    ledger.__dict__.update(shop.ledger.__dict__)
    shop.service = replace(shop.service, fake=ledger)
    shop.tell("run")
    yield shop
    shop.service.close()


def test_a_note_that_the_ledger_refuses_for_good_becomes_a_task_with_its_text(refused: Shop) -> None:
    [task] = refused.tell("task", "list", "--kind", "note_refused")
    assert (task["customer"], task["facts"]["reason"]) == ("Anna Boats", "the period is closed")
    assert "They pay on Friday." in task["facts"]["note"]
    assert "the period is closed" in task["text"]


def test_it_is_one_task_and_ends_when_it_is_done(refused: Shop) -> None:
    refused.tell("run")
    [task] = refused.tell("task", "list", "--kind", "note_refused")
    refused.tell("task", "done", str(task["id"]), "--result", "written by hand")
    assert refused.tell("task", "list", "--kind", "note_refused") == []
