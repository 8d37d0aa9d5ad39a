"""Long texts on customers in a company code. Each entry of ours in one of them is also a note of the books.

So whoever reads the books, whichever ledger's face shows them, sees what was said to a customer, once for each entry.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from adapters.marker import find_marker
from adapters.sandbox.books import Books
from adapters.sap.s4hana.sandbox.wire import Refused, Row

ENTITY = "A_CustomerCompanyText"
KEY = ("Customer", "CompanyCode", "Language", "LongTextID")


class Place(NamedTuple):
    """Which text of which customer."""

    customer: str
    company: str
    language: str
    text_id: str


class Texts:
    """The texts of one company code."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._texts: dict[Place, str] = {}
        self._seen: set[tuple[str, str]] = set()  # (customer, entry): what is a note already

    def rows(self) -> Iterator[Row]:
        """All texts."""
        for place, text in sorted(self._texts.items()):
            yield {**dict(zip(KEY, place, strict=True)), "LongText": text}

    def get(self, place: Place) -> str | None:
        """The text in a place; None where there is none."""
        return self._texts.get(place)

    def create(self, place: Place, text: str) -> None:
        """Writes the first text. Raises `Refused` where there is one."""
        if place in self._texts:
            raise Refused(400, "CVI_API/040", "The text exists already")
        self._write(place, text)

    def change(self, place: Place, text: str) -> None:
        """Replaces a text. Raises `Refused` where there is none."""
        if place not in self._texts:
            raise Refused(404, "/IWBEP/CM_MGW_RT/020", "Resource not found")
        self._write(place, text)

    def snapshot(self) -> Mapping[Place, str]:
        """The texts as they are, for `restore`."""
        return dict(self._texts)

    def restore(self, before: Mapping[Place, str]) -> None:
        """Puts back what stood there."""
        self._texts = dict(before)

    def note(self) -> None:
        """Writes a note into the books for each entry that is new: the oldest stands last."""
        for place, text in self._texts.items():
            for entry in reversed(list(_entries(text))):
                found = (place.customer, find_marker(entry) or "")
                if found not in self._seen:
                    self._seen.add(found)
                    self._books.write_note(entry, [("customer", place.customer)])

    def _write(self, place: Place, text: str) -> None:
        self._books.customer(place.customer)  # raises where there is no such customer
        self._texts[place] = text


def _entries(text: str) -> Iterator[str]:
    """The parts of a text that end with a marker of ours; a line that does is an entry's last."""
    lines: list[str] = []
    for line in text.splitlines():
        lines.append(line)
        if line.endswith("]") and find_marker(line):
            yield "\n".join(lines).strip()
            lines = []
