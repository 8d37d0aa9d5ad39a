"""A service that can be killed at each of its boundaries: on both sides of every commit, send and post.

The boundaries are found by wrapping the store, the mailer and the ledger, not from a list.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from threading import Lock, get_ident

import httpx
from sqlalchemy import Connection, Engine, event

from adapters.documents import CustomerRef, DocumentRef
from adapters.ledger import Batch, BlockChange, Capabilities, Company, Cursor, Entry, Ledger, Page, Receipt, Totals
from reminders.channels import Mailer, SendResult
from tests.e2e.crashing.journal import Event, Journal


class Deadline:
    """Writes down each boundary that is passed, and kills the whole process at the wanted one: (name, occurrence).

    Any number of threads may pass at once.
    """

    def __init__(self, journal: Journal, wanted: tuple[str, int] | None) -> None:
        self._journal = journal
        self._wanted = wanted
        self._passed: Counter[str] = Counter()
        self._lock = Lock()

    def pass_by(self, side: str, name: str, who: str) -> None:
        with self._lock:
            self._journal.write(side, name, who)
            for part in Event(side, name, who).parts:
                self._passed[part] += 1
                if self._wanted == (part, self._passed[part]):
                    os.kill(os.getpid(), signal.SIGKILL)

    def before(self, name: str) -> None:
        """See `connector.store.engine.Boundaries`."""
        self.pass_by("before", f"commit {name}", str(get_ident()))

    def after(self, name: str) -> None:
        """See `connector.store.engine.Boundaries`."""
        self.pass_by("after", f"commit {name}", str(get_ident()))


def watch_commits(journal: Journal) -> None:
    """Every commit of this process is written down by the database engine itself, named or not."""

    def committed(_connection: Connection) -> None:
        journal.write("commit", who=str(get_ident()))

    event.listen(Engine, "commit", committed)


def watch_writes(client: httpx.Client, writes: Callable[[str, str, bytes], bool], deadline: Deadline) -> None:
    """A boundary on both sides of each call that writes, within a post that reads first and asks again afterwards."""

    def passing(side: str, request: httpx.Request) -> None:
        if writes(request.method, request.url.path, request.content):
            deadline.pass_by(side, "write", str(get_ident()))

    client.event_hooks = {
        "request": [lambda request: passing("before", request)],
        "response": [lambda response: passing("after", response.request)],
    }


class MortalMailer:
    """A mailer with a boundary on both sides of each hand-over: after the gate opened, and when the answer is there.

    `padding` bytes are put behind each mail's last part, where nobody reads them.
    """

    def __init__(self, mailer: Mailer, deadline: Deadline, padding: int = 0) -> None:
        self._mailer = mailer
        self._deadline = deadline
        self._padding = b"an epilogue of forty bytes, all the same\r\n" * (padding // 42)

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        """See `reminders.channels.Mailer`."""

        def gate() -> bool:
            opened = at_data()
            if opened:
                self._deadline.pass_by("before", "send", recipient)
            return opened

        result = self._mailer.send(sender, recipient, data + self._padding, gate)
        self._deadline.pass_by("after", "send", recipient)
        return result


class MortalLedger:
    """A ledger with a boundary on both sides of each post."""

    def __init__(self, ledger: Ledger, deadline: Deadline) -> None:
        self._ledger = ledger
        self._deadline = deadline

    @property
    def capabilities(self) -> Capabilities:
        return self._ledger.capabilities

    def company(self) -> Company:
        return self._ledger.company()

    def changes(self, since: Cursor | None, *, whole: bool = False) -> Iterator[Page]:
        return self._ledger.changes(since, whole=whole)

    def fresh(self, documents: Collection[DocumentRef], customers: Collection[CustomerRef], since: Cursor) -> Page:
        return self._ledger.fresh(documents, customers, since)

    def totals(self, on: date) -> Totals:
        return self._ledger.totals(on)

    def compose(self, entries: Sequence[Entry]) -> Sequence[Batch]:
        return self._ledger.compose(entries)

    def post(self, batch: Batch) -> Sequence[Receipt]:
        self._deadline.pass_by("before", "post", "")
        receipts = self._ledger.post(batch)
        self._deadline.pass_by("after", "post", "")
        return receipts

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        return self._ledger.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:
        return self._ledger.pay_link(document)

    def block(self, change: BlockChange) -> Receipt:
        return self._ledger.block(change)
