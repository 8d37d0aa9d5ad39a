"""The companies this service works for, one row each."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, bindparam, insert, select, update

from connector.store.tables import company


class Mode(StrEnum):
    """What happens to a reminder once it is decided."""

    DRY_RUN = "dry_run"  # nothing is planned or sent; `plan` shows what would be
    REVIEW = "review"  # drafts wait for approval
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """A connected company. `zone` is an IANA name or `UTC+hh:mm`; "today" is told by it."""

    id: str
    ledger: str
    ledger_ref: str
    name: str
    home_currency: str
    country: str
    zone: str
    language: str
    mode: Mode
    default_cadence: str
    cursor: str | None
    first_read_done: bool
    synced_at: datetime | None
    sync_wanted_at: datetime | None
    swept_at: datetime | None
    paused_because: str | None
    out_of_quota_until: datetime | None
    cash_posted_until: date | None
    cash_silence_days: int | None
    cash_released_on: date | None
    note_style: str
    letterhead: dict[str, str] | None
    connected_at: datetime

    @property
    def connect_command(self) -> str:
        """What connects it, and connects it again."""
        return f"duecourse connect {self.ledger.replace('_', '-')}"


def public_name(company_id: str) -> str:
    """A company's name where anybody may read it (/healthz): too short to find the realm's number in it again."""
    return sha256(company_id.encode()).hexdigest()[:8]


class NoSuchCompany(LookupError):
    """No company of this name is connected."""

    def __init__(self, wanted: str, known: list[str]) -> None:
        there = f"Connected: {', '.join(known)}." if known else "Connect one first: duecourse connect quickbooks."
        named = f"No company “{wanted}”" if wanted else "No one company" if known else "No company"
        super().__init__(f"{named} is connected. {there}")


def load(connection: Connection, company_id: str) -> CompanyRow:
    """The company with this id. Raises `NoSuchCompany`."""
    row = connection.execute(_LOAD, {"of": company_id}).mappings().one_or_none()
    if row is None:
        raise NoSuchCompany(company_id, [each.id for each in load_all(connection)])
    return CompanyRow(**{**row, "mode": Mode(row["mode"])})


def load_all(connection: Connection) -> list[CompanyRow]:
    """Every connected company, by id."""
    rows = connection.execute(select(company).order_by(company.c.id)).mappings()
    return [CompanyRow(**{**row, "mode": Mode(row["mode"])}) for row in rows]


#: Loaded in nearly every transaction: built once.
_LOAD = select(company).where(company.c.id == bindparam("of"))


def add(connection: Connection, **values: object) -> None:
    """Adds a company; the columns of the table are the arguments."""
    connection.execute(insert(company).values(**values))


def change(connection: Connection, company_id: str, **values: object) -> None:
    """Changes columns of a company."""
    connection.execute(update(company).where(company.c.id == company_id).values(**values))
