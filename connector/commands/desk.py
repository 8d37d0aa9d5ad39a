"""What every command works at: settings, the opened service, the company that is meant, and where words go.

Commands are plain functions of a `Desk`; `Commands.add` makes Typer commands of them, each with `--json`.
"""

import inspect
from collections.abc import Callable
from datetime import date
from enum import IntEnum
from typing import Annotated, Any

import typer
from sqlalchemy.exc import DBAPIError

from adapters.errors import LedgerError
from adapters.money import MoneyError
from connector.bootstrap import NotSetUp, Service
from connector.clock import SystemClock, UnknownZone
from connector.commands.output import Output
from connector.office import CannotWork, CompanyPaused, Office
from connector.settings import Settings
from connector.settings_sources import SettingsError
from connector.store import companies
from connector.store.companies import CompanyRow, NoSuchCompany
from connector.store.engine import Database, StoreError
from connector.vault import VaultError
from reminders.channels.addresses import BadAddress


class ExitCode(IntEnum):
    """How a command ended; docs/cli.md has the table."""

    DONE = 0
    REFUSED = 1  # it cannot be done as asked
    USAGE = 2  # the command line was not understood
    NOT_SET_UP = 3  # a setting, the key, the database or the connection is missing or wrong
    LEDGER = 4  # the ledger cannot be read now, or the company waits for a person
    DIFFERS = 5  # it ran, and what was checked is not as it should be
    DEFECT = 70  # our fault
    INTERRUPTED = 130


class Refused(ValueError):
    """It cannot be done as asked; the text says why and what to do next."""


def _refusals() -> tuple[type[Exception], ...]:
    """What the rooms refuse with; they are loaded when something was refused, and not for every command."""
    from connector.connect import CannotConnect
    from connector.consent import NoAnswer
    from connector.disputes import DisputeRefused
    from connector.letterheads import BadLetterhead
    from connector.note_style import NotesOnTheirWay
    from connector.promises import PromiseRefused
    from connector.settling import NothingToSettle
    from connector.taskwork import TaskRefused

    return (
        Refused,
        CannotWork,
        TaskRefused,
        PromiseRefused,
        DisputeRefused,
        NothingToSettle,
        CannotConnect,
        NoAnswer,
        BadAddress,
        MoneyError,
        UnknownZone,
        NotesOnTheirWay,
        BadLetterhead,
    )


def explain(error: Exception) -> tuple[ExitCode, str] | None:
    """The exit code and the sentence for an error that we know; None for a defect."""
    if isinstance(error, (NotSetUp, NoSuchCompany, SettingsError, StoreError, VaultError)):
        return ExitCode.NOT_SET_UP, str(error)
    if isinstance(error, (LedgerError, CompanyPaused)):
        return ExitCode.LEDGER, str(error)
    if isinstance(error, _refusals()):
        return ExitCode.REFUSED, str(error)
    if isinstance(error, DBAPIError):
        return ExitCode.NOT_SET_UP, f"The database cannot be used: {' '.join(str(error.orig).split())}"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return ExitCode.REFUSED, f"{where}{error.strerror or error}."
    return None


class Desk:
    """What a command works at. The service is opened when it is first needed."""

    def __init__(
        self,
        *,
        out: Output,
        settings: Callable[[], Settings],
        open_service: Callable[[Settings], Service],
        office: Office | None = None,
    ) -> None:
        self.out = out
        self.wanted_company = ""
        self._load = settings
        self._open = open_service
        self._office = office
        self._service: Service | None = None
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """The settings of this environment. Raises `SettingsError`."""
        if self._settings is None:
            self._settings = self._load()
        return self._settings

    @property
    def service(self) -> Service:
        """The opened service."""
        if self._service is None:
            self._service = self._open(self.settings)
        return self._service

    @property
    def opened(self) -> Service | None:
        """The service, if a command needed it."""
        return self._service

    @property
    def database(self) -> Database:
        """The opened store."""
        return self._office.database if self._office is not None else self.service.database

    def today(self) -> date:
        """The day of the machine's clock, for what concerns no company."""
        clock = self._service.clock if self._service is not None else SystemClock()
        return clock.now().date()

    def company(self) -> CompanyRow:
        """The company that is meant: named, or the only one. Raises `NoSuchCompany` and `Refused`."""
        if self._office is not None:
            with self._office.database.read() as connection:
                return self._office.row(connection)
        with self.service.database.read() as connection:
            known = companies.load_all(connection)
        wanted = self.wanted_company or self.settings.company
        if not known or (wanted and not _named(known, wanted)):
            raise NoSuchCompany(wanted, [each.id for each in known])
        fits = _named(known, wanted) if wanted else known
        if len(fits) > 1:
            names = ", ".join(f"{each.id} ({each.name})" for each in fits)
            raise Refused(f"Which company? Say --company with one of: {names}.")
        return fits[0]

    def office(self) -> Office:
        """The office of the company that is meant."""
        return self._office or self.service.office(self.company().id)

    def offices(self) -> list[Office]:
        """The offices of all companies, or of the one that was named."""
        if self._office is not None or self.wanted_company or self.settings.company:
            return [self.office()]
        with self.service.database.read() as connection:
            known = companies.load_all(connection)
        if not known:
            raise NoSuchCompany("", [])
        return [self.service.office(each.id) for each in known]

    def companies(self) -> list[CompanyRow]:
        """All companies, or the one that was named; none where none is connected. Raises `NoSuchCompany`."""
        if self._office is not None or self.wanted_company or self.settings.company:
            return [self.company()]
        with self.service.database.read() as connection:
            return companies.load_all(connection)

    def confirm(self, question: str) -> None:
        """Asks the person; nobody there, or no: nothing is done. Raises `Refused`."""
        if not self.out.is_interactive:
            raise Refused(f"{question} Nobody is here to answer: say --yes if so.")
        if not typer.confirm(question):
            raise Refused("Nothing was changed.")


def _named(known: list[CompanyRow], wanted: str) -> list[CompanyRow]:
    exact = [
        each for each in known if wanted in {each.id, each.ledger_ref} or wanted.casefold() == each.name.casefold()
    ]
    return exact or [each for each in known if wanted.casefold() in each.name.casefold()]


Command = Callable[..., int | None]
_JSON = inspect.Parameter(
    "json",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, typer.Option("--json", help="The result as JSON on stdout, and nothing else there.")],
)
_CONTEXT = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Adds a function of a `Desk` to `app`, with `--json`. What it returns is the exit code (None: 0)."""

    def add(function: Command) -> Command:
        def run(ctx: typer.Context, *, json: bool, **arguments: Any) -> int:  # noqa: ANN401 - handed through
            desk: Desk = ctx.obj
            desk.out.as_json = desk.out.as_json or json
            return int(function(desk, **arguments) or ExitCode.DONE)

        asked = list(inspect.signature(function).parameters.values())[1:]
        parameters = [_CONTEXT, *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in asked), _JSON]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = function.__doc__
        app.command(name)(run)
        return function

    return add


def group(help_text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(help=help_text, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
