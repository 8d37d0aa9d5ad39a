from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from reminders.channels import SendOutcome
from tests.unit.connector.commands.shop import Shop


def _reply(folder: Path, text: str, sender: str = "ap20@example.com") -> Path:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "ar@shop.example", "Re: your reminder"
    mail["Message-ID"], mail["Date"] = f"<{abs(hash(text))}@example.com>", "Mon, 02 Nov 2026 15:00:00 +0000"
    mail.set_content(text)
    path = folder / "reply.eml"
    path.write_bytes(mail.as_bytes())
    return path


def test_a_reply_holds_its_account_until_its_task_is_done(shop: Shop, tmp_path: Path) -> None:
    [taken] = shop.tell("inbox", "add", str(_reply(tmp_path, "We will pay on Friday.")))
    assert (taken["kind"], taken["account"], taken["is_new"]) == ("reply", "20", True)
    assert shop.tell("why", "20")[0]["hold"] == "reply_waiting"
    [task] = shop.tell("task", "list", "--kind", "reply")
    shop.tell("task", "done", str(task["id"]), "--result", "read")
    assert shop.tell("why", "20")[0]["reason"] == "step_due"


def test_the_same_mail_twice_is_one_mail(shop: Shop, tmp_path: Path) -> None:
    path = str(_reply(tmp_path, "Hello"))
    shop.tell("inbox", "add", path)
    assert shop.tell("inbox", "add", path)[0]["is_new"] is False


def test_a_folder_is_emptied_into_done(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    _reply(folder, "Hello")
    assert shop.tell("inbox", "watch", str(folder), "--once")["new"] == 1
    assert [path.name for path in (folder / "done").iterdir()] == ["reply.eml"]


def test_a_missing_file_or_folder_is_one_sentence(shop: Shop, tmp_path: Path) -> None:
    for words in (("inbox", "add", str(tmp_path / "no.eml")), ("inbox", "watch", str(tmp_path / "no"), "--once")):
        said = shop.run(*words)
        assert (said.code, said.err.count("\n")) == (1, 1)


def test_an_uncertain_message_is_settled_by_a_person(shop: Shop) -> None:
    shop.mailer.answers["ap20@example.com"] = SendOutcome.UNCERTAIN
    shop.tell("run")
    [unsure] = shop.tell("status")[0]["uncertain"]
    assert shop.tell("settle", unsure["reminder"][:8], "arrived")["settled"] == 1
    assert shop.tell("status")[0]["uncertain"] == []
    assert any("it arrived" in note for note in shop.notes())


def test_settling_needs_an_id_long_enough_to_mean_one(shop: Shop) -> None:
    assert shop.run("settle", "a", "lost").code == 1


def test_drafts_leave_once_a_person_approves_them(shop: Shop) -> None:
    shop.tell("mode", "review", "--yes")
    shop.tell("run")
    drafts = shop.tell("approve")
    assert len(drafts) == 3
    assert shop.mailer.sent == []
    assert shop.tell("approve", drafts[0]["id"][:8])["approved"] == 1
    shop.tell("run")
    assert len(shop.mailer.sent) == 1
    assert shop.tell("approve", "--all")["approved"] == 2


def test_switching_to_review_holds_back_what_has_not_left_yet(shop: Shop) -> None:
    shop.clock.advance(timedelta(hours=9))  # late in the evening: planned, and waiting for the customers' hours
    shop.tell("run")
    assert shop.mailer.sent == []
    shop.tell("mode", "review", "--yes")
    assert len(shop.tell("approve")) == 3


def test_an_unknown_draft_is_refused(shop: Shop) -> None:
    assert shop.run("approve", "zzzz").code == 1


def test_cash_cannot_be_posted_in_the_future(shop: Shop) -> None:
    assert shop.tell("cash-is-posted", "--until", "2026-11-01")["until"] == "2026-11-01"
    assert shop.run("cash-is-posted", "--until", "2026-11-03").code == 1
    assert [row["data"]["until"] for row in shop.history("cash_is_posted")] == ["2026-11-01"]
