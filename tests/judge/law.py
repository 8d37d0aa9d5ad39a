"""A law: one promise of the service, judged case by case."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.judge.evidence import Evidence


@dataclass(slots=True)
class Finding:
    """How many cases a law judged, and one sentence for each in which it was broken."""

    cases: int = 0
    broken: list[str] = field(default_factory=list)

    def judge(self, *sentences: str) -> None:
        """Counts a case; the sentences say how it was broken, none that it was kept."""
        self.cases += 1
        self.broken.extend(each for each in sentences if each and each not in self.broken)


@dataclass(frozen=True, slots=True)
class Law:
    """A law by its name. A month without a case of it proves nothing, unless it `may_be_empty`."""

    name: str
    check: Callable[[Evidence, Finding], None]
    may_be_empty: bool = False
