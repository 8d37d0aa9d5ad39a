from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.quickbooks.sandbox import SandboxSettings
from tests.unit.adapters.quickbooks.sandbox.face import DAY, START, Face, Value

D = Decimal
ALL = "Customer,Invoice,Payment,CreditMemo,JournalEntry,Term"


def changed(face: Face, since: str, entities: str = ALL) -> list[dict[str, Value]]:
    (answer,) = face.get("cdc", entities=entities, changedSince=since)["CDCResponse"]
    found: list[dict[str, Value]] = answer["QueryResponse"]
    return found


def since(face: Face, **ago: float) -> str:
    return (face.clock() - timedelta(**ago)).isoformat()


def test_each_entity_has_its_place_and_an_unchanged_one_is_empty(face: Face) -> None:
    customer = face.customer()
    face.clock.move(hours=1)
    ident = face.invoice(customer)
    customers, invoices, *others = changed(face, since(face, minutes=1))
    assert [each["Id"] for each in customers["Customer"]] == [customer]
    assert [each["Id"] for each in invoices["Invoice"]] == [ident]
    assert (invoices["startPosition"], invoices["maxResults"], invoices["totalCount"]) == (1, 1, 1)
    assert others == [{}, {}, {}, {}]


def test_a_deleted_object_is_a_stub_without_token_or_amounts(face: Face) -> None:
    ident = face.invoice(face.customer())
    face.clock.move(hours=1)
    face.books.delete("invoice", ident)
    (invoices,) = changed(face, since(face, minutes=1), "Invoice")
    assert invoices["Invoice"] == [
        {
            "domain": "QBO",
            "status": "Deleted",
            "Id": ident,
            "MetaData": {"LastUpdatedTime": "2026-03-02T10:00:00-08:00"},
        }
    ]


def test_a_payment_shows_the_invoice_too(face: Face) -> None:
    customer = face.customer()
    ident = face.invoice(customer)
    face.clock.move(hours=1)
    face.books.pay(customer, D(10), on=DAY, apply={ident: D(10)})
    _, invoices, payments, *_ = changed(face, since(face, minutes=1))
    assert invoices["Invoice"][0]["Balance"] == 90
    assert payments["Payment"][0]["TotalAmt"] == 10


def test_a_change_in_the_very_second_of_the_cursor_is_told(face: Face) -> None:
    face.customer()
    (customers,) = changed(face, START.isoformat(), "Customer")
    assert len(customers["Customer"]) == 1


def test_more_than_a_thousand_objects_are_silently_cut(face: Face) -> None:
    customer = face.customer()
    for _ in range(1005):
        face.invoice(customer)
    answers = changed(face, since(face, hours=1), "Customer,Invoice,Term")
    assert [len(next(iter(each.values()), [])) for each in answers] == [1, 999, 0]


def test_the_look_back_ends_after_thirty_days(face: Face) -> None:
    assert changed(face, since(face, days=30), "Invoice") == [{}]
    assert face.refusal("GET", "cdc", entities="Invoice", changedSince=since(face, days=30, seconds=1)) == "2080"


def test_attachables_are_not_in_change_data_capture(face: Face) -> None:
    assert face.refusal("GET", "cdc", entities="Attachable", changedSince=since(face, days=1)) == "4001"
    assert face.refusal("GET", "cdc", entities="Starship", changedSince=since(face, days=1)) == "500"
    assert face.refusal("GET", "cdc", entities="Invoice", changedSince="lately") == "2080"


@pytest.fixture
def lagging() -> Iterator[Face]:
    made = Face(SandboxSettings(open_door=True, visible_after=timedelta(seconds=30)))
    yield made
    made.books.close()


def test_a_row_becomes_visible_thirty_seconds_after_its_own_time(lagging: Face) -> None:
    ident = lagging.invoice(lagging.customer())
    lagging.clock.move(seconds=29)
    assert lagging.ids("select * from Invoice") == []
    assert lagging.read("invoice", ident)["Id"] == ident
    lagging.clock.move(seconds=1)
    (found,) = lagging.query("select * from Invoice")["Invoice"]
    assert found["MetaData"]["LastUpdatedTime"] == "2026-03-02T09:00:00-08:00"


def test_an_old_version_is_shown_until_the_new_one_is_visible(lagging: Face) -> None:
    customer = lagging.customer()
    ident = lagging.invoice(customer)
    lagging.clock.move(minutes=1)
    assert lagging.query("select * from Invoice")["Invoice"][0]["Balance"] == 100
    lagging.books.pay(customer, D(100), on=DAY, apply={ident: D(100)})
    assert lagging.ids("select * from Invoice where Balance > '0'") == [ident]
    assert changed(lagging, since(lagging, seconds=10), "Invoice") == [{}]
    lagging.clock.move(seconds=30)
    assert lagging.ids("select * from Invoice where Balance > '0'") == []
    assert len(changed(lagging, since(lagging, seconds=35), "Invoice")[0]["Invoice"]) == 1


def billing(face: Face, customer: str, amount: int = 100) -> dict[str, Value]:
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    return {"CustomerRef": {"value": customer}, "Line": [line]}


def test_a_request_id_is_answered_once_more_and_acted_on_once(face: Face) -> None:
    customer = face.customer()
    first = face.post("invoice", billing(face, customer), requestid="r1")
    assert face.post("invoice", billing(face, customer), requestid="r1") == first
    assert face.post("invoice", billing(face, customer), requestid="r2") != first
    assert face.query("select count(*) from Invoice") == {"totalCount": 2}


def test_the_same_id_with_another_body_gets_the_first_answer(face: Face) -> None:
    customer = face.customer()
    first = face.post("invoice", billing(face, customer), requestid="r1")
    assert face.post("invoice", billing(face, customer, 7), requestid="r1") == first


def test_the_same_id_with_another_body_is_a_duplicate_where_the_settings_say_so() -> None:
    face = Face(SandboxSettings(open_door=True, same_id_other_body="code_600"))
    customer = face.customer()
    first = face.post("invoice", billing(face, customer), requestid="r1")
    assert face.post("invoice", billing(face, customer), requestid="r1") == first
    assert face.refusal("POST", "invoice", billing(face, customer, 7), requestid="r1") == "600"
    face.books.close()


def test_a_request_id_is_forgotten_after_its_time(face: Face) -> None:
    customer = face.customer()
    first = face.post("invoice", billing(face, customer), requestid="r1")
    face.clock.move(hours=24, seconds=1)
    assert face.post("invoice", billing(face, customer), requestid="r1") != first


def test_a_refused_request_is_not_remembered(face: Face) -> None:
    body = billing(face, "1")
    assert face.refusal("POST", "invoice", body, requestid="r1") == "6250"
    face.customer()
    assert face.post("invoice", body, requestid="r1")["Invoice"]["TotalAmt"] == 100


def test_a_request_id_has_at_most_fifty_characters(face: Face) -> None:
    assert face.refusal("POST", "invoice", billing(face, face.customer()), requestid="r" * 51) == "2050"


def items(face: Face, *parts: dict[str, Value], **params: str) -> list[dict[str, Value]]:
    numbered = [{"bId": f"b{at}", **part} for at, part in enumerate(parts)]
    answers: list[dict[str, Value]] = face.post("batch", {"BatchItemRequest": numbered}, **params)["BatchItemResponse"]
    return answers


def test_a_batch_holds_writes_queries_and_faults_side_by_side(face: Face) -> None:
    customer = face.customer()
    ident, other = face.invoice(customer), face.invoice(customer)
    answers = items(
        face,
        {"operation": "create", "Customer": {"DisplayName": "New"}},
        {"operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
        {"operation": "update", "Invoice": {"Id": ident, "SyncToken": "9", "sparse": True, "PrivateNote": "x"}},
        {"operation": "update", "optionsData": "void", "Invoice": {"Id": ident, "SyncToken": "0"}},
        {"operation": "delete", "Invoice": {"Id": other, "SyncToken": "0"}},
        {"Query": "select * from Invoice"},
        {"Query": "select * from Invoice where Balance != '0'"},
        {"operation": "explode", "Invoice": {}},
    )
    assert [each["bId"] for each in answers] == [f"b{at}" for at in range(8)]
    assert answers[0]["Customer"]["DisplayName"] == "New"
    codes = {at: answers[at]["Fault"]["Error"][0]["code"] for at in (1, 2, 6, 7)}
    assert codes == {1: "610", 2: "5010", 6: "4000", 7: "2080"}
    assert answers[3]["Invoice"]["TotalAmt"] == 0
    assert answers[4]["Invoice"]["status"] == "Deleted"
    assert [each["Id"] for each in answers[5]["QueryResponse"]["Invoice"]] == [ident]


def test_a_batch_holds_thirty_items(face: Face) -> None:
    parts = [{"Query": "select count(*) from Invoice"}] * 30
    assert len(items(face, *parts)) == 30
    assert face.refusal("POST", "batch", {"BatchItemRequest": [*parts, parts[0]]}) == "1040"


def test_a_batch_is_replayed_as_a_whole(face: Face) -> None:
    part = {"operation": "create", "Attachable": {"Note": "once"}}
    first = items(face, part, requestid="batch-1")
    assert items(face, part, requestid="batch-1") == first
    assert [each.text for each in face.books.notes()] == ["once"]
