"""Where the notes go in QuickBooks: attached to customer and invoices, or as lines in the invoice's Statement Memo.

The second may print on what customers see, so it is taken only where a person agreed to a sentence that says so; a
setting alone is a wish.
"""

from enum import StrEnum

from connector.office import Office
from connector.store import companies, entries, history

MAY_PRINT = (
    "Notes go into the invoice's Statement Memo, which may print on statements your customer sees; one neutral line "
    "each, no amounts, promises or disputes; the oldest lines fall out when it is full."
)
"""What a person agrees to with `private_note`."""


class NoteStyle(StrEnum):
    """Where notes go."""

    ATTACHABLE = "attachable"
    PRIVATE_NOTE = "private_note"


class NotesOnTheirWay(ValueError):
    """Notes were handed to the ledger and not answered yet: they must be found where they were put."""

    def __init__(self) -> None:
        super().__init__("Notes are on their way into the ledger: let `duecourse run` settle them, then change it.")


def change_note_style(office: Office, new: NoteStyle) -> NoteStyle:
    """Notes go there from now on; those that are written stay where they are. Returns how it was.

    Raises `NotesOnTheirWay`.
    """
    with office.database.write("change note style") as connection:
        before = NoteStyle(office.row(connection).note_style)
        if before is new:
            return before
        if entries.are_on_their_way(connection, office.company):
            raise NotesOnTheirWay
        companies.change(connection, office.company, note_style=new.value)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="note_style_changed",
            subject=office.company,
            data={"from": before.value, "to": new.value},
        )
    return before
