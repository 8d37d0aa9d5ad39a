"""Our notes in the books, found by the marker at their end."""

import re
from collections import defaultdict
from dataclasses import dataclass

from tests.judge.books import Books, Note

_MARKER = re.compile(r"\[duecourse:([^\]\s]+)\]\s*$")


@dataclass(frozen=True, slots=True)
class OurNote:
    """A note of ours and the key in its marker."""

    key: str
    note: Note

    @property
    def customers(self) -> frozenset[str]:
        """The customers it is linked to."""
        return frozenset(link.partition(":")[2] for link in self.note.links if link.startswith("customer:"))

    @property
    def documents(self) -> frozenset[str]:
        """The documents it is linked to."""
        return frozenset(link for link in self.note.links if not link.startswith("customer:"))

    @property
    def first_line(self) -> str:
        """What a reader sees first."""
        return self.note.text.strip().splitlines()[0] if self.note.text.strip() else ""


class Notes:
    """Our notes by their key; notes without a marker are somebody else's."""

    def __init__(self, books: Books) -> None:
        self.by_key: dict[str, list[OurNote]] = defaultdict(list)
        for note in books.notes.values():
            found = _MARKER.search(note.text)
            if found and not note.deleted:
                self.by_key[found[1]].append(OurNote(found[1], note))

    @property
    def count(self) -> int:
        """How many notes of ours stand in the books."""
        return sum(len(notes) for notes in self.by_key.values())

    def about(self, kind: str, fact: str) -> list[OurNote]:
        """The notes of a kind about a fact: their key is `kind:fact`, or names both in some other order."""
        exact = self.by_key.get(f"{kind}:{fact}", [])
        return exact or [
            each
            for key, notes in self.by_key.items()
            if fact in key and key.startswith(kind.partition("_")[0]) and kind in key.replace(":", "_")
            for each in notes
        ]
