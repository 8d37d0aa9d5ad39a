"""A document may be the rest of another, and the ledger may say more of it; a customer may be dunned by the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A document may be the rest of another, and the ledger may say more of it; a customer may be dunned by it."""
    op.add_column("document", sa.Column("remark", sa.Text(), nullable=True))
    op.add_column("document", sa.Column("replaces", sa.String(length=200), nullable=True))
    op.create_index(
        "ix_document_residual",
        "document",
        ["company", "replaces"],
        unique=False,
        sqlite_where=sa.text("replaces IS NOT NULL"),
        postgresql_where=sa.text("replaces IS NOT NULL"),
    )
    op.add_column("customer", sa.Column("remark", sa.Text(), nullable=True))
    op.add_column("customer", sa.Column("dunned_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
