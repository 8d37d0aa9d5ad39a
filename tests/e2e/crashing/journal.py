"""A journal that several processes write into: one order of all that happened, whoever did it.

A line is appended in one system call, so the order of the lines is the order of the events. What an event is, its
`kind` tells: `before` and `after` are boundaries that the service passed; `commit`, `send` and `post` really happened,
told by those who saw them happen: the database engine, the mail server, the ledger's server.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BOUNDARIES = ("before", "after")
EFFECTS = ("commit", "send", "post")


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is a boundary's ("commit sending", "commit record accepted + sending" where several share one commit);
    `who` tells apart what may happen at once: a thread, a recipient.
    """

    kind: str
    name: str = ""
    who: str = ""

    @property
    def effect(self) -> str:
        """What a boundary is a boundary of."""
        return self.name.partition(" ")[0]

    @property
    def parts(self) -> list[str]:
        """A boundary's side and name, once for each thing that shares it: which do, is not the same every time."""
        effect, blank, name = self.name.partition(" ")
        return [f"{self.kind} {effect}{blank}{part}" for part in name.split(" + ")]


class Journal:
    """Appends events to a file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, kind: str, name: str = "", who: str = "") -> None:
        os.write(self._file, json.dumps([kind, name, who]).encode() + b"\n")

    def close(self) -> None:
        os.close(self._file)


def read(path: Path) -> list[Event]:
    """All events, in their order."""
    return [Event(*json.loads(line)) for line in path.read_bytes().splitlines()]


def boundaries(events: Iterable[Event]) -> list[tuple[str, int]]:
    """Each boundary that was passed, by the parts of its name, and the how manieth of this part it was."""
    seen: Counter[str] = Counter()
    passed = []
    for each in events:
        if each.kind in BOUNDARIES:
            for part in each.parts:
                seen[part] += 1
                passed.append((part, seen[part]))
    return passed


def unnamed(events: Iterable[Event]) -> list[str]:
    """What happened outside of any boundary, and boundaries around a commit that was none, or more than one."""
    open_names: dict[tuple[str, str], str] = {}
    commits: Counter[str] = Counter()
    wrong = []
    for each in events:
        if each.kind == "before":
            open_names[each.effect, each.who] = each.name
            commits[each.who] = 0
        elif each.kind == "after":
            open_names.pop((each.effect, each.who), None)
            if each.effect == "commit" and commits[each.who] != 1:
                wrong.append(f"“{each.name}” stands around {commits[each.who]} commits")
        elif each.kind in EFFECTS:
            if (each.kind, each.who) not in open_names:
                wrong.append(f"a {each.kind} ({each.who}) without a name")
            if each.kind == "commit":
                commits[each.who] += 1
    return wrong
