"""A company to whom nobody owes anything, or that has no account for it: every job runs and says so."""

import httpx

from tests.unit.connector.bad_input.trade import Trade


def test_empty_books_are_read_reconciled_and_nobody_is_written_to(trade: Trade) -> None:
    trade.begin()
    for _ in range(3):
        trade.day()
        trade.next_day()
    assert trade.mails == []
    assert trade.problems() == {}
    assert trade.open_totals() == {}
    assert trade.tell("reconcile")["state"] == "agrees"


def test_a_chart_without_accounts_receivable_stops_nothing(trade: Trade) -> None:
    def without_accounts(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "Account" in str(request.url) and "AccountType" in str(request.url):
            return httpx.Response(200, json={"QueryResponse": {}, "time": response.json()["time"]})
        return response

    trade.transport.after = without_accounts
    trade.customer()
    trade.begin()
    trade.day()
    assert trade.mails == []
    assert trade.open_totals() == {}
    assert trade.tell("reconcile")["state"] == "agrees"
