"""`duecourse`: the command line. Each group of commands is a module of connector/commands, opened when it is asked for.

`main` is the program; `invoke` runs one command in this process on a service that is open already.
"""

import io
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any, TextIO

import structlog
import typer
from typer.core import TyperGroup

from connector.bootstrap import Service, open_service
from connector.commands.desk import Desk, ExitCode, explain, group
from connector.commands.output import Output
from connector.logs import configure_logs
from connector.office import Office
from connector.settings import Settings, load_settings

log = structlog.get_logger()

_HELP = """Duecourse reminds customers in due course, and writes what was said back into the ledger.

Begin with: duecourse connect quickbooks (or s4hana) · duecourse sync · duecourse plan.

Exit codes: 0 done · 1 refused: it cannot be done as asked · 2 the command line was not understood · 3 not set up ·
4 the ledger cannot be read now, or the company waits for a person · 5 a check found differences · 70 a defect of ours ·
130 interrupted.
"""

ROOMS: Mapping[str, tuple[str, ...]] = {
    "company": ("connect", "disconnect", "mode", "settings"),
    "letterhead": ("letterhead",),
    "daily": ("sync", "run", "reconcile"),
    "look": ("status", "plan", "why", "aging"),
    "mail": ("inbox", "settle", "cash-is-posted", "approve"),
    "task": ("task", "call"),
    "hold": ("pause", "resume", "do-not-contact", "opt-out"),
    "safekeeping": ("backup", "quarantine"),
    "serving": ("sandbox", "serve", "demo"),
    "promise": ("promise",),
    "dispute": ("dispute",),
    "cadence": ("cadence",),
    "contact": ("contact",),
    "notes": ("notes",),
    "audit": ("audit",),
}
"""The modules of connector/commands, and what each adds to the command line: known before any is imported."""

_ROOM_OF = {name: room for room, names in ROOMS.items() for name in names}


def _root(
    ctx: typer.Context,
    *,
    company: Annotated[
        str, typer.Option("--company", help="The company, where several are connected: its id or name.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")] = False,
) -> None:
    desk: Desk = ctx.obj
    desk.wanted_company = company
    desk.out.as_json = desk.out.as_json or json


class CommandLine(TyperGroup):
    """The whole command line, of which one command loads only its own module."""

    def list_commands(self, ctx: object) -> list[str]:
        """All names, groups last."""
        del ctx
        self._open(*ROOMS)
        return sorted(_ROOM_OF, key=lambda name: isinstance(self.commands[name], TyperGroup))

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ANN401 - the base has click's own kind
        """The command; for a name nobody knows all are loaded, so that the nearest can be named."""
        del ctx
        self._open(*([_ROOM_OF[cmd_name]] if cmd_name in _ROOM_OF else ROOMS))
        return self.commands.get(cmd_name)

    def _open(self, *rooms: str) -> None:
        for room in rooms:
            if not self.commands.keys() >= set(ROOMS[room]):
                part = group("")
                import_module(f"connector.commands.{room}").add_to(part)
                self.commands.update(typer.main.get_group(part).commands)


@cache
def command_line() -> CommandLine:
    """`duecourse`, ready to be asked."""
    app = typer.Typer(
        name="duecourse",
        cls=CommandLine,
        help=_HELP,
        callback=_root,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    made = typer.main.get_command(app)
    assert isinstance(made, CommandLine)
    return made


def main() -> None:
    """The program: settings from the environment, words to the terminal. Ends the process."""
    out = Output(sys.stdout, sys.stderr)
    desk = Desk(out=out, settings=load_settings, open_service=_opened)
    try:
        code = _run(sys.argv[1:], desk)
    finally:
        if desk.opened is not None:
            desk.opened.close()
    sys.exit(code)


def _opened(settings: Settings) -> Service:
    """Opens the service; what jobs log is for `serve`, so that a command's own words can be read."""
    service = open_service(settings)
    configure_logs("DEBUG" if settings.log_level == "DEBUG" else "WARNING", service.clock)
    return service


def invoke(
    args: Sequence[str],
    service: Service,
    *,
    office: Office | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Runs one command on an open service (its clock, its store) and returns the exit code.

    `office` stands for its company, where it is furnished already. Without `stdout` and `stderr` words are discarded.
    """
    out = Output(stdout or io.StringIO(), stderr or io.StringIO())
    desk = Desk(out=out, settings=lambda: service.settings, open_service=lambda _: service, office=office)
    return _run(args, desk)


def _run(args: Sequence[str], desk: Desk) -> int:
    """The exit code; an error is told in one sentence."""
    try:
        return int(command_line()(args=list(args), prog_name="duecourse", standalone_mode=False, obj=desk) or 0)
    except typer.TyperException as error:
        desk.out.error(f"{error.format_message()} See: duecourse --help.")
        return ExitCode.USAGE
    except (typer.Abort, KeyboardInterrupt):
        desk.out.error("Interrupted: what was not finished can be done again.")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place where one sentence can be made of it
        return _told(error, desk)


def _told(error: Exception, desk: Desk) -> int:
    known = explain(error)
    if known is None:
        log.error("defect", exc_info=error)
        desk.out.error(f"This is a defect of Duecourse ({type(error).__name__}: {error}). The log has the details.")
        return ExitCode.DEFECT
    code, sentence = known
    desk.out.error(sentence)
    return code
