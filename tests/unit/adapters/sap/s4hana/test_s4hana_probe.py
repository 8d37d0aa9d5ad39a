"""What connecting says of a system: each thing that works, and each that is still to be granted, by reading alone."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import httpx
import pytest

from adapters.errors import LedgerAuthExpired
from adapters.http import Http, Patience
from adapters.sandbox.books import Books
from adapters.sap.odata import ODataClient
from adapters.sap.s4hana.probe import Check, Works, probe
from adapters.sap.s4hana.sandbox import S4HanaSandbox
from adapters.sap.s4hana.wire import ATTACHMENTS, CUBE, PARTNERS
from adapters.sap.values import Version
from tests.contract.ledgers import Clock, SandboxTransport


def _probed(
    change: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None, *, attaches: bool = False
) -> list[Check]:
    clock = Clock()
    books = Books(now=clock.now)
    anna = books.add_customer("Anna Boats", emails="anna@boats.example")
    books.bill(anna, Decimal("100.00"), issue_date=date(2026, 9, 1), due_date=date(2026, 10, 1))
    transport = SandboxTransport(S4HanaSandbox(books, now=clock.now))
    if change:
        transport.after = change
    http = Http(
        sleep=clock.sleep,
        chance=lambda: 0.5,
        client=httpx.Client(transport=transport),
        patience=Patience(attempts=1),
    )
    items, partners, files = (
        ODataClient(f"http://s4/sap/opu/odata/sap/{name}", version=Version.V2, http=http, now=clock.now)
        for name in (CUBE, PARTNERS, ATTACHMENTS)
    )
    try:
        attachments = files if attaches else None
        return probe(items, partners, "1710", text_id="0001", language="EN", attachments=attachments)
    finally:
        assert {call.method for call in transport.calls} == {"GET"}
        books.close()


def test_where_all_is_granted_nothing_is_missing_and_what_cannot_be_known_is_said() -> None:
    found = {each.name: each for each in _probed()}
    assert not [each for each in found.values() if each.works is Works.NO]
    assert found["open items"].said.startswith("1 open customer lines")
    assert found["text 0001 in EN"].works is Works.UNSURE
    assert "DUECOURSE_S4HANA__TEXT_ID" in found["text 0001 in EN"].said


def test_a_service_that_is_not_granted_is_missing_with_what_to_grant_and_the_others_are_still_looked_at() -> None:
    def forbidden(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        return (
            httpx.Response(403, json={"error": {"code": "403", "message": "no"}})
            if PARTNERS in request.url.path
            else response
        )

    found = {each.name: each for each in _probed(forbidden)}
    assert found["journal entry items"].works is Works.YES
    missing = {name for name, each in found.items() if each.works is Works.NO}
    assert {"customers", "e-mail addresses", "dunning records"} <= missing
    assert "SAP_COM_0008" in found["customers"].said


def test_attachments_are_looked_at_only_where_they_are_wanted() -> None:
    assert "attachments" not in {each.name for each in _probed()}
    found = {each.name: each for each in _probed(attaches=True)}
    assert (found["attachments"].works, found["attachments"].said) == (Works.YES, "0 files on the first journal entry")

    def forbidden(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        refused = httpx.Response(403, json={"error": {"code": "403", "message": "no"}})
        return refused if ATTACHMENTS in request.url.path else response

    found = {each.name: each for each in _probed(forbidden, attaches=True)}
    assert found["attachments"].works is Works.NO
    assert "SAP_COM_0002" in found["attachments"].said


def test_refused_credentials_end_the_probe_at_once() -> None:
    with pytest.raises(LedgerAuthExpired):
        _probed(lambda _, __: httpx.Response(401))
