from datetime import date, timedelta

from adapters.documents import Problem
from connector.store import problems
from tests.unit.connector.commands.shop import COMPANY, Shop


def test_the_plan_says_who_would_get_what_and_why_and_writes_nothing(shop: Shop) -> None:
    before = shop.run("audit", "export").out
    plans = {each["account"]: each for each in shop.tell("plan")}
    assert plans["21"]["outcome"] == "remind"
    assert plans["21"]["asked"] == [{"amount": "200.00", "currency": "EUR"}]
    assert plans["21"]["recipients"] == ["ap21@example.com"]
    assert plans["21"]["sentence"] == "A step of the cadence is due."
    assert shop.run("audit", "export").out == before


def test_the_plan_says_why_not_too(shop: Shop) -> None:
    shop.ledger.credit("900", "22", "80.00", date(2026, 11, 1))
    shop.tell("sync")
    [plan] = shop.tell("plan", "22")
    assert (plan["outcome"], plan["reason"]) == ("wait", "covered_by_credit")
    assert "Free credit covers" in shop.run("plan", "22").out


def test_the_plan_is_empty_where_nobody_is_due(unread: Shop) -> None:
    assert unread.tell("plan") == []
    assert "Nobody is due" in unread.run("plan").out


def test_why_gives_verdict_facts_version_and_the_instant_of_its_figures(shop: Shop) -> None:
    [why] = shop.tell("why", "20")
    assert (why["outcome"], why["reason"]) == ("remind", "step_due")
    assert why["cadence"] == "standard"
    assert len(why["cadence_version"]) == 12
    assert why["figures_at"] == shop.clock.now().isoformat()
    assert [(each["number"], each["days_past_due"]) for each in why["items"]] == [("1042", 14), ("1043", -18)]
    assert why["facts"]["step"] == "first"


def test_why_tells_what_was_said_and_which_step_was_taken(shop: Shop) -> None:
    shop.tell("run")
    [why] = shop.tell("why", "20")
    assert why["items"][0]["last_step"] == "first on 2026-11-02 (sent)"
    assert {each["what"] for each in why["happened"]} == {"message", "note"}
    shown = shop.run("why", "20").out
    assert "said" in shown
    assert "Reminder 1 sent" in shown


def test_why_of_an_earlier_day_is_what_was_written_down_then(shop: Shop) -> None:
    shop.tell("run")
    shop.clock.advance(timedelta(days=3))
    shop.ledger.pay("invoice:130")
    shop.tell("run")
    [then] = shop.tell("why", "20", "--day", "2026-11-02")
    assert (then["day"], then["outcome"], then["reason"]) == ("2026-11-02", "remind", "step_due")
    assert {each["number"]: each["reason"] for each in then["items"]}["1042"] == "step_due"


def test_why_of_a_day_without_a_verdict_says_so(shop: Shop) -> None:
    said = shop.run("why", "20", "--day", "2026-10-01")
    assert said.code == 1
    assert "Nothing was decided" in said.err


def test_why_says_from_when_on_a_message_may_leave(shop: Shop) -> None:
    assert shop.tell("why", "20")[0]["leaves"].startswith("allow")
    shop.clock.advance(timedelta(hours=9))
    assert shop.tell("why", "20")[0]["leaves"].startswith("not before 2026-11-03")


def test_aging_puts_what_is_open_into_its_bucket_and_adds_no_currencies(shop: Shop) -> None:
    shop.ledger.credit("900", "20", "20.00", date(2026, 11, 1))
    shop.tell("sync")
    aged = shop.tell("aging")
    rows = {each["customer"]: each for each in aged["customers"]}
    assert rows["20"]["buckets"]["1-30"]["amount"] == "100.00"
    assert rows["20"]["buckets"]["current"]["amount"] == "50.00"
    assert rows["20"]["credit"]["amount"] == "-20.00"
    assert rows["20"]["total"]["amount"] == "130.00"
    assert rows["21"]["buckets"]["61-90"] == {"amount": "200.00", "currency": "EUR"}
    assert {each["currency"]: each["total"]["amount"] for each in aged["totals"]} == {"EUR": "200.00", "USD": "205.50"}


def test_aging_on_another_day_leaves_out_what_is_dated_later(shop: Shop) -> None:
    aged = shop.tell("aging", "--on", "2026-10-10")
    rows = {each["customer"]: each for each in aged["customers"]}
    assert rows["20"]["total"]["amount"] == "100.00"  # 1043 is dated 21 October
    assert rows["22"]["buckets"]["1-30"]["amount"] == "75.50"


def test_the_status_tells_what_waits_for_a_person(shop: Shop) -> None:
    shop.tell("mode", "review", "--yes")
    shop.tell("run")
    with shop.service.database.write("problem") as connection:
        unread = Problem(ref="invoice:7", kind="unreadable", text="QuickBooks could not give invoice 7.")
        problems.save(connection, COMPANY, [unread], shop.clock.now())
    [status] = shop.tell("status")
    assert (status["mode"], status["drafts"], status["reconciliation"]) == ("review", 3, "agrees")
    assert [each["ref"] for each in status["problems"]] == ["invoice:7"]
    assert {each["job"] for each in status["jobs"]} == {"inbox", "sync", "remind", "notes", "reconcile"}
    assert "QuickBooks could not give invoice 7." in shop.run("status").out


def test_a_name_from_the_ledger_cannot_move_the_terminal_nor_be_read_as_markup(shop: Shop) -> None:
    shop.ledger.customer("21", "Evil \x1b[2J[red]Söhne[/red]")
    shop.tell("sync")
    shown = shop.run("aging").out
    assert "\x1b" not in shown
    assert "[red]Söhne[/red]" in shown
