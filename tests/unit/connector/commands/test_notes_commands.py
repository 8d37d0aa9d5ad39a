import io
import sys

import pytest

from adapters.ledger import Entry, EntryKind
from connector.bootstrap import quickbooks_ledger
from connector.cli import invoke
from connector.note_style import MAY_PRINT
from connector.store import companies
from connector.store.tables import batch
from tests.unit.connector.commands.shop import COMPANY, Shop


class Terminal(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


def _style(shop: Shop) -> str:
    with shop.service.database.read() as connection:
        return companies.load(connection, COMPANY).note_style


def test_notes_are_attached_unless_somebody_agreed_to_more(shop: Shop) -> None:
    assert shop.tell("notes", "show") == {"company": COMPANY, "notes": "attachable"}
    said = shop.run("notes", "private-note")
    assert said.code == 1
    assert MAY_PRINT in said.err
    assert _style(shop) == "attachable"


def test_who_agrees_by_name_gets_lines_in_the_statement_memo(shop: Shop) -> None:
    assert shop.tell("notes", "private-note", "--statement-memo-may-print") == {
        "from": "attachable",
        "to": "private_note",
    }
    assert MAY_PRINT in shop.run("notes", "show").out
    shop.tell("notes", "attachable")
    shop.tell("notes", "attachable")
    assert [(row["data"]["from"], row["data"]["to"]) for row in shop.history("note_style_changed")] == [
        ("attachable", "private_note"),
        ("private_note", "attachable"),
    ]


@pytest.mark.parametrize(("answer", "style"), [("y\n", "private_note"), ("n\n", "attachable"), ("\n", "attachable")])
def test_a_person_is_asked_with_the_sentence_that_says_what_it_does(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, answer: str, style: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    out = Terminal()
    invoke(["notes", "private-note"], shop.service, stdout=out)
    assert MAY_PRINT in " ".join(out.getvalue().split())
    assert _style(shop) == style


def test_notes_on_their_way_are_settled_before_their_place_changes(shop: Shop) -> None:
    row = {"company": COMPANY, "request_id": "r", "body": b"x", "members": [], "fence": 1}
    instants = {"created_at": shop.clock.now(), "sent_at": shop.clock.now()}
    with shop.service.database.write("sending") as connection:
        connection.execute(batch.insert().values(**row, **instants, state="unknown"))
    said = shop.run("notes", "private-note", "--statement-memo-may-print")
    assert said.code == 1
    assert "on their way" in said.err
    with shop.service.database.write("answered") as connection:
        connection.execute(batch.update().values(state="answered"))
    assert shop.run("notes", "private-note", "--statement-memo-may-print").code == 0


def test_another_ledger_has_one_place_only(shop: Shop) -> None:
    with shop.service.database.write("other ledger") as connection:
        companies.change(connection, COMPANY, ledger="s4hana")
    assert shop.run("notes", "show").code == 1


def test_the_ledger_that_is_opened_writes_where_it_was_agreed(shop: Shop) -> None:
    note = Entry(
        key="call:1",
        kind=EntryKind.CALL,
        customer="20",
        documents=("invoice:130",),
        text="A call.",
        neutral_text="Contact with the customer.",
        happened_at=shop.clock.now(),
    )

    def batch_of(note: Entry) -> bytes:
        with shop.service.database.read() as connection:
            ledger = quickbooks_ledger(shop.service, companies.load(connection, COMPANY))
        [made] = ledger.compose([note])
        return made.body

    assert b'"Attachable"' in batch_of(note)
    shop.tell("notes", "private-note", "--statement-memo-may-print")
    assert batch_of(note).startswith(b'{"PrivateNotes"')
