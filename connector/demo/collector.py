"""The demo's collector: what a person does with tasks and answers, done by the command line."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from adapters.sandbox.month.acts import (
    CashPostedAct,
    CollectorAct,
    DisputeAct,
    PauseAct,
    PromiseAct,
    ResolveAct,
    SwitchCadenceAct,
    TaskDoneAct,
)
from connector.bootstrap import Service
from connector.cli import invoke
from connector.disputes import load_all as load_disputes
from connector.office import Office
from connector.store import tasks
from connector.store.tables import document, item

#: What the world calls a person's step to call somebody.
_CALL = "call"


class Collector:
    """Carries out acts as commands; `failed` are those that were refused, with the exit code."""

    def __init__(self, service: Service, office: Office) -> None:
        self._service = service
        self._office = office
        self.commands = 0
        self.failed: list[str] = []

    def open_tasks(self) -> list[tuple[str, str]]:
        """(customer's id, kind) of each open task; a step that is a call is a `call`."""
        with self._office.database.read() as connection:
            rows = tasks.load_open(connection, self._office.company)
        return [
            ((row["account"] or "").partition("|")[0], _CALL if row["kind"] == "step" else row["kind"])
            for row in rows
            if row["account"]
        ]

    def do(self, act: CollectorAct, today: date) -> None:
        """One act, by one or more commands."""
        for command in self._commands(act, today):
            self.commands += 1
            code = invoke(command, self._service, office=self._office)
            if code:
                self.failed.append(f"{today} duecourse {' '.join(command)} (exit {code})")

    def _commands(self, act: CollectorAct, today: date) -> list[list[str]]:
        match act:
            case ResolveAct():
                return [["dispute", "resolve", each, act.outcome] for each in self._disputes(act)]
            case TaskDoneAct():
                return [["task", "done", str(each), "--result", act.outcome or "done"] for each in self._tasks(act)]
            case _:
                return [_command(act, today)]

    def _disputes(self, act: ResolveAct) -> list[str]:
        with self._office.database.read() as connection:
            rows = load_disputes(connection, self._office.company)
            wanted = set(
                connection.scalars(
                    select(item.c.ref)
                    .join(document, (document.c.company == item.c.company) & (document.c.ref == item.c.document))
                    .where(item.c.company == self._office.company, document.c.number == act.invoice),
                ),
            )
        return [row["id"] for row in rows if row["item"] in wanted]

    def _tasks(self, act: TaskDoneAct) -> Sequence[int]:
        kind = "step" if act.kind == _CALL else act.kind
        with self._office.database.read() as connection:
            rows = tasks.load_open(connection, self._office.company, kind=kind)
        return [row["id"] for row in rows if (row["account"] or "").partition("|")[0] == act.customer]


def _command(act: PromiseAct | DisputeAct | PauseAct | SwitchCadenceAct | CashPostedAct, today: date) -> list[str]:
    match act:
        case PromiseAct():
            invoices = [word for number in act.invoices for word in ("--invoice", number)]
            amount = ["--currency", act.currency, *invoices, "--confirmed"]
            return ["promise", "add", act.customer, str(act.amount), act.day.isoformat(), *amount]
        case DisputeAct():
            about = ["--amount", str(act.amount), "--reason", act.reason]
            return ["dispute", "open", act.customer, act.invoice, *about]
        case PauseAct():
            return ["pause", act.customer, "--until", act.until.isoformat(), "--reason", act.reason]
        case SwitchCadenceAct():
            return ["cadence", "set", act.customer, act.cadence]
        case CashPostedAct():
            return ["cash-is-posted", "--until", min(act.day, today).isoformat()]
