"""The tables. Rows stay in this package; what leaves it are domain values.

Where a table has a JSON body, the body is the truth and the columns beside it are derived, for queries and indexes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, text
from sqlmodel import Field, SQLModel

# Before the first table: constraints without a name cannot be changed by a migration.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

LIVE = text("status IN ('open', 'claimed', 'waiting')")
UNFINISHED = text("status IN ('open', 'claimed', 'waiting', 'resolved', 'merged')")
WAITING = text("done_at IS NULL")
DUE = text("due_at IS NOT NULL")
SAID = text("said_ts IS NOT NULL")
RELAYED = text("source_ts IS NOT NULL")


def _partial(name: str, *columns: str, where: Any) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _reference(column: str, target: str, *, optional: bool = False, key: bool = False) -> Any:
    """A foreign key that is looked at when the transaction ends, so that its writes may come in any order."""
    there = ForeignKey(target, deferrable=True, initially="DEFERRED")
    kind = String() if target.startswith("policy.") else Integer()
    return Column(column, kind, there, nullable=optional, primary_key=key)


class PolicyRow(SQLModel, table=True):
    __tablename__ = "policy"

    version: str = Field(primary_key=True)
    content: Any = Field(sa_type=JSON, nullable=False)
    kept_at: datetime
    in_force_since: datetime | None = None  # of the one that new issues follow; of all others empty


class IssueRow(SQLModel, table=True):
    __tablename__ = "issue"
    __table_args__ = (
        # `due` is answered from this index alone.
        _partial("ix_issue_due", "due_at", "rank", "status", "set_aside_until", "number", where=DUE),
        _partial("ix_issue_live", "rank", "opened_at", "number", where=LIVE),
        _partial("ix_issue_unfinished", "policy", "status", where=UNFINISHED),
        Index("ix_issue_reporter", "reporter", "opened_at", "number"),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    body: Any = Field(sa_type=JSON, nullable=False)
    version: int
    policy: str = Field(sa_column=_reference("policy", "policy.version"))
    reporter: str
    status: str
    rank: int
    tier: int
    claimant: str | None
    opened_at: datetime
    due_at: datetime | None
    set_aside_until: datetime | None = None
    failures: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    failure: str | None = None


class TimelineRow(SQLModel, table=True):
    """Append-only: triggers refuse UPDATE and DELETE."""

    __tablename__ = "timeline"
    __table_args__ = (_partial("ix_timeline_said", "said_channel", "said_ts", where=SAID),)

    issue: int = Field(sa_column=_reference("issue", "issue.number", key=True))
    seq: int = Field(primary_key=True)
    at: datetime
    kind: str
    actor: str | None
    data: Any = Field(sa_type=JSON, nullable=False)
    said_channel: str | None = None
    said_ts: str | None = None


class OutboxRow(SQLModel, table=True):
    """The queue of what Slack is to be told. `done_at` is empty while a row waits or is being sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'sending', 'sent', 'superseded', 'failed')", name="state"),
        CheckConstraint("(state IN ('pending', 'sending')) = (done_at IS NULL)", name="done"),
        CheckConstraint("state <> 'sending' OR (attempted_at IS NOT NULL AND hold_until IS NOT NULL)", name="held"),
        _partial("ix_outbox_waiting", "lane", "id", where=WAITING),
        _partial("ix_outbox_elders", "issue", "place", "id", where=WAITING),
        {"sqlite_autoincrement": True},  # an id is never used again: Slack's metadata may still carry it
    )

    id: int | None = Field(default=None, primary_key=True)
    issue: int = Field(sa_column=_reference("issue", "issue.number"))
    place: str
    verb: str
    pace: str
    lane: int
    kind: str
    data: Any = Field(sa_type=JSON, nullable=False)
    state: str
    created_at: datetime
    not_before: datetime
    attempts: int
    attempted_at: datetime | None = None
    unsure_since: datetime | None = None
    sender: str | None = None
    hold_until: datetime | None = None
    done_at: datetime | None = None
    channel: str | None = None
    ts: str | None = None
    error: str | None = None


class PostRow(SQLModel, table=True):
    """Our messages in Slack."""

    __tablename__ = "post"
    __table_args__ = (
        Index("uq_post_channel_ts", "channel", "ts", unique=True),
        Index("ix_post_place", "issue", "place", "role", "id"),
        _partial("ix_post_source", "source_channel", "source_ts", "place", where=RELAYED),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    issue: int = Field(sa_column=_reference("issue", "issue.number"))
    place: str
    role: str
    channel: str
    ts: str
    source_channel: str | None = None
    source_ts: str | None = None


class DeliveryRow(SQLModel, table=True):
    """What Slack has delivered to us, so that the same thing is not acted on twice."""

    __tablename__ = "delivery"

    key: str = Field(primary_key=True)
    at: datetime = Field(index=True)
    issue: int | None = Field(default=None, sa_column=_reference("issue", "issue.number", optional=True))


class ChannelRow(SQLModel, table=True):
    __tablename__ = "channel"

    id: str = Field(primary_key=True)
    name: str
    is_member: bool
    is_archived: bool
    is_private: bool
    kept_at: datetime


class StaffRow(SQLModel, table=True):
    __tablename__ = "staff"

    user: str = Field(primary_key=True)
    tier: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kept_at: datetime | None = None


class DeactivatedRow(SQLModel, table=True):
    """Whose account is deactivated: no staff, though Slack may go on listing them as members of a channel."""

    __tablename__ = "deactivated"

    user: str = Field(primary_key=True)


class DmRow(SQLModel, table=True):
    __tablename__ = "dm"

    user: str = Field(primary_key=True)
    channel: str


class EngineRow(SQLModel, table=True):
    """One row: when the engine last looked at the clocks."""

    __tablename__ = "engine"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    beat_at: datetime


class CounterRow(SQLModel, table=True):
    """The last number given out, under the name of what is numbered."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: int
