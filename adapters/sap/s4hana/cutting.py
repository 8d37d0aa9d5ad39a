"""Long lists in pieces that a filter, or a $batch, can hold; and numbers in the spellings that a system may use."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from adapters.sap.values import unpadded

T = TypeVar("T")


def cut(things: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of at most `size`, in order."""
    rest = iter(things)
    while piece := list(islice(rest, size)):
        yield piece


def either(name: str, number: str) -> str:
    """The condition that a property is this number, plain or filled with zeros: systems tell it either way."""
    return "(" + " or ".join([f"{name} eq {text(each)}" for each in spellings(number)]) + ")"


def spellings(number: str) -> Sequence[str]:
    """A number plain, and filled to ten digits; a text as it is."""
    plain = unpadded(number)
    if not plain.isdigit():
        return [number]
    filled = plain.zfill(10)
    return [plain] if filled == plain else [plain, filled]


def text(value: str) -> str:
    """`value` in quotes."""
    return "'" + value.replace("'", "''") + "'"
