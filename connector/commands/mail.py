"""Words that come in, and messages whose fate a person knows: `inbox`, `settle`, `cash-is-posted`, `approve`."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from connector import release, settling
from connector.commands.desk import Desk, Refused, command, group
from connector.commands.output import table
from connector.commands.words import parse_day, plural
from connector.inbox import TakenIn, take_in
from connector.inbox_folder import take_in_folder

inbox = group("Mails that came in: stored, held for, put before a person. They never decide anything.")

_LARGEST = 40_000_000
_WATCH_SECONDS = 15.0


class Fate(StrEnum):
    """What became of an uncertain message."""

    ARRIVED = "arrived"
    LOST = "lost"


@command(inbox, "add")
def add(
    desk: Desk, files: Annotated[list[Path], typer.Argument(metavar="FILE.eml…", help="Mails to take in.")]
) -> None:
    """Take mails in: a reply holds its account and makes a task; a delivery report stops its address."""
    office = desk.office()
    for path in files:
        if path.stat().st_size > _LARGEST:
            raise Refused(f"{path} has more than {_LARGEST // 1_000_000} MB: that is no mail to be read here.")
    taken = [(path, take_in(office, path.read_bytes())) for path in files]
    told = [{"file": path, **_told(each)} for path, each in taken]
    rows = ([each[name] for name in ("file", "kind", "account", "meaning", "is_new")] for each in told)
    desk.out.result(told, table("", ("Mail", "Kind", "Account", "Likely meaning", "New"), rows))


def _told(each: TakenIn) -> dict[str, object]:
    return {"kind": each.kind, "account": each.account, "meaning": each.meaning, "is_new": each.is_new}


@command(inbox, "watch")
def watch(
    desk: Desk,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where mails are left as .eml files.")],
    *,
    once: Annotated[bool, typer.Option("--once", help="Take in what is there, and end.")] = False,
) -> None:
    """Take in every mail left in a folder, until Ctrl-C; each moves to `done/`."""
    office = desk.office()
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder: make it, and have your mail program leave .eml files there.")
    new = take_in_folder(office, folder)
    while not once:
        desk.out.say(*([f"{plural(new, 'mail')} taken in."] if new else []))
        office.clock.sleep(_WATCH_SECONDS)
        new = take_in_folder(office, folder)
    desk.out.result({"new": new}, f"{plural(new, 'mail')} taken in.")


def settle(
    desk: Desk,
    reminder: Annotated[str, typer.Argument(metavar="REMINDER", help="The id's beginning, from `duecourse status`.")],
    fate: Annotated[Fate, typer.Argument(help="Did it arrive?")],
    *,
    address: Annotated[str, typer.Option(help="Only the message to this address.")] = "",
) -> None:
    """Say what became of a message whose acceptance is unknown. Lost: its step may be asked once more."""
    if len(reminder) < 4:
        raise Refused("Give at least the first 4 characters of the reminder's id: see `duecourse status`.")
    office = desk.office()
    settled = settling.settle(office, reminder, address or None, arrived=fate is Fate.ARRIVED, by="a person")
    desk.out.result({"settled": settled, "fate": fate}, f"{plural(settled, 'message')} settled: {fate.value}.")


def cash_is_posted(
    desk: Desk,
    *,
    until: Annotated[
        date | None, typer.Option(parser=parse_day, help="All payments up to this day are entered (default: today).")
    ] = None,
) -> None:
    """Say that payments are entered: what waited only for that may go."""
    office = desk.office()
    day = until or office.today()
    if day > office.today():
        raise Refused(f"{day} is to come: nobody knows what will be paid by then.")
    released = release.cash_is_posted(office, day)
    desk.out.result(
        {"until": day, "released": released}, f"Cash is posted up to {day}: {plural(released, 'draft')} go."
    )


def approve(
    desk: Desk,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="The drafts' ids, or their beginnings.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All drafts.")] = False,
) -> None:
    """Let drafts go; without an id, list them. Each is read afresh and decided again before it leaves."""
    office = desk.office()
    if ids and every:
        raise Refused("Name drafts, or say --all: not both.")
    waiting = release.drafts(office)
    if not ids and not every:
        told = [
            {
                "id": row["id"],
                "account": row["account"],
                "subject": row["subject"],
                "because": row["waits_because"],
                "warnings": each,
            }
            for row, each in zip(waiting, release.warnings(office, waiting), strict=True)
        ]
        rows = (
            (each["id"], each["account"], each["subject"], each["because"] or "review", each["warnings"])
            for each in told
        )
        shown = table("", ("Draft", "Account", "Subject", "Waits for", "Ledger"), rows, seldom="Ledger")
        desk.out.result(told, shown if told else "No drafts wait.")
        return
    unknown = [each for each in ids or [] if not each or not any(row["id"].startswith(each) for row in waiting)]
    if unknown:
        raise Refused(f"No draft begins with {', '.join(unknown)}: `duecourse approve` lists those that wait.")
    approved = release.approve(office, None if every else ids, by="person")
    desk.out.result(
        {"approved": approved}, f"{plural(approved, 'draft')} approved: the next run sends what still holds."
    )


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(inbox, name="inbox")
    command(root, "settle")(settle)
    command(root, "cash-is-posted")(cash_is_posted)
    command(root, "approve")(approve)
