"""`duecourse backup`, and `duecourse quarantine` after a restore that was done with the database's own tools."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connector.backup import back_up, quarantine
from connector.commands.desk import Desk, Refused, command
from connector.commands.words import plural


def backup(
    desk: Desk, folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the copy is put.")]
) -> None:
    """Copy the store while the service runs, and check the copy. Put back, it sends nothing until it was compared."""
    made = back_up(desk.database, folder, desk.service.clock.now())
    told = f"{made.path}: {plural(made.size, 'byte')}, read back and whole. Keep the vault's key in another place."
    desk.out.result({"path": made.path, "size": made.size, "taken_at": made.taken_at}, told)


def quarantine_(
    desk: Desk,
    taken_at: Annotated[str, typer.Argument(metavar="INSTANT", help="When the backup was taken: 2026-11-02T09:00Z.")],
) -> None:
    """Say that this database was restored from a backup: nothing is sent until each company was compared."""
    taken = _instant(taken_at)
    if taken > desk.service.clock.now():
        raise Refused(f"{taken_at} has not come yet.")
    with desk.database.write("quarantine") as connection:
        count = quarantine(connection, taken)
    told = f"{plural(count, 'company', 'companies')} in quarantine. Next, for each: duecourse resume --company."
    desk.out.result({"companies": count, "taken_at": taken}, told)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no instant: write it as 2026-11-02T09:00Z.") from error
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone: end it with Z for UTC, or with an offset like +01:00.")
    return at.astimezone(UTC)


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    command(root, "backup")(backup)
    command(root, "quarantine")(quarantine_)
