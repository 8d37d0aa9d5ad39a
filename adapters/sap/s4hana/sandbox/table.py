"""The rows of an entity set for one call: in their order, and found by the text of a property."""

from collections.abc import Collection, Iterable, Iterator

from adapters.sap.s4hana.sandbox.wire import Row, canonical


class Table:
    """Rows. What is asked for by a property's text is looked up, once the first has asked for it so."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)
        self._places: dict[str, dict[str, list[int]]] = {}

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def among(self, name: str, texts: Collection[str]) -> list[Row]:
        """The rows whose property is one of these texts, as the database holds them; in the table's order."""
        if name not in self._places:
            places: dict[str, list[int]] = {}
            for at, row in enumerate(self._rows):
                places.setdefault(canonical(name, str(row[name])), []).append(at)
            self._places[name] = places
        found = self._places[name]
        return [self._rows[at] for at in sorted(at for text in texts for at in found.get(text, ()))]
