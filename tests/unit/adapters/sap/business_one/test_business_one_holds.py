"""BlockDunning for disputes: on the version that was read, and on documents that have one."""

from collections.abc import Iterator

import httpx
import pytest

from adapters.ledger import BlockChange, Outcome
from adapters.sap.business_one.sandbox.settings import SandboxSettings
from adapters.sap.business_one.settings import Settings
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.lively import bill, customer


@pytest.fixture
def here() -> Iterator[BusinessOneConnection]:
    connection = BusinessOneConnection()
    yield connection
    connection.books.close()


def block(owner: str, document: str, *, is_set: bool = True) -> BlockChange:
    return BlockChange(key="block:1", customer=owner, document=document, set=is_set)


def test_a_block_is_set_on_the_version_that_was_read(here: BusinessOneConnection) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    changes = iter(["PO 1", "PO 2"])

    def meanwhile(request: httpx.Request) -> None:
        if request.method == "PATCH" and (memo := next(changes, None)):
            here.books.change_document(invoice, memo=memo)

    here.transport.before = meanwhile
    receipt = here.ledger.block(block(owner, here.ref("invoice", invoice)))
    assert (receipt.outcome, receipt.ledger_id) == (Outcome.WRITTEN, "BlockDunning")
    patches = [call for call in here.transport.calls if call.method == "PATCH"]
    assert len({call.headers["If-Match"] for call in patches}) == len(patches) == 3
    assert here.books.document(invoice).memo == "PO 2"


def test_a_document_that_never_stands_still_keeps_its_block(here: BusinessOneConnection) -> None:
    owner = customer(here)
    invoice = bill(here, owner)

    def always(request: httpx.Request) -> None:
        if request.method == "PATCH":
            here.clock.later(seconds=1)
            here.books.change_document(invoice, memo=str(here.clock.now()))

    here.transport.before = always
    receipt = here.ledger.block(block(owner, here.ref("invoice", invoice)))
    assert (receipt.outcome, here.stands(owner, invoice)) == (Outcome.IMPOSSIBLE, "")
    assert "-2039" in receipt.reason


def test_without_etags_a_block_is_set_all_the_same() -> None:
    connection = BusinessOneConnection(
        face=SandboxSettings(etags=False), settings=Settings(dispute_blocks=True), dialect="v1"
    )
    owner = customer(connection)
    invoice = bill(connection, owner)
    assert connection.ledger.block(block(owner, connection.ref("invoice", invoice))).outcome is Outcome.WRITTEN
    assert connection.stands(owner, invoice) == "tYES"
    connection.books.close()


@pytest.mark.parametrize("document", ["journal:5.0", "payment:7", "", "nonsense"])
def test_what_has_no_block_of_its_own_is_left_alone(here: BusinessOneConnection, document: str) -> None:
    receipt = here.ledger.block(block("1", document))
    assert (receipt.outcome, receipt.ledger_id) == (Outcome.ALREADY_THERE, "")
    assert here.transport.calls == []


def test_a_document_that_is_gone_cannot_be_blocked(here: BusinessOneConnection) -> None:
    assert here.ledger.block(block("1", "invoice:4711")).outcome is Outcome.IMPOSSIBLE
