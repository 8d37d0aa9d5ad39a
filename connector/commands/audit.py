"""`duecourse audit`: the history, exported and verified."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TextIO

import typer

from connector.commands.desk import Desk, ExitCode, Refused, command, group
from connector.commands.words import plural
from connector.store import history
from connector.store.history import Head

app = group("The history: append-only, each row chained to the one before it.")


@command(app, "export")
def export(
    desk: Desk,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="Into this file instead of stdout.")] = None,
) -> None:
    """Write the history as JSON lines, without the personal parts."""
    company = desk.company().id
    with desk.database.read() as connection:
        rows = history.export(connection, company)
        if out is None:
            _write(rows, desk.out.stdout)
            return
        with out.open("w", encoding="utf-8") as file:
            count = _write(rows, file)
        last = history.head(connection, company)
    told = f"{plural(count, 'row')} in {out}. The last link is {_spelt(last)}: note it elsewhere."
    desk.out.result({"file": out, "rows": count, "head": _spelt(last)}, told)


def _write(rows: Iterable[dict[str, object]], file: TextIO) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last count is the answer
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    return count


@command(app, "verify")
def verify(
    desk: Desk,
    *,
    head: Annotated[
        str, typer.Option(help="A link noted elsewhere, as `SEQ:DIGEST`: it must still be in the chain.")
    ] = "",
) -> int:
    """Check every link of the history."""
    company = desk.company().id
    with desk.database.read() as connection:
        result = history.verify(connection, company, anchor=_anchor(head) if head else None)
    told = {"rows": result.rows, "head": _spelt(result.head), "faults": list(result.faults)}
    if result.faults:
        desk.out.result(told, f"The history of {plural(result.rows, 'row')} is broken:", *result.faults)
        return ExitCode.DIFFERS
    desk.out.result(
        told, f"{plural(result.rows, 'row')}, whole. The last link is {_spelt(result.head)}: note it elsewhere."
    )
    return ExitCode.DONE


def _spelt(head: Head) -> str:
    return f"{head.seq}:{head.digest}"


def _anchor(text: str) -> Head:
    seq, _, digest = text.partition(":")
    if not seq.isdigit() or not digest:
        raise Refused(f"“{text}” is no link: write it as `audit verify` prints it, SEQ:DIGEST.")
    return Head(seq=int(seq), digest=digest)


def add_to(root: typer.Typer) -> None:
    """Adds these commands to the root."""
    root.add_typer(app, name="audit")
