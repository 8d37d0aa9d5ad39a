"""The properties of objects, from properties.toml."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Properties:
    """`computed` is never kept as a client wrote it; `known` is everything that may be written at all."""

    computed: frozenset[str]
    known: frozenset[str]


def _read() -> dict[str, Properties]:
    told = tomllib.loads(files(__package__).joinpath("properties.toml").read_text(encoding="utf-8"))
    return {
        name: Properties(frozenset(lists["computed"]), frozenset(lists["computed"]) | frozenset(lists["kept"]))
        for name, lists in told.items()
    }


PROPERTIES = _read()
