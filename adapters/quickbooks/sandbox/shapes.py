"""Whether a body has the shape of an object at all: references are objects, lines are lists of objects."""

from typing import Any

from adapters.quickbooks.sandbox.wire import Json, Refused

_LISTS = frozenset(["AttachableRef", "CustomField", "Line", "LinkedTxn", "NameValue"])
_OBJECTS = ("Ref", "Addr", "Email", "Phone", "Detail", "Entity", "MetaData", "Prefs", "CustomerMemo")
_DEPTH = 12


def check_shape(body: Json, depth: int = 0) -> None:
    """Refuses (2010) a body in which something is not what its name says."""
    if depth > _DEPTH:
        raise Refused("2010", "The object is nested too deeply")
    for name, value in body.items():
        if value is None:
            continue
        if not _fits(name, value):
            raise Refused("2010", f"Property {name} has the wrong type", element=name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                check_shape(each, depth + 1)


def _fits(name: str, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if name.endswith(_OBJECTS):
        return isinstance(value, dict)
    return True
