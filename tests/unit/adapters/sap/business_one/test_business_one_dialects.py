"""Two dialects, and servers that page as they please."""

from collections.abc import Iterator

import httpx
import pytest

from adapters.errors import LedgerRejected
from adapters.money import Money
from adapters.sap.business_one.sandbox.settings import SandboxSettings
from adapters.sap.business_one.settings import Settings
from adapters.sap.business_one.wire import yes
from adapters.sap.faults import read_fault
from adapters.sap.odata import read_rows
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.lively import a_lively_company, bill, customer
from tests.contract.replica import Replica
from tests.contract.test_ledger_contract_writing import entry


@pytest.fixture
def old() -> Iterator[BusinessOneConnection]:
    connection = BusinessOneConnection(dialect="v1")
    yield connection
    connection.books.close()


def test_the_old_dialect_tells_the_same_books(old: BusinessOneConnection) -> None:
    a_lively_company(old)
    replica = Replica(old.ledger)
    replica.sync()
    assert replica.open == old.in_the_books()
    owner = next(iter(replica.customers))
    old.ledger.post(old.ledger.compose([entry("reminder:1", owner)])[0])
    assert len(old.books.notes()) == 1
    assert {request.url.path.split("/")[2] for request in old.transport.calls} == {"v1"}


def test_a_server_that_pages_by_twenty_whatever_is_asked_for_is_read_to_the_end() -> None:
    here = BusinessOneConnection(face=SandboxSettings(heeds_max_page_size=False), page_size=500)
    owners = [customer(here, f"C{at}") for at in range(25)]
    for at in range(45):
        bill(here, owners[at % 25])
    replica = Replica(here.ledger)
    replica.sync()
    assert len(replica.open) == 45
    assert len(replica.customers) == 25
    invoices = [call for call in here.transport.calls if call.url.path.endswith("/Invoices")]
    assert not any("skip" in str(call.url) for call in invoices)
    assert invoices[1].headers["Prefer"] == "odata.maxpagesize=500"
    page = here.ledger.fresh(list(replica.documents), owners, replica.cursor or "")
    assert len(page.documents) == 45
    here.books.close()


@pytest.mark.parametrize("key", ["odata.nextLink", "@odata.nextLink"])
def test_both_keys_of_the_next_page_are_known(key: str) -> None:
    told = b'{\t"value" : [], "%s" : "Invoices?$skip=20"}' % key.encode()
    assert not read_rows(told, dict).is_last


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            b'{ "error" : { "code" : -2028, "message" : { "lang" : "en-us", "value" : "No matching records" } } }',
            "-2028",
        ),
        (b'{ "error" : { "code" : "-2028", "message" : "No matching records" } }', "-2028"),
    ],
)
def test_both_shapes_of_an_error_are_read(body: bytes, code: str) -> None:
    fault = read_fault(body)
    assert (fault.code, fault.words) == (code, "No matching records")


@pytest.mark.parametrize("dialect", ["v1", "v2"])
def test_an_error_keeps_its_code_and_words(dialect: str) -> None:
    here = BusinessOneConnection(dialect=dialect)
    with pytest.raises(LedgerRejected, match="Property 'Nonsense' is invalid") as raised:
        here.business_one._reader._client.get("Currencies?$filter=Nonsense eq 1")
    assert raised.value.code == "-1000"
    here.books.close()


def test_the_companys_own_name_for_its_currency_is_told_in_iso(here: BusinessOneConnection, replica: Replica) -> None:
    invoice = bill(here, customer(here))
    replica.sync()
    assert here.ledger.company().home_currency == "USD"
    assert replica.open == {here.ref("invoice", invoice): Money.of("10.10", "USD")}


def _without_currencies(here: BusinessOneConnection) -> None:
    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/Currencies"):
            return httpx.Response(403, json={"error": {"code": "-1", "message": "No permission"}})
        return response

    here.transport.after = refuse


def test_a_currency_that_nobody_explains_must_be_set(here: BusinessOneConnection) -> None:
    _without_currencies(here)
    with pytest.raises(LedgerRejected, match=r"'\$' is in ISO 4217 must be set"):
        here.ledger.company()


def test_a_currency_that_was_set_is_taken() -> None:
    here = BusinessOneConnection(settings=Settings(currencies={"$": "USD"}))
    _without_currencies(here)
    assert here.ledger.company().home_currency == "USD"
    here.books.close()


@pytest.mark.parametrize(("told", "means"), [("tYES", True), ("tNO", False), (None, False), ("", False)])
def test_yes_and_no_come_as_words(told: str | None, means: bool) -> None:
    assert yes(told) is means
