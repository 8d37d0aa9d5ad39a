"""`duecourse letterhead`: what a company's messages say of it."""

from dataclasses import asdict
from typing import Annotated

import typer

from connector.bootstrap import letterhead_of
from connector.commands.desk import Desk, command
from connector.commands.output import table
from connector.commands.words import plural
from connector.letterheads import set_letterhead
from connector.store import companies

Text = str | None


def letterhead(
    desk: Desk,
    *,
    sender: Annotated[Text, typer.Option(help="The address that messages come from.")] = None,
    sender_name: Annotated[Text, typer.Option(help="The name beside it.")] = None,
    reply_to: Annotated[Text, typer.Option(help="Where answers go.")] = None,
    stop_address: Annotated[
        Text, typer.Option(help="An address that somebody reads, for those who want no more.")
    ] = None,
    postal_address: Annotated[Text, typer.Option(help="As printed below; several lines are fine.")] = None,
    bank_details: Annotated[Text, typer.Option(help="How to pay; several lines are fine.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget what was set here: as the settings say.")] = False,
) -> None:
    """Set what this company's messages say of it, or show it. An empty text: as the settings say."""
    asked = {
        "sender": sender,
        "sender_name": sender_name,
        "reply_to": reply_to,
        "stop_address": stop_address,
        "postal_address": postal_address,
        "bank_details": bank_details,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    again = set_letterhead(desk.office(), given, anew=clear) if given or clear else 0
    _show(desk, again)


def _show(desk: Desk, again: int) -> None:
    row = desk.company()
    with desk.database.read() as connection:
        is_alone = len(companies.load_all(connection)) == 1
    own = row.letterhead or {}
    says = asdict(letterhead_of(desk.settings, row, is_alone=is_alone))
    told = [{"field": name, "says": text, "from": _source(name, text, own)} for name, text in says.items()]
    left_out = (
        []
        if is_alone
        else ["Several companies are connected: the settings' bank details and postal address are nobody's."]
    )
    anew = [f"{plural(again, 'message')} that waited will be written anew."] if again else []
    rows = ([each["field"].replace("_", " "), each["says"], each["from"]] for each in told)
    shown = table(f"What messages of {row.name} say", ("Field", "Says", "From"), rows)
    desk.out.result({"company": row.id, "letterhead": says, "own": own, "written_anew": again}, shown, *left_out, *anew)


def _source(name: str, text: str, own: dict[str, str]) -> str:
    if own.get(name):
        return "set here"
    return "settings" if text else ""


def add_to(root: typer.Typer) -> None:
    """Adds this command to the root."""
    command(root, "letterhead")(letterhead)
