"""A Slack that looks at each call as it comes in, and asks the database whether it is still true."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.clock import Clock
from bot.ports import Call, Sent
from storage import SqlDatabase
from storage.tables import OutboxRow
from tests.fake_slack import FakeSlack

CALLED = "<!here>"  # how the tiers of the shipped policy are pinged
QUIET = {2: timedelta(minutes=2), 3: timedelta(minutes=15), 4: timedelta(minutes=15)}  # docs/decisions/0017-storms.md


class Crash(BaseException):
    """The process is gone in the middle of a call; nothing of it runs any more."""


class WatchedSlack(FakeSlack):
    def __init__(self, database: SqlDatabase, clock: Clock) -> None:
        super().__init__()
        self.process = 0  # a new one may ping once more
        self._database = database
        self._clock = clock
        self._pings: dict[str, list[tuple[int, int, float]]] = {}

    def send(self, call: Call, key: str) -> Sent:
        if call.method == "chat.postMessage":
            self._still_true(call, key)
        sent = super().send(call, key)
        if call.method == "chat.postMessage":
            assert sum(message.key == key for message in self.messages) == 1, f"{key} was posted twice (invariant 28)"
            if CALLED in call.arguments["text"]:
                self._within_the_budget(sent.channel, call)
        return sent

    def _still_true(self, call: Call, key: str) -> None:
        with self._database.read() as connection:
            row = select(col(OutboxRow.kind), col(OutboxRow.issue), col(OutboxRow.data))
            kind, number, data = connection.execute(row.where(col(OutboxRow.id) == int(key.partition("-")[0]))).one()
        told = [item["issue"] for item in data["items"]] if kind == "Digest" else [number]
        live = any((issue := self._database.find(each)) and issue.live for each in told)
        if kind in ("Remind", "Inform") or CALLED in call.arguments["text"]:
            assert live, f"{kind} about ISS-{number} was sent when it was over (invariant 30)"

    def _within_the_budget(self, channel: str, call: Call) -> None:
        assert call.calls is not None, "a ping that nobody counts"
        now = self._clock().timestamp()
        for process, rank, at in self._pings.setdefault(channel, []):
            if process == self.process and rank <= call.calls and call.calls in QUIET:
                assert now - at >= QUIET[call.calls].total_seconds(), f"{channel} was pinged twice (invariant 33)"
        self._pings[channel].append((self.process, call.calls, now))
