"""An account keeps no copy of its last verdict: the history has it."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An account keeps no copy of its last verdict: the history has it."""
    op.drop_column("account", "verdict")


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
