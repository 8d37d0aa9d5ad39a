"""What runs on: `serve`, the sandboxes, and the `demo`."""

from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from connector.bootstrap import SandboxWish, serve_sandbox
from connector.commands.desk import Desk, ExitCode, command
from connector.logs import configure_logs


class LedgerKind(StrEnum):
    """Which ledger the sandbox stands in for."""

    QUICKBOOKS = "quickbooks"
    S4HANA = "s4hana"
    BUSINESS_ONE = "business-one"


class CompanyKind(StrEnum):
    """What the sandbox is about."""

    BELIEVABLE = "believable"
    EMPTY = "empty"


class Size(StrEnum):
    """How large the believable company is; large holds a million invoices."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


def serve(desk: Desk) -> None:
    """Run the service: jobs on their schedule, /healthz and webhooks, until SIGTERM or Ctrl-C."""
    from connector.serve import serve as serve_all
    from connector.serve import stopped_by_signals

    service, stop = desk.service, Event()
    configure_logs(service.settings.log_level, service.clock)
    where = service.settings.serve
    desk.out.say(f"Serving on http://{where.host}:{where.port}; Ctrl-C stops after the running job.")
    desk.out.flush()
    with stopped_by_signals(stop):
        serve_all(service, stop)


def sandbox(
    desk: Desk,
    ledger: Annotated[LedgerKind, typer.Argument(help="Whose interface is served.")],
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    company: Annotated[CompanyKind, typer.Option(help="Whose books.")] = CompanyKind.BELIEVABLE,
    seed: Annotated[int, typer.Option(help="Another seed, another company.")] = 1,
    size: Annotated[Size, typer.Option(help="How large it is.")] = Size.SMALL,
    faults: Annotated[Path | None, typer.Option(help="Faults to strike, as a TOML or JSON file.")] = None,
) -> None:
    """Serve a ledger's interface over a company's books on this machine, until Ctrl-C. Prints its address.

    S/4HANA's company code is 1710; Business One's company is SBODEMO, its user manager, the password secret.
    """
    from connector.serve import stopped_by_signals

    stop = Event()
    wish = SandboxWish(ledger=ledger.value, port=port, company=company.value, seed=seed, size=size.value, faults=faults)
    with stopped_by_signals(stop), serve_sandbox(wish) as url:
        desk.out.result({"url": url, "ledger": ledger, "company": company, "seed": seed, "size": size}, url)
        desk.out.flush()
        stop.wait()


def demo(
    desk: Desk,
    *,
    out: Annotated[Path, typer.Option(help="Where the month's evidence is left.")] = Path("demo-out"),
    seed: Annotated[int, typer.Option(help="Another seed, another month.")] = 1,
    ledger: Annotated[LedgerKind, typer.Option(help="Whose interface its books stand behind.")] = LedgerKind.QUICKBOOKS,
    stay: Annotated[bool, typer.Option("--stay", help="Keep its ledger open afterwards, until Ctrl-C.")] = False,
) -> int:
    """Play a month in the life of a believable company; the judge then checks every promise."""
    from rich.console import Console

    from connector.demo.show import show
    from connector.demo.stand import STANDS
    from connector.serve import stopped_by_signals

    def wait(url: str) -> None:
        desk.out.say(f"Its books answer as {STANDS[ledger.value].title} does at {url} until Ctrl-C.")
        desk.out.flush()
        stop = Event()
        with stopped_by_signals(stop):
            stop.wait()

    console = Console(file=desk.out.stdout)
    done = show(out, seed=seed, ledger=ledger.value, console=console, stay=wait if stay else None)
    return ExitCode.DONE if done else ExitCode.DIFFERS


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    command(root, "sandbox")(sandbox)
    command(root, "serve")(serve)
    command(root, "demo")(demo)
