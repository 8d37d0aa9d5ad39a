from datetime import date, timedelta

import pytest
from sqlalchemy import select

from connector.store import companies
from connector.store.tables import hold
from tests.unit.connector.commands.shop import COMPANY, Shop


def test_a_paused_customer_is_not_written_to_until_its_day(shop: Shop) -> None:
    shop.tell("pause", "20", "--reason", "moving house", "--until", "2026-11-09")
    [why] = shop.tell("why", "20")
    assert (why["reason"], why["hold"], why["look_on"]) == ("held", "pause", "2026-11-09")
    assert [hold["reason"] for hold in why["holds"]] == ["moving house"]


def test_a_pause_of_one_invoice_leaves_the_others_alone(shop: Shop) -> None:
    shop.tell("pause", "20", "--reason", "x", "--invoice", "1042")
    [why] = shop.tell("why", "20")
    assert {each["number"]: each["reason"] for each in why["items"]} == {"1042": "held", "1043": "not_yet"}


def test_a_customer_that_goes_on_is_due_again(shop: Shop) -> None:
    shop.tell("pause", "20", "--reason", "x")
    assert shop.tell("resume", "20")["ended"] == 1
    assert shop.tell("plan", "20")[0]["outcome"] == "remind"
    assert shop.run("resume", "20").code == 1


def test_the_whole_company_is_paused_and_goes_on(shop: Shop) -> None:
    shop.tell("pause", "--reason", "holidays", "--until", "2026-11-20")
    assert {plan["hold"] for plan in shop.tell("plan", "--all")} == {"pause"}
    shop.tell("resume", "--company")
    assert {plan["outcome"] for plan in shop.tell("plan", "--all")} == {"remind"}


def test_a_pause_needs_a_day_to_come(shop: Shop) -> None:
    assert shop.run("pause", "20", "--reason", "x", "--until", "2026-11-02").code == 1


def test_resuming_the_company_lifts_what_stopped_its_jobs(shop: Shop) -> None:
    with shop.service.database.write("stop") as connection:
        companies.change(connection, COMPANY, paused_because="25 of 40 open documents would vanish at once.")
    assert shop.run("sync").code == 4
    assert shop.tell("resume", "--company")["lifted"].startswith("25 of 40")
    assert shop.run("sync").code == 0
    assert [row["data"]["because"][:8] for row in shop.history("company_resumed")] == ["25 of 40"]


def test_a_withdrawn_connection_is_lifted_by_connecting_alone(shop: Shop) -> None:
    with shop.service.database.write("stop") as connection:
        companies.change(connection, COMPANY, paused_because="Refused. Run: duecourse connect quickbooks")
    said = shop.run("resume", "--company")
    assert said.code == 1
    assert "duecourse connect quickbooks" in said.err


def test_whoever_is_not_to_be_contacted_hears_nothing_until_it_is_taken_back(shop: Shop) -> None:
    shop.tell("do-not-contact", "20")
    assert shop.tell("why", "20")[0]["hold"] == "do_not_contact"
    assert shop.run("do-not-contact", "20").code == 1
    shop.clock.advance(timedelta(hours=1))
    shop.tell("do-not-contact", "20", "--off")
    assert shop.tell("plan", "20")[0]["outcome"] == "remind"


def test_a_customer_that_is_opted_out_has_no_cadence(shop: Shop) -> None:
    shop.tell("opt-out", "20")
    assert shop.tell("why", "20")[0]["reason"] == "no_cadence"
    shop.tell("opt-out", "20", "--off")
    assert shop.tell("why", "20")[0]["reason"] == "step_due"


def _split(shop: Shop) -> None:
    """Anna Boats has a second account: an invoice that is billed to another address."""
    shop.ledger.bill("140", "20", "30.00", date(2026, 10, 1), number="1050", bill_emails=("site@boats.example",))
    shop.tell("sync")


def _live_holds(shop: Shop) -> list[tuple[str | None, str]]:
    with shop.service.database.read() as connection:
        rows = connection.execute(select(hold.c.account, hold.c.kind).where(hold.c.ended_at.is_(None)))
        return [(row.account, row.kind) for row in rows]


@pytest.mark.parametrize("words", [("pause", "20", "--reason", "moving"), ("do-not-contact", "20")])
def test_a_whole_customer_gets_one_hold_and_one_note_for_all_its_accounts(shop: Shop, words: tuple[str, ...]) -> None:
    _split(shop)
    shop.tell(*words)
    assert [account for account, _ in _live_holds(shop)] == ["20"]
    assert {why["reason"] for why in shop.tell("why", "20")} == {"held"}
    assert len(shop.tell("why", "20")) == 2
    assert len([row for row in shop.history("entry_enqueued") if row["data"]["kind"] == "pause"]) == 1


@pytest.mark.parametrize(
    ("words", "back"),
    [
        (("pause", "20", "--reason", "moving"), ("resume", "20")),
        (("do-not-contact", "20"), ("do-not-contact", "20", "--off")),
    ],
)
def test_what_holds_a_whole_customer_ends_for_all_its_accounts(
    shop: Shop, words: tuple[str, ...], back: tuple[str, ...]
) -> None:
    _split(shop)
    shop.tell(*words)
    shop.tell(*back)
    assert _live_holds(shop) == []
    assert {plan["outcome"] for plan in shop.tell("plan", "20")} == {"remind"}


def test_a_pause_of_invoices_on_two_accounts_is_one_hold_too(shop: Shop) -> None:
    _split(shop)
    shop.tell("pause", "20", "--reason", "x", "--invoice", "1042", "--invoice", "1050")
    assert [account for account, _ in _live_holds(shop)] == ["20"]
    reasons = {each["number"]: each["reason"] for why in shop.tell("why", "20") for each in why["items"]}
    assert reasons == {"1042": "held", "1043": "not_yet", "1050": "held"}
