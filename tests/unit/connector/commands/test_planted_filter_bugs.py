"""A filter of ours that drops what it should not: `reconcile` names the customers and the difference, to the cent.

The bug is planted in the requests that leave: reads of the books carry one condition more, the totals do not. So it is
where a wrong filter would be, whatever part of the adapter wrote it.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from structlog.testing import capture_logs

from adapters.ledger import Ledger
from connector import bootstrap
from connector.bootstrap import Service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.settings import MailSettings, Settings
from connector.store import companies
from connector.store.companies import CompanyRow, Mode
from tests.contract.business_one_connection import BusinessOneConnection
from tests.contract.ledgers import START, Connection, Face, Line, SandboxTransport
from tests.contract.lively import bill, customer
from tests.contract.s4hana_connection import S4HanaConnection
from tests.fakes import FakeMailer

PAID = date(2026, 10, 12)
_FILTER = re.compile(r"\$filter=([^& ]*)")
_PARTS = re.compile(rb"(?<=GET )\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """Reads of `entity` carry a condition that does not belong there; `reads` is in their addresses alone."""

    entity: str
    condition: str
    reads: str

    def planted(self, address: str) -> str:
        """The address of a read, with the bug in its filter."""
        if self.reads not in address or not re.search(rf"{self.entity}(/\$count)?\?", address):
            return address
        return _FILTER.sub(lambda found: f"$filter={quote(self.condition)}%20and%20({found[1]})", address)


class BuggyLine(SandboxTransport):
    """Reads leave with the bug in them, one by one and in a $batch."""

    def __init__(self, face: Face, bug: Bug) -> None:
        super().__init__(face)
        self._bug = bug

    def carry(self, request: httpx.Request) -> httpx.Response:
        url = self._bug.planted(str(request.url))
        content = _PARTS.sub(lambda found: self._bug.planted(found[0].decode()).encode(), request.content)
        return super().carry(httpx.Request(request.method, url, headers=request.headers, content=content))


class BuggyS4Hana(S4HanaConnection):
    """S/4HANA, read with a bug."""

    def __init__(self, condition: str, *, reads: str = "DocumentItemText") -> None:
        self._bug = Bug(entity="A_OperationalAcctgDocItemCube", condition=condition, reads=reads)
        super().__init__()

    def line(self) -> Line:
        return BuggyLine(self.face, self._bug)


class BuggyBusinessOne(BusinessOneConnection):
    """Business One, read with a bug."""

    def __init__(self, entity: str, condition: str) -> None:
        self._bug = Bug(entity=entity, condition=condition, reads="")
        super().__init__()

    def line(self) -> Line:
        return BuggyLine(self.face, self._bug)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedService(Service):
    """A service over books that are read with a bug."""

    planted: Ledger

    def ledger(self, row: CompanyRow) -> Ledger:
        del row
        return self.planted


def two_customers(here: Connection) -> None:
    """Anna owes 100.00, less 30.00 that she paid on it, and 50.00; Bertram 75.50, with 20.00 paid on account."""
    anna, bertram = customer(here, "Anna Boats"), customer(here, "Bertram")
    invoice = bill(here, anna, Decimal(100))
    bill(here, anna, Decimal(50))
    bill(here, bertram, Decimal("75.50"))
    here.books.pay(anna, Decimal(30), on=PAID, apply={invoice: Decimal(30)})
    here.books.pay(bertram, Decimal(20), on=PAID)


@contextmanager
def command_line(here: Connection, folder: Path) -> Iterator[Callable[..., tuple[int, Any]]]:
    """The command line over these books: exit code and what a command tells."""
    clock = SimulatedClock(START)
    settings = Settings(data_dir=folder, mail=MailSettings(sender_address="ar@trade.example"))
    opened = bootstrap.open_service(settings, clock=clock, mailer=FakeMailer())
    fields = {name: getattr(opened, name) for name in Service.__dataclass_fields__}
    service = PlantedService(**fields, planted=here.ledger)
    with service.database.write("connect") as connection:
        companies.add(
            connection,
            id="sap-1",
            ledger="s4hana",
            ledger_ref="1710",
            name="Harbour Supplies",
            home_currency="USD",
            country="US",
            zone="America/New_York",
            mode=Mode.AUTOMATIC.value,
            connected_at=clock.now(),
        )

    def run(*words: str) -> tuple[int, Any]:
        out, err = io.StringIO(), io.StringIO()
        code = invoke((*words, "--json"), service, stdout=out, stderr=err)
        return code, json.loads(out.getvalue() or "null")

    with capture_logs():
        yield run
    service.close()


BUGS: dict[str, tuple[Callable[[], Connection], dict[str, tuple[str, str]]]] = {
    "s4hana: a customer": (
        lambda: BuggyS4Hana("Customer ne '1'"),
        {"Anna Boats": ("0.00", "120.00")},
    ),
    "s4hana: an amount": (
        lambda: BuggyS4Hana("AmountInTransactionCurrency ne 50"),
        {"Anna Boats": ("70.00", "120.00")},
    ),
    "s4hana: a document type": (
        lambda: BuggyS4Hana("AccountingDocumentType ne 'DZ'"),
        {"Anna Boats": ("150.00", "120.00"), "Bertram": ("75.50", "55.50")},
    ),
    "s4hana: what names an invoice": (
        lambda: BuggyS4Hana("InvoiceReference eq ''"),
        {"Anna Boats": ("150.00", "120.00")},
    ),
    "business one: a customer": (
        lambda: BuggyBusinessOne("Invoices", "CardCode ne '1'"),
        {"Anna Boats": ("0.00", "120.00")},
    ),
    "business one: an amount": (
        lambda: BuggyBusinessOne("Invoices", "DocTotal ne 50"),
        {"Anna Boats": ("70.00", "120.00")},
    ),
    "business one: payments": (
        lambda: BuggyBusinessOne("IncomingPayments", "CardCode ne '2'"),
        {"Bertram": ("75.50", "55.50")},
    ),
}
"""A wrong condition, and by customer what we then take for owed and what the ledger says."""


@pytest.mark.parametrize("bug", BUGS)
def test_a_wrong_filter_is_found_and_the_customers_are_named_with_the_difference(bug: str, tmp_path: Path) -> None:
    opened, expected = BUGS[bug]
    here = opened()
    two_customers(here)
    with command_line(here, tmp_path) as run:
        code, told = run("reconcile")
        assert (code, told["state"]) == (5, "differs")
        found = {each["name"]: (each["ours"]["amount"], each["theirs"]["amount"]) for each in told["differences"]}
        assert found == expected


@pytest.mark.parametrize(
    "opened",
    [lambda: BuggyS4Hana("Customer ne '3'"), lambda: BuggyBusinessOne("Invoices", "CardCode ne '3'")],
    ids=["s4hana", "business_one"],
)
def test_a_condition_that_drops_nothing_makes_no_difference(opened: Callable[[], Connection], tmp_path: Path) -> None:
    here = opened()
    two_customers(here)
    with command_line(here, tmp_path) as run:
        code, told = run("reconcile")
        assert (code, told["ours"]["USD"]["amount"]) == (0, "175.50")


@pytest.mark.parametrize("bug", ["s4hana: a document type", "business one: payments"])
def test_nobody_is_asked_for_more_than_the_ledger_says(bug: str, tmp_path: Path) -> None:
    opened, expected = BUGS[bug]
    here = opened()
    two_customers(here)
    with command_line(here, tmp_path) as run:
        run("reconcile")
        _, plan = run("plan", "--all")
        assert {each["name"] for each in plan if each["hold"] == "difference"} == set(expected)


def test_what_the_service_hides_from_both_is_found_by_a_total_that_was_read_elsewhere(tmp_path: Path) -> None:
    here = BuggyS4Hana("Customer ne '1'", reads="")
    two_customers(here)
    with command_line(here, tmp_path) as run:
        assert run("reconcile")[1]["state"] == "agrees"
        code, told = run("reconcile", "--against", "175.50")
        assert (code, told["against"]["difference"]["amount"]) == (5, "120.00")
