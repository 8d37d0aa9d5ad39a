"""Puts notes in line for the ledger: the one place where a fact becomes an `Entry`.

Called in the transaction of the fact itself, so that neither is ever without the other.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from adapters.ledger import Entry, EntryKind
from adapters.marker import mark
from adapters.money import Money
from connector.office import Office
from connector.store import entries, history
from connector.store.history import Event
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
    language = office.row(connection).language
    entry = entry_for(office, kind, fact=fact, customer=customer, documents=documents, facts=facts, language=language)
    entry = replace(entry, amount=amount, day=day, about=about)
    history.record_many(connection, office.company, enqueue_entries(office, connection, [entry]))
    return entry.key


def entry_for(
    office: Office,
    kind: EntryKind,
    *,
    fact: str,
    customer: str,
    documents: Sequence[str] = (),
    facts: NoteFacts,
    language: str,
) -> Entry:
    """The entry for a fact, in the company's `language`; its key is `kind:fact`."""
    key = f"{kind.value}:{fact}"
    return Entry(
        key=key,
        kind=kind,
        customer=customer,
        documents=tuple(dict.fromkeys(documents)),
        text=mark(note_text(kind.value, facts, language), key, office.ledger.capabilities.note_length),
        neutral_text=neutral_line(kind.value, facts, language),
        happened_at=office.now(),
    )


def enqueue_entries(office: Office, connection: Connection, made: Sequence[Entry]) -> list[Event]:
    """Puts entries in line. Returns what is to be recorded in the history: one event for each that was not known."""
    now = office.now()
    return [
        Event(
            at=now,
            actor="duecourse",
            kind="entry_enqueued",
            subject=each.key,
            data={"kind": each.kind.value, "customer": each.customer, "documents": list(each.documents)},
        )
        for each in entries.enqueue(connection, office.company, made, now=now)
    ]
