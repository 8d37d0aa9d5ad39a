"""The schema's history (Alembic), forward only; a new revision is written by `revise.py`."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from connector.store.engine import Database, StoreError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent
HEAD = "0007"
"""The newest revision, spelt out so that a start with nothing to do need not load Alembic."""

_ADVISORY_LOCK = 4_870_411_523


def migrate(database: Database) -> None:
    """Brings the schema up to date, in one transaction under a lock: two programs that start at once wait for each
    other, and one that is killed leaves the schema as it was. Raises StoreError for a schema newer than this program.
    """
    with database.read() as connection:
        if revision(connection) == HEAD:
            return
    with database.write("migrate") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        found = revision(connection)
        if found != HEAD:
            _upgrade(connection, found)


def revision(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def config(connection: Connection | None = None) -> "Config":
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    made = config(connection)
    if found is not None and found not in {
        script.revision for script in ScriptDirectory.from_config(made).walk_revisions()
    }:
        raise StoreError(
            f"The database's schema ({found}) is newer than this version of Duecourse knows ({HEAD}): "
            "install the newer version again, or restore the backup made before it."
        )
    command.upgrade(made, "head")
