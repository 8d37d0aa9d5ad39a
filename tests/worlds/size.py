"""How large a random world is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Days to play, customers to begin with (sub-customers come on top), invoices in a year."""

    days: int = 365
    customers: int = 40
    invoices: int = 320
