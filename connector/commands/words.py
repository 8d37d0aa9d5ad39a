"""Days, amounts and other words of a command line, read strictly: what can be read in two ways is refused."""

import re
from datetime import date
from typing import Annotated

import typer

from adapters.money import Money
from connector.commands.desk import Refused

_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,3})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def parse_day(text: str) -> date:
    """A day written as 2026-11-30. Raises `typer.BadParameter`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no day: write it as 2026-11-30.") from error


def parse_amount(text: str, currency: str) -> Money:
    """An amount above zero, written as 1250.00 with a point and without thousands. Raises `Refused`, `MoneyError`."""
    if not _AMOUNT.fullmatch(text):
        raise Refused(f"“{text}” is no amount: write it as 1250.00, with a point and without separators.")
    return Money.of(text, currency)


def parse_total(text: str, currency: str) -> Money:
    """A sum, written as 1250.00 or -1250.00. Raises `Refused`, `MoneyError`."""
    if not _AMOUNT.fullmatch(text.removeprefix("-")):
        raise Refused(f"“{text}” is no total: write it as 1250.00, with a point and without separators.")
    return Money.of(text, currency)


def parse_currency(text: str) -> str:
    """A currency as three capital letters. Raises `typer.BadParameter`."""
    if not _CURRENCY.fullmatch(text.upper()):
        raise typer.BadParameter(f"{text!r} is no currency: use its code, like EUR.")
    return text.upper()


Customer = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="Its id in the ledger, its name, or a part of it that fits one only.")
]
Day = Annotated[date, typer.Argument(parser=parse_day, metavar="DAY", help="Like 2026-11-30.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def plural(count: int, one: str, more: str = "") -> str:
    """`1 draft`, `2 drafts`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
