"""What a bench says: one figure with its target, and whether that is met."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `met` is None where there is a measurement and no target."""

    section: str
    what: str
    measured: str  # with its unit: "8.9 s", "1.09 x"
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of the plot of cost against size."""

    series: str
    size: int  # invoices in the books
    seconds: float
