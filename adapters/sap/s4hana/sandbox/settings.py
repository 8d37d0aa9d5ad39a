"""What may differ between two S/4HANA systems."""

from dataclasses import dataclass
from enum import StrEnum


class Partial(StrEnum):
    """How a clerk posts a payment that does not pay an invoice in full."""

    REFERENCE = "reference"  # the payment names the invoice, and both stay open
    ON_ACCOUNT = "on_account"  # it names nothing, and both stay open
    RESIDUAL = "residual"  # both are cleared, and what is left is a new line that names the invoice


class Numbers(StrEnum):
    """How numbers that fill their field stand in answers."""

    PLAIN = "plain"
    FILLED = "filled"


@dataclass(frozen=True, slots=True, kw_only=True)
class S4HanaSettings:
    """One system. `user` empty lets everybody in. `resets_seen`: a clearing that is reset changes the day of change."""

    company_code: str = "1710"
    partial: Partial = Partial.REFERENCE
    numbers: Numbers = Numbers.PLAIN
    resets_seen: bool = True
    page_size: int = 1000
    link_host: str = ""  # what links to a next page name as scheme and host; the host that was asked where empty
    user: str = ""
    password: str = ""
    token_minutes: int = 30
