"""S/4HANA's face over a company's books: its OData services on a local port.

`serve_s4hana(books, now=clock)` is a context manager with `.url`, `.calls` (the log), `.faults` and `.face` (the
`S4HanaSandbox` itself). app.py answers; clerk.py posts what the books tell as journal entries (entries.py), which
items.py shows; partners.py shows customers, texts.py keeps what is written.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from adapters.sandbox.books import Books
from adapters.sandbox.faults import Faults, Rule
from adapters.sandbox.server import Receive, Sandbox, Scope, Send
from adapters.sap.s4hana.sandbox.app import S4HanaSandbox
from adapters.sap.s4hana.sandbox.faulty import S4HanaFault, answer_for
from adapters.sap.s4hana.sandbox.settings import Numbers, Partial, S4HanaSettings
from adapters.sap.s4hana.sandbox.wire import Answer

__all__ = ["Numbers", "Partial", "S4HanaFault", "S4HanaSandbox", "S4HanaSettings", "ServedS4Hana", "serve_s4hana"]


class _Dialect:
    """The face as the server sees it."""

    def __init__(self, face: S4HanaSandbox) -> None:
        self._face = face

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._face(scope, receive, send)

    def faulty(self, rule: Rule) -> Answer | None:
        """The answer that a fault replaces the real one with."""
        return answer_for(self._face, rule)

    def is_metered(self, method: str, path: str) -> bool:  # noqa: ARG002 - the server's question
        """S/4HANA counts no calls."""
        return False


class ServedS4Hana(Sandbox):
    """An S/4HANA sandbox on a port."""

    def __init__(self, face: S4HanaSandbox, *, port: int, rules: Iterable[Rule]) -> None:
        faults = Faults(face.now)
        super().__init__(_Dialect(face), now=face.now, port=port, faults=faults)
        self.face = face
        for rule in rules:
            faults.add(rule)


def serve_s4hana(
    books: Books,
    *,
    now: Callable[[], datetime] | None = None,
    port: int = 0,
    faults: Iterable[Rule] = (),
    settings: S4HanaSettings | None = None,
) -> ServedS4Hana:
    """A sandbox over `books`, to be entered with `with`; port 0 takes a free one."""
    return ServedS4Hana(S4HanaSandbox(books, now=now, settings=settings), port=port, rules=faults)
