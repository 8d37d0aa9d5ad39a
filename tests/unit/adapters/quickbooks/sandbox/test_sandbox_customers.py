from decimal import Decimal

import pytest

from tests.unit.adapters.quickbooks.sandbox.face import DAY, Face

D = Decimal


def test_a_family_is_told_by_parent_level_full_name_and_both_balances(face: Face) -> None:
    parent = face.customer("Harbour")
    child = face.customer("Berth 4", parent=parent, bill_with_parent=True)
    face.invoice(child, "274.50")
    above, below = face.read("customer", parent), face.read("customer", child)
    assert (above["Balance"], above["BalanceWithJobs"]) == (0, D("274.50"))
    assert (above["Job"], "ParentRef" in above, "Level" in above) == (False, False, False)
    assert (below["Job"], below["BillWithParent"], below["Level"]) == (True, True, 1)
    assert (below["ParentRef"], below["FullyQualifiedName"]) == ({"value": parent}, "Harbour:Berth 4")
    assert face.ids("select * from Customer orderby BalanceWithJobs desc, DisplayName") == [child, parent]


def test_a_balance_is_net_of_credits_and_may_be_negative(face: Face) -> None:
    customer = face.customer()
    face.invoice(customer, "10")
    face.books.pay(customer, D(25), on=DAY)
    assert face.read("customer", customer)["Balance"] == -15
    assert face.ids("select * from Customer where Balance < '0'") == [customer]


def test_an_inactive_customer_has_deleted_after_its_name(face: Face) -> None:
    customer = face.customer("Anna")
    made = face.post("customer", {"Id": customer, "SyncToken": "0", "sparse": True, "Active": False})["Customer"]
    assert (made["DisplayName"], made["Active"]) == ("Anna (deleted)", False)
    body = {"Id": customer, "SyncToken": "1", "sparse": True, "Active": True, "DisplayName": "Anna (deleted)"}
    assert face.post("customer", body)["Customer"]["DisplayName"] == "Anna"


def test_a_customer_merged_away_is_gone_for_readers(face: Face) -> None:
    loser, winner = face.customer("Loser"), face.customer("Winner")
    ident = face.invoice(loser)
    face.books.merge_customer(loser, winner)
    assert face.refusal("GET", f"customer/{loser}") == "610"
    assert face.read("invoice", ident)["CustomerRef"] == {"value": winner, "name": "Winner"}


def test_several_addresses_in_one_field_are_kept_as_typed(face: Face) -> None:
    raw = "one@x.example, two+tag@x.example"
    made = face.post("customer", {"DisplayName": "Two", "PrimaryEmailAddr": {"Address": raw}})["Customer"]
    assert made["PrimaryEmailAddr"] == {"Address": raw}


def test_a_name_is_made_of_its_parts(face: Face) -> None:
    made = face.post("customer", {"GivenName": "Ada", "FamilyName": "Byron"})["Customer"]
    assert (made["DisplayName"], made["GivenName"]) == ("Ada Byron", "Ada")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "6000"),
        ({"DisplayName": "Taken"}, "6240"),
        ({"DisplayName": "taken"}, "6240"),
        ({"DisplayName": "a:b"}, "2080"),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"DisplayName": "x", "Notes": "n" * 2001}, "2050"),
        ({"DisplayName": "x", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ({"DisplayName": "x", "ParentRef": {"value": "77"}}, "6250"),
        ({"DisplayName": "x", "Unknown": 1}, "2010"),
    ],
)
def test_what_cannot_be_a_customer_is_refused(face: Face, body: dict[str, object], code: str) -> None:
    face.customer("Taken")
    assert face.refusal("POST", "customer", body) == code


def test_a_full_update_nulls_what_it_leaves_out(face: Face) -> None:
    customer = face.customer("Anna", note="pays late", phone="1")
    shown = face.post("customer", {"Id": customer, "SyncToken": "0", "DisplayName": "Anna"})["Customer"]
    assert {"Notes", "PrimaryPhone", "PrimaryEmailAddr"}.isdisjoint(shown)
    assert face.books.customer(customer).note == ""


def test_an_update_needs_the_sync_token(face: Face) -> None:
    customer = face.customer()
    assert face.refusal("POST", "customer", {"Id": customer, "sparse": True, "Notes": "x"}) == "2020"
    assert face.refusal("POST", "customer", {"Id": "77", "SyncToken": "0"}) == "610"
    assert face.refusal("GET", "customer/1.5") == "2030"


def note(face: Face, text: str, *targets: tuple[str, str]) -> dict[str, object]:
    refs = [{"EntityRef": {"type": kind, "value": ident}, "IncludeOnSend": False} for kind, ident in targets]
    made: dict[str, object] = face.post("attachable", {"Note": text, "AttachableRef": refs})["Attachable"]
    return made


def test_a_note_on_several_things_is_found_by_each_of_them_together_with_its_type(face: Face) -> None:
    customer = face.customer()
    first, second = face.invoice(customer), face.invoice(customer)
    made = note(face, "called", ("Customer", customer), ("Invoice", second))
    note(face, "else", ("Invoice", first))
    find = "select * from Attachable where AttachableRef.EntityRef.Type = '{}' and AttachableRef.EntityRef.value = '{}'"
    assert face.ids(find.format("invoice", second)) == [made["Id"]]
    assert face.ids(find.format("Customer", customer)) == [made["Id"]]
    assert first == customer, "the test needs an invoice and a customer with the same id"
    assert made["Id"] not in face.ids(find.format("invoice", first))
    assert face.ids("select * from Attachable where Note LIKE '%all%'") == [made["Id"]]
    assert face.books.notes_on("invoice", second)[0].text == "called"


def test_a_note_does_not_touch_what_it_is_on(face: Face) -> None:
    ident = face.invoice(face.customer())
    face.clock.move(hours=1)
    note(face, "called", ("Invoice", ident))
    assert face.read("invoice", ident)["SyncToken"] == "0"
    assert face.ids("select * from Invoice where MetaData.LastUpdatedTime > '2026-03-02T17:00:00Z'") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Note": "n" * 2001}, "2050"),
        ({}, "2020"),
        ({"Note": "x", "AttachableRef": [{"EntityRef": {"type": "Nothing", "value": "1"}}]}, "6050"),
        ({"Note": "x", "AttachableRef": [{"EntityRef": {"type": "Estimate", "value": "75"}}]}, "6000"),
    ],
)
def test_what_cannot_be_a_note_is_refused(face: Face, body: dict[str, object], code: str) -> None:
    assert face.refusal("POST", "attachable", body) == code


def test_an_uploaded_file_has_its_name_size_and_targets(face: Face) -> None:
    ident = face.invoice(face.customer())
    facts = (
        b'{"FileName":"a.xml","ContentType":"text/xml","AttachableRef":[{"EntityRef":{"type":"Invoice","value":"%s"}}]}'
    )
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file_metadata_0"\r\nContent-Type: application/json\r\n\r\n'
        + facts % ident.encode()
        + b'\r\n--B\r\nContent-Disposition: form-data; name="file_content_0"; filename="a.xml"\r\n'
        + b"Content-Type: text/xml\r\n\r\n<a>\r\n</a>\r\n--B--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=B"}
    answer = face.app.answer("POST", "/v3/company/1/upload", {}, headers, body)
    assert answer.status == 200
    (found,) = face.query("select * from Attachable where FileName = 'a.xml'")["Attachable"]
    assert (found["Size"], found["ContentType"]) == (9, "text/xml")
    assert found["AttachableRef"][0]["EntityRef"] == {"type": "Invoice", "value": ident}


def test_terms_are_told_by_days_or_by_date(face: Face) -> None:
    days = face.post("term", {"Name": "Net 20", "DueDays": 20})["Term"]
    dated = face.post("term", {"Name": "On the 5th", "DayOfMonthDue": 5, "DueNextMonthDays": 10})["Term"]
    assert (days["Type"], dated["Type"]) == ("STANDARD", "DATE_DRIVEN")
    assert face.refusal("POST", "term", {"Name": "Net 20"}) == "6240"


def test_an_unknown_kind_of_object_is_not_supported(face: Face) -> None:
    assert face.refusal("GET", "starship/1") == "500"
    assert face.refusal("GET", "customer/1/5") == "500"
    assert face.refusal("POST", "term", {"Id": "1", "SyncToken": "0"}, operation="delete") == "500"
