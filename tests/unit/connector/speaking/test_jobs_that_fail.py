"""A job that fails says so in one sentence, backs off, and stops no other."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from adapters.errors import LedgerAuthExpired, LedgerOutOfQuota, LedgerRejected, LedgerUnavailable
from connector.jobs import Job, all_jobs, cash_note
from connector.office import Office
from connector.outbox import post_notes
from connector.store import companies, jobs
from connector.store.companies import CompanyRow
from tests.unit.connector.speaking.firm import FIRM, Firm

JOBS = all_jobs(None)


def _raises(error: Exception) -> Callable[[Office], object]:
    def work(office: Office) -> object:
        del office
        raise error

    return work


def _row(firm: Firm) -> CompanyRow:
    with firm.database.read() as connection:
        return companies.load(connection, FIRM)


def test_a_job_that_works_is_written_down_as_well(firm: Firm) -> None:
    firm.owes("20")
    assert firm.run(Job.SYNC, JOBS[Job.SYNC]).is_well
    with firm.database.read() as connection:
        (row,) = jobs.load(connection, FIRM).values()
    assert (row["name"], row["failures"], row["last_success_at"]) == ("sync", 0, firm.clock.now())


def test_a_failure_is_said_in_its_own_sentence_and_backs_off(firm: Firm) -> None:
    ran = firm.run(Job.SYNC, _raises(LedgerUnavailable("QuickBooks does not answer.")))
    assert (ran.error, ran.is_well) == ("QuickBooks does not answer.", False)
    again = firm.run(Job.SYNC, JOBS[Job.SYNC])
    assert again.skipped == "waits until 10:01 UTC after: QuickBooks does not answer."
    firm.clock.advance(timedelta(minutes=1))
    assert firm.run(Job.SYNC, JOBS[Job.SYNC]).result is not None


def test_each_further_failure_waits_twice_as_long_and_never_above_an_hour(small_firm: Firm) -> None:
    firm, waits = small_firm, []
    for _ in range(60):  # more than two days without a ledger
        firm.run(Job.SYNC, _raises(LedgerUnavailable("gone")))
        with firm.database.read() as connection:
            until = jobs.load(connection, FIRM)["sync"]["not_before"]
        waits.append((until - firm.clock.now()) / timedelta(minutes=1))
        firm.clock.set(until)
    assert waits[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(waits[7:]) == {60}


def test_a_ledger_that_says_how_long_is_taken_at_its_word(firm: Firm) -> None:
    wait = timedelta(hours=3)
    firm.run(Job.SYNC, _raises(LedgerUnavailable("busy", retry_after=wait)))
    with firm.database.read() as connection:
        assert jobs.load(connection, FIRM)["sync"]["not_before"] == firm.clock.now() + wait


def test_a_person_who_asks_does_not_wait(firm: Firm) -> None:
    firm.run(Job.SYNC, _raises(LedgerUnavailable("gone")))
    assert firm.run(Job.SYNC, JOBS[Job.SYNC], now_please=True).result is not None


def test_a_success_forgets_the_failures_before_it(firm: Firm) -> None:
    for _ in range(5):
        firm.run(Job.SYNC, _raises(LedgerUnavailable("gone")), now_please=True)
    firm.run(Job.SYNC, JOBS[Job.SYNC], now_please=True)
    firm.run(Job.SYNC, _raises(LedgerUnavailable("gone")))
    with firm.database.read() as connection:
        assert jobs.load(connection, FIRM)["sync"]["failures"] == 1


def test_a_defect_of_ours_is_said_without_what_it_was_about(firm: Firm) -> None:
    ran = firm.run(Job.REMIND, _raises(KeyError("anna@example.com owes 100.00")))
    assert ran.error == "Something went wrong that should not (KeyError): the log has the details."
    with firm.database.read() as connection:
        assert "anna" not in str(dict(jobs.load(connection, FIRM)["remind"]))


def test_a_failing_job_stops_no_other(firm: Firm) -> None:
    firm.owes("20")
    firm.work()
    firm.run(Job.SYNC, _raises(LedgerUnavailable("gone")))
    assert firm.run(Job.NOTES, post_notes).is_well
    assert len(firm.books.notes) == 1


def test_a_withdrawn_connection_pauses_the_company_until_a_person_reconnects(firm: Firm) -> None:
    firm.owes("20")
    firm.run(Job.SYNC, _raises(LedgerAuthExpired("QuickBooks was disconnected.")))
    because = _row(firm).paused_because
    assert because is not None
    assert because.startswith("QuickBooks was disconnected. ")
    for job, work in JOBS.items():
        assert "paused" in firm.run(job, work, now_please=True).skipped
    assert not firm.mailer.asked
    assert len(firm.events("company_paused")) == 1


def test_a_used_up_quota_stops_what_reads_and_notes_go_on(firm: Firm) -> None:
    firm.owes("20")
    firm.work()
    firm.owes("21")
    until = firm.clock.now() + timedelta(days=2)
    firm.run(Job.SYNC, _raises(LedgerOutOfQuota("The month's calls are used up.", until=until)))
    for job in (Job.SYNC, Job.REMIND, Job.RECONCILE):
        assert firm.run(job, JOBS[job], now_please=True).skipped.startswith("out of quota until 04 Nov 2026")
    assert firm.run(Job.NOTES, post_notes).result is not None
    assert len(firm.books.notes) == 1
    firm.clock.set(until)
    assert not firm.run(Job.SYNC, JOBS[Job.SYNC]).skipped


def test_what_the_ledger_rejects_is_said_and_pauses_nothing(firm: Firm) -> None:
    ran = firm.run(Job.RECONCILE, _raises(LedgerRejected("The report is not to be had.", code="5020")))
    assert ran.error == "The report is not to be had."
    assert _row(firm).paused_because is None


def test_a_company_that_pauses_itself_has_not_failed(firm: Firm) -> None:
    firm.owes("20")
    firm.sync()

    def pause_then_remind(office: Office) -> object:
        with office.database.write("pause") as connection:
            companies.change(connection, FIRM, paused_because="look first")
        return JOBS[Job.REMIND](office)

    ran = firm.run(Job.REMIND, pause_then_remind)
    assert (ran.error, ran.skipped) == ("", "look first")
    with firm.database.read() as connection:
        assert jobs.load(connection, FIRM)["remind"]["failures"] == 0


def test_before_the_first_whole_read_nothing_is_decided(firm: Firm) -> None:
    firm.owes("20")
    ran = firm.run(Job.REMIND, JOBS[Job.REMIND])
    assert ran.is_well
    assert not firm.reminders()


@pytest.mark.parametrize("silent", [True, False])
def test_status_says_since_when_nobody_posts_cash_and_what_waits(firm: Firm, silent: bool) -> None:
    firm.owes("20")
    firm.sync()
    if silent:
        with firm.database.write("rhythm") as connection:
            companies.change(connection, FIRM, cash_posted_until=date(2026, 10, 23), cash_silence_days=2)
    firm.remind()
    expected = (
        "No payment entered since Friday 23 Oct: 1 reminders wait. Is cash posted? duecourse cash-is-posted"
        if silent
        else ""
    )
    assert cash_note(firm.office) == expected
