"""Writes a revision from the difference between the newest schema and `tables/`; a developer's tool.

python -m connector.store.migrations.revise "promises have a currency"
python -m connector.store.migrations.revise --first      (before the first release only: rewrites 0001)
"""

import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Literal

from alembic.autogenerate import api, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import Connection, DateTime

from connector.store.engine import Database, open_engine
from connector.store.migrations import FOLDER, HEAD, migrate
from connector.store.tables import Instant, append_only, metadata

_TEMPLATE = '''"""{what}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:{waiver}
    """{what}"""
    {body}


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
'''


def main(arguments: list[str]) -> int:
    """Writes the next revision (or the first, anew) and moves HEAD to it."""
    if not arguments:
        sys.stderr.write(__doc__ or "")
        return 2
    first = arguments[0] == "--first"
    number = "0001" if first else f"{int(HEAD) + 1:04d}"
    what = "The whole schema." if first else arguments[0].rstrip(".") + "."
    with tempfile.TemporaryDirectory() as folder:
        database = Database(open_engine(f"sqlite:///{folder}/schema.db"))
        if not first:
            migrate(database)
        with database.write("compare") as connection:
            body = difference(connection) + (triggers() if first else "")
        database.dispose()
    slug = "whole_schema" if first else re.sub(r"\W+", "_", arguments[0].lower()).strip("_")
    path = FOLDER / "versions" / f"{number}_{slug}.py"
    down = "None" if first else f'"{HEAD}"'
    waiver = "  # noqa: PLR0915 - one statement per table" if first else ""
    source = _TEMPLATE.format(what=what, revision=number, down=down, body=body, waiver=waiver)
    path.write_text(source, encoding="utf-8")
    _move_head(number)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=False)  # noqa: S603 - our own file
    sys.stdout.write(f"{path}\n")
    return 0


def difference(connection: Connection) -> str:
    """The operations that lead from this database to `tables/`, as source."""
    context = MigrationContext.configure(connection, opts={"target_metadata": metadata, "render_item": _render})
    upgrade = api.produce_migrations(context, metadata).upgrade_ops
    assert isinstance(upgrade, UpgradeOps)
    source = render_python_code(upgrade, render_item=_render, migration_context=context)
    return "\n".join(line for line in source.splitlines() if "# ###" not in line).strip()


def triggers() -> str:
    """The append-only triggers of both databases, as source."""
    lines = ['\n    if op.get_bind().dialect.name == "postgresql":']
    lines += [f"        op.execute({_wrapped(statement)})" for statement in append_only.POSTGRESQL]
    lines += ["    else:"]
    lines += [f"        op.execute({_wrapped(statement)})" for statement in append_only.SQLITE]
    return "\n".join(lines)


def _wrapped(statement: str) -> str:
    lines = textwrap.wrap(" ".join(statement.split()), 90)
    return " ".join(repr(line + " ") for line in lines[:-1]) + f" {lines[-1]!r}"


def _render(kind: str, value: object, _context: object) -> str | Literal[False]:
    if kind == "type" and isinstance(value, Instant):
        return f"sa.{DateTime(timezone=True)!r}"
    return False


def _move_head(number: str) -> None:
    path = Path(FOLDER / "__init__.py")
    source = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'^HEAD = "\d+"$', f'HEAD = "{number}"', source, flags=re.MULTILINE), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
