"""The timeline is append-only.

A later migration that rebuilds the timeline on SQLite loses the triggers, and must make them again.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TRIGGER timeline_no_{0} BEFORE {0} ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END
"""
FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the timeline is append-only'; END $$
"""
POSTGRESQL = """
CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(SQLITE.format("update"))
        op.execute(SQLITE.format("delete"))
    else:
        op.execute(FUNCTION)
        op.execute(POSTGRESQL)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER timeline_no_update")
        op.execute("DROP TRIGGER timeline_no_delete")
    else:
        op.execute("DROP TRIGGER timeline_append_only ON timeline")
        op.execute("DROP FUNCTION refuse_change()")
