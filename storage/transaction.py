"""One unit of work on issues: what it reads stays as it is until it ends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, exists, func, insert, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from bot.domain.events import Event, NoteTaken, ReporterReplied, StaffReplied
from bot.domain.issue import Issue, issue_name
from bot.domain.policy import Policy
from bot.domain.refusals import NoSuchIssue
from bot.messages import (
    BACKGROUND,
    Card,
    CardRefresh,
    Digest,
    Message,
    Offer,
    OfferRefresh,
    PolicyApplied,
    QuestionRefresh,
    Receipt,
    ReceiptRefresh,
    TierPing,
    pace,
    verb,
)
from bot.ports import Outgoing, Post, TimelineEntry
from storage import reading
from storage.codec import issue_from, to_json
from storage.connections import insert_if_new, insert_into
from storage.outbox import ABOUT_MANY, end_hold, fail, in_time, outgoing, post_row, readable
from storage.tables import (
    CounterRow,
    DeliveryRow,
    EngineRow,
    IssueRow,
    OutboxRow,
    PolicyRow,
    PostRow,
    StaffRow,
    TimelineRow,
)

# Each is drawn when it is sent, so one that nobody has touched yet will show the newest state.
_SHOWS_THE_SAME = {
    CardRefresh: (CardRefresh, Card),
    ReceiptRefresh: (ReceiptRefresh, Receipt),
    OfferRefresh: (OfferRefresh, Offer),
    QuestionRefresh: (QuestionRefresh,),
    Card: (Card,),
    Receipt: (Receipt,),
}


MOST_GATHERED = 1000  # rows in one digest
FAMILIES = 0x455343_46414D  # any number that no other program locks in the same PostgreSQL database


class StaleIssue(Exception):
    """An issue was to be written over by a transaction that has not read it."""


class SqlTransaction:
    """Implements bot.ports.Transaction. On PostgreSQL it locks rows; on SQLite nobody else writes meanwhile."""

    def __init__(self, connection: Connection, policies: dict[str, Policy]) -> None:
        self._connection = connection
        self._policies = policies  # known to be stored
        self._read: set[int] = set()  # issues that nobody else can change until this ends
        self._kept: set[str] = set()

    def first_sight(self, key: str, now: datetime) -> bool:
        return insert_if_new(self._connection, DeliveryRow, key=key, at=now)

    def issue_of_delivery(self, key: str) -> int | None:
        return self._connection.scalar(select(col(DeliveryRow.issue)).where(col(DeliveryRow.key) == key))

    def bind_delivery(self, key: str, issue: int) -> None:
        self._connection.execute(update(DeliveryRow).where(col(DeliveryRow.key) == key).values(issue=issue))

    def new_number(self) -> int:
        """On PostgreSQL, others who open an issue wait until this transaction ends."""
        counted = insert_into(self._connection, CounterRow).values(name="issue", value=1)
        counted = counted.on_conflict_do_update(index_elements=["name"], set_={"value": CounterRow.value + 1})
        return self._connection.execute(counted.returning(col(CounterRow.value))).scalar_one()

    def issue(self, number: int) -> Issue:
        # NO KEY UPDATE: a post that is stored meanwhile points at this issue, and need not wait.
        locked = select(col(IssueRow.body)).where(col(IssueRow.number) == number).with_for_update(key_share=True)
        body = self._connection.scalar(locked)
        if body is None:
            raise NoSuchIssue(name=issue_name(number))
        self._read.add(number)
        return issue_from(body)

    def lock_families(self) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(select(func.pg_advisory_xact_lock(FAMILIES)))

    def lock_family(self, number: int) -> None:
        if self._connection.dialect.name != "postgresql":
            return
        body = self._connection.scalar(select(col(IssueRow.body)).where(col(IssueRow.number) == number))
        if body is not None and (body.get("children") or body.get("parent")):
            self.lock_families()

    def save(self, issue: Issue, due_at: datetime | None) -> None:
        """One that exists must have been read in this transaction; StaleIssue otherwise. Ends its being set aside."""
        row = _issue_row(issue, due_at)
        if issue.number in self._read:
            self._connection.execute(update(IssueRow).where(col(IssueRow.number) == issue.number).values(**row))
        elif insert_if_new(self._connection, IssueRow, **row):
            self._read.add(issue.number)
        else:
            raise StaleIssue(f"{issue.name} exists, and this transaction has not read it.")

    def append(self, issue: int, seq: int, event: Event) -> None:
        self._connection.execute(insert(TimelineRow).values(issue=issue, seq=seq, **_event_columns(event)))

    def enqueue(
        self, issue: int, message: Message, *, lane: int, now: datetime, not_before: datetime | None = None
    ) -> None:
        self._hasten(issue, message, lane)
        if isinstance(message, PolicyApplied) and self._adds_up(issue, message, not_before or now):
            return
        held = not_before is not None and not_before > now
        if not self._waits_untouched(issue, message) and not (held and self._holds(issue, message, now)):
            row = _outbox_row(issue, message, lane, now) | {"not_before": not_before or now}
            self._connection.execute(insert(OutboxRow).values(**row))

    def _holds(self, issue: int, message: Message, now: datetime) -> bool:
        """Whether one of its kind waits for a later moment already; it says what happened last."""
        alike = (col(OutboxRow.issue) == issue) & (col(OutboxRow.place) == str(message.place))
        alike &= (col(OutboxRow.kind) == type(message).__name__) & (col(OutboxRow.not_before) > now)
        pending = (col(OutboxRow.state) == "pending") & (col(OutboxRow.attempts) == 0)
        held = self._connection.scalar(select(col(OutboxRow.id)).where(alike & pending).limit(1).with_for_update())
        if held is not None and isinstance(message, TierPing) and message.why:
            newer = update(OutboxRow).where(col(OutboxRow.id) == held)
            self._connection.execute(newer.values(data=to_json(message)))
        return held is not None

    def _adds_up(self, issue: int, news: PolicyApplied, not_before: datetime) -> bool:
        """Whether one that nobody has touched yet tells of these issues, too."""
        alike = (col(OutboxRow.issue) == issue) & (col(OutboxRow.place) == str(news.place))
        alike &= (col(OutboxRow.kind) == PolicyApplied.__name__) & col(OutboxRow.done_at).is_(None)
        untouched = (col(OutboxRow.state) == "pending") & (col(OutboxRow.attempts) == 0)
        waiting = select(OutboxRow).where(alike & untouched).limit(1).with_for_update()
        row = self._connection.execute(waiting).one_or_none()
        told = readable(row) if row else None
        if told is None or not isinstance(told.message, PolicyApplied):
            return False
        values = {"data": to_json(told.message.adding(news)), "not_before": not_before}
        self._connection.execute(update(OutboxRow).where(col(OutboxRow.id) == told.id).values(**values))
        return True

    def _hasten(self, issue: int, message: Message, lane: int) -> None:
        """What must be sent before it must not be slower than it; what is about many issues waits in no queue."""
        if type(message).__name__ in ABOUT_MANY:
            return
        before = (col(OutboxRow.issue) == issue) & (col(OutboxRow.place) == str(message.place))
        before &= col(OutboxRow.kind).not_in(ABOUT_MANY)
        slower = before & col(OutboxRow.done_at).is_(None) & (col(OutboxRow.lane) > lane)
        self._connection.execute(update(OutboxRow).where(slower).values(lane=lane))

    def _waits_untouched(self, issue: int, message: Message) -> bool:
        pings = isinstance(message, Card) and message.ping
        if pings or not (same := _SHOWS_THE_SAME.get(type(message))):
            return False
        waiting = (
            select(col(OutboxRow.id))
            .where(col(OutboxRow.issue) == issue, col(OutboxRow.place) == str(message.place))
            .where(col(OutboxRow.done_at).is_(None), col(OutboxRow.state) == "pending", col(OutboxRow.attempts) == 0)
            .where(col(OutboxRow.kind).in_([kind.__name__ for kind in same]))
            .limit(1)
            # Nobody takes it before this transaction ends: it would be drawn from the state before.
            .with_for_update()
        )
        return self._connection.scalar(waiting) is not None

    def failed(self, id: int, error: str, now: datetime) -> None:
        fail(self._connection, id, error, now)

    def superseded(self, id: int, now: datetime) -> None:
        end_hold(self._connection, id, state="superseded", done_at=now)

    def keep_post(self, post: Post) -> None:
        insert_if_new(self._connection, PostRow, **post_row(post))

    def alike(self, row: Outgoing, now: datetime) -> Sequence[Outgoing]:
        held = col(OutboxRow.id) == row.id
        untouched = (col(OutboxRow.state) == "pending") & (col(OutboxRow.attempts) == 0) & in_time(OutboxRow, now)
        behind = col(OutboxRow.done_at).is_(None) & untouched & (col(OutboxRow.lane) >= row.lane)
        kind = (col(OutboxRow.pace) == pace(row.message)) & (col(OutboxRow.kind) == type(row.message).__name__)
        order = col(OutboxRow.lane), col(OutboxRow.id)
        found = select(OutboxRow).where(held | (behind & kind)).order_by(*order).limit(MOST_GATHERED)
        # Whoever changes several issues locks their rows in another order; neither may wait for the other.
        locked = found.with_for_update(skip_locked=True)
        return [each for row in self._connection.execute(locked) if (each := readable(row))]

    def gather(self, row: Outgoing, rows: Sequence[Outgoing], digest: Digest, now: datetime) -> Outgoing:
        hold = select(col(OutboxRow.sender), col(OutboxRow.hold_until)).where(col(OutboxRow.id) == row.id)
        held = self._connection.execute(hold).one()
        told = update(OutboxRow).where(col(OutboxRow.id).in_([each.id for each in rows])).values(hold_until=None)
        if digest.kind == Card.__name__:
            quiet = to_json(Card(digest.place, ping=False))
            later = aliased(OutboxRow)  # what waits under a card already must not wait longer with it
            under = (col(later.issue) == col(OutboxRow.issue)) & (col(later.place) == col(OutboxRow.place))
            under &= col(later.done_at).is_(None) & (col(later.id) > col(OutboxRow.id))
            lane = case((exists().where(under), col(OutboxRow.lane)), else_=col(OutboxRow.lane) + BACKGROUND)
            waits = {"state": "pending", "attempts": 0, "lane": lane, "data": quiet}
            self._connection.execute(told.values(**waits))
        else:
            self._connection.execute(told.values(state="superseded", done_at=now))
        values = _outbox_row(row.issue, digest, row.lane, row.created_at)
        values |= {"state": "sending", "sender": held.sender, "hold_until": held.hold_until, "attempts": 1}
        added = insert(OutboxRow).values(**values, attempted_at=now).returning(OutboxRow)
        return outgoing(self._connection.execute(added).one())

    def beat(self) -> datetime | None:
        return self._connection.scalar(select(col(EngineRow.beat_at)).with_for_update())

    def keep_beat(self, now: datetime) -> None:
        keep_beat(self._connection, now)

    def timeline(self, number: int) -> Sequence[TimelineEntry]:
        return reading.timeline(self._connection, number)

    def policy(self, version: str) -> Policy:
        if (known := self._policies.get(version)) is None:
            known = reading.policy(self._connection, version)
            if version not in self._kept:  # what this transaction kept may still be rolled back
                self._policies[version] = known
        return known

    def keep_policy(self, policy: Policy, now: datetime) -> None:
        """The first content kept under a version stays."""
        if policy.version in self._policies:
            return
        self._kept.add(policy.version)
        content = to_json(policy)
        insert_if_new(self._connection, PolicyRow, version=policy.version, content=content, kept_at=now)

    def put_in_force(self, policy: Policy, now: datetime) -> None:
        self.keep_policy(policy, now)
        this, since = col(PolicyRow.version) == policy.version, col(PolicyRow.in_force_since)
        self._connection.execute(update(PolicyRow).where(~this, since.is_not(None)).values(in_force_since=None))
        self._connection.execute(update(PolicyRow).where(this, since.is_(None)).values(in_force_since=now))

    def opened_since(self, reporter: str, since: datetime) -> int:
        """Exact on PostgreSQL too, once `new_number` has been called: whoever else opens an issue waits."""
        recent = (col(IssueRow.reporter) == reporter) & (col(IssueRow.opened_at) >= since)
        return self._connection.execute(select(func.count()).select_from(IssueRow).where(recent)).scalar_one()

    def staff_tiers(self, user: str) -> frozenset[int]:
        tiers = select(col(StaffRow.tier)).where(col(StaffRow.user) == user)
        return frozenset(self._connection.scalars(tiers))

    def thread(self, channel: str, thread_ts: str) -> Post | None:
        there = (col(PostRow.channel) == channel) & (col(PostRow.ts) == thread_ts)
        return reading.post(
            self._connection, there & col(PostRow.role).in_(["card", "receipt", "notice", "question", "alert"])
        )

    def copies(self, channel: str, ts: str) -> Sequence[Post]:
        return reading.posts(self._connection, reading.relays((channel, ts)))

    def is_said(self, channel: str, ts: str) -> int | None:
        words = (col(TimelineRow.said_channel) == channel) & (col(TimelineRow.said_ts) == ts)
        return self._connection.scalar(select(col(TimelineRow.issue)).where(words).limit(1))


def keep_beat(connection: Connection, now: datetime) -> None:
    beat = insert_into(connection, EngineRow).values(id=1, beat_at=now)
    connection.execute(beat.on_conflict_do_update(index_elements=["id"], set_={"beat_at": now}))


def _issue_row(issue: Issue, due_at: datetime | None) -> dict[str, Any]:
    return {
        "number": issue.number,
        "body": to_json(issue),
        "version": issue.version,
        "policy": issue.policy,
        "reporter": issue.reporter,
        "status": issue.status.value,
        "rank": issue.priority.rank,
        "tier": issue.tier,
        "claimant": issue.claim.by if issue.claim else None,
        "opened_at": issue.opened_at,
        "due_at": due_at,
        "set_aside_until": None,
        "failures": 0,
        "failure": None,
    }


def _outbox_row(issue: int, message: Message, lane: int, now: datetime) -> dict[str, Any]:
    return {
        "issue": issue,
        "place": str(message.place),
        "verb": verb(message),
        "pace": pace(message),
        "lane": lane,
        "kind": type(message).__name__,
        "data": to_json(message),
        "state": "pending",
        "created_at": now,
        "not_before": now,
        "attempts": 0,
    }


def _event_columns(event: Event) -> dict[str, Any]:
    said = event.words if isinstance(event, StaffReplied | NoteTaken | ReporterReplied) else None
    return {
        "kind": type(event).__name__,
        "at": event.at,
        "actor": getattr(event, "by", None),  # the clock has no name
        "data": to_json(event),
        "said_channel": said.channel if said else None,
        "said_ts": said.ts if said else None,
    }
