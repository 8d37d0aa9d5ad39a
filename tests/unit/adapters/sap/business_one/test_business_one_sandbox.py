"""The sandbox behaves as the Service Layer does, on a port and off it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapters.sandbox.books import Books
from adapters.sandbox.faults import Rule, Timing
from adapters.sap.business_one.sandbox import (
    BusinessOneFault,
    BusinessOneSandbox,
    SandboxSettings,
    ServedBusinessOne,
    serve_business_one,
)
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.ledgers import Clock
from tests.contract.lively import TODAY, bill, customer

LOGIN = {"CompanyDB": "SBODEMO", "UserName": "manager", "Password": "secret"}


@pytest.fixture
def served() -> Iterator[ServedBusinessOne]:
    clock = Clock()
    books = Books(now=clock.now, multicurrency=True)
    owner = books.add_customer("Amy's Bird Sanctuary", emails="amy@example.com")
    for at in range(25):
        books.bill(owner, Decimal(10 + at), issue_date=TODAY, due_date=TODAY)
    with serve_business_one(books) as sandbox:
        yield sandbox
    books.close()


@pytest.fixture
def web(served: ServedBusinessOne) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url) as client:
        answer = client.post("/b1s/v2/Login", json=LOGIN)
        client.headers["Cookie"] = f"B1SESSION={answer.json()['SessionId']}"
        yield client


def test_a_login_gives_two_cookies_of_which_one_has_no_path(served: ServedBusinessOne) -> None:
    answer = httpx.post(f"{served.url}/b1s/v2/Login", json=LOGIN)
    session, node = answer.headers.get_list("set-cookie")
    assert session == f"B1SESSION={answer.json()['SessionId']};HttpOnly;"
    assert node == "ROUTEID=.node1; path=/b1s"
    assert answer.json()["SessionTimeout"] == 30


@pytest.mark.parametrize(("dialect", "code"), [("v1", 301), ("v2", "301")])
def test_without_a_session_every_call_is_refused_in_the_dialects_shape(
    served: ServedBusinessOne, dialect: str, code: object
) -> None:
    answer = httpx.get(f"{served.url}/b1s/{dialect}/Invoices")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


def test_a_wrong_password_opens_nothing(served: ServedBusinessOne) -> None:
    assert httpx.post(f"{served.url}/b1s/v2/Login", json={**LOGIN, "Password": "x"}).status_code == 401


@pytest.mark.parametrize(
    ("dialect", "key", "link"),
    [("v1", "odata.nextLink", "/b1s/v1/Invoices?$skip=20"), ("v2", "@odata.nextLink", "Invoices?$skip=20")],
)
def test_a_page_has_twenty_rows_and_a_link_without_the_filter(
    web: httpx.Client, dialect: str, key: str, link: str
) -> None:
    told = web.get(f"/b1s/{dialect}/Invoices", params={"$filter": "DocEntry gt 1"}).json()
    assert len(told["value"]) == 20
    assert told[key] == link


@pytest.mark.parametrize(
    ("headers", "size"),
    [({"Prefer": "odata.maxpagesize=7"}, 7), ({"B1S-PageSize": "9"}, 9), ({"Prefer": "odata.maxpagesize=0"}, 25)],
)
def test_pages_are_as_large_as_asked_for(web: httpx.Client, headers: dict[str, str], size: int) -> None:
    assert len(web.get("/b1s/v2/Invoices", headers=headers).json()["value"]) == size


def test_json_has_blanks_and_floats(web: httpx.Client) -> None:
    text = web.get("/b1s/v2/Invoices", params={"$top": "1"}).text
    assert '"PaidToDate" : 0.0' in text
    assert '"DocumentStatus" : "bost_Open"' in text
    assert '"Cancelled" : "tNO"' in text


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ("DocumentStatus eq 'bost_Open' and Cancelled eq 'tNO'", 25),
        ("DocTotal gt 30.5", 4),
        ("DocEntry eq 3 or DocEntry eq 4 or (DocEntry eq 5 and DocTotal lt 0)", 2),
        ("not (DocEntry gt 3)", 3),
        ("DocDate ge '2026-11-02' and DocDueDate le '2026-11-02T00:00:00Z'", 25),
        ("contains(CardCode,'1') and startswith(CardCode,'1')", 25),
        ("substringof('9',CardCode)", 0),
        ("Comments eq null", 25),
        ("U_Whatever eq 'x'", 0),
    ],
)
def test_filters_are_understood(web: httpx.Client, filter_: str, count: int) -> None:
    assert int(web.get("/b1s/v2/Invoices/$count", params={"$filter": filter_}).text) == count


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "Nonsense eq 1"},
        {"$filter": "DocEntry eq"},
        {"$filter": "DocEntry is 1"},
        {"$filter": "(DocEntry eq 1"},
        {"$filter": "DocEntry eq 'one'"},
        {"$filter": "DocumentStatus eq bost_Open"},
        {"$filter": "DocEntry eq 1 1"},
        {"$filter": "#"},
        {"$select": "DocEntry,Nonsense"},
        {"$orderby": "Nonsense"},
        {"$top": "many"},
    ],
)
def test_queries_that_cannot_be_read_are_refused(web: httpx.Client, query: dict[str, str]) -> None:
    answer = web.get("/b1s/v2/Invoices", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "-1000")


def test_select_order_top_and_skip(web: httpx.Client) -> None:
    query = {"$select": "DocEntry", "$orderby": "DocTotal desc", "$top": "2", "$skip": "1", "$count": "true"}
    told = web.get("/b1s/v2/Invoices", params=query).json()
    assert [row["DocEntry"] for row in told["value"]] == [24, 23]
    assert told["@odata.count"] == 25
    assert {name for row in told["value"] for name in row} == {"@odata.etag", "DocEntry"}


def test_a_stale_etag_is_refused_and_without_one_the_change_is_made(web: httpx.Client) -> None:
    mark = web.get("/b1s/v2/Invoices(1)").headers["ETag"]
    assert web.patch("/b1s/v2/Invoices(1)", json={"BlockDunning": "tYES"}).status_code == 204
    stale = web.patch("/b1s/v2/Invoices(1)", json={"BlockDunning": "tNO"}, headers={"If-Match": mark})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "-2039")
    assert web.patch("/b1s/v2/Invoices(1)", json={"DocTotal": 1}).status_code == 400


@pytest.mark.parametrize("path", ["Invoices(999)", "Activities(1)", "BusinessPartners('X')", "JournalEntries(9)"])
def test_what_is_not_there_is_not_found(web: httpx.Client, path: str) -> None:
    answer = web.get(f"/b1s/v2/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "-2028")


def test_activities_are_made_changed_and_read(web: httpx.Client) -> None:
    given = {"CardCode": "1", "Notes": "Hello", "DocType": "13", "DocEntry": "1"}
    made = web.post("/b1s/v2/Activities", json=given)
    code = made.json()["ActivityCode"]
    assert (made.status_code, made.headers["Location"]) == (201, f"/b1s/v2/Activities({code})")
    assert web.patch(f"/b1s/v2/Activities({code})", json={"Closed": "tYES"}).status_code == 204
    assert web.get(f"/b1s/v2/Activities({code})").json()["Closed"] == "tYES"
    assert web.post("/b1s/v2/Activities", json={"CardCode": "1", "Details": "x" * 101}).status_code == 400
    assert web.patch(f"/b1s/v2/Activities({code})", json={"Closed": True}).status_code == 400


def batch(*parts: bytes) -> tuple[dict[str, str], bytes]:
    body = b"".join(b"--b\r\n" + part for part in parts) + b"--b--\r\n"
    return {"Content-Type": "multipart/mixed; boundary=b"}, body


def changeset(*posts: dict[str, Any], content_id: bool = True) -> bytes:
    out = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n"
    for at, given in enumerate(posts, 1):
        head = b"Content-Type: application/http\r\n" + (b"Content-ID: %d\r\n" % at if content_id else b"")
        text = httpx.Request("POST", "http://x", json=given).content
        out += b"--c\r\n" + head + b"\r\nPOST /b1s/v2/Activities HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        out += text + b"\r\n"
    return out + b"--c--\r\n"


READ = b"Content-Type: application/http\r\n\r\nGET /b1s/v2/Invoices(%d)?$select=DocEntry HTTP/1.1\r\n\r\n\r\n"


def test_a_batch_stops_at_the_first_part_that_fails(web: httpx.Client) -> None:
    headers, body = batch(READ % 1, READ % 999, READ % 2)
    answer = web.post("/b1s/v2/$batch", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.text.count("HTTP/1.1 200 OK") == 1
    assert answer.text.count("HTTP/1.1 404") == 1


def test_a_changeset_that_fails_is_taken_back_whole_and_answers_once(
    web: httpx.Client, served: ServedBusinessOne
) -> None:
    headers, body = batch(changeset({"CardCode": "1", "Notes": "one"}, {"CardCode": "none"}))
    answer = web.post("/b1s/v2/$batch", content=body, headers=headers)
    assert answer.text.count("HTTP/1.1 400") == 1
    assert served.face.books.notes() == []
    headers, body = batch(changeset({"CardCode": "1", "Notes": "one"}, {"CardCode": "1", "Notes": "two"}))
    assert web.post("/b1s/v1/$batch", content=body, headers=headers).status_code == 202
    assert len(served.face.books.notes()) == 2


def test_a_changeset_needs_content_ids_and_a_batch_its_parts(web: httpx.Client) -> None:
    headers, body = batch(changeset({"CardCode": "1"}, content_id=False))
    assert "Content-ID is missing" in web.post("/b1s/v2/$batch", content=body, headers=headers).text
    malformed = web.post("/b1s/v2/$batch", content=b"nothing", headers={"Content-Type": "text/plain"})
    assert malformed.json()["error"]["code"] == "-1000"


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        (Rule(fault=BusinessOneFault.EXPIRED, count=1), 401),
        (Rule(fault=BusinessOneFault.FAULT, count=1, options={"code": "-5002", "status": "400"}), 400),
        (Rule(fault=BusinessOneFault.HTML, count=1), 503),
        (Rule(fault=BusinessOneFault.EMPTY, count=1, options={"status": "500"}), 500),
    ],
)
def test_faults_strike_on_request(web: httpx.Client, served: ServedBusinessOne, rule: Rule, status: int) -> None:
    served.faults.add(rule)
    assert web.get("/b1s/v2/Invoices").status_code == status


def test_an_answer_can_be_lost_on_the_way(web: httpx.Client, served: ServedBusinessOne) -> None:
    served.faults.add(Rule(fault=Timing.CUT_AFTER, method="POST", path="Activities", count=1))
    with pytest.raises(httpx.RemoteProtocolError):
        web.post("/b1s/v2/Activities", json={"CardCode": "1", "Notes": "Hello"})
    assert len(served.face.books.notes()) == 1


@pytest.mark.parametrize("path", ["/", "/b1s/v3/Invoices", "/b1s/v2/Orders", "/b1s/v2/Invoices(1)/Close"])
def test_other_paths_are_none_of_its_own(web: httpx.Client, path: str) -> None:
    assert web.post(path, json={}).status_code == 404


def test_a_cancelled_payment_keeps_its_amount_and_what_it_paid(here: BusinessOneConnection) -> None:
    owner = customer(here)
    invoice = bill(here, owner)
    payment = here.books.pay(owner, Decimal(4), on=TODAY, apply={invoice: Decimal(4)})
    here.books.return_payment(payment)
    row = here.face._lists["IncomingPayments"].one(payment, "v1")
    assert (row["Cancelled"], row["TransferSum"], row["PaymentInvoices"][0]["SumApplied"]) == ("tYES", 4.0, 4.0)


def test_a_sandbox_of_another_company(here: BusinessOneConnection) -> None:
    face = BusinessOneSandbox(here.books, settings=SandboxSettings(company="OTHER", etags=False))
    assert face.answer("POST", "/b1s/v2/Login", {}, {}, b'{"CompanyDB": "SBODEMO"}').status == 401
    assert face.answer("POST", "/b1s/v2/Login", {}, {}, b"[]").status == 400
    assert face.answer("POST", "/b1s/v2/Login", {}, {}, b"nothing").status == 400
