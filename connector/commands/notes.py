"""`duecourse notes`: where the notes go in the ledger."""

from typing import Annotated

import typer

from connector.commands.desk import Desk, Refused, command, group
from connector.note_style import MAY_PRINT, NoteStyle, change_note_style
from connector.store.companies import CompanyRow

app = group("Notes: where they go in the ledger.")

MayPrint = Annotated[
    bool, typer.Option("--statement-memo-may-print", help=f"Agree to this, without being asked: {MAY_PRINT}")
]

_WHERE = {
    NoteStyle.ATTACHABLE: "Notes are attached to the customer and the invoices they speak of; they never print.",
    NoteStyle.PRIVATE_NOTE: MAY_PRINT,
}


def is_agreed(desk: Desk, *, may_print: bool) -> bool:
    """Whether a person agrees that notes go where they may print. Asks, if somebody is there to answer."""
    if may_print:
        return True
    if not desk.out.is_interactive:
        return False
    desk.out.say(MAY_PRINT)
    return bool(typer.confirm("Is that what you want?"))


@command(app, "show")
def show(desk: Desk) -> None:
    """Show where the notes go."""
    row = _quickbooks(desk)
    style = NoteStyle(row.note_style)
    desk.out.result({"company": row.id, "notes": style}, f"{row.name}: {style.value}. {_WHERE[style]}")


@command(app, "attachable")
def attachable(desk: Desk) -> None:
    """Attach notes to the customer and the invoices they speak of: they never print."""
    _change(desk, NoteStyle.ATTACHABLE)


@command(app, "private-note")
def private_note(desk: Desk, *, may_print: MayPrint = False) -> None:
    """Write notes as lines into the invoice's Statement Memo, which may print: asks whether that is meant."""
    _quickbooks(desk)
    if not is_agreed(desk, may_print=may_print):
        raise Refused(f"{MAY_PRINT} Nothing was changed: say --statement-memo-may-print if that is what you want.")
    _change(desk, NoteStyle.PRIVATE_NOTE)


def _change(desk: Desk, new: NoteStyle) -> None:
    name = _quickbooks(desk).name
    before = change_note_style(desk.office(), new)
    desk.out.result({"from": before, "to": new}, f"{name}: {before.value} → {new.value}. {_WHERE[new]}")


def _quickbooks(desk: Desk) -> CompanyRow:
    row = desk.company()
    if row.ledger != "quickbooks":
        raise Refused(f"The notes of {row.name} have one place only: this choice is QuickBooks'.")
    return row


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="notes")
