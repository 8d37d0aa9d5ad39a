"""Entries as files on journal entries, where that is wanted: one file for each entry and journal entry, never two."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from adapters.ledger import Entry, EntryKind, Outcome
from adapters.marker import marker
from adapters.sap.s4hana.attachments import file_name
from adapters.sap.s4hana.sandbox.entries import Line
from tests.contract.ledgers import START
from tests.unit.adapters.sap.s4hana.desk import Desk, ref


def reminder(*lines: Line, key: str = "reminder:7") -> Entry:
    return Entry(
        key=key,
        kind=EntryKind.REMINDER,
        customer="1",
        documents=tuple(ref(line) for line in lines),
        text=f"Zahlungserinnerung, 20,20 €\n{marker(key)}",
        happened_at=START,
    )


def post(desk: Desk, *entries: Entry, attaches: bool = True) -> list[Outcome]:
    ledger = desk.another(attaches=attaches)
    return [each.outcome for batch in ledger.compose(entries) for each in ledger.post(batch)]


def files(desk: Desk) -> list[tuple[str, str]]:
    return [(linked, each.name) for linked, some in desk.face.attachments.files.items() for each in some]


def key_of(line: Line) -> str:
    return f"1710{line.number.document.zfill(10)}{line.number.year}"


def test_an_entry_is_a_file_on_each_journal_entry_it_is_about(desk: Desk) -> None:
    (first,), (second,) = desk.post("DR", "10.00"), desk.post("DR", "10.20")
    assert post(desk, reminder(first, second)) == [Outcome.WRITTEN]
    name = file_name("reminder:7")
    assert files(desk) == [(key_of(first), name), (key_of(second), name)]
    (made,) = desk.face.attachments.files[key_of(first)]
    assert made.body.decode() == f"Zahlungserinnerung, 20,20 €\n{marker('reminder:7')}"
    assert made.kind == "text/plain"


def test_two_items_of_one_journal_entry_share_a_file(desk: Desk) -> None:
    lines = desk.post("DR", "10.00", "20.00")
    post(desk, reminder(*lines))
    assert len(files(desk)) == 1


def test_without_the_option_nothing_is_attached(desk: Desk) -> None:
    post(desk, reminder(*desk.post("DR", "10.00")), attaches=False)
    assert files(desk) == []
    assert not [call for call in desk.transport.calls if "ATTACHMENT" in call.url.path]


def _lose(which: Callable[[httpx.Request], bool], desk: Desk) -> None:
    desk.lose_after(lambda request: request.method == "POST" and which(request))


@pytest.mark.parametrize("lost", ["Attachment", "CompanyText"])
def test_a_lost_answer_makes_no_second_file(desk: Desk, lost: str) -> None:
    lines = [desk.post("DR", "10.00")[0] for _ in range(3)]
    _lose(lambda request: lost in request.url.path, desk)
    assert post(desk, reminder(*lines)) == [Outcome.UNKNOWN]
    assert post(desk, reminder(*lines))[0] in {Outcome.WRITTEN, Outcome.ALREADY_THERE}
    assert post(desk, reminder(*lines)) == [Outcome.ALREADY_THERE]
    assert sorted(files(desk)) == sorted((key_of(each), file_name("reminder:7")) for each in lines)


def test_what_cannot_be_attached_stands_in_the_note_and_hinders_nothing(desk: Desk) -> None:
    (line,) = desk.post("DR", "10.00")
    gone = "invoice:2026/4711/1"
    asked = reminder(line)
    assert post(desk, replace(asked, documents=(gone, *asked.documents))) == [Outcome.WRITTEN]
    assert files(desk) == [(key_of(line), file_name("reminder:7"))]
    (text,) = (str(row["LongText"]) for row in desk.face.sets.texts.rows())
    assert text.startswith("Not attached to 4711/2026: ")


def test_names_are_of_plain_signs_and_differ_as_keys_do() -> None:
    names = {file_name(key) for key in ("call:20|a@b:1", "call:20-a@b:1", "call:20:a@b:1", "reminder:" + "x" * 900)}
    assert len(names) == 4
    assert all(len(each) < 255 and each.isascii() and not set(each) & set("/\\:|*?") for each in names)
