"""A workspace whose Slack keeps the time of every call, shows its history late, and fails when told to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.clock import Clock
from bot.messages import Place
from bot.ports import Call, Post, Rejected, Sent
from storage import SqlDatabase, open_database
from storage.tables import OutboxRow
from tests.fake_slack import NAMES, FakeSlack, dm_id
from tests.harness import Workspace

Rows = Callable[[], list[tuple[str, str, str]]]

POST, UPDATE, REACT, DELETE = "chat.postMessage", "chat.update", "reactions.add", "chat.delete"


class Crash(BaseException):
    """The process is gone in the middle of a call; nothing of it runs any more."""


@dataclass
class Trouble:
    error: BaseException
    times: int
    done: bool  # the work is done, and the answer is what goes wrong
    concerns: Callable[[Call], bool]


@dataclass(frozen=True)
class Made:
    """A call as Slack saw it come in."""

    at: datetime
    call: Call
    key: str


class TroubledSlack(FakeSlack):
    """`lag`: seconds until the history shows what was posted."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.made: list[Made] = []
        self.looks: list[datetime] = []
        self.look_errors: list[Exception] = []
        self.lag = 0.0
        self._posted_at: dict[str, datetime] = {}
        self._troubles: list[Trouble] = []

    def fails(
        self,
        error: BaseException,
        *,
        method: str | None = None,
        channel: str | None = None,
        times: int = 1,
        done: bool = False,
    ) -> None:
        def concerns(call: Call) -> bool:
            return method in (None, call.method) and channel in (None, _where(call))

        self._troubles.append(Trouble(error, times, done, concerns))

    def mended(self) -> None:
        self._troubles.clear()

    def send(self, call: Call, key: str) -> Sent:
        self.made.append(Made(self._clock(), call, key))
        trouble = next((each for each in self._troubles if each.times and each.concerns(call)), None)
        if trouble is None:
            return self._done(call, key)
        trouble.times -= 1
        if trouble.done:
            self._done(call, key)
        raise trouble.error

    def _done(self, call: Call, key: str) -> Sent:
        if _where(call) not in NAMES and not _where(call).startswith("D0"):
            raise Rejected("channel_not_found")
        sent = super().send(call, key)
        self._posted_at.setdefault(sent.ts, self._clock())
        return sent

    def look(self, call: Call, key: str, since: datetime) -> Sent | None:
        self.looks.append(self._clock())
        if self.look_errors:
            raise self.look_errors.pop(0)
        found = super().look(call, key, since)
        if found is None:
            return None
        at = self._posted_at[found.ts]
        shown = since <= at <= self._clock() - timedelta(seconds=self.lag)
        return found if shown and found.channel == _where(call) else None

    def times_of(self, method: str, channel: str) -> list[datetime]:
        return [each.at for each in self.made if each.call.method == method and _where(each.call) == channel]

    def pings(self, channel: str) -> int:
        """How many posts there called people in; what an update says notifies nobody."""
        posts = [each.call for each in self.made if each.call.method == POST and _where(each.call) == channel]
        return sum("<!here>" in call.arguments["text"] for call in posts)

    def count(self, method: str, channel: str) -> int:
        return len(self.times_of(method, channel))


def _where(call: Call) -> str:
    return dm_id(call.channel) if call.channel.startswith("U") else call.channel


@pytest.fixture
def store(sqlite_url: str) -> Iterator[SqlDatabase]:
    opened = open_database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def workspace(store: SqlDatabase) -> Workspace:
    made = Workspace(store)
    made.slack = TroubledSlack(made.clock)
    made.start()
    return made


@pytest.fixture
def slack(workspace: Workspace) -> TroubledSlack:
    assert isinstance(workspace.slack, TroubledSlack)
    return workspace.slack


@pytest.fixture
def rows(store: SqlDatabase) -> Rows:
    """The outbox, oldest first: kind, place, state."""

    def read() -> list[tuple[str, str, str]]:
        columns = select(col(OutboxRow.kind), col(OutboxRow.place), col(OutboxRow.state)).order_by(col(OutboxRow.id))
        with store.read() as connection:
            return [(kind, place, state) for kind, place, state in connection.execute(columns)]

    return read


def enqueue(workspace: Workspace, message: Any, *, issue: int = 1, lane: int = 3) -> None:
    """Straight into the outbox, for what no rule would ever say."""
    with workspace.database.begin() as tx:
        tx.enqueue(issue, message, lane=lane, now=workspace.clock())


def card_post(workspace: Workspace, tier: int, issue: int = 1) -> Post | None:
    return workspace.database.post_of(issue, Place(tier=tier), "card")
