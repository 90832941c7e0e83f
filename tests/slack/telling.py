"""An issue's story told with the rules alone, and what Slack is sent at any point of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain import clockwork, lifecycle
from bot.domain.decision import Actor, Decision, decide
from bot.domain.events import Event, ParentAnswered, ParentReopened, ParentResolved, Words
from bot.domain.explanation import clock_stories
from bot.domain.issue import Issue, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.messages import Message, messages_for
from bot.policy_file import load_policy
from bot.ports import Call, Post, TimelineEntry
from bot.slack.history import history_lines
from bot.slack.rendering import Scene, render
from bot.slack.why import why_lines
from tests.slack.limits import Json, Surface, check_message, parsed_texts, tokens

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = load_policy(Path(__file__).with_name("policy.toml"))
STAFF = {"U0ANA": 1, "U0BEN": 1, "U0CHEN": 2, "U0EMIL": 3, "U0FAY": 4}
CHANNELS = {1: "C0L1", 2: "C0L2", 3: "C0L3", 4: "C0MGMT"}
NAMES = {"U0MAYA": "Maya", "U0ANA": "Ana <L1> & co"}
NEWEST = "https://acme.slack.com/archives/C0L2/p1796000000000200"
EARLIER = "https://acme.slack.com/archives/C0L1/p1796000000000100"
NO_SEEN = Seen()


@dataclass(frozen=True)
class Levels:
    impact: Level
    urgency: Level


P1, P2 = Levels(Level.HIGH, Level.HIGH), Levels(Level.MEDIUM, Level.HIGH)
P3, P4 = Levels(Level.MEDIUM, Level.MEDIUM), Levels(Level.LOW, Level.LOW)


class Story:
    """Verbs are what people and clocks do; `issue`, `timeline` and `said` (by the last step) are what came of it."""

    def __init__(
        self, title: str = "VPN is down in Berlin", details: str = "", *, levels: Levels = P3, policy: Policy = POLICY
    ) -> None:
        self.policy = policy
        self.now = START
        self.timeline: list[TimelineEntry] = []
        self.said: list[Message] = []
        self.all_said: list[Message] = []
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
        return self._do(clockwork.pass_time(self.issue, self.policy, self.now))

    def climb(self, tier: int) -> "Story":
        """Nobody reacts until it is that tier's turn."""
        while self.issue.tier < tier:
            self.wait(hours=8)
        return self

    def claim(self, by: str = "U0ANA", *, desk: int | None = None) -> "Story":
        return self._do(lifecycle.claim(self.issue, _actor(by), desk=desk or STAFF[by], **self._when))

    def take_over(self, by: str = "U0CHEN", *, reason: str = "I know that one") -> "Story":
        return self._do(lifecycle.take_over(self.issue, _actor(by), reason=reason, desk=None, **self._when))

    def release(self, by: str = "U0ANA") -> "Story":
        return self._do(lifecycle.release(self.issue, _actor(by), **self._when))

    def hand_over(self, to: str = "U0BEN", *, by: str = "U0ANA", note: str = "half done") -> "Story":
        return self._do(lifecycle.hand_over(self.issue, _actor(by), to=_actor(to), note=note, **self._when))

    def escalate(
        self,
        by: str = "U0ANA",
        *,
        reason: str = "it is the gateway",
        tried: str = "a restart",
        needed: str = "",
    ) -> "Story":
        escalated = lifecycle.escalate(
            self.issue, _actor(by), seen=NO_SEEN, reason=reason, tried=tried, needed=needed, **self._when
        )
        return self._do(escalated)

    def give_back(self, by: str = "U0CHEN", *, findings: str = "it is the client") -> "Story":
        return self._do(lifecycle.give_back(self.issue, _actor(by), seen=NO_SEEN, findings=findings, **self._when))

    def move(self, to: str, by: str = "U0ANA", *, reason: str = "their server") -> "Story":
        return self._do(lifecycle.reroute(self.issue, _actor(by), seen=NO_SEEN, to=to, reason=reason, **self._when))

    def wait_for(
        self, reason: WaitingFor, by: str = "U0ANA", *, note: str = "what does it say?", days: float | None = None
    ) -> "Story":
        until = self.now + timedelta(days=days) if days else None
        return self._do(lifecycle.wait(self.issue, _actor(by), reason=reason, note=note, until=until, **self._when))

    def resume(self, by: str = "U0ANA") -> "Story":
        return self._do(lifecycle.resume(self.issue, _actor(by), holder_gone=False, **self._when))

    def resume_without_holder(self) -> "Story":
        return self._do(lifecycle.resume(self.issue, _actor("U0BEN"), holder_gone=True, **self._when))

    def snooze(self, by: str = "U0ANA", *, minutes: float = 30) -> "Story":
        return self._do(lifecycle.snooze(self.issue, _actor(by), span=timedelta(minutes=minutes), **self._when))

    def reprioritise(self, levels: Levels, by: str = "U0ANA", *, reason: str = "more people") -> "Story":
        changed = lifecycle.reprioritise(
            self.issue, _actor(by), impact=levels.impact, urgency=levels.urgency, reason=reason, **self._when
        )
        return self._do(changed)

    def get_worse(self, *, reason: str = "now nobody can work") -> "Story":
        return self._do(lifecycle.get_worse(self.issue, "U0MAYA", reason=reason, **self._when))

    def resolve(self, by: str = "U0ANA", *, fix: str = "a new certificate") -> "Story":
        return self._do(lifecycle.resolve(self.issue, _actor(by), fix=fix, category="network", **self._when))

    def reopen(self, by: str = "U0MAYA", *, reason: str = "it is back") -> "Story":
        return self._do(lifecycle.reopen(self.issue, _actor(by), reason=reason, **self._when))

    def works(self) -> "Story":
        return self._do(lifecycle.confirm(self.issue, "U0MAYA", **self._when))

    def rate(self, score: int) -> "Story":
        return self._do(lifecycle.rate(self.issue, "U0MAYA", score=score, **self._when))

    def cancel(self, by: str = "U0MAYA", *, reason: str = "my mistake") -> "Story":
        return self._do(lifecycle.cancel(self.issue, _actor(by), reason=reason, insists=True, **self._when))

    def merge(self, by: str = "U0ANA") -> "Story":
        """Into ISS-41."""
        merged, _ = lifecycle.merge(self.issue, _other(41), _actor(by), now=self.now)
        return self._do(decide(self.issue, self.policy, merged))

    def unmerge(self, by: str = "U0ANA") -> "Story":
        alone, _ = lifecycle.unmerge(self.issue, _other(41), _actor(by), **self._when)
        return self._do(decide(self.issue, self.policy, *alone))

    def takes_in(self, number: int = 41, by: str = "U0ANA") -> "Story":
        """Another issue is merged into this one."""
        _, linked = lifecycle.merge(_other(number), self.issue, _actor(by), now=self.now)
        return self._do(decide(self.issue, self.policy, *linked))

    def lets_go(self, by: str = "U0ANA") -> "Story":
        child = decide(_other(41), self.policy, lifecycle.merge(_other(41), self.issue, _actor(by), now=self.now)[0])
        _, unlinked = lifecycle.unmerge(child.issue, self.issue, _actor(by), **self._when)
        return self._do(decide(self.issue, self.policy, unlinked))

    def hears_outcome(self, *, fix: str = "a new router") -> "Story":
        return self._do(decide(self.issue, self.policy, ParentResolved(at=self.now, by="U0CHEN", parent=41, fix=fix)))

    def hears_that_it_is_open_again(self) -> "Story":
        return self._do(decide(self.issue, self.policy, ParentReopened(at=self.now, by="U0TOM", parent=41)))

    def hears_answer(self, text: str) -> "Story":
        words = Words("C0L2", "1796000000.000900", text)
        said = ParentAnswered(at=self.now, by="U0CHEN", parent=41, words=words)
        return self._do(decide(self.issue, self.policy, said))

    def solve(self) -> "Story":
        return self._do(lifecycle.resolve(self.issue, _actor("U0MAYA"), fix="a restart", **self._when))

    def declare_major(self, by: str = "U0CHEN", *, commander: str = "U0EMIL") -> "Story":
        return self._do(lifecycle.declare_major(self.issue, _actor(by), commander=_actor(commander), **self._when))

    def end_major(self, by: str = "U0CHEN") -> "Story":
        return self._do(lifecycle.end_major(self.issue, _actor(by), **self._when))

    def staff_says(self, text: str, by: str = "U0ANA", *, note: bool = False, elsewhere: bool = False) -> "Story":
        words = Words(CHANNELS[STAFF[by]], "1796000000.000900", text)
        return self._do(
            lifecycle.staff_word(self.issue, _actor(by), words, note=note, elsewhere=elsewhere, **self._when)
        )

    def reporter_says(self, text: str, *, files: tuple[tuple[str, str], ...] = ()) -> "Story":
        words = Words("D0MAYA", "1796000000.000901", text, files)
        said = lifecycle.reporter_word(self.issue, words, by="U0MAYA", holder_gone=False, **self._when)
        return self._do(said)

    def adds_by_form(self, text: str) -> "Story":
        """`text` is escaped, as the form's listener hands it on."""
        words = Words("", "", text)
        return self._do(lifecycle.add(self.issue, words, by="U0MAYA", holder_gone=False, **self._when))

    def updates_by_form(self, text: str, by: str = "U0ANA") -> "Story":
        return self._do(lifecycle.update(self.issue, _actor(by), Words("", "", text), **self._when))

    def edits(self, text: str) -> "Story":
        words = Words("D0MAYA", "1796000000.000901", text)
        return self._do(lifecycle.edited_word(self.issue, words, by="U0MAYA", **self._when))

    def deletes(self) -> "Story":
        where = ("D0MAYA", "1796000000.000901")
        return self._do(lifecycle.deleted_word(self.issue, *where, by="U0MAYA", **self._when))

    def fails(
        self,
        what: str = "its card",
        *,
        tier: int | None = 1,
        person: str | None = None,
        error: str = "is_archived",
        called: bool = False,
    ) -> "Story":
        failed = lifecycle.delivery_failed(
            self.issue, what=what, tier=tier, person=person, error=error, called=called, **self._when
        )
        return self._do(failed)

    @property
    def _when(self) -> dict[str, Any]:
        return {"policy": self.policy, "now": self.now}

    def _do(self, decision: Decision) -> "Story":
        before, self._issue = self._issue, decision.issue
        for event in decision.events:
            self.timeline.append(TimelineEntry(len(self.timeline) + 1, event))
        self.said = [m for event in decision.events for m in messages_for(event, before, decision.issue, self.policy)]
        self.all_said += self.said
        return self

    def drawn(self, message: Message, *, newest: str | None = NEWEST, in_thread: bool = True) -> Call:
        """The call that delivers it now."""
        call = self.tried(message, newest=newest, in_thread=in_thread)
        assert call is not None
        return call

    def tried(self, message: Message, *, newest: str | None = NEWEST, in_thread: bool = True) -> Call | None:
        """None: there is nothing left to say."""
        return render(message, self.issue, self.policy, self.scene(message, newest=newest, in_thread=in_thread))

    def scene(self, message: Message, *, newest: str | None = NEWEST, in_thread: bool = True) -> Scene:
        place = message.place
        channel = CHANNELS[place.tier] if place.tier else "D0MAYA"
        root = Post(42, place, "card" if place.tier else "receipt", channel, "1796000000.000100")
        copy = Post(42, place, "relay", channel, "1796000000.000500", ("D0MAYA", "1796000000.000901"))
        return Scene(
            channel=channel,
            thread=root if in_thread else None,
            former=root,
            copy=copy,
            newest_link=newest,
            latest_link=newest,
            earlier_link=EARLIER if self.issue.hand_off else None,
            now=self.now,
            name_of=lambda user: NAMES.get(user, user),
            link_of=lambda _: newest,
        )

    def told(self, kind: type, *, number: int = 0, **scene: Any) -> Call:
        """The call for the message of that kind which the last step set off."""
        found = [message for message in self.said if isinstance(message, kind)]
        return self.drawn(found[number], **scene)

    def why(self, *, reader: str = "U0BEN", staff: bool = True) -> list[str]:
        stories = clock_stories(self.events, lambda _: self.policy, self.now)
        return why_lines(
            self.issue, self.policy, stories, self.events, lambda _: self.policy, reader=reader, staff=staff
        )

    def history(self) -> list[str]:
        return [line for _, line in history_lines(self.events, lambda _: self.policy)]

    @property
    def events(self) -> list[Event]:
        return [entry.event for entry in self.timeline]


def _other(number: int) -> Issue:
    """Somebody else's report of the same trouble."""
    return replace(Story("Same here").issue, number=number)


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
