"""Sending: one letter to each of its recipients, each in a transaction of its own, no doubt left unsaid."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, select, update

from connector.office import Office
from connector.said import record_refused, record_said
from connector.settling import settle_dispatch
from connector.store import reminders
from connector.store.claims import Claim, is_ours, put_back
from connector.store.companies import Mode
from connector.store.tables import account
from reminders.channels import SendOutcome, SendResult

if TYPE_CHECKING:
    from connector.letters import Delivered, Letter

log = structlog.get_logger()

_RETRY_DEFERRED = timedelta(minutes=15)


def is_fresh(office: Office, read_at: datetime) -> bool:
    """Whether figures read at `read_at` may still leave."""
    return office.now() - read_at <= timedelta(seconds=office.sending.fresh_seconds)


def send(office: Office, letter: "Letter", done: "Delivered") -> None:
    """Sends a letter to those of its recipients that still wait."""
    not_before = None
    with office.database.read() as connection:
        waiting = {
            each["address"] for each in reminders.dispatches(connection, letter.claim.id) if each["state"] == "waiting"
        }
    for address in filter(waiting.__contains__, letter.envelope.recipients):
        if not is_fresh(office, letter.read_at):
            break  # read again first; nobody is asked in vain
        gate, began = _Gate(office, letter, address), office.now()
        result = _handed_over(office, letter, address, gate)
        _record(office, letter, address, result)
        _count(done, result)
        too_slow = result.outcome is SendOutcome.CANCELLED and not is_fresh(office, began)
        if result.outcome is SendOutcome.DEFERRED or too_slow:
            not_before = office.now() + _RETRY_DEFERRED
    with office.database.write("close reminder") as connection:
        if is_ours(connection, letter.claim):
            close_or_ready(connection, letter.claim.id, not_before=not_before)
            _wait_if_refused(office, connection, letter.claim)


def _handed_over(office: Office, letter: "Letter", address: str, gate: "_Gate") -> SendResult:
    """What became of it. A mailer that fails, against its promise, stops no other letter; our own gate does."""
    try:
        return office.mailer.send(letter.envelope.sender, address, letter.data, gate.open)
    except Exception as error:
        if gate.was_asked and not gate.is_open:
            raise
        log.exception("a mail could not be handed over", reminder=letter.claim.id, company=office.company)
        outcome = SendOutcome.UNCERTAIN if gate.is_open else SendOutcome.DEFERRED
        return SendResult(outcome=outcome, reply=f"a defect of ours: {type(error).__name__}")


def _wait_if_refused(office: Office, connection: Connection, claim: Claim) -> None:
    """Refused for good by every server: the account is looked at tomorrow, not within the hour."""
    row = reminders.by_id(connection, claim.id)
    if row is not None and row["state"] == "refused":
        where = (account.c.company == office.company) & (account.c.ref == row["account"])
        connection.execute(update(account).where(where).values(look_on=office.today() + timedelta(days=1)))


class _Gate:
    """Stands immediately before a message is handed over."""

    def __init__(self, office: Office, letter: "Letter", address: str) -> None:
        self._office = office
        self._letter = letter
        self._address = address
        self.was_asked = False
        self.is_open = False

    def open(self) -> bool:
        """Commits `sending`, if the figures are fresh, the claim is ours and nothing about the account changed."""
        self.was_asked = True
        self.is_open = self._opens()
        return self.is_open

    def _opens(self) -> bool:
        office, letter = self._office, self._letter
        if not is_fresh(office, letter.read_at):
            return False
        with office.database.write("sending") as connection:
            return (
                is_ours(connection, letter.claim)
                and self._is_of_today()
                and self._is_wanted(connection)
                and self._is_untouched(connection)
                and reminders.set_dispatch(
                    connection, letter.claim.id, self._address, "sending", now=office.now(), expect=["waiting"]
                )
                and self._renew_lease(connection)
            )

    def _renew_lease(self, connection: Connection) -> bool:
        """The mail server may think for long: nobody takes us for dead meanwhile."""
        until = self._office.now() + timedelta(seconds=self._office.sending.lease_seconds)
        reminders.change(connection, self._letter.claim.id, lease_until=until)
        return True

    def _is_of_today(self) -> bool:
        """What was decided yesterday is decided again."""
        return bool(self._letter.claim.row["decided_on"] == self._office.today())

    def _is_wanted(self, connection: Connection) -> bool:
        """Nobody paused the company meanwhile, or wants to see first what leaves."""
        row, approved = self._office.row(connection), self._letter.claim.row["approved_by"]
        wanted = row.mode is Mode.AUTOMATIC or (row.mode is Mode.REVIEW and approved is not None)
        return wanted and row.paused_because is None

    def _is_untouched(self, connection: Connection) -> bool:
        """A promise made, a pause set or a page applied since it was decided: it is decided again."""
        row = self._letter.claim.row
        where = (account.c.company == self._office.company) & (account.c.ref == row["account"])
        return connection.scalar(select(account.c.touches).where(where)) == self._letter.touches


def _record(office: Office, letter: "Letter", address: str, result: SendResult) -> None:
    if result.outcome is SendOutcome.CANCELLED:
        return
    claim = letter.claim
    with office.database.write(f"record {result.outcome.value}") as connection:
        if _was_given_up(connection, claim, address):
            _settle_late(office, connection, claim, address, result)
        elif result.outcome in {SendOutcome.ACCEPTED, SendOutcome.UNCERTAIN}:
            record_said(office, connection, claim, address, result)
        elif not is_ours(connection, claim):
            return  # whoever took it over may be sending it by now
        elif result.outcome is SendOutcome.REFUSED:
            record_refused(office, connection, claim, address, result)
        else:
            reminders.set_dispatch(
                connection,
                claim.id,
                address,
                "waiting",
                now=office.now(),
                reply=result.reply,
                expect=["sending", "waiting"],
            )


def _was_given_up(connection: Connection, claim: Claim, address: str) -> bool:
    """Whether another process took us for dead while the mail server thought, and called this uncertain."""
    return any(
        each["address"] == address and each["state"] == "uncertain"
        for each in reminders.dispatches(connection, claim.id)
    )


def _settle_late(office: Office, connection: Connection, claim: Claim, address: str, result: SendResult) -> None:
    """The mail server's clear answer came after all: that is evidence."""
    if result.outcome is not SendOutcome.UNCERTAIN:
        arrived = result.outcome is SendOutcome.ACCEPTED
        settle_dispatch(office, connection, claim.id, address, arrived=arrived, by="the mail server's late answer")


def _count(done: "Delivered", result: SendResult) -> None:
    if result.outcome is SendOutcome.ACCEPTED:
        done.sent += 1
    elif result.outcome is SendOutcome.UNCERTAIN:
        done.uncertain += 1
    elif result.outcome is SendOutcome.REFUSED:
        done.refused += 1
    else:
        done.deferred += 1


def close_or_ready(connection: Connection, reminder_id: str, not_before: datetime | None = None) -> None:
    """A reminder is done when all its dispatches are; else it is ready for the recipients that still wait."""
    states = {each["state"] for each in reminders.dispatches(connection, reminder_id)}
    if "waiting" in states:
        put_back(connection, reminder_id, not_before=not_before)
    elif states & {"sent", "uncertain"}:
        reminders.change(connection, reminder_id, state="said", lease_until=None)
    else:
        reminders.change(connection, reminder_id, state="refused", lease_until=None)
        reminders.free_items(connection, reminder_id)
