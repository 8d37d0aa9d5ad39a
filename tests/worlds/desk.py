"""The collector of a random world: types commands, reads what lies there, and leaves some of it undone."""

import io
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import RowMapping

from connector.bootstrap import Service
from connector.cli import invoke
from connector.connect import RECONNECT
from connector.disputes import load_all as load_disputes
from connector.office import Office
from connector.store import dispatches, reminders, tasks
from connector.store.companies import Mode
from tests.worlds.post import FickleSink
from tests.worlds.process import Process
from tests.worlds.stage import Command, Stage

_OUR_FAULT = 70


class Desk:
    """What the collector does in the morning, by the command line."""

    def __init__(self, stage: Stage, sink: FickleSink) -> None:
        self._stage = stage
        self._sink = sink
        self._rng = stage.dice("desk")
        self.commands = 0
        self.refused = 0
        self.defects: list[str] = []
        self._calm_until: date | None = None

    def work(self, process: Process) -> None:
        """One morning at the desk."""
        day = self._stage.today()
        if not self._stage.firm.is_open(day):
            return
        service, office = process.service, process.office
        with office.database.read() as connection:
            stopped = office.row(connection).paused_because
        if stopped:
            self._go_on(process, stopped)
        for planned in sorted(each for each in self._stage.plans if each <= day):
            for command in self._stage.plans.pop(planned):
                self._type(service, office, command)
        self._tasks(service, office)
        self._settle(service, office)
        self._moods(service, office, day)

    def _go_on(self, process: Process, because: str) -> None:
        """The company waits for a person: the consent is given again, or what looked wrong is looked at."""
        if self._rng.random() < 0.3:
            return  # tomorrow
        if RECONNECT in because:
            process.connect()
            self._stage.tally["reconnected"] += 1
            return
        self._run(process.service, process.office, "resume", "--company")
        self._run(process.service, process.office, "sync", "--believe")

    # --- the command line --------------------------------------------------------------------------------------

    def _type(self, service: Service, office: Office, command: Command) -> None:
        if command[0] == "resolve":
            for ident in self._disputes(office, command[1]):
                self._run(service, office, "dispute", "resolve", ident, command[2])
            return
        self._run(service, office, *command)

    def _run(self, service: Service, office: Office, *command: str) -> None:
        self.commands += 1
        out = io.StringIO()
        code = invoke(command, service, office=office, stdout=out, stderr=out)
        self.refused += code not in {0, _OUR_FAULT}
        self._stage.tally[f"types {command[0]}" + ("" if code == 0 else f": exit {code}")] += 1
        if code in {_OUR_FAULT, 2, 3}:
            self.defects.append(f"{self._stage.today()} duecourse {' '.join(command)}: {code} {out.getvalue()[-300:]}")

    def _disputes(self, office: Office, invoice: str) -> list[str]:
        with office.database.read() as connection:
            rows = load_disputes(connection, office.company)
        return [row["id"] for row in rows if row["item"] == f"invoice:{invoice}#1"]

    # --- what lies there ---------------------------------------------------------------------------------------

    def _tasks(self, service: Service, office: Office) -> None:
        with office.database.read() as connection:
            rows = tasks.load_open(connection, office.company)
        for row in rows:
            if self._rng.random() < 0.4:
                self._do(service, office, row)

    def _do(self, service: Service, office: Office, row: RowMapping) -> None:
        kind, facts = row["kind"], row["facts"] or {}
        self._stage.tally[f"task {kind}"] += 1
        match kind:
            case "uncertain":
                return  # a question that is answered by asking the customer
            case "step" if self._rng.random() < 0.5:
                return
            case "bad_address":
                self._mend_address(service, office, facts)
            case "defect":
                self.defects.append(f"{self._stage.today()} a task says: {row['text']}")
            case _:
                pass
        carry = ("--carry",) if kind == "replaced" and self._rng.random() < 0.5 else ()
        self._run(service, office, "task", "done", str(row["id"]), "--result", "Seen", *carry)

    def _mend_address(self, service: Service, office: Office, facts: Mapping[str, Any]) -> None:
        """The address works again, or the customer has another one now."""
        address = str(facts.get("address", ""))
        key = self._stage.dead.pop(address.casefold(), None)
        if key in self._stage.actors and self._rng.random() < 0.5:
            actor = self._stage.actors[key]
            self._stage.books.edit_customer(self._stage.id_of(actor), note=f"{actor.contact} has the mailbox back")
        if address:
            self._run(service, office, "contact", "release", address)

    def _settle(self, service: Service, office: Office) -> None:
        """Asks customers whether what is uncertain reached them, and says what they say."""
        with office.database.read() as connection:
            rows = dispatches.uncertain(connection, office.company)
        for row in rows:
            if self._rng.random() < 0.4:
                what = "arrived" if self._sink.has(row["reminder"], row["address"]) else "lost"
                self._run(service, office, "settle", row["reminder"], what, "--address", row["address"])

    # --- now and then ------------------------------------------------------------------------------------------

    def _moods(self, service: Service, office: Office, day: date) -> None:
        rng, stage = self._rng, self._stage
        with office.database.read() as connection:
            row = office.row(connection)
            drafts = reminders.drafts(connection, office.company)
        if drafts and rng.random() < 0.5:
            self._run(service, office, "approve", "--all")
        if self._calm_until is not None and day >= self._calm_until:
            self._calm_until = None
            self._run(service, office, "mode", Mode.AUTOMATIC.value, "--yes")
        elif row.mode is Mode.AUTOMATIC and rng.random() < 1 / 250:
            self._calm_until = day + timedelta(days=rng.randrange(3, 12))
            self._run(service, office, "mode", Mode.REVIEW.value, "--yes")
        if day in stage.silent and rng.random() < 0.1:
            self._run(service, office, "cash-is-posted", "--until", (day - timedelta(days=1)).isoformat())
        for often, command in self._whims(day):
            if rng.random() < often / 250:
                self._run(service, office, *command)

    def _whims(self, day: date) -> list[tuple[float, Command]]:
        """What the collector does unasked, and about how often in a year."""
        rng, stage = self._rng, self._stage
        who = stage.id_of(rng.choice(list(stage.actors.values())))
        until = (day + timedelta(days=rng.randrange(2, 21))).isoformat()
        bills = stage.open_bills()
        bill = rng.choice(bills) if bills else None
        cadence = rng.choice(("friendly", "standard", "firm"))
        of_bill = (stage.keeper.ids[bill.actor], "--invoice", bill.number) if bill else (who,)
        return [
            (7, ("pause", who, "--until", until, "--reason", "New accounts payable contact")),
            (4, ("pause", *of_bill, "--until", until, "--reason", "Waiting for the carrier")),
            (1, ("pause", "--until", (day + timedelta(days=2)).isoformat(), "--reason", "Stocktaking")),
            (6, ("resume", who)),
            (9, ("cadence", "set", who, cadence)),
            (8, ("call", who, "--note", "Said the cheque is in the mail")),
            (2, ("do-not-contact", who)),
            (3, ("do-not-contact", who, "--off")),
            (5, ("sync", "--whole")),
        ]
