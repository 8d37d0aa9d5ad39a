"""What every table is made of. Money is an integer of minor units beside its currency; instants are
aware UTC; days are dates. Every table carries `company`, so that one database holds several.
"""

from datetime import UTC, datetime

from sqlalchemy import Column, DateTime, Dialect, MetaData, String
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite keeps it as naive UTC, which sorts as text. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database, in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs its time zone.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base's signature
        """From the database, aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def ref_column(
    name: str, *, primary_key: bool = False, nullable: bool | None = None, server_default: str | None = None
) -> Column[str]:
    """A reference as the ledger spells it."""
    if nullable is None:
        nullable = not primary_key
    return Column(name, String(200), primary_key=primary_key, nullable=nullable, server_default=server_default)


def company_column() -> Column[str]:
    """The company, first column of a primary key."""
    return Column("company", String(64), primary_key=True)
