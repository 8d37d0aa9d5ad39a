"""The cells of the SMTP matrix, and the short rule that says what must become of the mail in each.

The rule, which knows nothing of the service's code: nothing is handed over before the recipient was accepted and
`sending` is written down. A server takes a mail when it reads the line with the dot. Before the first byte of that
line, a living sender knows that the mail was not taken; from then on only a clear reply tells. A dead sender knows no
more than what was written down before it died.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.unit.reminders.channels.fake_smtp import Fault, Place

READERS = (1, 3)
#: Faults of a connection, which say nothing about any mail.
OF_THE_CONNECTION = frozenset({Place.CONNECT, Place.BANNER, Place.EHLO, Place.STARTTLS, Place.AUTH})
#: Before `sending` is written down.
BEFORE_THE_GATE = OF_THE_CONNECTION | {Place.MAIL, Place.RCPT}
BEFORE_THE_DOT = BEFORE_THE_GATE | {Place.DATA, Place.MID_BODY}
#: When everything has been answered already.
TOO_LATE = frozenset({Place.AFTER_250, Place.QUIT})

States = Counter[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A fault, how often the mail's reminder has a reader, and whether our process is killed while the fault is on."""

    place: Place
    fault: Fault
    killed: bool
    readers: int

    def __str__(self) -> str:
        end = "killed" if self.killed else "living"
        return f"{self.place} {self.fault} {end} {self.readers}"

    @property
    def why_impossible(self) -> str:
        """Why there can be no such cell; empty where there can."""
        if self.place is Place.CONNECT and self.fault not in {Fault.CUT, Fault.HANG}:
            return "a server that says something has accepted the connection: that is its banner"
        return ""

    @property
    def skips(self) -> int:
        """How many visits of the place go well first: of three readers, the second one's mail meets the fault."""
        is_of_a_mail = self.place not in OF_THE_CONNECTION | {Place.QUIT}
        return int(self.readers > 1 and is_of_a_mail)


def cells(place: Place) -> Iterator[Cell]:
    """All cells of a place, the impossible ones too."""
    for fault, killed, readers in product(Fault, (False, True), READERS):
        yield Cell(place, fault, killed, readers)


def after_the_fault(cell: Cell, *, kept: bool) -> list[States]:
    """How the dispatches may stand when the process has ended, by state. `kept`: the connection had carried a mail
    before, so a server that fails at the next mail's first word is asked once more on a new one.
    """
    others: States = Counter({"sent": cell.skips})
    behind = cell.readers - cell.skips - 1
    if cell.place is Place.QUIT:
        return [Counter({"sent": cell.readers})]
    if not cell.killed and cell.place is Place.CONNECT:
        return [Counter({"waiting": cell.readers})]  # nobody is there until the service runs again
    if not cell.killed:
        others["sent"] += behind
        return [others + Counter({_living(cell, kept=kept): 1})]
    others["waiting"] += behind
    allowed = [others + Counter({each: 1}) for each in _dead(cell)]
    if cell.skips and cell.place in BEFORE_THE_GATE:  # the mail before must be written down only before the next leaves
        allowed.append(Counter({"sending": 1, "waiting": behind + 1}))
    return allowed


def _living(cell: Cell, *, kept: bool) -> str:
    place, fault = cell.place, cell.fault
    if place in TOO_LATE or (place is Place.MAIL and kept):
        return "sent"
    if place in OF_THE_CONNECTION:
        return "waiting"
    if fault is Fault.PERMANENT:
        return "refused"
    return "waiting" if place in BEFORE_THE_DOT or fault is Fault.TEMPORARY else "uncertain"


def _dead(cell: Cell) -> list[str]:
    if cell.place in BEFORE_THE_GATE:
        return ["waiting"]
    if cell.place in TOO_LATE:
        return ["sending", "sent"]  # it may or may not have had the time to write down what it was told
    return ["sending"]


def in_the_end(before: States) -> States:
    """How the dispatches stand when the service has run again, with a server that is well."""
    settled = {"waiting": "sent", "sending": "uncertain"}
    states: States = Counter()
    for state, count in before.items():
        states[settled.get(state, state)] += count
    return states


def may_have_got(state: str) -> range:
    """How many mails a reader with this state may have got."""
    return {"sent": range(1, 2), "waiting": range(1), "refused": range(1)}.get(state, range(2))
