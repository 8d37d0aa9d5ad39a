"""What became of a world that was played."""

from dataclasses import dataclass, field

from tests.worlds.size import Size


@dataclass(slots=True)
class Played:
    """One world's figures, and one sentence for each promise that was broken in it."""

    seed: int
    size: Size
    company: str = ""
    customers: int = 0
    invoices: int = 0
    reminders: int = 0
    mails: int = 0
    notes: int = 0
    uncertain: int = 0  # hand-overs of which nobody knew at first whether they arrived
    kills: int = 0
    faults: int = 0
    commands: int = 0
    cases: int = 0
    cpu_seconds: float = 0.0
    judge_seconds: float = 0.0  # of them
    broken: list[str] = field(default_factory=list)
    tally: dict[str, int] = field(default_factory=dict)  # what happened how often
    deaths: list[str] = field(default_factory=list)  # the boundaries at which the process was killed

    @property
    def command(self) -> str:
        """What plays it again."""
        plain, size = Size(), self.size
        options = {"days": size.days, "customers": size.customers, "invoices": size.invoices}
        other = (f" --{name} {value}" for name, value in options.items() if value != getattr(plain, name))
        return f"python -m tests.worlds --seed {self.seed}{''.join(other)}"
