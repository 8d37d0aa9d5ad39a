"""A service in a process of its own, that kills itself at the n-th boundary: before or after a commit, send or post.

The boundaries are found by wrapping the store, the mailer and the ledger, not from a list. Run by the crash tests.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from adapters.documents import CustomerRef, DocumentRef
from adapters.ledger import Batch, BlockChange, Capabilities, Company, Cursor, Entry, Ledger, Page, Receipt, Totals
from connector.bootstrap import open_service
from connector.clock import SimulatedClock
from connector.jobs import Job, all_jobs, run
from connector.settings import MailSettings, QuickBooksSettings, Security, Settings
from reminders.channels import Mailer, SendResult


class Deadline:
    """Counts boundaries and dies at the wanted one: by number, or by the first of a name."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.count = 0
        self.names: list[str] = []

    def pass_by(self, name: str) -> None:
        self.count += 1
        self.names.append(name)
        if self._wanted in {str(self.count), name}:
            sys.stdout.write(f"died at {self.count} {name}\n")
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, name: str) -> None:
        self.pass_by(f"before commit {name}")

    def after(self, name: str) -> None:
        self.pass_by(f"after commit {name}")


class MortalMailer:
    """A mailer with a boundary on both sides of each send."""

    def __init__(self, mailer: Mailer, deadline: Deadline) -> None:
        self._mailer = mailer
        self._deadline = deadline

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        def gate() -> bool:
            opened = at_data()
            self._deadline.pass_by("before handing over")
            return opened

        result = self._mailer.send(sender, recipient, data, gate)
        self._deadline.pass_by("after handing over")
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
        self._deadline.pass_by("before posting")
        receipts = self._ledger.post(batch)
        self._deadline.pass_by("after posting")
        return receipts

    def posted(self, customers: Collection[CustomerRef], since: date) -> Iterator[Receipt]:
        return self._ledger.posted(customers, since)

    def pay_link(self, document: DocumentRef) -> str:
        return self._ledger.pay_link(document)

    def block(self, change: BlockChange) -> Receipt:
        return self._ledger.block(change)


def settings(data: Path, api: str, smtp_port: int, database_url: str | None = None) -> Settings:
    """The settings of the crashing service: the sandbox's address, and a mail server on this machine."""
    return Settings(
        data_dir=data,
        database_url=database_url,  # type: ignore[arg-type]
        mail=MailSettings(
            host="127.0.0.1", port=smtp_port, security=Security.NONE, sender_address="ar@creditor.example"
        ),
        quickbooks=QuickBooksSettings(
            client_id="crash",
            client_secret="crash",  # type: ignore[arg-type]
            api_url=api,
            authorize_url=f"{api}/connect/oauth2",
            token_url=f"{api}/oauth2/v1/tokens/bearer",
            revoke_url=f"{api}/v2/oauth2/tokens/revoke",
        ),
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--api", required=True)
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, required=True)
    parser.add_argument("--die-at", default="")
    given = parser.parse_args()
    deadline = Deadline(given.die_at)
    clock = SimulatedClock(given.now)
    service = open_service(settings(given.data, given.api, given.smtp), clock=clock, boundaries=deadline)
    office = service.office()
    office = replace(
        office,
        ledger=MortalLedger(office.ledger, deadline),
        mailer=MortalMailer(office.mailer, deadline),
        sending=replace(office.sending, pay_links=False),
    )
    jobs = all_jobs(None)
    failed = [
        ran.error
        for job in (Job.SYNC, Job.REMIND, Job.NOTES)
        if (ran := run(office, job, jobs[job], now_please=True)).error
    ]
    service.close()
    sys.stdout.write(f"boundaries {deadline.count}\n")
    sys.stdout.writelines(f"failed: {error}\n" for error in failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
