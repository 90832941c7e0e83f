"""An issue's story told with the rules alone, and what Slack is sent at any point of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain import lifecycle
from bot.domain.events import Words
from bot.domain.issue import Issue
from bot.domain.lifecycle import Actor, Decision, Seen
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.messages import Message, messages_for
from bot.policy_file import load_policy
from bot.ports import Call, Post, TimelineEntry
from bot.slack.rendering import Scene, render
from tests.slack.limits import Json, Surface, check_message, parsed_texts, tokens

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = load_policy(Path(__file__).with_name("policy.toml"))
STAFF = {"U0ANA": 1, "U0BEN": 1, "U0CHEN": 2, "U0EMIL": 3, "U0FAY": 4}
CHANNELS = {1: "C0L1", 2: "C0L2", 3: "C0L3", 4: "C0MGMT"}
NAMES = {"U0MAYA": "Maya", "U0ANA": "Ana <L1> & co"}
NEWEST = "https://acme.slack.com/archives/C0L2/p1796000000000200"


@dataclass(frozen=True)
class Levels:
    impact: Level
    urgency: Level


P1, P2 = Levels(Level.HIGH, Level.HIGH), Levels(Level.MEDIUM, Level.HIGH)
P3, P4 = Levels(Level.MEDIUM, Level.MEDIUM), Levels(Level.LOW, Level.LOW)


class Story:
    """Verbs are what people and clocks do; `issue`, `timeline` and `said` are what came of it."""

    def __init__(
        self, title: str = "VPN is down in Berlin", details: str = "", *, levels: Levels = P3, policy: Policy = POLICY
    ) -> None:
        self.policy = policy
        self.now = START
        self.timeline: list[TimelineEntry] = []
        self.said: list[Message] = []
        self._issue: Issue | None = None
        self._do(
            lifecycle.open_issue(
                42,
                reporter="U0MAYA",
                title=title,
                details=details,
                impact=levels.impact,
                urgency=levels.urgency,
                recent=0,
                policy=policy,
                now=self.now,
            )
        )

    @property
    def issue(self) -> Issue:
        assert self._issue is not None
        return self._issue

    def wait(self, **span: float) -> "Story":
        """Time passes, and the clocks do what they do."""
        self.now += timedelta(**span)
        return self._do(lifecycle.pass_time(self.issue, self.policy, self.now))

    def climb(self, tier: int) -> "Story":
        """Nobody reacts until it is that tier's turn."""
        while self.issue.tier < tier:
            self.wait(hours=8)
        return self

    def claim(self, by: str = "U0ANA", *, desk: int | None = None) -> "Story":
        desk = desk or STAFF[by]
        return self._do(lifecycle.claim(self.issue, _actor(by), desk=desk, policy=self.policy, now=self.now))

    def release(self, by: str = "U0ANA") -> "Story":
        return self._do(lifecycle.release(self.issue, _actor(by), policy=self.policy, now=self.now))

    def escalate(self, by: str = "U0ANA", *, reason: str = "it is the gateway", tried: str = "a restart") -> "Story":
        moved = lifecycle.escalate(
            self.issue, _actor(by), seen=Seen(), reason=reason, tried=tried, policy=self.policy, now=self.now
        )
        return self._do(moved)

    def resolve(self, by: str = "U0ANA", *, fix: str = "a new certificate") -> "Story":
        return self._do(lifecycle.resolve(self.issue, _actor(by), fix=fix, policy=self.policy, now=self.now))

    def reopen(self, by: str = "U0MAYA", *, reason: str = "it is back") -> "Story":
        return self._do(lifecycle.reopen(self.issue, _actor(by), reason=reason, policy=self.policy, now=self.now))

    def staff_says(self, text: str, by: str = "U0ANA", *, note: bool = False) -> "Story":
        words = Words(CHANNELS[STAFF[by]], "1796000000.000900", text)
        return self._do(
            lifecycle.staff_word(self.issue, _actor(by), words, note=note, policy=self.policy, now=self.now)
        )

    def reporter_says(self, text: str, *, files: tuple[tuple[str, str], ...] = ()) -> "Story":
        words = Words("D0MAYA", "1796000000.000901", text, files)
        return self._do(lifecycle.reporter_word(self.issue, words, by="U0MAYA", policy=self.policy, now=self.now))

    def edits(self, text: str) -> "Story":
        words = Words("D0MAYA", "1796000000.000901", text)
        return self._do(lifecycle.edited_word(self.issue, words, by="U0MAYA", policy=self.policy, now=self.now))

    def deletes(self) -> "Story":
        where = ("D0MAYA", "1796000000.000901")
        return self._do(lifecycle.deleted_word(self.issue, *where, by="U0MAYA", policy=self.policy, now=self.now))

    def fails(self, what: str = "its card", *, tier: int | None = 1, error: str = "is_archived") -> "Story":
        return self._do(
            lifecycle.delivery_failed(self.issue, what=what, tier=tier, error=error, policy=self.policy, now=self.now)
        )

    def _do(self, decision: Decision) -> "Story":
        before, self._issue = self._issue, decision.issue
        for event in decision.events:
            self.timeline.append(TimelineEntry(len(self.timeline) + 1, event))
        self.said = [m for event in decision.events for m in messages_for(event, before, decision.issue, self.policy)]
        return self

    def drawn(self, message: Message, *, newest: str | None = NEWEST, in_thread: bool = True) -> Call:
        """The call that delivers it now."""
        call = render(message, self.issue, self.policy, self.scene(message, newest=newest, in_thread=in_thread))
        assert call is not None
        return call

    def scene(self, message: Message, *, newest: str | None = NEWEST, in_thread: bool = True) -> Scene:
        place = message.place
        channel = CHANNELS[place.tier] if place.tier else "D0MAYA"
        root = Post(42, place, "card" if place.tier else "receipt", channel, "1796000000.000100")
        copy = Post(42, place, "relay", channel, "1796000000.000500", ("D0MAYA", "1796000000.000901"))
        return Scene(
            channel=channel,
            thread=root if in_thread else None,
            copy=copy,
            newest_link=newest,
            name_of=lambda user: NAMES.get(user, user),
        )

    def told(self, kind: type, *, number: int = 0, **scene: Any) -> Call:
        """The call for the message of that kind which the last step set off."""
        found = [message for message in self.said if isinstance(message, kind)]
        return self.drawn(found[number], **scene)


def _actor(user: str) -> Actor:
    return Actor(user, frozenset({STAFF[user]}) if user in STAFF else frozenset())


def check_call(call: Call) -> None:
    if call.method in ("chat.postMessage", "chat.update"):
        surface: Surface = "post" if call.method == "chat.postMessage" else "update"
        check_message(call.arguments["text"], call.arguments["blocks"], surface)


def as_json(call: Call) -> Json:
    return {"method": call.method, "channel": call.channel, **call.arguments}


def call_tokens(calls: Sequence[Call]) -> set[str]:
    texts = [call.arguments.get("text", "") for call in calls]
    return tokens(*texts, *(each for call in calls for each in parsed_texts(call.arguments.get("blocks", []))))
