"""What must be true of a morning when everything has been settled, however often the service died on the way.

Who is owed what is worked out from the books and the company's story; what the service wrote down is compared with it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, Table, select

from adapters.marker import find_markers
from adapters.sandbox.books import Books
from connector.store import history
from connector.store.engine import Database, open_engine
from connector.store.tables import dispatch, document, entry, mail_in, promise, reconciliation, reminder, task
from tests.e2e.crashing import company
from tests.e2e.crashing.mornings import Morning

_UNKNOWN = "acceptance unknown"


@dataclass(frozen=True)
class _Written:
    """What the service's store says in the end, by table."""

    rows: dict[str, Sequence[RowMapping]] = field(default_factory=dict)
    chain_faults: tuple[str, ...] = ()

    def of(self, table: Table) -> Sequence[RowMapping]:
        return self.rows[table.name]


def broken_promises(morning: Morning, *, was_killed: bool) -> list[str]:
    """One sentence for each thing that is not as it must be. Where nobody killed it, nothing may be uncertain
    but what the mail server itself left open.
    """
    database = Database(open_engine(morning.database_url))
    with database.read() as connection:
        written = _read(connection)
    database.dispose()
    return [
        *_mails(morning, written, was_killed=was_killed),
        *_tasks(written),
        *_notes(morning, written),
        *_figures(morning.ledger.books, written),
        *_rest(morning, written),
    ]


def _read(connection: Connection) -> _Written:
    tables = (dispatch, document, entry, mail_in, promise, reconciliation, reminder, task)
    rows = {each.name: connection.execute(select(each)).mappings().all() for each in tables}
    of_company = rows["reminder"][0]["company"] if rows["reminder"] else ""
    return _Written(rows, history.verify(connection, of_company).faults)


def _mails(morning: Morning, written: _Written, *, was_killed: bool) -> Iterator[str]:
    """Nobody got two, everybody who owes got one, or it is said that it is not known; nobody else got any."""
    arrived = Counter(each.recipient for each in morning.taken)
    yield from (f"{who} got {count} mails" for who, count in arrived.items() if count > 1)
    states: dict[str, list[str]] = {}
    for row in written.of(dispatch):
        if row["state"] != "cancelled":
            states.setdefault(row["address"], []).append(row["state"])
    owed = {address for addresses in company.REMINDED.values() for address in addresses}
    for address in sorted(owed | company.REFUSES | set(states) | set(arrived)):
        if address in company.REFUSES:
            allowed = {"refused"}
        elif address not in owed:
            allowed = set()
        elif address in company.FALLS_SILENT:
            allowed = {"uncertain"}
        else:
            allowed = {"sent", "uncertain"} if was_killed else {"sent"}
        found = states.get(address, [])
        if len(found) != bool(allowed) or not allowed.issuperset(found):
            yield f"{address} is {found}, not one of {sorted(allowed)}"
        if ("sent" in found and not arrived[address]) or (arrived[address] and not {"sent", "uncertain"} & set(found)):
            yield f"{address} got {arrived[address]} mails and is {found}"


def _tasks(written: _Written) -> Iterator[str]:
    """What is uncertain or refused, and each reply, is a task for a person: once."""
    open_tasks = Counter(row["key"] for row in written.of(task) if row["state"] == "open")
    wanted = Counter(f"mail:{row['id']}" for row in written.of(mail_in))
    for row in written.of(dispatch):
        if row["state"] == "uncertain":
            wanted[f"uncertain:{row['reminder']}:{row['address']}"] += 1
        if row["state"] == "refused":
            wanted[f"refused:{row['address']}"] += 1
    wanted.update(f"broken:{row['id']}" for row in written.of(promise) if row["state"] == "broken")
    if open_tasks != wanted:
        yield f"open tasks are {dict(open_tasks)}, not {dict(wanted)}"


def _notes(morning: Morning, written: _Written) -> Iterator[str]:
    """Each thing that was said has its note, and none has two in one place."""
    ledger = morning.ledger
    places = ledger.stand.told(ledger.books, ledger.face)
    found = Counter((key, each.kind, each.ident) for each in places for key in find_markers(each.words))
    keys = [key for key, _, _ in found]
    yield from (
        f"{key} stands {count} times in {kind} {ident}" for (key, kind, ident), count in found.items() if count > 1
    )
    yield from (f"{key} stands in {count} places" for key, count in Counter(keys).items() if count > 1)
    kinds = Counter(key.partition(":")[0] for key in set(keys))
    wanted = company.NOTES | {"reminder": len(company.REMINDED)}
    if kinds != wanted:
        yield f"the ledger has the notes {dict(kinds)}, not {wanted}"
    yield from ledger.stand.wrongs(ledger.face, {name: ledger.customers[name] for name in company.LIVED_IN})
    said = {f"reminder:{row['id']}" for row in written.of(reminder) if row["said_at"]}
    if said != {key for key in keys if key.startswith("reminder:")}:
        yield "the reminders' notes are not those of the reminders that were said"
    yield from (f"{row['key']} is {row['state']}" for row in written.of(entry) if row["state"] != "written")
    by_reminder: dict[str, set[str]] = {}
    for row in written.of(dispatch):
        by_reminder.setdefault(row["reminder"], set()).add(row["state"])
    for row in written.of(entry):
        states = by_reminder.get(row["key"].partition(":")[2], set())
        if states == {"uncertain"} and _UNKNOWN not in row["text_body"]:
            yield f"{row['key']} does not say that it is uncertain"
        if "uncertain" not in states and _UNKNOWN in row["text_body"]:
            yield f"{row['key']} says that it is uncertain, and it is not"


def _figures(books: Books, written: _Written) -> Iterator[str]:
    """To the cent, by customer; and the reconciliation says so."""
    ours: Counter[str] = Counter()
    for row in written.of(document):
        ours[row["customer"]] += row["open_minor"]
    for customer in books.customers():
        theirs = int(books.balance(customer.id, "USD") * 100)
        if ours[customer.id] != theirs:
            yield f"customer {customer.id} owes {theirs} cents, and we say {ours[customer.id]}"
    states = [row["state"] for row in written.of(reconciliation)]
    if states != ["agrees"]:
        yield f"the reconciliation says {states}"


def _rest(morning: Morning, written: _Written) -> Iterator[str]:
    """The chain holds, the reply was taken in once, the promises were judged, and nothing is left over."""
    yield from written.chain_faults
    replies = Counter(row["kind"] for row in written.of(mail_in))
    if replies != {"reply": 1}:
        yield f"mails that came in: {dict(replies)}"
    if list(morning.inbox.glob("*.eml")) or len(list((morning.inbox / "done").glob("*.eml"))) != 1:
        yield "the reply does not lie in done, alone"
    judged = Counter(row["state"] for row in written.of(promise))
    if judged != {"kept": 1, "broken": 1}:
        yield f"the promises are {dict(judged)}"
    for row in written.of(reminder):
        if row["state"] not in {"said", "refused", "cancelled"}:
            yield f"the reminder {row['id']} is still {row['state']}"
