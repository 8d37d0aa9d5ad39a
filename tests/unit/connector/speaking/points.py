"""Points of a run at which the world may move on: found by wrapping store, ledger and mailer, not listed."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from adapters.documents import DocumentKind
from adapters.ledger import Page
from reminders.channels import Mailer, SendResult
from tests.unit.connector.speaking.fakes import Books

_EPOCH = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass
class Points:
    """Counts what a run passes by, and lets `act` happen once: at the point with the wanted number (from 1)."""

    act: Callable[[], object] = bool
    wanted: int = 0
    names: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def pass_by(self, name: str) -> None:
        with self._lock:
            self.names.append(name)
            is_it = len(self.names) == self.wanted
        if is_it:
            self.act()

    def before(self, name: str) -> None:
        """All statements of a transaction have run."""
        self.pass_by(f"before commit {name}")

    def after(self, name: str) -> None:
        """It is durable."""
        self.pass_by(f"after commit {name}")


class Passed:
    """Any object, with a point on both sides of each of its methods."""

    def __init__(self, inner: object, name: str, points: Points) -> None:
        self._inner = inner
        self._name = name
        self._points = points

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the inner one has
        found = getattr(self._inner, attribute)
        if not callable(found):
            return found

        def passing(*args: object, **named: object) -> object:
            self._points.pass_by(f"before {self._name}.{attribute}")
            result = found(*args, **named)
            self._points.pass_by(f"after {self._name}.{attribute}")
            return result

        return passing


class PassedMailer:
    """A mailer with points around the connection and around the question whether the message may leave."""

    def __init__(self, mailer: Mailer, points: Points) -> None:
        self._mailer = mailer
        self._points = points

    def send(self, sender: str, recipient: str, data: bytes, at_data: Callable[[], bool]) -> SendResult:
        def gate() -> bool:
            self._points.pass_by("before at_data")
            opened = at_data()
            self._points.pass_by("after at_data")
            return opened

        self._points.pass_by("before mailer.send")
        result = self._mailer.send(sender, recipient, data, gate)
        self._points.pass_by("after mailer.send")
        return result


@dataclass
class ChangingBooks(Books):
    """Books whose fresh reading also tells what else changed of these customers, as a ledger's change list does."""

    def fresh(self, documents: Collection[str], customers: Collection[str], since: str) -> Page:
        more = {
            ref
            for ref, each in self.documents.items()
            if each.customer in customers and each.kind is not DocumentKind.INVOICE
        }
        return self._dated(super().fresh({*documents, *more}, customers, since))

    def changes(self, since: str | None, *, whole: bool = False) -> Iterator[Page]:
        yield from map(self._dated, super().changes(since, whole=whole))

    def _dated(self, page: Page) -> Page:
        """Each document with the instant of its last change, by which an older page is known as older."""
        dated = [replace(each, updated_at=_EPOCH + timedelta(seconds=int(each.version))) for each in page.documents]
        return replace(page, documents=tuple(dated))

    def pay_too_much(self, ref: str, surplus: str) -> None:
        """The invoice is paid, and so much is left unapplied."""
        invoice = self.documents[ref]
        self.pay(ref)
        self.credit(f"{invoice.id}-surplus", invoice.customer, surplus, self.now().date())
        made = self.documents.pop(f"credit_memo:{invoice.id}-surplus")
        paid = replace(made, kind=DocumentKind.PAYMENT)
        self.documents[paid.ref] = paid

    def owed(self, customer: str) -> int:
        """What the customer owes, free credit taken off, in cents; never below zero."""
        return max(0, sum(each.open.minor for each in self.documents.values() if each.customer == customer))
