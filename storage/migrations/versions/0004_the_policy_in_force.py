"""Which policy is in force, and an index of the issues that still hold on to theirs."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("status IN ('open', 'claimed', 'waiting', 'resolved', 'merged')")


def upgrade() -> None:
    op.add_column("policy", sa.Column("in_force_since", UTCDateTime(), nullable=True))
    op.create_index(
        "ix_issue_unfinished",
        "issue",
        ["policy", "status"],
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )


def downgrade() -> None:
    op.drop_index("ix_issue_unfinished", "issue")
    op.drop_column("policy", "in_force_since")
