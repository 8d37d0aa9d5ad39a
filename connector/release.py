"""Letting drafts go: those that waited because nobody seemed to post cash."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from connector import remarks
from connector.cash import cash_on
from connector.office import Office
from connector.store import companies, history, reminders
from connector.store.companies import Mode


def cash_is_posted(office: Office, until: date) -> int:
    """A person says that cash is posted up to `until`. Returns how many drafts that releases."""
    with office.database.write("cash is posted") as connection:
        companies.change(connection, office.company, cash_released_on=until)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="cash_is_posted",
            subject=office.company,
            data={"until": until},
        )
    return release_cash_drafts(office)


def release_cash_drafts(office: Office) -> int:
    """Where payments are entered again, what waited for them may go. Its figures are read afresh anyway."""
    with office.database.write("release drafts") as connection:
        row = office.row(connection)
        if row.mode is not Mode.AUTOMATIC or cash_on(row, office.calendar, office.today()).is_silent:
            return 0
        waiting = [each["id"] for each in reminders.drafts(connection, office.company) if each["waits_because"]]
        return reminders.approve(connection, office.company, waiting, by=None)


def drafts(office: Office) -> Sequence[Mapping[str, Any]]:
    """The drafts that wait for a person, with their words."""
    from connector.wording import in_words  # brings the rules along, which a quiet sync does without

    with office.database.read() as connection:
        return in_words(office, connection, reminders.drafts(connection, office.company))


def warnings(office: Office, waiting: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """What the ledger says beside what each of these drafts asks for; it holds nothing."""
    from connector.drafts import documents_of  # brings the rules along, too

    with office.database.read() as connection:
        return [
            remarks.warnings(connection, office.company, row["customer"], documents_of(row["facts"])) for row in waiting
        ]


def approve(office: Office, ids: Sequence[str] | None, *, by: str) -> int:
    """A person lets drafts go: these, or (None) all. Returns how many."""
    with office.database.write("approve drafts") as connection:
        wanted = [
            row["id"]
            for row in reminders.drafts(connection, office.company)
            if ids is None or any(row["id"].startswith(each) for each in ids)
        ]
        approved = reminders.approve(connection, office.company, wanted, by=by)
        if approved:
            history.record(
                connection,
                office.company,
                at=office.now(),
                actor="person",
                kind="drafts_approved",
                subject=office.company,
                data={"reminders": wanted},
                personal={"by": by},
            )
        return approved


def set_mode(office: Office, mode: Mode, *, by: str) -> None:
    """Switches a company's mode. In review, what has not left yet waits for approval too."""
    with office.database.write("set mode") as connection:
        before = office.row(connection).mode
        companies.change(connection, office.company, mode=mode.value)
        if mode is Mode.REVIEW:
            reminders.hold_back(connection, office.company)
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor=by,
            kind="mode_changed",
            subject=office.company,
            data={"from": before.value, "to": mode.value},
        )
