"""How the sandbox behaves where installations differ."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Settings of one Business One sandbox."""

    company: str = "SBODEMO"
    user: str = "manager"
    password: str = "secret"  # noqa: S105 - a sandbox's own
    session_minutes: int = 30
    page_size: int = 20
    heeds_max_page_size: bool = True  # False: the server's own page size, whatever is asked for
    local_code: str = "$"  # what the company calls its own currency, as Business One's demo companies do
    etags: bool = True
