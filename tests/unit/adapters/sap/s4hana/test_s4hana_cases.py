"""Promises and disputes in a service of the customer's own: each a row, made once, whose state alone changes later."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec
import pytest

from adapters.errors import LedgerUnavailable
from adapters.http import Http, Patience
from adapters.ledger import Entry, EntryKind
from adapters.money import Money
from adapters.sap.odata import ODataClient
from adapters.sap.s4hana.cases import CaseWriter
from adapters.sap.s4hana.probe import Works, _cases
from adapters.sap.s4hana.texts import Note, TextPlace, TextWriter
from adapters.sap.values import Version
from tests.contract.ledgers import START, Clock

DAY = date(2026, 11, 20)


@dataclass
class OwnService(httpx.BaseTransport):
    """A service as docs/sap.md asks for one, in a few lines."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    loses: int = 0  # answers to changes that will not arrive
    calls: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        path = unquote(request.url.path).removeprefix("/own/")
        answer = self._answer(request, path)
        if request.method != "GET" and self.loses:
            self.loses -= 1
            raise httpx.ReadTimeout("no answer", request=request)
        return answer

    def _answer(self, request: httpx.Request, path: str) -> httpx.Response:
        if request.headers.get("x-csrf-token") == "Fetch":
            return httpx.Response(200, headers={"x-csrf-token": "t"}, json={"value": []})
        if request.method == "POST":
            row = json.loads(request.content)
            name = f"{path}('{row['EntryKey']}')"
            assert name not in self.rows, "made twice"
            self.rows[name] = row
            return httpx.Response(201, json=row)
        if request.method == "PATCH":
            assert request.headers["if-match"]
            self.rows[path] |= json.loads(request.content)
            return httpx.Response(204)
        if path in {"Promises", "Disputes"}:
            return httpx.Response(200, json={"value": list(self.rows.values())[:1]})
        if path not in self.rows:
            return httpx.Response(404, json={"error": {"code": "404", "message": "not found"}})
        return httpx.Response(200, json=self.rows[path])


@pytest.fixture
def own() -> OwnService:
    return OwnService()


def client(own: OwnService) -> ODataClient:
    clock = Clock()
    http = Http(
        sleep=clock.sleep, chance=lambda: 0.5, client=httpx.Client(transport=own), patience=Patience(attempts=1)
    )
    return ODataClient("https://s4.example/own", version=Version.V4, http=http, now=clock.now)


def note(kind: EntryKind, key: str = "promise_made:1", about: str | None = None) -> Note:
    """The entry as the texts' writer hands it on."""
    entry = Entry(
        key=key,
        kind=kind,
        customer="1",
        documents=("invoice:2026/1800000001/1",),
        text="Promised.",
        happened_at=START,
        amount=Money.of("120.50", "USD"),
        day=DAY,
        about=about,
    )
    (batch,) = TextWriter(None, TextPlace(company_code="1710", text_id="0001"), None, Clock().now).compose([entry])  # type: ignore[arg-type]  # nothing is sent
    return msgspec.json.decode(batch.body, type=list[Note])[0]


def write(own: OwnService, made: Note) -> str:
    return CaseWriter(client(own), "1710")(made)


def test_a_promise_is_a_row_made_once_with_what_was_promised(own: OwnService) -> None:
    for _ in range(2):
        assert write(own, note(EntryKind.PROMISE_MADE)) == ""
    assert own.rows == {
        "Promises('promise_made:1')": {
            "EntryKey": "promise_made:1",
            "CompanyCode": "1710",
            "Customer": "1",
            "Documents": "2026/1800000001/1",
            "Amount": "120.50",
            "Currency": "USD",
            "OnDay": "2026-11-20",
            "State": "made",
            "Text": "Promised.",
        }
    }


def test_a_lost_answer_makes_no_second_row(own: OwnService) -> None:
    own.loses = 1
    with pytest.raises(LedgerUnavailable) as raised:
        write(own, note(EntryKind.PROMISE_MADE))
    assert raised.value.sent
    assert write(own, note(EntryKind.PROMISE_MADE)) == ""
    assert len(own.rows) == 1


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EntryKind.PROMISE_KEPT, "kept"),
        (EntryKind.PROMISE_PARTLY_KEPT, "partly_kept"),
        (EntryKind.PROMISE_BROKEN, "broken"),
        (EntryKind.PROMISE_WITHDRAWN, "withdrawn"),
        (EntryKind.PROMISE_OVERTAKEN, "overtaken"),
    ],
)
def test_what_becomes_of_a_promise_changes_its_state_alone(own: OwnService, kind: EntryKind, state: str) -> None:
    write(own, note(EntryKind.PROMISE_MADE))
    (before,) = (dict(row) for row in own.rows.values())
    for _ in range(2):
        assert write(own, note(kind, f"{kind.value}:1", about="promise_made:1")) == ""
    assert list(own.rows.values()) == [{**before, "State": state}]
    assert sum(call.method == "PATCH" for call in own.calls) == 1


def test_a_dispute_goes_to_its_own_set(own: OwnService) -> None:
    write(own, note(EntryKind.DISPUTE_OPENED, "dispute_opened:1"))
    write(own, note(EntryKind.DISPUTE_REVIEWED, "dispute_reviewed:1", about="dispute_opened:1"))
    assert own.rows["Disputes('dispute_opened:1')"]["State"] == "under_review"
    write(own, note(EntryKind.DISPUTE_RESOLVED, "dispute_resolved:1", about="dispute_opened:1"))
    assert own.rows["Disputes('dispute_opened:1')"]["State"] == "resolved"


def test_what_was_opened_before_the_service_was_named_is_said_to_be_missing(own: OwnService) -> None:
    said = write(own, note(EntryKind.PROMISE_KEPT, "promise_kept:1", about="promise_made:1"))
    assert said == "Not in the service named for promises and disputes: promise_made:1."
    assert own.rows == {}


def test_other_entries_are_none_of_its_affair(own: OwnService) -> None:
    assert write(own, note(EntryKind.REMINDER, "reminder:1")) == ""
    assert own.calls == []


def test_the_probe_reads_both_sets_and_writes_nothing(own: OwnService) -> None:
    assert [each.works for each in _cases(client(own))] == [Works.YES, Works.YES]
    assert {call.method for call in own.calls} == {"GET"}
