"""Puts notes in line for the ledger: the one place where a fact becomes an `Entry`.

Called in the transaction of the fact itself, so that neither is ever without the other.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from adapters.ledger import Entry, EntryKind
from adapters.marker import mark
from adapters.money import Money
from connector.office import Office
from connector.store import entries, history
from reminders.notes import NoteFacts, neutral_line, note_text


def enqueue_note(
    office: Office,
    connection: Connection,
    kind: EntryKind,
    *,
    fact: str,
    customer: str,
    documents: Sequence[str] = (),
    facts: NoteFacts,
    amount: Money | None = None,
    day: date | None = None,
    about: str | None = None,
) -> str:
    """Enqueues the note for a fact and returns its key, `kind:fact`. Doing so twice changes nothing."""
    key = f"{kind.value}:{fact}"
    now = office.now()
    language = office.row(connection).language
    text = note_text(kind.value, facts, language)
    entry = Entry(
        key=key,
        kind=kind,
        customer=customer,
        documents=tuple(dict.fromkeys(documents)),
        text=mark(text, key, office.ledger.capabilities.note_length),
        neutral_text=neutral_line(kind.value, facts, language),
        happened_at=now,
        amount=amount,
        day=day,
        about=about,
    )
    if entries.enqueue(connection, office.company, entry, now=now):
        history.record(
            connection,
            office.company,
            at=now,
            actor="duecourse",
            kind="entry_enqueued",
            subject=key,
            data={"kind": kind.value, "customer": customer, "documents": list(entry.documents)},
        )
    return key
