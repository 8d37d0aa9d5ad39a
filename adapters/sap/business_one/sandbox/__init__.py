"""Business One's face over a company's books: the Service Layer, on a local port.

`serve_business_one(books, now=clock)` is a context manager with `.url`, `.calls` (the log), `.faults` and `.face` (the
`BusinessOneSandbox` itself, whose sessions and rows tests may disturb).
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from adapters.sandbox.books import Books
from adapters.sandbox.faults import Faults, Rule
from adapters.sandbox.server import Receive, Sandbox, Scope, Send
from adapters.sap.business_one.sandbox.app import BusinessOneSandbox
from adapters.sap.business_one.sandbox.faulty import BusinessOneFault, answer_for
from adapters.sap.business_one.sandbox.settings import SandboxSettings
from adapters.sap.business_one.sandbox.wire import Answer

__all__ = ["BusinessOneFault", "BusinessOneSandbox", "SandboxSettings", "ServedBusinessOne", "serve_business_one"]


class _Dialect:
    """The face as the server sees it."""

    def __init__(self, face: BusinessOneSandbox) -> None:
        self._face = face

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._face(scope, receive, send)

    def faulty(self, rule: Rule) -> Answer | None:
        """The answer that a fault replaces the real one with."""
        return answer_for(self._face, rule)

    def is_metered(self, method: str, path: str) -> bool:
        """Business One counts no calls."""
        del method, path
        return False


class ServedBusinessOne(Sandbox):
    """A Business One sandbox on a port."""

    def __init__(self, face: BusinessOneSandbox, *, port: int, rules: Iterable[Rule]) -> None:
        faults = Faults(face.now)
        super().__init__(_Dialect(face), now=face.now, port=port, faults=faults)
        self.face = face
        for rule in rules:
            faults.add(rule)


def serve_business_one(
    books: Books,
    *,
    now: Callable[[], datetime] | None = None,
    port: int = 0,
    faults: Iterable[Rule] = (),
    settings: SandboxSettings | None = None,
) -> ServedBusinessOne:
    """A sandbox over `books`, to be entered with `with`; port 0 takes a free one."""
    return ServedBusinessOne(BusinessOneSandbox(books, now=now, settings=settings), port=port, rules=faults)
