"""QuickBooks' face over a company's books: Intuit's API v3 and OAuth server, on a local port.

`serve_quickbooks(books, now=clock)` is a context manager with `.url`, `.calls` (the log), `.faults` and `.face` (the
`QuickBooksSandbox` itself, whose tokens and poisoned rows tests may change).
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from adapters.quickbooks.sandbox.app import QuickBooksSandbox, is_metered
from adapters.quickbooks.sandbox.faulty import QuickBooksFault, answer_for
from adapters.quickbooks.sandbox.oauth import Answer
from adapters.quickbooks.sandbox.settings import SandboxSettings
from adapters.sandbox.books import Books
from adapters.sandbox.faults import Faults, Rule
from adapters.sandbox.server import Receive, Sandbox, Scope, Send

__all__ = ["QuickBooksFault", "QuickBooksSandbox", "SandboxSettings", "ServedQuickBooks", "serve_quickbooks"]


class _Dialect:
    """The face as the server sees it."""

    def __init__(self, face: QuickBooksSandbox) -> None:
        self._face = face

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._face(scope, receive, send)

    def faulty(self, rule: Rule) -> Answer | None:
        """The answer that a fault replaces the real one with."""
        return answer_for(self._face, rule)

    def is_metered(self, method: str, path: str) -> bool:
        """Whether a successful call counts against the month's quota."""
        return is_metered(method, path)


class ServedQuickBooks(Sandbox):
    """A QuickBooks sandbox on a port."""

    def __init__(self, face: QuickBooksSandbox, *, port: int, rules: Iterable[Rule]) -> None:
        faults = Faults(face.now)
        super().__init__(_Dialect(face), now=face.now, port=port, faults=faults)
        self.face = face
        for rule in rules:
            if rule.fault == QuickBooksFault.POISON:
                answer_for(face, rule)
            else:
                faults.add(rule)


def serve_quickbooks(
    books: Books,
    *,
    now: Callable[[], datetime] | None = None,
    port: int = 0,
    faults: Iterable[Rule] = (),
    settings: SandboxSettings | None = None,
) -> ServedQuickBooks:
    """A sandbox over `books`, to be entered with `with`; port 0 takes a free one."""
    return ServedQuickBooks(QuickBooksSandbox(books, now=now, settings=settings), port=port, rules=faults)
