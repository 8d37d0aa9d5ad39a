"""What a whole read listed is kept per page."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a whole read listed is kept per page."""
    op.create_table(
        "listing",
        sa.Column("company", sa.String(length=64), nullable=False),
        sa.Column("whole_read", sa.String(length=64), nullable=False),
        sa.Column("low", sa.String(length=200), nullable=False),
        sa.Column("high", sa.String(length=200), nullable=False),
        sa.Column("refs", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("company", "whole_read", "low", "high", name=op.f("pk_listing")),
    )
    op.drop_column("document", "whole_read")


def downgrade() -> None:
    """Refused: restore the backup made before the upgrade."""
    raise RuntimeError("Migrations go forward only; restore the backup made before the upgrade.")
