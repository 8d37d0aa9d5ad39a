"""What may go wrong around the service while a month is played, and when the service tries again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from adapters.sandbox.books import Books
from adapters.sandbox.server import Sandbox
from connector.bootstrap import Service
from connector.demo.post import Sink
from connector.demo.time import WorldTime
from connector.jobs import Ran
from connector.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What plays together around an office: the books' server, the mail server, and the service itself."""

    books: Books
    box: Sandbox
    sink: Sink
    service: Service
    office: Office
    time: WorldTime


class Trouble(Protocol):
    """Makes trouble. Told before every run of the jobs; decides after each whether the service soon runs them again."""

    def begin(self, scene: Scene) -> Office:
        """The month begins. Returns the office that plays, which may have a ledger and a mailer put in between."""
        ...

    def before_jobs(self, day: date, hour: int, attempt: int) -> None:
        """The jobs of this hour (the company's zone) are about to run, for the first time where `attempt` is 0."""
        ...

    def before_reconcile(self, day: date, attempt: int) -> None:
        """The day's totals are about to be compared."""
        ...

    def wait_after(self, ran: Sequence[Ran]) -> timedelta | None:
        """How long until the service's schedule runs them once more this hour; None where all went well."""
        ...


class NoTrouble:
    """A calm month."""

    def begin(self, scene: Scene) -> Office:
        """The office as it is."""
        return scene.office

    def before_jobs(self, day: date, hour: int, attempt: int) -> None:
        """Nothing."""

    def before_reconcile(self, day: date, attempt: int) -> None:
        """Nothing."""

    def wait_after(self, ran: Sequence[Ran]) -> timedelta | None:
        """Once an hour is enough."""
        del ran
        return None
