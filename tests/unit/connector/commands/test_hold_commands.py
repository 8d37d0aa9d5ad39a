from datetime import timedelta

from connector.store import companies
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
