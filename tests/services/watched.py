"""A Slack that looks at each call as it comes in, and asks the database whether it is still true."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.clock import Clock
from bot.domain.issue import Issue
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
        self.wrong: list[str] = []  # raised here, it would only be a message that could not be sent
        self._database = database
        self._clock = clock
        self._pings: dict[str, list[tuple[int, int, float]]] = {}

    def send(self, call: Call, key: str) -> Sent:
        if call.method != "chat.postMessage":
            return super().send(call, key)
        kind, issue, data = self._row(key)
        called = CALLED in call.arguments["text"]
        told = [item["issue"] for item in data["items"]] if kind == "Digest" else [issue.number]
        live = any((found := self._database.find(each)) and found.live for each in told)
        self.must(
            live or not (called or kind in ("Remind", "Inform")), f"{kind} of {issue.name} was sent when over (30)"
        )
        sent = super().send(call, key)
        self.must(sum(message.key == key for message in self.messages) == 1, f"{key} was posted twice (28)")
        if called and call.arguments["blocks"]:  # what goes out plain is counted by the call that was refused
            somebody = issue.hand_off is not None and issue.hand_off.by is not None
            asked = (kind == "Card" and somebody) or (kind == "TierPing" and not data["count"])
            asked = asked or data.get("asked", False) or any(item["asked"] for item in data.get("items", ()))
            self._pinged(sent.channel, call.calls, asked=asked)
        return sent

    def must(self, holds: object, what: str) -> None:
        if not holds:
            self.wrong.append(what)

    def _row(self, key: str) -> tuple[str, Issue, Any]:
        row = select(col(OutboxRow.kind), col(OutboxRow.issue), col(OutboxRow.data))
        with self._database.read() as connection:
            kind, number, data = connection.execute(row.where(col(OutboxRow.id) == int(key.partition("-")[0]))).one()
        issue = self._database.find(number)
        assert issue is not None
        return kind, issue, data

    def _pinged(self, channel: str, rank: int | None, *, asked: bool) -> None:
        """By the clock not too often; a person may call as often as they like."""
        if rank is None:
            self.wrong.append(f"{channel} is pinged, and nobody counts it (33)")
            return
        now = self._clock().timestamp()
        for process, earlier, at in self._pings.setdefault(channel, []):
            if process == self.process and earlier <= rank and rank in QUIET and not asked:
                what = f"{channel} was pinged twice within {now - at:.0f} s, for ranks {earlier} and {rank} (33)"
                self.must(now - at >= QUIET[rank].total_seconds(), what)
        self._pings[channel].append((self.process, rank, now))
