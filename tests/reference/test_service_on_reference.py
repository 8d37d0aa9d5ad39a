"""The whole service over SAP's own engine, from the command line, with default settings: what it asks of whom."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from connector.bootstrap import Service, open_service
from connector.cli import invoke
from connector.clock import SimulatedClock
from connector.settings import MailSettings, S4HanaSettings, Settings
from tests.reference.expected import asked_after_credit
from tests.reference.server import PARTNERS, PASSWORD, USER, Reference
from tests.unit.connector.speaking.fakes import ScriptedMailer

KEY_DATE = datetime(2026, 11, 20, 18, tzinfo=UTC)

OFFICE_HOURS = (  # in America, in Kuwait and Germany, in Japan (where Monday the 23rd is a holiday), and once more
    KEY_DATE,
    datetime(2026, 11, 23, 9, tzinfo=UTC),
    datetime(2026, 11, 24, 2, tzinfo=UTC),
    datetime(2026, 11, 24, 3, tzinfo=UTC),
)
PLACE = ("--zone", "America/New_York", "--country", "US", "--yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The command line over company code 1710, which has just been connected."""

    service: Service
    clock: SimulatedClock
    mailer: ScriptedMailer
    reference: Reference

    def tell(self, *words: str) -> Any:  # noqa: ANN401 - whatever a command tells
        out, err = io.StringIO(), io.StringIO()
        code = invoke((*words, "--json"), self.service, stdout=out, stderr=err)
        assert code == 0, (out.getvalue(), err.getvalue())
        return json.loads(out.getvalue())

    def texts(self) -> dict[str, str]:
        """What stands in our text on each customer."""
        rows = self.reference.rows(PARTNERS, "A_CustomerCompanyText")
        return {str(row["Customer"]): str(row["LongText"]) for row in rows if row["LongTextID"] == "0001"}


@pytest.fixture
def desk(changed_reference: Reference, tmp_path: Path) -> Iterator[Desk]:
    clock = SimulatedClock(KEY_DATE)
    mailer = ScriptedMailer(clock)
    settings = Settings(
        data_dir=tmp_path,
        mail=MailSettings(sender_address="ar@trade.example"),
        s4hana=S4HanaSettings(url=changed_reference.host, user=USER, password=SecretStr(PASSWORD)),
    )
    with capture_logs():
        service = open_service(settings, clock=clock, mailer=mailer)
        made = Desk(service=service, clock=clock, mailer=mailer, reference=changed_reference)
        made.tell(
            "connect", "s4hana", "--company-code", "1710", "--zone", "America/New_York", "--country", "US", "--yes"
        )
        made.tell("resume", "--dunned")  # some are in a dunning procedure of SAP's own
        yield made
        service.close()


def test_what_is_asked_of_each_customer_is_what_is_due_less_its_free_credit(desk: Desk) -> None:
    plan = {each["account"]: each for each in desk.tell("plan", "--all")}
    asked = {who: [(one["currency"], one["amount"]) for one in each["asked"]] for who, each in plan.items()}
    assert {who: amounts for who, amounts in asked.items() if amounts} == asked_after_credit()
    assert (asked["10300"], asked["10500"]) == ([("USD", "4800.00")], [("USD", "1640.00")])
    assert (asked["10600"], plan["10600"]["hold"]) == ([], "covered_by_credit")
    assert (asked["10800"], plan["10800"]["hold"]) == ([], "ledger_block")
    assert desk.tell("reconcile")["state"] == "agrees"


@pytest.mark.parametrize(
    ("read", "currency", "accounted"),
    [
        ("54830.19", "USD", []),
        ("51830.19", "USD", ["with special G/L A"]),  # a down payment received
        ("56830.19", "USD", ["with special G/L A", "with special G/L F"]),  # and the noted item that requests another
        ("1480000", "JPY", []),
    ],
)
def test_a_total_read_in_sap_is_ours_with_or_without_special_gl_items(
    desk: Desk, read: str, currency: str, accounted: list[str]
) -> None:
    told = desk.tell("reconcile", "--against", read, "--currency", currency)["against"]
    assert [each["words"] for each in told["accounted"]] == accounted


def test_what_was_asked_leaves_once_and_stands_once_in_the_customers_text(desk: Desk) -> None:
    before = desk.texts()
    desk.tell("mode", "automatic", "--yes")
    for at in OFFICE_HOURS:
        desk.clock.set(at)
        assert [each["error"] for each in desk.tell("run") if each["error"]] == []
    letters = {mail.to: mail.text for mail in desk.mailer.taken}
    assert len(letters) == len(desk.mailer.taken)
    assert "To be paid: USD 4,800.00" in letters["office@omalleyharbor.example"]
    written = {who: text.count("[duecourse:reminder:") for who, text in desk.texts().items() if text != before.get(who)}
    assert written == dict.fromkeys(asked_after_credit(), 1)
