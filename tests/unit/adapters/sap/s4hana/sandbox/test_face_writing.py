"""S/4HANA's face, written to: tokens, texts, dunning records, $batch with changesets; and faults on a real port."""

import json

import httpx
import pytest

from adapters.sandbox.faults import Rule, Timing
from adapters.sap.s4hana.sandbox import S4HanaFault, serve_s4hana
from adapters.sap.s4hana.sandbox.app import ROOT
from adapters.sap.s4hana.sandbox.sets import PARTNERS
from tests.unit.adapters.sap.s4hana.sandbox.caller import ITEMS, JSON, TEXTS, Caller

KEY = {"Customer": "0000000001", "CompanyCode": "1710", "Language": "EN", "LongTextID": "0001"}
AT = f"{TEXTS}(Customer='1',CompanyCode='1710',Language='EN',LongTextID='0001')"


def body(**fields: str) -> bytes:
    return json.dumps(fields).encode()


def test_a_change_needs_the_token_of_its_session(caller: Caller) -> None:
    for headers in (JSON, {**caller.token(), "cookie": ""}, {**caller.token(), "x-csrf-token": "stolen"}):
        answer = caller.call("POST", TEXTS, headers, body(**KEY, LongText="Hello"))
        assert answer.status == 403
        assert ("X-CSRF-Token", "Required") in answer.headers
    assert caller.call("POST", TEXTS, caller.token(), body(**KEY, LongText="Hello")).status == 201


def test_a_token_lives_as_long_as_its_session(caller: Caller) -> None:
    token = caller.token()
    caller.clock.later(minutes=29)
    assert caller.call("POST", TEXTS, token, body(**KEY, LongText="Hello")).status == 201
    caller.clock.later(minutes=2)
    assert caller.call("PATCH", AT, token, body(LongText="Bye")).status == 403
    assert caller.call("PATCH", AT, caller.token(), body(LongText="Bye")).status == 204


def test_a_text_is_made_changed_and_read(caller: Caller) -> None:
    token = caller.token()
    assert caller.call("GET", AT).status == 404
    assert caller.call("PATCH", AT, token, body(LongText="Too soon")).status == 404
    assert caller.call("POST", TEXTS, token, body(**KEY, LongText="One")).status == 201
    assert caller.call("POST", TEXTS, token, body(**KEY, LongText="Again")).status == 400
    assert caller.call("PATCH", AT, token, body(LongText="Two\n\nlines")).status == 204
    assert caller.told(AT)["LongText"] == "Two\n\nlines"


@pytest.mark.parametrize(
    "fields", [{**KEY, "Customer": "99"}, {**KEY, "CompanyCode": "1010"}, {**KEY, "Nonsense": "1"}]
)
def test_a_text_in_no_place_is_refused(caller: Caller, fields: dict[str, str]) -> None:
    answer = caller.call("POST", TEXTS, caller.token(), body(**fields, LongText="Hello"))
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["message"]["lang"] == "en"


def test_what_is_no_json_is_refused(caller: Caller) -> None:
    assert caller.call("POST", TEXTS, caller.token(), b"<xml/>").status == 400


def test_journal_entries_are_only_read(caller: Caller) -> None:
    assert caller.call("POST", ITEMS, caller.token(), b"{}").status == 405
    assert caller.call("DELETE", AT, caller.token()).status == 405


def test_our_entries_are_notes_of_the_books_one_each_and_oldest_first(caller: Caller) -> None:
    token = caller.token()
    caller.call("POST", TEXTS, token, body(**KEY, LongText="By hand.\n\nFirst\nthing\n2026-11-02 [duecourse:a]"))
    longer = "Second\n2026-11-03 [duecourse:b]\n\nBy hand.\n\nFirst\nthing\n2026-11-02 [duecourse:a]"
    caller.call("PATCH", AT, token, body(LongText=longer))
    caller.call("PATCH", AT, token, body(LongText=longer + "\nMore by hand."))
    assert [(note.text.splitlines()[0], note.links) for note in caller.books.notes()] == [
        ("By hand.", (("customer", "1"),)),
        ("Second", (("customer", "1"),)),
    ]


def test_a_dunning_block_is_set_and_cleared(caller: Caller) -> None:
    at = f"{PARTNERS}/A_CustomerDunning(Customer='1',CompanyCode='1710',DunningArea='')"
    for block in ("A", ""):
        assert caller.call("PATCH", at, caller.token(), body(DunningBlock=block)).status == 204
        assert caller.told(at)["DunningBlock"] == block
    assert (
        caller.call("PATCH", at.replace("Area=''", "Area='02'"), caller.token(), body(DunningBlock="A")).status == 404
    )
    area = {"Customer": "1", "CompanyCode": "1710", "DunningArea": "02"}
    assert caller.call("POST", f"{PARTNERS}/A_CustomerDunning", caller.token(), body(**area)).status == 201


def batch(*parts: str, changeset: tuple[str, ...] = ()) -> bytes:
    out = "".join(f"--b\r\nContent-Type: application/http\r\n\r\n{each}\r\n" for each in parts)
    if changeset:
        out += "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        for number, each in enumerate(changeset, 1):
            out += f"--c\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n{each}\r\n"
        out += "--c--\r\n"
    return (out + "--b--\r\n").encode()


def posting(text_id: str, customer: str = "1") -> str:
    told = body(**{**KEY, "LongTextID": text_id, "Customer": customer}, LongText="x").decode()
    return f"POST A_CustomerCompanyText HTTP/1.1\r\nContent-Length: {len(told)}\r\n\r\n{told}"


def test_a_batch_answers_part_by_part(caller: Caller) -> None:
    headers = {**caller.token(), "content-type": "multipart/mixed; boundary=b"}
    asked = batch(
        "GET A_Customer?$filter=Customer%20eq%20'1'&$select=CustomerName HTTP/1.1\r\nAccept: application/json\r\n",
        "GET A_Nothing HTTP/1.1\r\n",
        changeset=(posting("0001"), posting("0002")),
    )
    answer = caller.call("POST", f"{PARTNERS}/$batch", headers, asked)
    assert (answer.status, answer.content_type.partition(";")[0]) == (202, "multipart/mixed")
    statuses = [line.split()[1] for line in answer.body.decode().splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == ["200", "404", "201", "201"]
    assert b"content-id: 2" in answer.body
    assert len(caller.rows(TEXTS)) == 2


def test_a_changeset_is_done_whole_or_not_at_all(caller: Caller) -> None:
    headers = {**caller.token(), "content-type": "multipart/mixed; boundary=b"}
    asked = batch(changeset=(posting("0001"), posting("0002", customer="99")))
    answer = caller.call("POST", f"{PARTNERS}/$batch", headers, asked)
    assert answer.body.count(b"HTTP/1.1") == 1
    assert b"HTTP/1.1 400" in answer.body
    assert caller.rows(TEXTS) == []


def test_what_is_no_batch_is_refused(caller: Caller) -> None:
    headers = {**caller.token(), "content-type": "application/json"}
    assert caller.call("POST", f"{PARTNERS}/$batch", headers, b"{}").status == 400
    headers["content-type"] = "multipart/mixed; boundary=b"
    assert caller.call("POST", f"{PARTNERS}/$batch", headers, batch("what is this")).status == 400


def test_a_port_and_its_faults(caller: Caller) -> None:
    rules = [
        Rule(fault=S4HanaFault.BUSY, count=1, options={"retry_after": "30"}),
        Rule(fault=S4HanaFault.HTML, count=1),
        Rule(fault=S4HanaFault.FORBIDDEN, count=1),
        Rule(fault=S4HanaFault.LOCKED, count=1),
        Rule(fault=S4HanaFault.FAULT, count=1, options={"status": "500", "code": "F5/263"}),
        Rule(fault=Timing.CUT_AFTER, count=1),
    ]
    with serve_s4hana(caller.books, faults=rules) as served, httpx.Client(base_url=served.url, headers=JSON) as client:
        told = [client.get(ROOT + ITEMS) for _ in range(5)]
        assert [each.status_code for each in told] == [503, 502, 403, 423, 500]
        assert told[0].headers["retry-after"] == "30"
        assert told[4].json()["error"]["code"] == "F5/263"
        with pytest.raises(httpx.TransportError):
            client.get(ROOT + ITEMS)
        assert len(client.get(ROOT + ITEMS).json()["d"]["results"]) == 6
        assert [call.fault for call in served.calls][-1] == ""


def test_sessions_that_end_while_the_call_goes_on(caller: Caller) -> None:
    with serve_s4hana(caller.books) as served, httpx.Client(base_url=served.url, headers=JSON) as client:
        token = client.get(f"{ROOT}{PARTNERS}/", headers={"x-csrf-token": "Fetch"}).headers["x-csrf-token"]
        served.faults.add(Rule(fault=S4HanaFault.CSRF, method="POST", count=1))
        asked = {"url": ROOT + TEXTS, "json": {**KEY, "LongText": "x"}, "headers": {"x-csrf-token": token}}
        assert client.post(**asked).headers["x-csrf-token"] == "Required"  # type: ignore[arg-type]
