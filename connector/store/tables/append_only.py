"""The database itself refuses to change or remove a row of `history`, whoever asks.

The triggers are made wherever the table is (`create_all`); the first migration carries the same statements.
"""

from sqlalchemy import Connection, event

from connector.store.tables.operations import history

SQLITE = tuple(
    f"CREATE TRIGGER history_no_{verb.lower()} BEFORE {verb} ON history "
    "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)
_REFUSES = "EXECUTE FUNCTION history_append_only()"
POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION history_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$
    """,
    f"CREATE TRIGGER history_no_change BEFORE UPDATE OR DELETE ON history FOR EACH ROW {_REFUSES}",
    f"CREATE TRIGGER history_no_truncate BEFORE TRUNCATE ON history FOR EACH STATEMENT {_REFUSES}",
)


def _guard(_table: object, connection: Connection, **_options: object) -> None:
    for statement in POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE:
        connection.exec_driver_sql(statement)


event.listen(history, "after_create", _guard)
