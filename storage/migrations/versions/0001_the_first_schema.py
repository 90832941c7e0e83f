"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DUE = sa.text("due_at IS NOT NULL")
LIVE = sa.text("status IN ('open', 'claimed', 'waiting')")
WAITING = sa.text("done_at IS NULL")
SAID = sa.text("said_ts IS NOT NULL")
RELAYED = sa.text("source_ts IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("id", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    op.create_table(
        "counter",
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "dm",
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_dm")),
    )
    op.create_table(
        "policy",
        sa.Column("version", AutoString(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy")),
    )
    op.create_table(
        "staff",
        sa.Column("user", AutoString(), nullable=False),
        sa.Column("tier", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user", "tier", name=op.f("pk_staff")),
    )
    op.create_table(
        "issue",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("reporter", AutoString(), nullable=False),
        sa.Column("status", AutoString(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("claimant", AutoString(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("set_aside_until", UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy"], ["policy.version"], name=op.f("fk_issue_policy_policy"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_issue")),
    )
    op.create_index(
        "ix_issue_due",
        "issue",
        ["due_at", "rank", "set_aside_until", "number"],
        sqlite_where=DUE,
        postgresql_where=DUE,
    )
    op.create_index(
        "ix_issue_live",
        "issue",
        ["rank", "opened_at", "number"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("ix_issue_reporter", "issue", ["reporter", "opened_at", "number"])

    op.create_table(
        "delivery",
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.number"], name=op.f("fk_delivery_issue_issue"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_at", "delivery", ["at"])

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("place", AutoString(), nullable=False),
        sa.Column("verb", AutoString(), nullable=False),
        sa.Column("pace", AutoString(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("not_before", UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", UTCDateTime(), nullable=True),
        sa.Column("unsure_since", UTCDateTime(), nullable=True),
        sa.Column("sender", AutoString(), nullable=True),
        sa.Column("hold_until", UTCDateTime(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("channel", AutoString(), nullable=True),
        sa.Column("ts", AutoString(), nullable=True),
        sa.Column("error", AutoString(), nullable=True),
        sa.CheckConstraint("(state IN ('pending', 'sending')) = (done_at IS NULL)", name=op.f("ck_outbox_done")),
        sa.CheckConstraint(
            "state <> 'sending' OR (attempted_at IS NOT NULL AND hold_until IS NOT NULL)", name=op.f("ck_outbox_held")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'superseded', 'failed')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.number"], name=op.f("fk_outbox_issue_issue"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_elders",
        "outbox",
        ["issue", "place", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["lane", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )

    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("place", AutoString(), nullable=False),
        sa.Column("role", AutoString(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.Column("ts", AutoString(), nullable=False),
        sa.Column("source_channel", AutoString(), nullable=True),
        sa.Column("source_ts", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.number"], name=op.f("fk_post_issue_issue"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_post_place", "post", ["issue", "place", "role", "id"])
    op.create_index(
        "ix_post_source",
        "post",
        ["source_channel", "source_ts", "place"],
        sqlite_where=RELAYED,
        postgresql_where=RELAYED,
    )
    op.create_index("uq_post_channel_ts", "post", ["channel", "ts"], unique=True)

    op.create_table(
        "timeline",
        sa.Column("issue", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("actor", AutoString(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("said_channel", AutoString(), nullable=True),
        sa.Column("said_ts", AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["issue"], ["issue.number"], name=op.f("fk_timeline_issue_issue"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("issue", "seq", name=op.f("pk_timeline")),
    )
    op.create_index(
        "ix_timeline_said",
        "timeline",
        ["said_channel", "said_ts"],
        sqlite_where=SAID,
        postgresql_where=SAID,
    )


def downgrade() -> None:
    for table in ("timeline", "post", "outbox", "delivery", "issue", "staff", "policy", "dm", "counter", "channel"):
        op.drop_table(table)
