"""S/4HANA's face, read as OData version 2."""

import json

import pytest

from adapters.sap.s4hana.sandbox import Numbers, S4HanaSettings
from adapters.sap.s4hana.sandbox.sets import PARTNERS
from tests.unit.adapters.sap.s4hana.sandbox.caller import ITEMS, JSON, Caller


def test_values_stand_as_sap_writes_them(caller: Caller) -> None:
    row = next(each for each in caller.rows(ITEMS) if each["FinancialAccountType"] == "D")
    assert row["AmountInTransactionCurrency"] == "10.10"
    assert row["NetDueDate"] == "/Date(1790812800000)/"
    assert row["CreationTime"] == "PT01H00M00S"
    assert (row["ClearingDate"], row["ClearingAccountingDocument"], row["ClearingDocFiscalYear"]) == (None, "", "0000")
    assert row["IsCleared"] is False
    about = row["__metadata"]
    assert isinstance(about, dict)
    assert about["type"] == "API_OPLACCTGDOCITEMCUBE_SRV.A_OperationalAcctgDocItemCubeType"
    assert about["uri"].startswith("http://s4.example/sap/opu/odata/sap/")


def test_every_document_adds_up_to_nothing_with_the_lines_on_accounts(caller: Caller) -> None:
    kinds = [each["FinancialAccountType"] for each in caller.rows(ITEMS)]
    assert kinds == ["D", "S"] * 3


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("AmountInTransactionCurrency gt 15.00M", ["20.20", "30.30"]),
        ("AmountInTransactionCurrency le 20.2", ["10.10", "20.20"]),
        ("NetDueDate ge datetime'2026-10-02T00:00:00' and NetDueDate lt datetime'2026-10-03T00:00:00'", ["20.20"]),
        ("not (IsCleared eq true) and DocumentReferenceID ne '1001'", ["20.20", "30.30"]),
        ("AccountingDocument eq '0000000001' or Customer eq '0000000001'", ["10.10", "20.20", "30.30"]),
        ("AccountingDocumentItem eq '001' and AccountingDocument gt '1800000002'", ["30.30"]),
        ("ClearingDate eq null and (LastChangeDate ne null or IsReversed eq false)", ["10.10", "20.20", "30.30"]),
        ("LastChangeDate lt datetime'2030-01-01T00:00:00'", []),
        ("startswith(DocumentReferenceID,'1002')", ["20.20"]),
        ("substringof('003',DocumentReferenceID) eq true", ["30.30"]),
        ("CustomerName eq 'O''Brien %26 Söhne'", ["10.10", "20.20", "30.30"]),
    ],
)
def test_filters(caller: Caller, filter_: str, found: list[str]) -> None:
    assert caller.amounts(filter_) == found


@pytest.mark.parametrize(
    "filter_",
    [
        "Nonsense eq '1'",
        "Customer eq 1",
        "NetDueDate ge datetimeoffset'2026-10-02T00:00:00Z'",
        "NetDueDate ge '2026-10-02'",
        "IsCleared eq 'X'",
        "Customer like '1'",
        "Customer eq '1' and",
        "(Customer eq '1'",
        "Customer eq '1')",
        "Customer eq '1' Customer",
        "Customer in ('1','2')",
        "Customer eq %23",
    ],
)
def test_filters_that_are_none_are_refused_in_saps_words(caller: Caller, filter_: str) -> None:
    answer = caller.call("GET", f"{ITEMS}?$filter={filter_}")
    error = json.loads(answer.body)["error"]
    assert answer.status == 400
    assert error["code"]
    assert error["message"]["value"]
    assert error["innererror"]["errordetails"][0]["severity"] == "error"


def test_a_long_text_is_no_filter(caller: Caller) -> None:
    assert caller.call("GET", f"{PARTNERS}/A_CustomerCompanyText?$filter=LongText eq 'x'").status == 400


def test_pages_orders_and_counts(caller: Caller) -> None:
    ordered = "$orderby=AmountInTransactionCurrency desc,FiscalYear&$filter=FinancialAccountType eq 'D'"
    told = caller.told(f"{ITEMS}?{ordered}&$top=2&$skip=1&$inlinecount=allpages&$select=AmountInTransactionCurrency")
    assert told["__count"] == "3"
    assert [each["AmountInTransactionCurrency"] for each in told["results"]] == ["20.20", "10.10"]  # type: ignore[attr-defined]
    assert [set(each) for each in told["results"]] == [{"__metadata", "AmountInTransactionCurrency"}] * 2  # type: ignore[attr-defined]
    assert caller.call("GET", f"{ITEMS}/$count?$filter=FinancialAccountType eq 'S'").body == b"3"


@pytest.mark.parametrize(
    "asked", ["$orderby=Nonsense", "$select=Nonsense", "$top=-1", "$top=x", "$orderby=Customer up"]
)
def test_options_that_are_none_are_refused(caller: Caller, asked: str) -> None:
    assert caller.call("GET", f"{ITEMS}?{asked}").status == 400


def test_a_page_that_the_server_cuts_short_says_where_it_goes_on() -> None:
    caller = Caller(S4HanaSettings(page_size=2, link_host="https://inside:44300"))
    seen, address = [], f"{ITEMS}?$top=5&$orderby=AccountingDocument"
    while address:
        told = caller.told(address)
        seen += [each["AccountingDocument"] for each in told["results"]]  # type: ignore[attr-defined]
        link = str(told.get("__next", ""))
        assert not link or link.startswith("https://inside:44300/")
        address = link.partition("/sap/opu/odata/sap/")[2]
    assert seen == ["1800000001", "1800000001", "1800000002", "1800000002", "1800000003"]
    caller.books.close()


def test_one_row_by_its_key_however_it_is_spelled(caller: Caller) -> None:
    plain = f"{ITEMS}(CompanyCode='1710',FiscalYear='2026',AccountingDocument='1800000002',AccountingDocumentItem='1')"
    assert caller.told(plain)["AmountInTransactionCurrency"] == "20.20"
    assert caller.told(plain.replace("Item='1'", "Item='001'"))["AmountInTransactionCurrency"] == "20.20"
    assert caller.call("GET", plain.replace("1800000002", "42")).status == 404
    assert caller.call("GET", f"{ITEMS}(CompanyCode='1710')").status == 400
    assert caller.call("GET", f"{ITEMS}(nonsense)").status == 400
    assert caller.told(f"{PARTNERS}/A_Customer('0000000001')")["CustomerName"] == "O'Brien & Söhne"


def test_numbers_filled_with_zeros() -> None:
    caller = Caller(S4HanaSettings(numbers=Numbers.FILLED))
    row = caller.rows(f"{ITEMS}?$filter=Customer eq '1'")[0]
    assert (row["Customer"], row["AccountingDocumentItem"]) == ("0000000001", "001")
    assert row["ClearingAccountingDocument"] == ""
    caller.books.close()


def test_customers_in_all_their_parts(caller: Caller) -> None:
    partner = caller.rows(f"{PARTNERS}/A_BusinessPartner?$filter=Customer eq '1'")[0]
    assert (partner["BusinessPartner"], partner["CorrespondenceLanguage"], partner["LastChangeDate"]) == (
        "1000001",
        "DE",
        None,
    )
    place = caller.rows(f"{PARTNERS}/A_BusinessPartnerAddress?$filter=BusinessPartner eq '1000001'")[0]
    mails = caller.rows(f"{PARTNERS}/A_AddressEmailAddress?$filter=AddressID eq '{place['AddressID']}'")
    assert [(each["EmailAddress"], each["IsDefaultEmailAddress"]) for each in mails] == [
        ("ap@example.com", True),
        ("boss@example.com", False),
    ]
    caller.clock.later(days=1)
    caller.books.edit_customer("1", note="Call first.")
    assert caller.rows(f"{PARTNERS}/A_BusinessPartner")[0]["LastChangeDate"] == "/Date(1793664000000)/"
    assert caller.rows(f"{PARTNERS}/A_CustomerCompany")[0]["CustomerAccountNote"] == "Call first."


def test_atom_where_nobody_asks_for_json(caller: Caller) -> None:
    answer = caller.call("GET", f"{ITEMS}?$top=1", {"host": "s4.example"})
    assert answer.content_type.startswith("application/atom+xml;type=feed")
    assert b"<d:AmountInTransactionCurrency>10.10</d:AmountInTransactionCurrency>" in answer.body
    assert b'<d:ClearingDate m:null="true"/>' in answer.body
    one = caller.call("GET", f"{PARTNERS}/A_Customer('1')", {})
    assert one.content_type.startswith("application/atom+xml;type=entry")
    assert "O'Brien &amp; Söhne".encode() in one.body
    assert caller.call("GET", f"{ITEMS}?$top=1&$format=json", {}).body.startswith(b'{"d":')


def test_what_is_not_served_is_said(caller: Caller) -> None:
    assert caller.call("GET", "API_NOTHING/A_Customer").status == 403
    assert caller.call("GET", f"{PARTNERS}/A_Nothing").status == 404
    assert caller.call("GET", f"{PARTNERS}/").status == 200


def test_users_are_asked_for_their_password_where_there_is_one() -> None:
    caller = Caller(S4HanaSettings(user="COLLECT", password="s3cret ü"))
    assert caller.call("GET", ITEMS).status == 401
    assert caller.call("GET", ITEMS, {**JSON, "authorization": "Basic Q09MTEVDVDp4"}).status == 401
    assert caller.call("GET", ITEMS, {**JSON, "authorization": "Basic Q09MTEVDVDpzM2NyZXQgw7w="}).status == 200
    caller.books.close()
