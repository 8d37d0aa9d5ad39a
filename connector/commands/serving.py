"""What runs on: `serve`, the sandboxes, and the `demo`."""

from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from connector.bootstrap import SandboxWish, serve_sandbox
from connector.commands.desk import Desk, ExitCode, command, group
from connector.logs import configure_logs

sandbox = group("Stand-ins for ledgers, to try things on.")


class CompanyKind(StrEnum):
    """What the sandbox is about."""

    BELIEVABLE = "believable"
    EMPTY = "empty"


class Size(StrEnum):
    """How large the believable company is; large holds a million invoices."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")]
Whose = Annotated[CompanyKind, typer.Option(help="Whose books.")]
Seed = Annotated[int, typer.Option(help="Another seed, another company.")]
HowLarge = Annotated[Size, typer.Option(help="How large it is.")]
Faults = Annotated[Path | None, typer.Option(help="Faults to strike, as a TOML or JSON file.")]


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


@command(sandbox, "quickbooks")
def quickbooks(
    desk: Desk,
    *,
    port: Port = 0,
    company: Whose = CompanyKind.BELIEVABLE,
    seed: Seed = 1,
    size: HowLarge = Size.SMALL,
    faults: Faults = None,
) -> None:
    """Serve QuickBooks' API over a company's books on this machine, until Ctrl-C. Prints its address."""
    _serve(desk, SandboxWish(port=port, company=company.value, seed=seed, size=size.value, faults=faults))


@command(sandbox, "s4hana")
def s4hana(
    desk: Desk,
    *,
    port: Port = 0,
    company: Whose = CompanyKind.BELIEVABLE,
    seed: Seed = 1,
    size: HowLarge = Size.SMALL,
    faults: Faults = None,
) -> None:
    """Serve S/4HANA's OData over a company's books (company code 1710), until Ctrl-C. Prints its address."""
    wish = SandboxWish(port=port, company=company.value, seed=seed, size=size.value, faults=faults)
    _serve(desk, replace(wish, ledger="s4hana"))


@command(sandbox, "business-one")
def business_one(
    desk: Desk,
    *,
    port: Port = 0,
    company: Whose = CompanyKind.BELIEVABLE,
    seed: Seed = 1,
    size: HowLarge = Size.SMALL,
    faults: Faults = None,
) -> None:
    """Serve Business One's Service Layer over a company's books (company SBODEMO, user manager, password secret)."""
    wish = SandboxWish(port=port, company=company.value, seed=seed, size=size.value, faults=faults)
    _serve(desk, replace(wish, ledger="business_one"))


def _serve(desk: Desk, wish: SandboxWish) -> None:
    from connector.serve import stopped_by_signals

    stop = Event()
    with stopped_by_signals(stop), serve_sandbox(wish) as url:
        told = {"url": url, "ledger": wish.ledger, "company": wish.company, "seed": wish.seed, "size": wish.size}
        desk.out.result(told, url)
        desk.out.flush()
        stop.wait()


def demo(
    desk: Desk,
    *,
    out: Annotated[Path, typer.Option(help="Where the month's evidence is left.")] = Path("demo-out"),
    seed: Annotated[int, typer.Option(help="Another seed, another month.")] = 1,
    stay: Annotated[bool, typer.Option("--stay", help="Keep its QuickBooks open afterwards, until Ctrl-C.")] = False,
) -> int:
    """Play a month in the life of a believable company; the judge then checks every promise."""
    from rich.console import Console

    from connector.demo.show import show

    def wait(url: str) -> None:
        desk.out.say(f"Its books answer as QuickBooks does at {url} until Ctrl-C.")
        desk.out.flush()
        with suppress(KeyboardInterrupt):
            Event().wait()

    console = Console(file=desk.out.stdout)
    done = show(out, seed=seed, console=console, stay=wait if stay else None)
    return ExitCode.DONE if done else ExitCode.DIFFERS


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(sandbox, name="sandbox")
    command(root, "serve")(serve)
    command(root, "demo")(demo)
