from datetime import timedelta

import httpx
import pytest
import respx
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects.customer import Customer as VendorCustomer
from structlog.testing import capture_logs

from adapters.errors import LedgerAuthExpired, LedgerError, LedgerOutOfQuota, LedgerRejected, LedgerUnavailable
from adapters.quickbooks.vendor import VendorClient
from tests.unit.adapters.quickbooks.office import COMPANY, SIGN_IN, Office, recording

CUSTOMER = {"Customer": {"Id": "20", "SyncToken": "3", "DisplayName": "Amy"}, "time": "2026-11-02T01:00:00-08:00"}
EXPIRED = {"fault": {"error": [{"message": "errorCode=003200", "code": "3200"}], "type": "AUTHENTICATION"}}
GRANT = {"access_token": "access-new", "refresh_token": "refresh-new", "expires_in": 3600}


def fault(code: str) -> dict[str, object]:
    return {"Fault": {"Error": [{"Message": "No", "Detail": "No", "code": code}], "type": "ValidationFault"}}


@pytest.fixture
def office() -> Office:
    return Office()


def month_of(office: Office) -> int:
    return office.ledger.limits.metered("2026-11")


def test_a_read_names_the_version_and_carries_the_token(office: Office) -> None:
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20").respond(json=CUSTOMER)
        body = office.ledger.client.read("customer/20")
    request = route.calls.last.request
    assert b'"DisplayName"' in body
    assert request.url.params["minorversion"] == "75"
    assert request.headers["authorization"] == "Bearer access-first"
    assert request.headers["accept"] == "application/json"


def test_a_query_goes_as_text_so_that_no_sign_can_break_it(office: Office) -> None:
    statement = "SELECT * FROM Vendor WHERE DisplayName = 'Robertson & Söhne + Co'"
    with respx.mock:
        route = respx.post(f"{COMPANY}/query").respond(json={"QueryResponse": {}})
        office.ledger.client.select(statement)
    request = route.calls.last.request
    assert request.content.decode() == statement
    assert request.headers["content-type"] == "application/text"


def test_the_vendors_objects_work_over_our_http(office: Office) -> None:
    with respx.mock:
        respx.get(f"{COMPANY}/customer/20").respond(json=CUSTOMER)
        found = VendorCustomer.get(20, qb=VendorClient(office.ledger.client))
    assert (found.Id, found.DisplayName) == ("20", "Amy")


def test_the_vendors_errors_never_leave(office: Office) -> None:
    with respx.mock:
        respx.get(f"{COMPANY}/customer/20").respond(400, json=fault("610"))
        with pytest.raises(LedgerRejected) as raised:
            VendorCustomer.get(20, qb=VendorClient(office.ledger.client))
    assert raised.value.code == "610"
    assert not isinstance(raised.value, QuickbooksException)


def test_clients_of_two_companies_share_nothing(office: Office) -> None:
    one, other = VendorClient(office.ledger.client), VendorClient(Office().ledger.client)
    other.company_id = "999"
    assert one.company_id == office.ledger.client.realm
    assert VendorClient.company_id == 0


def test_an_expired_token_is_renewed_once_and_the_call_repeated(office: Office) -> None:
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20")
        route.side_effect = [httpx.Response(401, json=EXPIRED), httpx.Response(200, json=CUSTOMER)]
        respx.post(f"{SIGN_IN}/tokens").respond(json=GRANT)
        office.ledger.client.read("customer/20")
    assert [call.request.headers["authorization"] for call in route.calls] == [
        "Bearer access-first",
        "Bearer access-new",
    ]


def test_a_token_refused_twice_means_reconnect(office: Office) -> None:
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20").respond(401, json=EXPIRED)
        respx.post(f"{SIGN_IN}/tokens").respond(json=GRANT)
        with pytest.raises(LedgerAuthExpired, match="Connect the company again"):
            office.ledger.client.read("customer/20")
    assert route.call_count == 2


def test_a_withdrawn_connection_is_not_refreshed(office: Office) -> None:
    with respx.mock:
        respx.get(f"{COMPANY}/customer/20").respond(403, json=fault("3100"))
        with pytest.raises(LedgerAuthExpired):
            office.ledger.client.read("customer/20")


@pytest.mark.parametrize(
    "first", [httpx.ReadTimeout("slow"), httpx.ConnectError("down"), httpx.Response(502, html="<html>Bad Gateway")]
)
def test_a_read_is_repeated_until_it_is_answered(office: Office, first: httpx.Response | Exception) -> None:
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20")
        route.side_effect = [first, httpx.Response(200, json=CUSTOMER)]
        office.ledger.client.read("customer/20")
    assert route.call_count == 2


def test_a_write_without_a_requestid_is_never_repeated(office: Office) -> None:
    with respx.mock:
        route = respx.post(f"{COMPANY}/customer").mock(side_effect=httpx.ReadTimeout)
        with pytest.raises(LedgerUnavailable) as raised:
            VendorClient(office.ledger.client).create_object("Customer", '{"DisplayName":"Amy"}')
    assert route.call_count == 1
    assert raised.value.sent


def test_a_write_with_a_requestid_is_repeated_as_the_same_bytes(office: Office) -> None:
    with respx.mock:
        route = respx.post(f"{COMPANY}/batch")
        route.side_effect = [httpx.ReadTimeout, httpx.Response(200, json={"BatchItemResponse": []})]
        office.ledger.client.write("batch", b'{"exact": "bytes"}', request_id="abc")
    assert [(call.request.content, call.request.url.params["requestid"]) for call in route.calls] == [
        (b'{"exact": "bytes"}', "abc")
    ] * 2


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7.0), ({}, 60.0)])
def test_a_throttled_call_waits_as_told_or_a_minute(office: Office, headers: dict[str, str], wait: float) -> None:
    xml = (
        '<IntuitResponse><Fault type="SERVICE"><Error code="3001"><Message>x</Message></Error></Fault></IntuitResponse>'
    )
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20")
        route.side_effect = [httpx.Response(429, text=xml, headers=headers), httpx.Response(200, json=CUSTOMER)]
        office.ledger.client.read("customer/20")
    assert office.clock.waits == [wait]


def test_the_minute_is_spread_so_that_waiters_do_not_return_together() -> None:
    office = Office(chance=0.5)
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20")
        route.side_effect = [httpx.Response(429), httpx.Response(200, json=CUSTOMER)]
        office.ledger.client.read("customer/20")
    assert office.clock.waits == [65.0]


def test_only_successful_reads_are_metered(office: Office) -> None:
    with respx.mock:
        route = respx.get(f"{COMPANY}/customer/20")
        route.side_effect = [
            httpx.Response(503),
            httpx.Response(200, json=CUSTOMER),
            httpx.Response(400, json=fault("610")),
        ]
        respx.post(f"{COMPANY}/batch").respond(json={"BatchItemResponse": []})
        office.ledger.client.read("customer/20")
        with pytest.raises(LedgerRejected):
            office.ledger.client.read("customer/20")
        office.ledger.client.write("batch", b"{}", request_id="abc")
    assert month_of(office) == 1


def test_an_empty_quota_stops_reads_without_a_call_and_lets_notes_through(office: Office) -> None:
    office = Office(monthly_budget=0)
    with respx.mock:
        read = respx.get(f"{COMPANY}/customer/20")
        read.side_effect = [httpx.Response(200, json=CUSTOMER), httpx.Response(429)]
        batch = respx.post(f"{COMPANY}/batch").respond(json={"BatchItemResponse": []})
        office.ledger.client.read("customer/20")
        with pytest.raises(LedgerOutOfQuota) as raised:
            office.ledger.client.read("customer/20")
        with pytest.raises(LedgerOutOfQuota):
            office.ledger.client.read("customer/20")
        office.ledger.client.write("batch", b"{}", request_id="abc")
    assert (read.call_count, batch.call_count) == (2, 1)
    assert raised.value.until - office.clock.now() <= timedelta(hours=1)


def test_calls_keep_below_eight_a_second(office: Office) -> None:
    with respx.mock:
        respx.get(f"{COMPANY}/customer/20").respond(json=CUSTOMER)
        for _ in range(20):
            office.ledger.client.read("customer/20")
    assert sum(office.clock.waits) == pytest.approx(2.0)


def test_no_place_stays_taken_after_a_failure(office: Office) -> None:
    with respx.mock:
        respx.post(f"{COMPANY}/customer").mock(side_effect=httpx.ReadTimeout)
        for _ in range(15):
            with pytest.raises(LedgerUnavailable):
                VendorClient(office.ledger.client).create_object("Customer", "{}")
    assert office.clock.waits == [1.0]


def test_every_call_is_logged_with_its_tid_and_nothing_secret(office: Office) -> None:
    with respx.mock, capture_logs() as logs:
        respx.get(f"{COMPANY}/customer/20").respond(json=CUSTOMER, headers={"Intuit-Tid": "1-5f73"})
        office.ledger.client.read("customer/20", {"include": "secretly"})
    assert [line["tid"] for line in logs] == ["1-5f73"]
    assert not any(word in str(logs) for word in ("access-first", "Amy", "secretly"))


def test_an_answer_that_is_no_json_is_trouble_and_not_an_empty_book(office: Office) -> None:
    with respx.mock:
        respx.post(f"{COMPANY}/query").respond(200, html="<html>Maintenance</html>")
        with pytest.raises(LedgerError):
            list(office.ledger.changes(None))


def test_a_recorded_pdf_comes_through_the_vendors_door(office: Office) -> None:
    recorded = recording("get_pdf/invoice")[0]["response"]["body"]["string"]
    with respx.mock:
        respx.get(f"{COMPANY}/invoice/130/pdf").respond(
            content=recorded.encode(), headers={"content-type": "application/pdf"}
        )
        assert VendorClient(office.ledger.client).download_pdf("Invoice", 130) == recorded.encode()
