"""Queries that transactions and reads have in common, and rows as domain values."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlmodel import col

from bot.domain.policy import Policy
from bot.ports import Post, TimelineEntry
from storage.codec import event_from, place_from, policy_from
from storage.tables import PolicyRow, PostRow, TimelineRow


def timeline(connection: Connection, number: int) -> Sequence[TimelineEntry]:
    columns = col(TimelineRow.seq), col(TimelineRow.kind), col(TimelineRow.data)
    entries = select(*columns).where(col(TimelineRow.issue) == number).order_by(col(TimelineRow.seq))
    return [TimelineEntry(row.seq, event_from(row.kind, row.data)) for row in connection.execute(entries)]


def policy(connection: Connection, version: str) -> Policy:
    content = connection.scalar(select(col(PolicyRow.content)).where(col(PolicyRow.version) == version))
    if content is None:
        raise LookupError(f"There is no policy {version!r} in the database.")
    return policy_from(content)


def relays(source: tuple[str, str]) -> ColumnElement[bool]:
    return (col(PostRow.source_channel) == source[0]) & (col(PostRow.source_ts) == source[1])


def posts(connection: Connection, condition: ColumnElement[bool]) -> Sequence[Post]:
    """Oldest first."""
    found = select(PostRow).where(condition).order_by(col(PostRow.id))
    return [_post(row) for row in connection.execute(found)]


def post(connection: Connection, condition: ColumnElement[bool]) -> Post | None:
    """The newest."""
    found = select(PostRow).where(condition).order_by(col(PostRow.id).desc()).limit(1)
    row = connection.execute(found).first()
    return _post(row) if row else None


def _post(row: Any) -> Post:
    source = (row.source_channel, row.source_ts) if row.source_ts else None
    return Post(row.issue, place_from(row.place), row.role, row.channel, row.ts, source)
