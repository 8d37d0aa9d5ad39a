"""One entity set as OData version 2 shows it: filtered, ordered, in pages, chosen from, counted, or one by key."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from adapters.sap.s4hana.sandbox.filters import condition
from adapters.sap.s4hana.sandbox.table import Table
from adapters.sap.s4hana.sandbox.wire import Answer, Refused, Row, Value, as_atom, canonical, encode, shown

_KEY = re.compile(r"\s*(?:(?P<name>\w+)\s*=\s*)?'(?P<text>(?:[^']|'')*)'\s*(?:,|$)")
_SPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An entity set: its key, and a row with a sample value for each property."""

    service: str
    entity: str
    key: Sequence[str]
    sample: Row
    hidden: frozenset[str] = field(default_factory=frozenset)  # not filterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an answer is written."""

    root: str  # the service's address
    filled: bool
    page_size: int
    as_json: bool


def key_in(text: str, shape: Shape) -> dict[str, str]:
    """The key in `(Customer='10100',CompanyCode='1710')`. Raises `Refused`."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        part = _KEY.match(text, at)
        if part is None:
            raise Refused(400, "/IWBEP/CM_MGW_RT/029", "Malformed URI literal syntax in key")
        found[part["name"] or shape.key[0]] = part["text"].replace("''", "'")
        at = part.end()
    if set(found) != set(shape.key):
        raise Refused(400, "/IWBEP/CM_MGW_RT/030", "Invalid key predicate type for the entity")
    return found


def one(rows: Table, key: Mapping[str, str], params: Mapping[str, str], shape: Shape, way: Way) -> Answer:
    """The row with a key. Raises `Refused` (404)."""
    wanted = {name: canonical(name, text) for name, text in key.items()}
    longest = max(wanted, key=lambda name: len(wanted[name]))
    for row in rows.among(longest, [wanted[longest]]):
        if all(canonical(name, str(row[name])) == text for name, text in wanted.items()):
            chosen = _chosen(params, shape)
            if way.as_json:
                return Answer(200, encode({"d": _written(row, chosen, shape, way)}))
            return _atom(_entry(row, chosen, shape, way))
    raise Refused(404, "/IWBEP/CM_MGW_RT/020", f"Resource not found for segment '{shape.entity}'")


def count(rows: Table, params: Mapping[str, str], shape: Shape) -> Answer:
    """How many rows there are, as text."""
    number = len(_filtered(rows, params, shape))
    return Answer(200, str(number).encode(), "text/plain;charset=utf-8")


def page(rows: Table, params: Mapping[str, str], shape: Shape, way: Way) -> Answer:
    """A page of rows, with a link to the next one where the service gives no more at once."""
    found = _ordered(_filtered(rows, params, shape), params, shape)
    number = len(found)
    top = _whole(params, "$top")
    begin = _whole(params, "$skip") or 0
    end = number if top is None else min(begin + top, number)
    begin += _whole(params, "$skiptoken") or 0
    shown_rows = found[begin : min(end, begin + way.page_size)]
    following = begin + len(shown_rows)
    chosen = _chosen(params, shape)
    link = _link(params, shape, way, following - (_whole(params, "$skip") or 0)) if following < end else ""
    counted = str(number) if params.get("$inlinecount") == "allpages" else ""
    if not way.as_json:
        return _feed([_entry(row, chosen, shape, way) for row in shown_rows], shape, way, link)
    told: dict[str, object] = {"results": [_written(row, chosen, shape, way) for row in shown_rows]}
    if counted:
        told["__count"] = counted
    if link:
        told["__next"] = link
    return Answer(200, encode({"d": told}))


def _filtered(rows: Table, params: Mapping[str, str], shape: Shape) -> list[Row]:
    text = params.get("$filter", "").strip()
    if not text:
        return list(rows)
    asked = condition(text, shape.sample, shape.hidden)
    return [row for row in (rows.among(*asked.only) if asked.only else rows) if asked.meets(row)]


def _ordered(rows: list[Row], params: Mapping[str, str], shape: Shape) -> list[Row]:
    terms = [each.split() for each in params.get("$orderby", "").split(",") if each.strip()]
    for name, *direction in reversed(terms):
        if name not in shape.sample or direction not in ([], ["asc"], ["desc"]):
            raise Refused(400, "/IWBEP/CM_MGW_RT/022", f"Property {name} cannot be sorted by")
        rows.sort(key=lambda row, name=name: _place(name, row[name]), reverse=direction == ["desc"])  # type: ignore[misc]
    return rows


def _place(name: str, value: Value) -> tuple[bool, object]:
    return (value is not None, canonical(name, value) if isinstance(value, str) else value)


def _whole(params: Mapping[str, str], name: str) -> int | None:
    text = params.get(name, "")
    if text and not text.isdigit():
        raise Refused(400, "/IWBEP/CM_MGW_RT/023", f"Invalid value for {name}")
    return int(text) if text else None


def _chosen(params: Mapping[str, str], shape: Shape) -> Sequence[str]:
    told = [each.strip() for each in params.get("$select", "").split(",") if each.strip()]
    for name in told:
        if name not in shape.sample and name != "*":
            raise Refused(400, "/IWBEP/CM_MGW_RT/024", f"Resource not found for segment '{name}'")
    return list(shape.sample) if not told or "*" in told else told


def _link(params: Mapping[str, str], shape: Shape, way: Way, place: int) -> str:
    kept = {**params, "$skiptoken": str(place)}
    query = "&".join(f"{name}={quote(text, safe=chr(39) + '(),:$')}" for name, text in kept.items())
    return f"{way.root}/{shape.entity}?{query}"


def _address(row: Row, shape: Shape, way: Way) -> str:
    told = ["'" + quote(str(row[name]).replace("'", "''"), safe="") + "'" for name in shape.key]
    named = told if len(told) == 1 else [f"{name}={text}" for name, text in zip(shape.key, told, strict=True)]
    return f"{way.root}/{shape.entity}({','.join(named)})"


def _written(row: Row, chosen: Sequence[str], shape: Shape, way: Way) -> dict[str, object]:
    at = _address(row, shape, way)
    about = {"id": at, "uri": at, "type": f"{shape.service}.{shape.entity}Type"}
    return {"__metadata": about, **{name: shown(name, row[name], filled=way.filled) for name in chosen}}


def _entry(row: Row, chosen: Sequence[str], shape: Shape, way: Way) -> str:
    told = "".join(as_atom(name, row[name], filled=way.filled) for name in chosen)
    at = _address(row, shape, way).replace("&", "&amp;")
    body = f'<content type="application/xml"><m:properties>{told}</m:properties></content>'
    return f"<entry><id>{at}</id><title>{shape.entity}</title>{body}</entry>"


def _atom(inner: str, kind: str = "entry") -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8"?>{inner.replace("<" + kind + ">", f"<{kind} {_SPACES}>", 1)}'
    return Answer(200, text.encode(), f"application/atom+xml;type={kind};charset=utf-8")


def _feed(entries: Sequence[str], shape: Shape, way: Way, link: str) -> Answer:
    following = f'<link rel="next" href="{link.replace("&", "&amp;")}"/>' if link else ""
    head = f"<id>{way.root}/{shape.entity}</id><title>{shape.entity}</title>"
    return _atom(f"<feed>{head}{''.join(entries)}{following}</feed>", "feed")
