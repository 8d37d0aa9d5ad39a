"""SAP's ledgers as they are, furnished for a bench."""

from contextlib import nullcontext
from pathlib import Path

import httpx

from adapters.http import TIMEOUT, Http
from adapters.ledger import Ledger
from adapters.sap.business_one.ledger import BusinessOneLedger
from adapters.sap.business_one.settings import Settings
from adapters.sap.odata import ODataClient
from adapters.sap.s4hana.ledger import S4HanaLedger, Services
from adapters.sap.s4hana.texts import TextPlace
from adapters.sap.s4hana.wire import CUBE, PARTNERS
from adapters.sap.values import Version
from connector.clock import SystemClock
from connector.office import Office
from tests.bench.s4hana_books import COMPANY
from tests.bench.sync_office import office_with

_TEXTS = TextPlace(company_code=COMPANY, text_id="0001", language="EN")


def sap_office(ledger: str, port: int, folder: Path) -> Office:
    """An office on the store in `folder`, whose ledger is the server at this port."""
    clock = SystemClock()
    return office_with(_ledger(ledger, port, clock), ledger, folder, clock)


def _ledger(ledger: str, port: int, clock: SystemClock) -> Ledger:
    http = Http(sleep=clock.sleep, chance=lambda: 0.5, client=httpx.Client(timeout=TIMEOUT))
    url = f"http://127.0.0.1:{port}"
    if ledger == "business-one":
        return BusinessOneLedger(
            url,
            company="BENCH",
            user="manager",
            password=lambda: "secret",
            http=http,
            now=clock.now,
            settings=Settings(zone="America/New_York"),
        )
    items, partners = (
        ODataClient(f"{url}/sap/opu/odata/sap/{name}", version=Version.V2, http=http, now=clock.now)
        for name in (CUBE, PARTNERS)
    )
    return S4HanaLedger(
        Services(items=items, partners=partners),
        company_code=COMPANY,
        texts=_TEXTS,
        locked=lambda _: nullcontext(),
        now=clock.now,
    )
