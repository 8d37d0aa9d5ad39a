from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sap.odata import Query, address, key
from adapters.sap.values import Version, literal
from tests.unit.adapters.sap.service import ROOT, Item, Service, rows

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_a_query_is_written_with_percent_twenty(service: Service) -> None:
    service.answers(rows())
    query = Query(
        filter="CompanyCode eq '1710' and Amount gt 10M",
        select=("Number", "Amount"),
        order=("Number desc", "Amount"),
        expand=("to_Text",),
        top=10,
        skip=20,
        with_count=True,
    )
    service.client().rows("A_Items", Item, query)
    asked = service.lines[0].partition("?")[2]
    assert asked == (
        "$filter=CompanyCode%20eq%20'1710'%20and%20Amount%20gt%2010M&$select=Number,Amount&$expand=to_Text"
        "&$orderby=Number%20desc,Amount&$top=10&$skip=20&$inlinecount=allpages"
    )


def test_version_four_counts_in_its_own_words() -> None:
    assert Query(with_count=True).options(Version.V4) == {"$count": "true"}


def test_what_was_not_asked_for_is_not_written() -> None:
    assert Query().options(Version.V2) == {}
    assert address("A_Items", {}) == "A_Items"


def test_no_rows_may_be_asked_for() -> None:
    assert Query(top=0).options(Version.V2) == {"$top": "0"}


@given(_TEXT, st.sampled_from(Version))
def test_any_text_in_a_filter_survives_and_is_never_a_plus(text: str, version: Version) -> None:
    filter_ = f"Name eq {literal(text, version)}"
    request = httpx.Request("GET", f"{ROOT}/{address('A_Items', {'$filter': filter_, '$top': '5'})}")
    query = request.url.query.decode()
    assert "+" not in query
    assert " " not in query
    assert [unquote(each) for each in query.split("&")] == [f"$filter={filter_}", "$top=5"]


@given(_TEXT, st.sampled_from(Version))
def test_any_text_in_a_key_survives_within_its_own_step_of_the_path(text: str, version: Version) -> None:
    url = httpx.Request("GET", f"{ROOT}/A_Items{key({'Number': text}, version)}/to_Text").url
    path, _, query = url.raw_path.decode().partition("?")
    assert not query
    step = path.removeprefix(httpx.URL(ROOT).path).split("/")
    assert len(step) == 3
    assert unquote(step[1]) == f"A_Items({literal(text, version)})"


def test_a_key_of_several_parts_names_them() -> None:
    assert key({"Customer": "O'Hara & Söhne", "DunningArea": ""}, Version.V2) == (
        "(Customer='O''Hara%20%26%20S%C3%B6hne',DunningArea='')"
    )


@pytest.mark.parametrize("path", ["A_Items", "A_Items('1')/to_Text"])
def test_what_goes_with_every_call_stands_in_every_address(service: Service, path: str) -> None:
    service.answers(rows())
    client = service.client(
        fixed={"sap-client": "100", "sap-language": "EN"},
        headers={"Accept-Language": "en", "Accept": "application/json"},
    )
    client.rows(path, Item)
    assert service.lines == [f"GET /sap/opu/odata/sap/API_ITEMS/{path}?sap-client=100&sap-language=EN"]
    assert service.asked[0].headers["accept-language"] == "en"


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [(Version.V2, "maxdataserviceversion", "2.0"), (Version.V4, "odata-maxversion", "4.0")],
)
def test_each_request_says_its_version_and_asks_for_json(
    service: Service, version: Version, header: str, value: str
) -> None:
    service.answers(rows())
    service.client(version).rows("A_Items", Item)
    assert service.asked[0].headers[header] == value
    assert service.asked[0].headers["accept"] == "application/json"
