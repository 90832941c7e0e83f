"""The index from which alone what is due is answered also says what is only housekeeping."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DUE = sa.text("due_at IS NOT NULL")
BEFORE = ["due_at", "rank", "set_aside_until", "number"]
AFTER = ["due_at", "rank", "status", "set_aside_until", "number"]


def upgrade() -> None:
    _index(AFTER)


def downgrade() -> None:
    _index(BEFORE)


def _index(columns: list[str]) -> None:
    op.drop_index("ix_issue_due", "issue")
    op.create_index("ix_issue_due", "issue", columns, sqlite_where=DUE, postgresql_where=DUE)
