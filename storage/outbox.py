"""The outbox as a queue: who sends which message next, and what came of it."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from bot.messages import (
    Card,
    CardRefresh,
    Digest,
    FormerCard,
    MorningPage,
    Offer,
    OfferRefresh,
    PolicyApplied,
    QuestionRefresh,
    ReceiptRefresh,
)
from bot.ports import Outgoing, Post
from storage.codec import message_from, place_from
from storage.connections import Connections, insert_if_new
from storage.tables import OutboxRow, PostRow

log = logging.getLogger(__name__)

# Drawn from the state as it is when they are sent ...
REDRAWS = CardRefresh.__name__, ReceiptRefresh.__name__, QuestionRefresh.__name__
# ... and over a message that is the newest but one, or the newest, of its kind until another is posted.
FAREWELLS, SUCCESSORS = (FormerCard.__name__, OfferRefresh.__name__), (Card.__name__, Offer.__name__)
A_STEP = timedelta(minutes=1)
ABOUT_MANY = Digest.__name__, MorningPage.__name__, PolicyApplied.__name__  # issues, so in no issue's queue


class Outbox(Connections):
    def take(self, now: datetime, *, sender: str, hold_until: datetime, busy: Collection[str]) -> Outgoing | None:
        with self.write() as connection:
            while (row := _take(connection, now, sender, hold_until, busy)) is not None:
                try:
                    return outgoing(row)
                except (KeyError, ValueError) as error:  # left by another version of the program
                    log.critical("message %s (%s) cannot be read and is given up: %s", row.id, row.kind, error)
                    fail(connection, row.id, f"unreadable: {error}", now)
            return None

    def end_holds(self, now: datetime) -> None:
        held = update(OutboxRow).where(col(OutboxRow.done_at).is_(None), col(OutboxRow.hold_until) > now)
        with self.write() as connection:
            connection.execute(held.values(hold_until=now))

    def sent(self, id: int, post: Post | None, now: datetime) -> None:
        """True whatever became of the row meanwhile; a message that is known already is not kept twice."""
        where = {"channel": post.channel, "ts": post.ts} if post else {}
        with self.write() as connection:
            row = update(OutboxRow).where(col(OutboxRow.id) == id)
            connection.execute(row.values(state="sent", done_at=now, hold_until=None, error=None, **where))
            if post:
                insert_if_new(connection, PostRow, **post_row(post))

    def put_back(self, id: int, *, not_before: datetime, unsure_since: datetime | None, error: str) -> None:
        waits = {"state": "pending", "not_before": not_before, "unsure_since": unsure_since}
        self._end_hold(id, sender=None, error=_plain(error), **waits)

    def superseded(self, id: int, now: datetime) -> None:
        self._end_hold(id, state="superseded", done_at=now)

    def posts_in_doubt(self) -> bool:
        doubtful = (col(OutboxRow.state) == "sending") | col(OutboxRow.unsure_since).is_not(None)
        rows = select(col(OutboxRow.id)).where(
            col(OutboxRow.done_at).is_(None), col(OutboxRow.verb) == "post", doubtful
        )
        with self.read() as connection:
            return connection.execute(rows.limit(1)).first() is not None

    def hurry(self, before: datetime) -> None:
        waits = col(OutboxRow.done_at).is_(None) & (col(OutboxRow.created_at) < before)
        waits &= col(OutboxRow.not_before) < before
        with self.write() as connection:
            for slow, fast in (((4,), 3), ((6, 7, 8), 5)):
                late = select(col(OutboxRow.id)).where(waits, col(OutboxRow.lane).in_(slow))
                # Whoever changes an issue locks its rows in another order; neither may wait for the other.
                ids = connection.scalars(late.with_for_update(skip_locked=True)).all()
                connection.execute(update(OutboxRow).where(col(OutboxRow.id).in_(ids)).values(lane=fast))

    def oldest_waiting(self) -> datetime | None:
        since = case((col(OutboxRow.attempts) > 0, col(OutboxRow.created_at)), else_=col(OutboxRow.not_before))
        oldest = select(func.min(since)).where(col(OutboxRow.done_at).is_(None))
        with self.read() as connection:
            found: datetime | None = connection.scalar(oldest)
            return found

    def waiting(self) -> int:
        with self.read() as connection:
            rows = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.done_at).is_(None))
            return connection.execute(rows).scalar_one()

    def _end_hold(self, id: int, **values: Any) -> None:
        with self.write() as connection:
            end_hold(connection, id, **values)


def fail(connection: Connection, id: int, error: str, now: datetime) -> None:
    end_hold(connection, id, state="failed", done_at=now, error=_plain(error)[:500])


def end_hold(connection: Connection, id: int, **values: Any) -> None:
    """Nothing, if the row is not being sent any more: what is done stays done."""
    held = (col(OutboxRow.id) == id) & (col(OutboxRow.state) == "sending")
    connection.execute(update(OutboxRow).where(held).values(hold_until=None, **values))


def _take(connection: Connection, now: datetime, sender: str, hold_until: datetime, busy: Collection[str]) -> Any:
    # Two steps: PostgreSQL skips what others have locked while it looks, and only while it looks.
    next_id = connection.scalar(_next(now, busy).with_for_update(skip_locked=True))
    if next_id is None:
        return None
    # Whoever held it until now may have sent it.
    held = col(OutboxRow.state) == "sending"
    may_be_sent = func.coalesce(col(OutboxRow.unsure_since), col(OutboxRow.attempted_at))
    taken = (
        update(OutboxRow)
        .where(col(OutboxRow.id) == next_id)
        .values(
            state="sending",
            sender=sender,
            hold_until=hold_until,
            attempts=OutboxRow.attempts + 1,
            attempted_at=now,
            unsure_since=case((held, may_be_sent), else_=col(OutboxRow.unsure_since)),
        )
        .returning(OutboxRow)
    )
    return connection.execute(taken).one()


def _next(now: datetime, busy: Collection[str]) -> Any:
    elder = aliased(OutboxRow)
    alone = col(OutboxRow.kind).in_(ABOUT_MANY)
    same_queue = (col(elder.issue) == col(OutboxRow.issue)) & (col(elder.place) == col(OutboxRow.place))
    unfinished = (col(elder.done_at).is_(None)) & (col(elder.id) < col(OutboxRow.id))
    unfinished &= col(elder.kind).not_in(ABOUT_MANY) & (in_time(elder, now) | (col(elder.attempts) > 0))
    # Nothing that is said has to wait for a redraw that was put off.
    put_off = (col(elder.state) == "pending") & (col(elder.attempts) > 0)
    farewell = col(elder.kind).in_(FAREWELLS) & col(OutboxRow.kind).not_in(SUCCESSORS)
    unfinished &= ~(put_off & (col(elder.kind).in_(REDRAWS) | farewell))
    return (
        select(col(OutboxRow.id))
        .where(col(OutboxRow.done_at).is_(None), _ripe(now))
        .where(col(OutboxRow.pace).not_in(busy), col(OutboxRow.verb).not_in(busy))
        .where(alone | ~exists().where(same_queue & unfinished))
        .order_by(col(OutboxRow.lane), col(OutboxRow.id))
        .limit(1)
    )


def _ripe(now: datetime) -> ColumnElement[bool]:
    waits = (col(OutboxRow.state) == "pending") & in_time(OutboxRow, now)
    abandoned = (col(OutboxRow.state) == "sending") & (col(OutboxRow.hold_until) <= now)
    return or_(waits, abandoned)


def in_time(row: Any, now: datetime) -> ColumnElement[bool]:
    """Its moment has come. One that was to be sent at once, or tried in what is the future now, waits for no moment.

    Otherwise a clock that steps back would hold it for as long as the step. What may be in Slack already is not looked
    for sooner than need be, so its step must be a large one.
    """
    sure = col(row.unsure_since).is_(None)
    stepped_back = func.coalesce(col(row.attempted_at) > case((sure, now), else_=now + A_STEP), False)
    at_once = (col(row.attempts) == 0) & (col(row.not_before) <= col(row.created_at))
    return or_(at_once, col(row.not_before) <= now, stepped_back)


def readable(row: Any) -> Outgoing | None:
    """None for what another version of the program left; it is given up when its turn comes."""
    try:
        return outgoing(row)
    except (KeyError, ValueError):
        return None


def outgoing(row: Any) -> Outgoing:
    return Outgoing(
        id=row.id,
        issue=row.issue,
        place=place_from(row.place),
        message=message_from(row.kind, row.data),
        lane=row.lane,
        created_at=row.created_at,
        attempts=row.attempts - 1,
        unsure_since=row.unsure_since,
    )


def post_row(post: Post) -> dict[str, Any]:
    channel, ts = post.source or (None, None)
    return {
        "issue": post.issue,
        "place": str(post.place),
        "role": post.role,
        "channel": post.channel,
        "ts": post.ts,
        "source_channel": channel,
        "source_ts": ts,
    }


def _plain(error: str) -> str:
    return error.replace("\0", "")  # PostgreSQL's text has no place for it
