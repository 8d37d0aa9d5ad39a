"""What lives and what is due have indexes of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What lives and what is due have indexes of their own."""
    op.drop_index(op.f("ix_account_look_on"), table_name="account")
    op.create_index("ix_account_due", "account", ["company", "look_on", "ref"], unique=False)
    op.create_index(
        "ix_document_credit",
        "document",
        ["company", "account"],
        unique=False,
        sqlite_where=sa.text("open_minor < 0"),
        postgresql_where=sa.text("open_minor < 0"),
    )
    op.create_index(
        "ix_document_payment",
        "document",
        ["company", "account", "issue_date", "ref"],
        unique=False,
        sqlite_where=sa.text("kind = 'payment'"),
        postgresql_where=sa.text("kind = 'payment'"),
    )
    op.create_index(
        "ix_reminder_live",
        "reminder",
        ["company", "state", "decided_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('draft', 'ready', 'claimed')"),
        postgresql_where=sa.text("state IN ('draft', 'ready', 'claimed')"),
    )
    op.create_index(
        "ix_reminder_live_account",
        "reminder",
        ["company", "account"],
        unique=False,
        sqlite_where=sa.text("state IN ('draft', 'ready', 'claimed')"),
        postgresql_where=sa.text("state IN ('draft', 'ready', 'claimed')"),
    )
    op.create_index(
        "ix_reminder_not_arrived",
        "reminder",
        ["company"],
        unique=False,
        sqlite_where=sa.text("state = 'not_arrived'"),
        postgresql_where=sa.text("state = 'not_arrived'"),
    )


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
