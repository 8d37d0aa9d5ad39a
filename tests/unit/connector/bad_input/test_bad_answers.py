"""Answers of the ledger that are no answers: one clear sentence, and nothing of ours is closed, changed or lost."""

import json

import httpx
import pytest

from tests.unit.connector.bad_input.trade import Trade

ANSWERS = {
    "a page of words": b"We are down for maintenance.",
    "a page": b"<html><body>Please sign in</body></html>",
    "nothing": b"",
    "half an answer": b'{"QueryResponse": {"Invoice": [{"Id": "1"',
    "no object": b"[]",
    "null": b"null",
    "an object without an answer": b"{}",
    "an answer that is a list": b'{"QueryResponse": [], "CDCResponse": {}, "time": 5}',
    "rows that are no list": b'{"QueryResponse": {"Invoice": {"Id": "1"}, "Customer": 7, "totalCount": "many"}}',
    "changes that tell of nothing": b'{"CDCResponse": [], "time": "2026-11-02T18:00:00Z"}',
    "a thousand brackets": b'{"QueryResponse": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
}


def _from_now_on(trade: Trade, body: bytes) -> None:
    def after(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "/company/" not in request.url.path:
            return response
        return httpx.Response(200, headers={"content-type": "application/json"}, content=body)

    trade.transport.after = after


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("command", ["sync", "sync --whole", "reconcile"])
def test_what_is_no_answer_is_one_clear_sentence_and_changes_nothing(
    small_trade: Trade, name: str, command: str
) -> None:
    trade = small_trade
    anna = trade.customer()
    trade.bill(anna)
    trade.begin()
    before = trade.tell("aging")
    _from_now_on(trade, ANSWERS[name])
    said = trade.run(*command.split())
    assert said.code == 4
    told = " ".join((said.out + said.err).split())
    assert told.startswith("QuickBooks ")
    assert len(told) < 200
    assert trade.tell("aging") == before
    trade.transport.after = lambda _, response: response
    trade.day()
    assert len(trade.mails) == 1


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_leaves_on_an_answer_that_is_none(small_trade: Trade, name: str) -> None:
    trade = small_trade
    trade.bill(trade.customer())
    trade.begin()
    _from_now_on(trade, ANSWERS[name])
    trade.run("run")
    assert trade.mails == []
    trade.transport.after = lambda _, response: response
    trade.clock.sleep(3600)
    trade.day()
    assert len(trade.mails) == 1


def test_an_invoice_of_which_nothing_is_told_is_not_taken_for_gone(trade: Trade) -> None:
    """A sweep that lists nothing asks for each; an answer without the invoice does not say that it is gone."""
    trade.bill(trade.customer())
    trade.begin()

    def empty(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "/invoice/" in request.url.path:
            return httpx.Response(200, json={"time": "2026-11-02T18:00:00.000Z"})
        if request.url.path.endswith("/query"):
            return httpx.Response(200, json={"QueryResponse": {}, "time": "2026-11-02T18:00:00.000Z"})
        return response

    trade.transport.after = empty
    said = trade.run("sync", "--whole")
    assert (said.code, "told nothing of Invoice" in said.out) == (4, True)
    assert trade.open_totals() == {"USD": "100.00"}


@pytest.mark.parametrize("row", [5, "row", None, [], {}, {"Id": {}}, {"Id": "77", "Balance": []}])
def test_a_row_that_is_no_row_stops_no_other(small_trade: Trade, row: object) -> None:
    trade = small_trade
    trade.bill(trade.customer("Berta", "berta@books.example"))

    def add(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        told = response.json() if request.url.path.endswith("/query") else {}
        if told.get("QueryResponse", {}).get("Invoice"):
            told["QueryResponse"]["Invoice"].append(row)
            return httpx.Response(200, content=json.dumps(told).encode())
        return response

    trade.transport.after = add
    trade.begin()
    trade.day()
    assert [each.to for each in trade.mails] == ["berta@books.example"]
    assert len(trade.problems()) == 1


def test_a_note_whose_answer_is_no_answer_is_looked_for_and_never_written_twice(trade: Trade) -> None:
    trade.bill(trade.customer())
    trade.begin()

    def garble_batches(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return httpx.Response(200, content=b"thanks") if request.url.path.endswith("/batch") else response

    trade.transport.after = garble_batches
    trade.run("run")
    assert len(trade.notes()) == 1
    assert trade.tell("status")[0]["entries"] == {"batched": 1}
    trade.transport.after = lambda _, response: response
    trade.clock.sleep(1200)
    trade.day()
    trade.clock.sleep(1200)
    trade.day()
    assert len(trade.notes()) == 1
    assert trade.tell("status")[0]["entries"] == {}
