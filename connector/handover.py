"""What is written down around a hand-over: `sending` before it, what became of it after, and when a letter is done.

Written for several letters in one transaction (connector.desk). Nothing is handed over before the commit that says
`sending` for it (design, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection, bindparam, select, update

from connector.office import Office
from connector.said import Handed, record_refused, record_said
from connector.settling import settle_dispatch
from connector.store import claims, dispatches, reminders
from connector.store.companies import CompanyRow, Mode
from connector.store.tables import account
from reminders.channels import SendOutcome, SendResult

if TYPE_CHECKING:
    from connector.letters import Letter


@dataclass(slots=True, kw_only=True)
class Opening:
    """A letter wants to be handed over to an address now. `is_open` is the answer."""

    letter: "Letter"
    address: str
    is_open: bool = False

    @property
    def name(self) -> str:
        """As the commit is called."""
        return "sending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of it."""

    letter: "Letter"
    address: str
    result: SendResult

    @property
    def name(self) -> str:
        """As the commit is called."""
        return f"record {self.result.outcome.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Nothing more is done for a letter now; who still waits for it waits until `not_before`."""

    letter: "Letter"
    not_before: datetime | None = None

    @property
    def name(self) -> str:
        """As the commit is called."""
        return "close reminder"


Ask: TypeAlias = Opening | Ending | Closing


def is_fresh(office: Office, read_at: datetime) -> bool:
    """Whether figures read at `read_at` may still leave."""
    return office.now() - read_at <= timedelta(seconds=office.sending.fresh_seconds)


def write_down(office: Office, asks: Sequence[Ask]) -> None:
    """Writes all of them down, in one transaction."""
    letters = {each.letter.claim.id: each.letter for each in asks}
    with office.database.write(" + ".join(sorted({each.name for each in asks}))) as connection:
        ours = claims.ours(connection, [each.claim for each in letters.values()])
        sheet = _Sheet(office, connection, ours, dispatches.states(connection, letters))
        sheet.end([each for each in asks if isinstance(each, Ending)])
        sheet.close([each for each in asks if isinstance(each, Closing)])
        sheet.open([each for each in asks if isinstance(each, Opening)])


class _Sheet:
    """One transaction's work. `states` are the dispatches' as they stand in it: the reminders' rows are locked."""

    def __init__(
        self, office: Office, connection: Connection, ours: set[str], states: dict[tuple[str, str], str]
    ) -> None:
        self.office = office
        self.connection = connection
        self.ours = ours
        self.states = states

    # -- after a hand-over

    def end(self, endings: Sequence[Ending]) -> None:
        said: list[Handed] = []
        waits: list[tuple[str, str, str, str]] = []
        for each in endings:
            key, outcome = (each.letter.claim.id, each.address), each.result.outcome
            state = self.states.get(key)
            if state == "uncertain":
                self._settle_late(each)
            elif state == "sending" and outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN}:
                handed = Handed(reminder=key[0], address=each.address, result=each.result)
                said.append(handed)
                self.states[key] = handed.state
            elif key[0] not in self.ours:
                continue  # whoever took it over may be sending it by now
            elif outcome is SendOutcome.REFUSED:
                record_refused(self.office, self.connection, each.letter.claim, each.address, each.result)
                self.states[key] = "refused"
            elif state == "sending" or (state == "waiting" and outcome is SendOutcome.DEFERRED):
                waits.append((*key, "waiting", each.result.reply))
                self.states[key] = "waiting"
        if waits:
            dispatches.set_states(self.connection, waits, now=self.office.now())
        record_said(self.office, self.connection, said)

    def _settle_late(self, each: Ending) -> None:
        """Another process took us for dead while the mail server thought; its clear answer is evidence after all."""
        if each.result.outcome not in {SendOutcome.UNCERTAIN, SendOutcome.CANCELLED}:
            arrived = each.result.outcome is SendOutcome.ACCEPTED
            by, of = "the mail server's late answer", each.letter.claim.id
            settle_dispatch(self.office, self.connection, of, each.address, arrived=arrived, by=by)

    # -- a letter is done

    def close(self, closings: Sequence[Closing]) -> None:
        said = []
        for each in closings:
            of = each.letter.claim.id
            if of not in self.ours:
                continue
            states = {state for (reminder, _), state in self.states.items() if reminder == of}
            if is_said(states):
                said.append(of)
            else:
                close_or_ready(self.connection, of, states, not_before=each.not_before)
                self._look_tomorrow_if_refused(each.letter, states)
        if said:
            reminders.close(self.connection, said)

    def _look_tomorrow_if_refused(self, letter: "Letter", states: set[str]) -> None:
        """Refused for good by every server: the account is looked at tomorrow, not within the hour."""
        if "waiting" not in states:
            where = (account.c.company == self.office.company) & (account.c.ref == letter.claim.row["account"])
            tomorrow = self.office.today() + timedelta(days=1)
            self.connection.execute(update(account).where(where).values(look_on=tomorrow))

    # -- before a hand-over

    def open(self, openings: Sequence[Opening]) -> None:
        """Commits `sending`, where the figures are fresh, the claim is ours and nothing about the account changed."""
        if not openings:
            return
        row, now = self.office.row(self.connection), self.office.now()
        touches = self._touches({each.letter.claim.row["account"] for each in openings})
        for each in openings:
            each.is_open = (
                each.letter.claim.id in self.ours
                and self.states.get((each.letter.claim.id, each.address)) == "waiting"
                and is_fresh(self.office, each.letter.read_at)
                and self._is_wanted(row, each.letter)
                and touches.get(each.letter.claim.row["account"]) == each.letter.touches
            )
        opened = [(each.letter.claim.id, each.address, "sending", "") for each in openings if each.is_open]
        if opened:
            dispatches.set_states(self.connection, opened, now=now, attempt=1)
            until = now + timedelta(seconds=self.office.sending.lease_seconds)
            reminders.renew_leases(self.connection, sorted({of for of, *_ in opened}), until)

    def _is_wanted(self, row: CompanyRow, letter: "Letter") -> bool:
        """Nobody paused the company meanwhile, or wants to see first what leaves; what was decided yesterday is
        decided again.
        """
        claimed = letter.claim.row
        if row.paused_because is not None or claimed["decided_on"] != self.office.today():
            return False
        return row.mode is Mode.AUTOMATIC or (row.mode is Mode.REVIEW and claimed["approved_by"] is not None)

    def _touches(self, accounts: set[str]) -> dict[str, int]:
        """A promise made, a pause set or a page applied since a letter was decided: its account was touched."""
        rows = self.connection.execute(_TOUCHES, {"company": self.office.company, "of": sorted(accounts)})
        return {row.ref: row.touches for row in rows}


_TOUCHES = select(account.c.ref, account.c.touches).where(
    account.c.company == bindparam("company"), account.c.ref.in_(bindparam("of", expanding=True))
)


def is_said(states: set[str]) -> bool:
    """Whether a reminder whose dispatches stand so is done, and was said."""
    return "waiting" not in states and bool(states & {"sent", "uncertain"})


def close_or_ready(
    connection: Connection, reminder_id: str, states: set[str], *, not_before: datetime | None = None
) -> None:
    """A reminder is done when all its dispatches are; else it is ready for the recipients that still wait."""
    if "waiting" in states:
        claims.put_back(connection, reminder_id, not_before=not_before)
    elif is_said(states):
        reminders.close(connection, [reminder_id])
    else:
        reminders.change(connection, reminder_id, state="refused", lease_until=None)
        reminders.free_items(connection, reminder_id)
