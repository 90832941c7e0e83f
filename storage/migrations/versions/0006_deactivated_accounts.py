"""Whose account is deactivated, so that a restart does not make them staff again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deactivated",
        sa.Column("user", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_deactivated")),
    )


def downgrade() -> None:
    op.drop_table("deactivated")
