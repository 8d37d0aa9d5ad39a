from datetime import UTC, date, datetime, timedelta

from adapters.errors import LedgerAuthExpired, LedgerOutOfQuota, LedgerUnavailable
from adapters.money import Money
from tests.unit.connector.commands.shop import Shop


def test_a_sync_tells_what_it_read(unread: Shop) -> None:
    assert "4 documents, 3 customers" in unread.run("sync").out


def test_run_does_all_jobs_and_the_messages_leave_once(shop: Shop) -> None:
    assert {each["job"] for each in shop.tell("run")} == {"inbox", "sync", "remind", "notes", "reconcile"}
    shop.tell("run")
    assert sorted(address for address, _ in shop.mailer.sent) == [f"ap{ref}@example.com" for ref in (20, 21, 22)]


def test_a_ledger_that_does_not_answer_is_one_sentence_and_its_own_exit_code(shop: Shop) -> None:
    shop.ledger.fails = LedgerUnavailable("QuickBooks did not answer.")
    said = shop.run("sync")
    assert said.code == 4
    assert "QuickBooks did not answer." in said.out
    assert "Traceback" not in said.out + said.err


def test_a_withdrawn_connection_pauses_the_company_and_says_what_to_do(shop: Shop) -> None:
    shop.ledger.fails = LedgerAuthExpired("QuickBooks no longer accepts this connection.")
    assert shop.run("run").code == 4
    assert "duecourse connect quickbooks" in shop.tell("status")[0]["paused_because"]


def test_a_used_up_quota_is_shown_until_it_is_over(shop: Shop) -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    shop.ledger.fails = LedgerOutOfQuota("The month's calls are used up.", until=until)
    assert shop.run("sync").code == 4
    assert shop.tell("status")[0]["out_of_quota_until"] == until.isoformat()


def test_a_reconciliation_to_the_cent_exits_with_zero(shop: Shop) -> None:
    said = shop.tell("reconcile")
    assert (said["state"], said["differences"]) == ("agrees", [])


def test_a_difference_is_named_with_its_customer_and_exits_with_five(shop: Shop) -> None:
    shop.ledger.misreport["20"] = Money.of("149.99", "USD")
    said = shop.run("reconcile", "--json")
    assert said.code == 5
    [difference] = said.data["differences"]
    assert (difference["name"], difference["ours"]["amount"], difference["theirs"]["amount"]) == (
        "Anna Boats",
        "150.00",
        "149.99",
    )


def test_a_suspicious_read_changes_nothing_until_a_person_believes_it(shop: Shop) -> None:
    for number in range(30):
        shop.ledger.bill(str(500 + number), "22", "10.00", date(2026, 12, 1))
    shop.tell("sync")
    for number in range(30):
        del shop.ledger.documents[f"invoice:{500 + number}"]
    assert shop.run("sync", "--whole").code == 4
    assert shop.tell("status")[0]["paused_because"].startswith("30 of 34")
    shop.tell("resume", "--company")
    shop.clock.advance(timedelta(hours=2))
    assert shop.run("sync", "--believe").code == 0
    assert {each["total"]["amount"] for each in shop.tell("aging")["customers"] if each["customer"] == "22"} == {
        "75.50"
    }


def test_a_ledgers_own_late_mail_counts_as_contact_from_the_first_read_on(unread: Shop) -> None:
    mailed = datetime(2026, 10, 31, 12, tzinfo=UTC)
    unread.ledger.bill("130", "20", "100.00", date(2026, 10, 19), number="1042", sent_at=mailed)
    unread.tell("sync")
    assert unread.tell("why", "20")[0]["reason"] == "min_gap"
    assert unread.tell("why", "22")[0]["reason"] == "step_due"
