"""What the bot needs from outside: a database that records, and a Slack that is told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.domain.events import Event
from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.messages import Digest, Message, Place

# --- storage ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """A message of ours in Slack."""

    issue: int
    place: Place
    role: Literal["card", "receipt", "relay", "note", "line", "alert", "notice", "question", "offer"]
    channel: str  # id; a DM's D... id, never the U... it was addressed to
    ts: str
    source: tuple[str, str] | None = None  # (channel, ts) of the words it relays


@dataclass(frozen=True)
class Outgoing:
    """A row of the outbox, taken by a sender."""

    id: int
    issue: int
    place: Place
    message: Message
    lane: int  # 1 goes first (messages.lane)
    created_at: datetime
    attempts: int  # before this one
    unsure_since: datetime | None  # an earlier attempt may have reached Slack since then


@dataclass(frozen=True)
class Channel:
    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False
    is_private: bool = False


@dataclass(frozen=True)
class TimelineEntry:
    seq: int  # 1, 2, 3 .. per issue, without gaps
    event: Event


class Transaction(Protocol):
    """One unit of work; nothing is stored unless it ends without an exception. Reads lock what they load."""

    def first_sight(self, key: str, now: datetime) -> bool:
        """Remember an inbound delivery; False if it was acted on before."""
        ...

    def issue_of_delivery(self, key: str) -> int | None:
        """The issue an earlier delivery of this key made, if it made one."""
        ...

    def bind_delivery(self, key: str, issue: int) -> None: ...
    def new_number(self) -> int: ...
    def issue(self, number: int) -> Issue:
        """Locked until the end. Raises refusals.NoSuchIssue."""
        ...

    def lock_families(self) -> None:
        """Before the first issue is loaded by whoever changes several: two of them must not wait for each other."""
        ...

    def lock_family(self, number: int) -> None:
        """The same, if the issue has duplicates or is one."""
        ...

    def save(self, issue: Issue, due_at: datetime | None) -> None:
        """Insert or update. `due_at` None: no clock runs."""
        ...

    def append(self, issue: int, seq: int, event: Event) -> None: ...
    def enqueue(
        self, issue: int, message: Message, *, lane: int, now: datetime, not_before: datetime | None = None
    ) -> None:
        """To be sent at once, or from `not_before` on; what is to be sent later holds back nothing else until then.

        A refresh that is already waiting untouched for the same place is not queued twice. News of a policy that waits
        like that tells of the issues of both.

        What waits before it in its queue is not sent later than it would be by its own lane.
        """
        ...

    def timeline(self, number: int) -> Sequence[TimelineEntry]: ...
    def beat(self) -> datetime | None:
        """When an engine last looked; locked until the end."""
        ...

    def policy(self, version: str) -> Policy: ...
    def keep_policy(self, policy: Policy, now: datetime) -> None: ...
    def put_in_force(self, policy: Policy, now: datetime) -> None:
        """Keep it, as the one that new issues follow. If it is that already, it goes on being so since when it was."""
        ...

    def failed(self, id: int, error: str, now: datetime) -> None:
        """A row of the outbox that will not be tried again."""
        ...

    def superseded(self, id: int, now: datetime) -> None:
        """A row of the outbox that need not be sent any more."""
        ...

    def keep_post(self, post: Post) -> None:
        """A message that went out with another row."""
        ...

    def alike(self, row: Outgoing, now: datetime) -> Sequence[Outgoing]:
        """`row`, which this process holds, and those that wait untouched behind it: same pace, same kind of message.

        The most urgent first, then the oldest.
        """
        ...

    def gather(self, row: Outgoing, rows: Sequence[Outgoing], digest: Digest, now: datetime) -> Outgoing:
        """A row for the digest, held as `row` is held, which is one of the `rows` that it stands for.

        Cards among them go on waiting, in the background and without their ping: somebody must be able to press their
        buttons. All others are superseded.
        """
        ...

    def keep_beat(self, now: datetime) -> None:
        """The engine looked at the clocks."""
        ...

    def opened_since(self, reporter: str, since: datetime) -> int: ...
    def staff_tiers(self, user: str) -> frozenset[int]: ...
    def thread(self, channel: str, thread_ts: str) -> Post | None:
        """The card, receipt or notice that a reply in this thread belongs to."""
        ...

    def copies(self, channel: str, ts: str) -> Sequence[Post]:
        """Where these words were relayed to."""
        ...

    def is_said(self, channel: str, ts: str) -> int | None:
        """The issue whose timeline holds these words."""
        ...


class Database(Protocol):
    """Transactions to write, and reads that wait for nobody."""

    def begin(self) -> AbstractContextManager[Transaction]: ...

    # reads
    def find(self, number: int) -> Issue | None: ...
    def timeline(self, number: int) -> Sequence[TimelineEntry]: ...
    def open_issues(self, limit: int) -> Sequence[Issue]:
        """Live ones: P1 first, then the oldest. Here and below, one that cannot be read is logged and left out."""
        ...

    def each_open_issue(self) -> Iterator[Issue]:
        """All the live ones, as `open_issues` orders them, but never all in memory: there may be a hundred thousand."""
        ...

    def live_by_tier(self) -> Mapping[tuple[str, int], int]:
        """How many live ones there are, by the version of their policy and the number of their tier."""
        ...

    def unfinished(self, versions: Collection[str]) -> Iterator[Issue]:
        """Those of these versions of the policy that are live or may become so again, being resolved or merged.

        P1 first, then the oldest; never all in memory, as with `each_open_issue`.
        """
        ...

    def versions_in_use(self) -> Mapping[str, int]:
        """How many unfinished issues there are of each version of the policy."""
        ...

    def in_force(self) -> tuple[Policy, datetime] | None:
        """The policy that new issues followed last, and since when; None: none was ever in force."""
        ...

    def held_by(self, user: str, limit: int) -> Sequence[Issue]:
        """What they have claimed, or was offered to them: P1 first, then the oldest."""
        ...

    def issues_of(self, reporter: str, limit: int) -> Sequence[Issue]:
        """Newest first, resolved ones too."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[int]:
        """Numbers of issues whose `due_at` has come, P1 first, then the longest overdue; none that is set aside.

        Those that wait or are resolved come last: nobody is in need of what is done to them (domain.md 3.11 rule 6).
        """
        ...

    def failures(self, number: int) -> int:
        """How often in a row an issue's rule has raised."""
        ...

    def set_aside(self, number: int, until: datetime, error: str) -> int:
        """An issue whose rule raised waits; answers how many times in a row it has."""
        ...

    def is_away(self, error: Exception) -> bool:
        """Whether it was the database that failed, and not what was asked of it: its disk is full, for example."""
        ...

    def try_anew(self) -> None:
        """At start: nothing is set aside any more, since what was wrong may have been mended."""
        ...

    def beat(self) -> datetime | None:
        """When the engine last looked; None: never."""
        ...

    def keep_beat(self, now: datetime) -> None: ...
    def policy(self, version: str) -> Policy: ...
    def post_of(self, issue: int, place: Place, role: str) -> Post | None:
        """The newest card or receipt of the issue at a place."""
        ...

    def posts_of(self, issue: int, role: str) -> Sequence[Post]: ...
    def copy_at(self, source: tuple[str, str], place: Place) -> Post | None: ...

    # the outbox
    def take(self, now: datetime, *, sender: str, hold_until: datetime, busy: Collection[str]) -> Outgoing | None:
        """Hold the next row for `sender`: lowest lane first, then the oldest.

        Only a row whose elders (same issue, same place) are done, and whose pace ("post:tier:1") and verb ("post") are
        not in `busy`. A row whose hold ran out is taken again, with `unsure_since`.
        """
        ...

    def hurry(self, before: datetime) -> None:
        """What has waited since `before` goes ahead of its like: P4s among P3s, and the rest of the background."""
        ...

    def oldest_waiting(self) -> datetime | None:
        """Since when the oldest row waits that is not yet sent, superseded or failed; in the future if it is held."""
        ...

    def end_holds(self, now: datetime) -> None:
        """At start, when no other process sends from this database: what a dead sender held may be looked at now."""
        ...

    def sent(self, id: int, post: Post | None, now: datetime) -> None: ...
    def put_back(self, id: int, *, not_before: datetime, unsure_since: datetime | None, error: str) -> None: ...
    def superseded(self, id: int, now: datetime) -> None: ...
    def posts_in_doubt(self) -> bool:
        """Whether some post may be in Slack that we have no answer to yet."""
        ...

    def waiting(self) -> int:
        """Rows not yet sent, superseded or failed."""
        ...

    # the directory
    def channels(self) -> Sequence[Channel]: ...
    def keep_channels(self, channels: Sequence[Channel], now: datetime) -> None: ...
    def dm_of(self, user: str) -> str | None: ...
    def keep_dm(self, user: str, channel: str) -> None: ...
    def keep_staff(self, staff: dict[int, frozenset[str]], now: datetime) -> None:
        """Replace who is staff of which tier, but for those who joined after `now`, when it was read.

        Whose account is deactivated stays out.
        """
        ...

    def staff(self) -> dict[int, frozenset[str]]: ...
    def join(self, tier: int, user: str, now: datetime) -> None:
        """Who joins is active."""
        ...

    def leave(self, tier: int, user: str) -> None: ...
    def deactivated(self) -> frozenset[str]: ...
    def deactivate(self, user: str) -> None:
        """They are staff of no tier until they are reactivated or join one."""
        ...

    def reactivate(self, user: str) -> bool:
        """Whether they had been deactivated."""
        ...

    def forget_deliveries(self, before: datetime) -> int: ...


# --- Slack -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One Web API call, ready to make. `method` is Slack's name for it."""

    method: Literal["chat.postMessage", "chat.update", "chat.delete", "reactions.add"]
    channel: str  # C..., D..., or U... for a first DM
    arguments: dict[str, Any] = field(default_factory=dict)
    calls: int | None = None  # it pings the tier, for an issue of this rank


@dataclass(frozen=True)
class Sent:
    channel: str
    ts: str


class Unsure(Exception):
    """Slack may have done it or not: look before doing it again."""


class TryLater(Exception):
    """Slack said no, for now, to this method in this channel; `error` is its word for why, if it is not the rate."""

    def __init__(self, seconds: float, error: str = "ratelimited") -> None:
        super().__init__(f"{error}: try again in {seconds:g} s")
        self.seconds = seconds
        self.error = error


class Rejected(Exception):
    """Slack will not take this, however often it is sent. `error` is its own word for why."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error} {detail}".strip())
        self.error = error


class SlackGateway(Protocol):
    """All that the outbox may do to Slack. Every method may raise Unsure, TryLater or Rejected."""

    def send(self, call: Call, key: str) -> Sent: ...
    def look(self, call: Call, key: str, since: datetime) -> Sent | None:
        """The message that carries this key, if Slack has it."""
        ...

    def channels(self) -> Sequence[Channel]: ...
    def members(self, channel: str) -> frozenset[str]: ...
    def group_members(self, group: str) -> frozenset[str]: ...
    def user_name(self, user: str) -> str: ...
    def is_deactivated(self, user: str) -> bool: ...


class DirectAnswers(Protocol):
    """What is sent while a person's hand is on the mouse. If it fails they simply try again; nothing is lost."""

    def open_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Raises NotShown: the trigger lives 3 s and works once (slack.md 2.1)."""
        ...

    def push_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        """On top of the form the trigger came from; at most three lie on each other. Raises NotShown."""
        ...

    def update_form(self, view_id: str, seen_hash: str, view: dict[str, Any]) -> None:
        """A form that has changed meanwhile stays as it is."""
        ...

    def whisper(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, *, response_url: str | None = None
    ) -> None:
        """An ephemeral message; by the press's `response_url` for somebody who only looks into the channel.

        When Slack refuses it, the person sees nothing change, which is also true.
        """
        ...

    def nod(self, channel: str, ts: str) -> None:
        """A reaction that tells a speaker they were understood."""
        ...


class NotShown(Exception):
    """Slack did not open the form."""
