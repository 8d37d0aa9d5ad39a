"""The words of drafts that were to leave by themselves, and now wait for a person who wants to read them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping

from connector.accounts import load_accounts
from connector.drafts import words_for
from connector.office import Office
from connector.store import reminders
from reminders.cadence import decide

_AT_ONCE = 500


def in_words(office: Office, connection: Connection, rows: Sequence[RowMapping]) -> list[Mapping[str, Any]]:
    """These reminders, each with its words. A message that was to leave by itself has none before it leaves: what
    would be said now stands in its place, or in the subject alone why nothing would be.
    """
    wordless = [row for row in rows if not row["subject"]]
    said = {
        ref: words
        for start in range(0, len(wordless), _AT_ONCE)
        for ref, words in _said_now(office, connection, wordless[start : start + _AT_ONCE])
    }
    return [{**row, **said.get(row["id"], {})} for row in rows]


def _said_now(
    office: Office, connection: Connection, rows: Sequence[RowMapping]
) -> Iterator[tuple[str, dict[str, str]]]:
    today, company = office.today(), office.row(connection)
    refs = list(dict.fromkeys(row["account"] for row in rows))
    loaded = load_accounts(
        office, connection, company, refs, today=today, excluding=[row["id"] for row in rows], broken=_untold
    )
    accounts = {each.account.ref: each for each in loaded}
    for row in rows:
        if (each := accounts.get(row["account"])) is None:
            continue
        decision = decide(each.account, office.cadence(each.cadence), today, office.calendar)
        if decision.message is None:
            yield row["id"], {"subject": decision.sentence}
            continue
        day = reminders.decided_on(connection, row["replaces"])
        words = words_for(office, company, each, decision.message, today, replaces=day)
        yield row["id"], {"subject": words.subject, "text_body": words.text, "html_body": words.html}


def _untold(ref: str) -> None:
    """An account that cannot be loaded is told to a person where it is decided; here its draft has no words."""
    del ref
