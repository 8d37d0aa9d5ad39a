"""Our own block in the ledger is remembered, and the step of a reminder."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Our own block in the ledger is remembered, and the step of a reminder."""
    op.create_table(
        "ledger_block",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=True),
        sa.Column("dispute", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company", "place", name=op.f("pk_ledger_block")),
    )
    op.create_index(op.f("ix_ledger_block_company_state"), "ledger_block", ["company", "state"], unique=False)
    op.add_column("entry", sa.Column("step", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
