"""What a read is asked: its options, its address and its keys, with every space as %20 (some services read no `+`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from adapters.sap.values import Value, Version, literal

_SAFE = "'(),:$!*@/=-._~"
_PLAIN = re.compile(rf"[A-Za-z0-9 {re.escape(_SAFE)}]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The options of a read. `filter` is written with `literal`; `top` bounds the rows, `skip` leaves some out."""

    filter: str = ""
    select: Sequence[str] = ()
    order: Sequence[str] = ()
    expand: Sequence[str] = ()
    top: int | None = None
    skip: int = 0
    with_count: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    def options(self, version: Version) -> dict[str, str]:
        """As they stand in an address, not yet quoted."""
        counting = ("$inlinecount", "allpages") if version is Version.V2 else ("$count", "true")
        told = {
            "$filter": self.filter,
            "$select": ",".join(self.select),
            "$expand": ",".join(self.expand),
            "$orderby": ",".join(self.order),
            "$top": "" if self.top is None else str(self.top),
            "$skip": str(self.skip) if self.skip else "",
            counting[0]: counting[1] if self.with_count else "",
            **self.more,
        }
        return {name: text for name, text in told.items() if text}


def address(path: str, options: Mapping[str, str]) -> str:
    """`path?options`; a path that has options already keeps them."""
    query = "&".join(f"{quote(name, safe='$')}={_quoted(text)}" for name, text in options.items())
    if not query:
        return path
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _quoted(text: str) -> str:
    """Filters are long, and of plain words nearly always: those are not gone through letter by letter."""
    return text.replace(" ", "%20") if _PLAIN.fullmatch(text) else quote(text, safe=_SAFE)


def key(values: Mapping[str, Value], version: Version) -> str:
    """The key of one entity, in brackets: `(Customer='10100',CompanyCode='1710')`; a single one without its name."""
    told = {name: quote(literal(each, version), safe="'") for name, each in values.items()}
    if len(told) == 1:
        return f"({next(iter(told.values()))})"
    return "(" + ",".join(f"{name}={text}" for name, text in told.items()) + ")"
