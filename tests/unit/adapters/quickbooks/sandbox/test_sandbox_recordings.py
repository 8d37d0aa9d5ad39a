"""The sandbox's answers beside recorded ones of the real service: the same keys, the same kinds of values."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from adapters.quickbooks.sandbox.wire import decode
from tests.unit.adapters.quickbooks.sandbox.face import DAY, Face, Value

RECORDED = Path(__file__).resolve().parents[6] / "shared" / "data" / "quickbooks-recorded"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not beside this checkout")
ADDRESSES = {"BillAddr", "ShipAddr"}  # nobody's address is known here
OTHER = {"DefaultTaxCodeRef", "GivenName", "FamilyName", "CompanyName"}  # only where somebody wrote them


def bodies(name: str) -> Iterator[Value]:
    """The recorded JSON bodies of one file."""
    for each in yaml.safe_load((RECORDED / name).read_text(encoding="utf-8"))["http_interactions"]:
        yield decode(each["response"]["body"]["string"].encode())


def kinds(value: Value) -> Value:
    """The shape of a value: what kind it is, and of objects which keys they have."""
    if isinstance(value, dict):
        return {key: kinds(each) for key, each in value.items()}
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return "number"
    return "list" if isinstance(value, list) else type(value).__name__


def assert_has(made: Value, recorded: Value) -> None:
    """Everything recorded is there, and of the same kind."""
    shape, wanted = kinds(made), kinds(recorded)
    assert {name: shape.get(name) for name in wanted} == wanted


def without(value: Value, names: set[str]) -> Value:
    return {key: each for key, each in value.items() if key not in names}


def test_a_customer_has_the_recorded_shape(face: Face) -> None:
    (recorded,) = bodies("get/id.yml")
    made = face.get(f"customer/{face.customer(phone='1')}")
    assert_has(made["Customer"], without(recorded["Customer"], ADDRESSES | OTHER))
    assert kinds(recorded["time"]) == kinds(made["time"])


def test_an_invoice_before_and_after_its_void_has_the_recorded_shape(face: Face) -> None:
    before, after = bodies("void/invoice.yml")
    ident = face.invoice(face.customer())
    made = face.read("invoice", ident)
    assert_has(made, without(before["Invoice"], ADDRESSES))
    voided = face.post("invoice", {"Id": ident, "SyncToken": "0"}, operation="void")["Invoice"]
    same = ("TotalAmt", "Balance", "LinkedTxn", "PrivateNote", "TxnTaxDetail")
    assert {name: voided[name] for name in same} == {name: after["Invoice"][name] for name in same}
    recorded_lines = [(each["Amount"], each["DetailType"]) for each in after["Invoice"]["Line"]]
    assert [(each["Amount"], each["DetailType"]) for each in voided["Line"]] == recorded_lines


def test_deleting_is_answered_as_recorded_and_moves_the_customers_time_alone(face: Face) -> None:
    *_, recorded = bodies("delete/invoice.yml")
    customer = face.customer()
    ident = face.invoice(customer)
    face.clock.move(hours=1)
    made = face.post("invoice", {"Id": ident, "SyncToken": "0"}, operation="delete")
    assert made["Invoice"] == {**recorded["Invoice"], "Id": ident}
    shown = face.read("customer", customer)
    assert (shown["SyncToken"], shown["MetaData"]["LastUpdatedTime"]) == ("0", "2026-03-02T10:00:00-08:00")


def test_an_expired_token_is_answered_as_recorded(face: Face) -> None:
    (recorded,) = bodies("error/401.yml")
    made = decode(face.app.unauthorized().body)
    assert kinds(made) == kinds(recorded)
    error, expected = made["fault"]["error"][0], recorded["fault"]["error"][0]
    assert (error["code"], error["message"]) == (expected["code"], expected["message"])


def test_faults_are_answered_as_recorded(face: Face) -> None:
    (recorded,) = bodies("error/validation.yml")
    face.customer("Taken")
    _, made = face.call("POST", "customer", {"DisplayName": "Taken"})
    assert made["Fault"] == recorded["Fault"]
    (recorded,) = bodies("error/400_json.yml")
    _, made = face.call("POST", "invoice", {"BadJson": True, "CustomerRef": {"value": "1"}})
    assert made["Fault"]["Error"][0]["Message"] == recorded["Fault"]["Error"][0]["Message"]
    assert made["Fault"]["Error"][0]["code"] == "2010"
    unsupported, invalid = bodies("error/500.yml")
    _, made = face.call("GET", "customer/1/5")
    assert made["Fault"]["Error"][0]["code"] == unsupported["Fault"]["Error"][0]["code"] == "500"
    _, made = face.call("GET", "customer/1.5")
    assert made["Fault"] == invalid["Fault"]


def test_a_batch_is_answered_as_recorded(face: Face) -> None:
    (recorded,) = bodies("batch/basic.yml")
    items = [
        {"bId": "bid1", "operation": "create", "Vendor": {"DisplayName": "Family Store"}},
        {"bId": "bid2", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
        {"bId": "bid3", "operation": "update", "Invoice": {"Id": face.invoice(face.customer()), "SyncToken": "7"}},
        {"bId": "bid4", "Query": "select * from SalesReceipt where TotalAmt > '300.00'"},
    ]
    made = face.post("batch", {"BatchItemRequest": items})["BatchItemResponse"]
    expected = recorded["BatchItemResponse"]
    assert [set(each) for each in made] == [set(each) for each in expected]
    assert_has(made[0]["Vendor"], expected[0]["Vendor"])
    for at in (1, 2):
        fault, wanted = (each[at]["Fault"]["Error"][0] for each in (made, expected))
        assert (fault["code"], fault["Message"]) == (wanted["code"], wanted["Message"])


def test_a_count_and_a_page_are_answered_as_recorded(face: Face) -> None:
    count, page = list(bodies("all/customers.yml"))[:2]
    face.customer()
    assert kinds(face.query("SELECT COUNT(*) FROM Customer")) == kinds(count["QueryResponse"])
    made = face.query("SELECT * FROM Customer MAXRESULTS 1000 STARTPOSITION 1")
    assert {"Customer", "startPosition", "maxResults"} <= set(page["QueryResponse"]) & set(made)


def test_changes_are_answered_as_recorded(face: Face) -> None:
    (recorded,) = bodies("cdc/basic.yml")
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    face.post("estimate", {"CustomerRef": {"value": face.customer()}, "Line": [line]})
    made = face.get("cdc", entities="estimate", changedSince=f"{DAY}T00:00:00Z")
    shapes = [each["CDCResponse"][0]["QueryResponse"][0] for each in (recorded, made)]
    assert set(shapes[0]) <= set(shapes[1])


@pytest.mark.parametrize("name", ["attachment/create_for_invoice.yml", "attachment/read_attachment.yml"])
def test_an_attachable_has_the_recorded_shape(face: Face, name: str) -> None:
    (recorded,) = bodies(name)
    expected = recorded.get("Attachable") or recorded["AttachableResponse"][0]["Attachable"]
    refs = [{"EntityRef": {"type": "Invoice", "value": face.invoice(face.customer())}}]
    body = {"FileName": "a.xml", "ContentType": "text/xml", "AttachableRef": refs}
    ident = face.app.operations.entities["attachable"].keep(body, {"Size": 3})  # type: ignore[attr-defined]
    made = face.read("attachable", ident)
    assert_has(made, expected)
    assert len(made["Id"]) == len(expected["Id"])


def test_an_attachment_on_nothing_is_refused_as_recorded(face: Face) -> None:
    (recorded,) = bodies("attachment/error_estimate.yml")
    wanted = recorded["AttachableResponse"][0]["Fault"]
    body = {"Note": "x", "AttachableRef": [{"EntityRef": {"type": "Estimate", "value": "75"}}]}
    _, made = face.call("POST", "attachable", body)
    assert {**wanted["Error"][0], "element": None} == {**made["Fault"]["Error"][0], "element": None}
