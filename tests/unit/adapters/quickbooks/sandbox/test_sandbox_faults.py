"""The sandbox on a port: faults of every shape, connections that break, and the log of calls."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from adapters.quickbooks.sandbox import QuickBooksFault, SandboxSettings, ServedQuickBooks, serve_quickbooks
from adapters.sandbox.books import Books
from adapters.sandbox.faults import HEADER, Rule

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def served() -> Iterator[ServedQuickBooks]:
    books = Books(now=lambda: datetime(2026, 3, 2, 17, tzinfo=UTC))
    books.add_customer("Anna", emails="anna@x.example")
    with serve_quickbooks(books, settings=SandboxSettings(open_door=True)) as sandbox:
        yield sandbox
    books.close()


@pytest.fixture
def sandbox(served: ServedQuickBooks) -> Iterator[ServedQuickBooks]:
    yield served
    served.faults.clear()
    served.calls.clear()
    served.face.context.poisoned.clear()


@pytest.fixture
def client(sandbox: ServedQuickBooks) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{sandbox.url}/v3/company/7", trust_env=False) as made:
        yield made


def notes(sandbox: ServedQuickBooks) -> list[str]:
    return [each.text for each in sandbox.face.books.notes()]


def test_every_answer_carries_a_tid_of_its_own(client: httpx.Client) -> None:
    tids = [client.get(path).headers["Intuit-Tid"] for path in ("/customer/1", "/customer/99", "/cdc")]
    assert len(set(tids)) == 3


def test_throttling_is_xml_even_for_those_who_accept_json(client: httpx.Client) -> None:
    answer = client.get("/customer/1", headers={HEADER: "throttle; retry_after=7", "Accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (429, "application/xml")
    assert answer.headers["Retry-After"] == "7"
    assert 'Fault type="SERVICE"><Error code="3001">' in answer.text
    assert "Retry-After" not in client.get("/customer/1", headers={HEADER: "throttle"}).headers


@pytest.mark.parametrize(
    ("asked", "status", "kind", "part"),
    [
        ("fault; code=5000; status=500", 500, "application/json", '"code":"5000"'),
        ("fault", 400, "application/json", '"Fault":{"Error"'),
        ("fault_200; code=6190", 200, "application/json", '"code":"6190"'),
        ("gateway_fault; code=3100; status=403", 403, "application/json", '"fault":{"error"'),
        ("xml_fault; status=403", 403, "application/xml", "<IntuitResponse"),
        ("html", 502, "text/html", "<html>"),
        ("html; status=504", 504, "text/html", "<html>"),
        ("empty", 503, "text/plain", ""),
        ("expired_token", 401, "application/json", '"code":"3200"'),
        ("invalid_grant", 400, "application/json", "invalid_grant"),
    ],
)
def test_each_shape_of_fault_can_be_asked_for(
    client: httpx.Client, asked: str, status: int, kind: str, part: str
) -> None:
    answer = client.get("/customer/1", headers={HEADER: asked})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(kind)
    assert part in answer.text


def test_a_replaced_answer_means_that_nothing_was_done(client: httpx.Client, sandbox: ServedQuickBooks) -> None:
    client.post("/attachable", json={"Note": "never"}, headers={HEADER: "html"})
    assert "never" not in notes(sandbox)


@pytest.mark.parametrize(("fault", "done"), [("cut_before", False), ("cut_during", True), ("cut_after", True)])
def test_a_connection_is_cut_before_during_or_after_the_write(
    client: httpx.Client, sandbox: ServedQuickBooks, fault: str, *, done: bool
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/attachable", json={"Note": fault}, headers={HEADER: fault})
    assert (fault in notes(sandbox)) is done
    assert [(call.status, call.fault) for call in sandbox.calls] == [(0, fault)]
    assert client.get("/customer/1").status_code == 200


def test_a_write_whose_answer_was_lost_is_found_by_its_request_id(
    client: httpx.Client, sandbox: ServedQuickBooks
) -> None:
    sandbox.faults.add(Rule(fault="cut_after", path="/attachable$", count=1))
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/attachable", params={"requestid": "n1"}, json={"Note": "said once"})
    again = client.post("/attachable", params={"requestid": "n1"}, json={"Note": "said once"})
    assert again.status_code == 200
    assert notes(sandbox).count("said once") == 1


def test_a_slow_answer_is_too_late_for_the_impatient(client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.get("/customer/1", headers={HEADER: "slow; seconds=1"}, timeout=0.1)
    assert client.get("/customer/1", headers={HEADER: "slow; seconds=0"}).status_code == 200


def test_a_rule_strikes_the_entity_that_it_names_until_its_count_is_used(
    client: httpx.Client, sandbox: ServedQuickBooks
) -> None:
    sandbox.faults.add(Rule(fault=QuickBooksFault.THROTTLE, entity="Customer", count=2))
    query = {"query": "select * from Customer"}
    assert client.get("/term/1").status_code == 200
    assert [client.get("/query", params=query).status_code for _ in range(3)] == [429, 429, 200]


def test_a_poisoned_row_fails_every_page_that_holds_it(client: httpx.Client, sandbox: ServedQuickBooks) -> None:
    books = sandbox.face.books
    first, second, third = (books.bill("1", Decimal(at), issue_date=DAY, due_date=DAY) for at in (1, 2, 3))
    sandbox.face.poison("Invoice", second)
    whole = client.post("/query", content=b"select * from Invoice orderby Id")
    assert (whole.status_code, whole.json()["Fault"]["Error"][0]["code"]) == (400, "4002")
    changes = client.get("/cdc", params={"entities": "Invoice", "changedSince": "2026-03-02T00:00:00Z"})
    assert changes.json()["Fault"]["Error"][0]["code"] == "4002"
    rest = client.post("/query", content=f"select * from Invoice where Id in ('{first}', '{third}')".encode())
    assert [each["Id"] for each in rest.json()["QueryResponse"]["Invoice"]] == [third, first]


def test_a_rule_for_a_poisoned_row_holds_from_the_start() -> None:
    books = Books(now=lambda: datetime(2026, 3, 2, 17, tzinfo=UTC))
    rule = Rule(fault="poison", entity="Customer", options={"id": books.add_customer("Anna")})
    sandbox = serve_quickbooks(books, faults=[rule], settings=SandboxSettings(open_door=True))
    with sandbox, httpx.Client(base_url=f"{sandbox.url}/v3/company/7", trust_env=False) as client:
        answer = client.post("/query", content=b"select * from Customer")
    assert answer.json()["Fault"]["Error"][0]["code"] == "4002"
    books.close()


def test_the_log_tells_which_calls_are_metered(client: httpx.Client, sandbox: ServedQuickBooks) -> None:
    client.get("/customer/1")
    client.get("/customer/99")
    client.post("/query", content=b"select count(*) from Customer")
    client.post("/attachable", json={"Note": "free"})
    client.get("/reports/AgedReceivables")
    told = [(call.method, call.path.rpartition("/")[2], call.status, call.metered) for call in sandbox.calls]
    assert told == [
        ("GET", "1", 200, True),
        ("GET", "99", 400, False),
        ("POST", "query", 200, True),
        ("POST", "attachable", 200, False),
        ("GET", "AgedReceivables", 200, True),
    ]


def test_all_access_tokens_can_be_made_to_expire() -> None:
    books = Books(now=lambda: datetime(2026, 3, 2, 17, tzinfo=UTC))
    sandbox = serve_quickbooks(books)
    with sandbox, httpx.Client(base_url=sandbox.url, trust_env=False) as client:
        form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"}
        tokens = client.post("/oauth2/v1/tokens/bearer", data=form, auth=("id", "secret")).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        first = client.get("/v3/company/7/preferences", headers=bearer)
        sandbox.face.tokens.expire_access()
        second = client.get("/v3/company/7/preferences", headers=bearer)
    assert (first.status_code, second.status_code) == (200, 401)
    books.close()


def test_a_sandbox_can_be_stopped_and_its_port_is_free_again() -> None:
    books = Books(now=lambda: datetime(2026, 3, 2, 17, tzinfo=UTC))
    with serve_quickbooks(books) as first:
        port = first.port
    with serve_quickbooks(books, port=port) as second:
        assert httpx.get(f"{second.url}/.well-known/openid_configuration", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{second.url}/.well-known/openid_configuration", trust_env=False)
    books.close()
