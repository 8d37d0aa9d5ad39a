"""Rows that break every page they stand on, and answers that are not to be believed."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from adapters.errors import LedgerRejected
from adapters.ledger import Page
from tests.contract.ledgers import QuickBooksConnection
from tests.contract.replica import Replica
from tests.unit.adapters.quickbooks.clerk import ONE, TODAY, bills, selects


@pytest.fixture
def here() -> Iterator[QuickBooksConnection]:
    made = QuickBooksConnection()
    yield made
    made.books.close()


@pytest.fixture
def replica(here: QuickBooksConnection) -> Replica:
    return Replica(here.ledger)


# --- rows that break their page --------------------------------------------------------------------------------


def test_a_broken_row_is_found_by_halving_and_named_by_its_id(here: QuickBooksConnection, replica: Replica) -> None:
    invoices = bills(here, 900)
    here.break_documents(f"invoice:{invoices[613]}", f"invoice:{invoices[614]}", f"invoice:{invoices[0]}")
    replica.sync()
    assert {each.ref for each in replica.problems} == {f"invoice:{invoices[at]}" for at in (0, 613, 614)}
    assert "To email address is invalid" in replica.problems[0].text
    assert len(replica.open) == 897


def test_a_broken_row_among_the_changes_costs_its_own_kind_only(here: QuickBooksConnection, replica: Replica) -> None:
    invoices = bills(here, 10)
    here.clock.later(hours=1)
    replica.sync()
    here.clock.later(hours=1)
    owner = here.books.document(invoices[0]).customer
    payment = here.books.pay(owner, ONE, on=TODAY, apply={invoices[0]: ONE})
    here.books.change_due_date(invoices[1], date(2026, 12, 24))
    here.break_documents(f"invoice:{invoices[0]}")
    here.transport.calls.clear()
    replica.sync()
    assert {each.ref for each in replica.problems} == {f"invoice:{invoices[0]}"}
    assert f"payment:{payment}" in replica.documents
    assert replica.documents[f"invoice:{invoices[1]}"].items[0].due_date == date(2026, 12, 24)
    assert not selects(here, "Payment")


def test_a_statement_that_fails_for_every_row_is_no_broken_row(here: QuickBooksConnection, replica: Replica) -> None:
    bills(here, 300)

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if b"SELECT *" not in request.content:
            return response
        error = {"Message": "Error processing", "Detail": "Everything fails", "code": "4002"}
        return httpx.Response(400, json={"Fault": {"Error": [error]}})

    here.transport.after = refuse
    with pytest.raises(LedgerRejected):
        replica.sync()


# --- what QuickBooks says wrongly ------------------------------------------------------------------------------


def test_a_deleted_stub_of_an_invoice_that_is_there_is_not_believed(
    here: QuickBooksConnection, replica: Replica
) -> None:
    (invoice,) = bills(here, 1)
    here.clock.later(hours=1)
    replica.sync()

    def lie(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/cdc"):
            return response
        told = response.json()
        stub = {"domain": "QBO", "status": "Deleted", "Id": invoice}
        told["CDCResponse"] = [{"QueryResponse": [{"Invoice": [stub]}]}]
        return httpx.Response(200, json=told)

    here.transport.after = lie
    page: Page
    (page,) = replica.sync()
    assert page.tombstones == ()
    assert f"invoice:{invoice}" in replica.open


def test_a_fault_hidden_in_the_changes_is_not_taken_for_nothing_changed(
    here: QuickBooksConnection, replica: Replica
) -> None:
    bills(here, 1)
    replica.sync()

    def hide(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        fault = {"Fault": {"Error": [{"Message": "Not allowed", "code": "5020"}], "type": "ValidationFault"}}
        body = {"CDCResponse": [{"QueryResponse": [fault]}], "time": response.json().get("time")}
        return httpx.Response(200, json=body) if request.url.path.endswith("/cdc") else response

    here.transport.after = hide
    with pytest.raises(LedgerRejected, match="5020"):
        replica.sync()


def test_a_stub_is_not_believed_when_quickbooks_will_not_say_whether_the_row_is_there(
    here: QuickBooksConnection, replica: Replica
) -> None:
    (invoice,) = bills(here, 1)
    replica.sync()
    here.books.delete("invoice", invoice)

    def forbid(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        fault = {"Fault": {"Error": [{"Message": "No permission", "code": "5020"}], "type": "ValidationFault"}}
        return httpx.Response(403, json=fault) if "/invoice/" in request.url.path else response

    here.transport.after = forbid
    with pytest.raises(LedgerRejected, match="5020"):
        replica.sync()
    assert replica.gone == {}


def test_a_stub_whose_row_cannot_be_read_is_a_problem_and_no_tombstone(
    here: QuickBooksConnection, replica: Replica
) -> None:
    (invoice,) = bills(here, 1)
    replica.sync()
    here.books.delete("invoice", invoice)

    def break_it(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        fault = {"Fault": {"Error": [{"Message": "Error processing", "code": "4002"}], "type": "ValidationFault"}}
        return httpx.Response(400, json=fault) if "/invoice/" in request.url.path else response

    here.transport.after = break_it
    replica.sync()
    assert replica.gone == {}
    assert [each.ref for each in replica.problems] == [f"invoice:{invoice}"]
