"""A company's own letterhead, beside what the settings say for all."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from connector.cancelling import cancel_reminders
from connector.office import Letterhead, Office
from connector.store import companies, history
from connector.store.tables import reminder
from reminders.channels.addresses import parse_address

FIELDS = tuple(Letterhead.__dataclass_fields__)
_ADDRESSES = frozenset({"sender", "reply_to", "stop_address"})
_ONE_LINE = frozenset({"sender_name"})


class BadLetterhead(ValueError):
    """Words that no letterhead can carry."""


def checked(name: str, value: str) -> str:
    """The value, if its field can hold it; empty is always fine. Raises `BadAddress` and `BadLetterhead`."""
    if value and name in _ADDRESSES:
        return parse_address(value)
    value = value.strip().replace("\r\n", "\n")
    allowed = "" if name in _ONE_LINE else "\n"
    if not all(each.isprintable() or each in allowed for each in value):
        lines = "one line" if name in _ONE_LINE else "plain lines"
        raise BadLetterhead(f"{name.replace('_', ' ')} must be {lines} without control characters.")
    return value


def set_letterhead(office: Office, given: Mapping[str, str], *, anew: bool = False) -> int:
    """Sets these fields (empty: as the settings say again); `anew` forgets the others.

    What was written and has not left is written again, so that nobody is asked to pay on an account that was replaced.
    Returns how many messages that are. Raises `BadAddress` and `BadLetterhead`.
    """
    values = {name: checked(name, value) for name, value in given.items()}
    with office.database.write("set letterhead") as connection:
        before = office.row(connection).letterhead or {}
        merged = ({} if anew else before) | values
        own = {name: merged[name] for name in FIELDS if merged.get(name)}
        if own == before:
            return 0
        companies.change(connection, office.company, letterhead=own or None)
        changed = [name for name in FIELDS if own.get(name) != before.get(name)]
        history.record(
            connection,
            office.company,
            at=office.now(),
            actor="person",
            kind="letterhead_set",
            subject=office.company,
            data={"fields": changed},
            personal={"values": own},
        )
        return _write_again(office, connection)


def _write_again(office: Office, connection: Connection) -> int:
    """Cancels what waits to leave, but not what is being sent at this moment: its words have been read already."""
    waits = reminder.c.state.in_(["draft", "ready"]) & reminder.c.lease_until.is_(None)
    rows = connection.execute(
        select(reminder.c.id, reminder.c.account).where(reminder.c.company == office.company, waits)
    )
    accounts = {row.id: row.account for row in rows}
    return cancel_reminders(office, connection, accounts, "the letterhead changed: it is written anew")
