import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.errors import LedgerUnavailable
from adapters.sap.odata import ODataClient, Query
from adapters.sap.values import Version
from tests.unit.adapters.sap.service import NOW, ROOT, Item, Service, rows, rows4

_PATH = "/sap/opu/odata/sap/API_ITEMS"


@pytest.mark.parametrize(
    "link",
    [
        f"https://internal.example:8443{_PATH}/A_Items?$skiptoken=5%2B5",
        f"http://localhost:4104{_PATH}/A_Items?$skiptoken=5%2B5",
        f"//internal.example{_PATH}/A_Items?$skiptoken=5%2B5",
        f"{_PATH}/A_Items?$skiptoken=5%2B5",
        "/other/prefix/API_ITEMS/A_Items?$skiptoken=5%2B5",
        "A_Items?$skiptoken=5%2B5",
    ],
)
def test_a_link_is_followed_on_the_configured_host_below_the_configured_root(service: Service, link: str) -> None:
    service.answers(rows(1, link=link), rows(2))
    pages = list(service.client().pages("A_Items", Item, Query(), size=9))
    assert [row.Number for page in pages for row in page.good] == ["1", "2"]
    assert service.lines[1] == f"GET {_PATH}/A_Items?$skiptoken=5%2B5"
    assert service.asked[1].url.host == "erp.example"
    assert service.asked[1].url.scheme == "https"


def test_a_link_is_opaque_down_to_its_last_sign(service: Service) -> None:
    query = "$filter=Name%20eq%20'a%2Bb'&$skiptoken=JHJv+d3M/9NyYk==&x="
    service.answers(rows(1, link=f"https://erp.example{_PATH}/A_Items?{query}"), rows(2))
    list(service.client().pages("A_Items", Item, Query(), size=9))
    assert service.lines[1] == f"GET {_PATH}/A_Items?{query}"


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("A_Items?$skiptoken=5", "$skiptoken=5&sap-client=100"),
        ("A_Items?sap-client=100&$skiptoken=5", "sap-client=100&$skiptoken=5"),
        ("A_Items", "sap-client=100"),
    ],
)
def test_the_books_that_were_chosen_stay_chosen_on_every_page(service: Service, told: str, asked: str) -> None:
    service.answers(rows(1, link=told), rows(2))
    list(service.client(fixed={"sap-client": "100"}).pages("A_Items", Item, Query(), size=9))
    assert service.lines[1] == f"GET {_PATH}/A_Items?{asked}"


def test_an_address_within_a_links_query_is_no_address(service: Service) -> None:
    service.answers(rows4(1, nextLink="A_Items?$filter=Link%20eq%20'https://elsewhere.example/x'&$skip=1"), rows4(2))
    list(service.client(Version.V4).pages("A_Items", Item, Query(), size=9))
    assert service.lines[1].startswith(f"GET {_PATH}/A_Items?$filter=Link")
    assert service.asked[1].url.host == "erp.example"


@given(st.text() | st.from_regex(r"(?i)[a-z]{0,5}:?/{0,3}[a-z@:./\\\[\]#?]{0,20}(\?[a-z=+&%]{0,10})?", fullmatch=True))
@example("x:@elsewhere.example/?a=://")
@example("x:.elsewhere.example/A_Items")
@example("https://erp.example@elsewhere.example/A_Items")
@example("\\\\elsewhere.example\\A_Items")
@example("http://[::1/A_Items")
@example("https:///@elsewhere.example")
@example("\x00")
def test_no_link_whatever_leads_to_another_host(link: str) -> None:
    service = Service()
    service.answers(rows(1))
    for root in (ROOT, "https://erp.example"):
        client = ODataClient(root, version=Version.V2, http=service.http, now=lambda: NOW)
        try:
            client.rows(link, Item)
        except LedgerUnavailable:
            continue
    assert {each.url.host for each in service.asked} <= {"erp.example"}
    assert {each.url.scheme for each in service.asked} <= {"https"}


def test_a_redirect_is_not_followed(service: Service) -> None:
    service.answers(httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(Exception, match=r"another address \(302\): check the address"):
        service.client().rows("A_Items", Item)
    assert len(service.asked) == 1
