"""The bot as tests drive it: Slack payloads in, Slack calls out, a clock that moves when told to."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.domain.calendar import ALWAYS
from bot.domain.deadlines import next_moment
from bot.domain.issue import HandOff, Issue
from bot.domain.policy import OnStale, Policy, Repeat, Waiting
from bot.policy_file import load_policy
from bot.services.bot import Bot
from bot.services.conversation import Conversation
from bot.services.delivery import SETTLE, Courier
from bot.services.directory import Directory
from bot.services.engine import Engine
from bot.services.issues import IssueService
from bot.services.morning import MorningPages
from bot.services.pacing import Pacer, PingBudget
from bot.services.search import Search
from bot.slack import ids
from handlers import register
from storage import SqlDatabase
from tests.databases import unsynced
from tests.fake_slack import BOT, NAMES, FakeSlack, Message, dm_id

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = Path(__file__).parent.parent / "policy.toml"


def plain_policy() -> Policy:
    """The shipped figures round the clock, without reminders: what most stories are told with."""
    shipped = load_policy(POLICY)
    targets = {
        priority: replace(each, calendar=ALWAYS, reminders=(), repeat=Repeat(), on_stale=OnStale.ESCALATE)
        for priority, each in shipped.targets.items()
    }
    return replace(shipped, version="plain", targets=targets, waiting=Waiting())


class Clock:
    """Wall and monotonic time in one hand."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - START).total_seconds() + 1000

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


class Workspace:
    """A workspace with the bot in it. Verbs are what people do; every verb ends when the bot has come to rest."""

    def __init__(self, database: SqlDatabase, *, policy: Policy | None = None, clock: Clock | None = None) -> None:
        self.database = unsynced(database)
        self.policy = policy or plain_policy()
        self.clock = clock or Clock()
        self.slack = FakeSlack()
        self.start()

    def start(self) -> None:
        """A new process on the same database."""

        def current() -> Policy:
            return self.policy

        clock, slack = self.clock, self.slack
        pacer = Pacer(clock.monotonic)
        directory = Directory(self.database, slack, current, clock, bot_user=lambda: BOT, monotonic=clock.monotonic)
        self.courier = Courier(
            self.database,
            slack,
            directory,
            current,
            pacer=pacer,
            pings=PingBudget(clock.monotonic),
            clock=clock,
            team_url=lambda: "https://acme.slack.com/",
        )
        self.engine = Engine(self.database, current, clock, lambda: None, monotonic=clock.monotonic)
        self.morning = MorningPages(self.database, current, clock, lambda: None)
        self.directory = directory
        again = directory.refresh_before_no
        self.bot = Bot(
            issues=IssueService(self.database, current, clock, lambda: None, again),
            conversation=Conversation(self.database, current, clock, lambda: None, again),
            search=Search(self.database, current, clock),
            directory=directory,
            answers=slack,
            policy=current,
            user=lambda: BOT,
        )
        self.app = App(
            name="Escalator",  # or Bolt reads the sources of all callers to find one
            client=WebClient(token="xoxb-test", base_url="http://127.0.0.1:9/"),
            authorize=lambda: AuthorizeResult(
                enterprise_id=None, team_id="T0", bot_user_id=BOT, bot_id="B0BOT", bot_token="xoxb-test"
            ),
            process_before_response=True,
            request_verification_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        register(self.app, self.bot)
        self.database.end_holds(self.clock() + SETTLE)
        self.database.try_anew()
        directory.refresh()

    # --- time ---

    def deliver(self) -> None:
        """Let the senders work until nothing is ready at this very moment."""
        while self.courier.deliver_next():
            pass

    def settle(self, seconds: int = 30) -> None:
        """Let time pass until every message is out, as far as Slack's pace allows."""
        for _ in range(seconds):
            self.deliver()
            if not self.database.waiting():
                return
            self.clock.advance(seconds=1)

    def pass_time(self, **span: float) -> None:
        """Time goes by with the bot running: engine and senders act at every moment at which something is due."""
        until = self.clock() + timedelta(**span)
        while (moment := self._next_moment()) and moment <= until:
            self._tick(max(moment, self.clock()))
        self._tick(max(until, self.clock()))

    def downtime(self, **span: float) -> None:
        """Time goes by with nobody running; then a new process starts and ticks."""
        self.clock.advance(**span)
        self.start()
        self.engine.run_once()
        self.settle()

    def _tick(self, moment: datetime) -> None:
        self.clock.now = moment
        self.database.keep_beat(moment)  # it has been running all the while
        self.engine.run_once()
        self.settle()

    def _next_moment(self) -> datetime | None:
        """Of all issues; asked of the rules, not of the rows, which are under test."""
        moments = []
        number = 1
        while issue := self.database.find(number):
            moments.append(next_moment(issue, self.database.policy(issue.policy)))
            number += 1
        return min((moment for moment in moments if moment), default=None)

    # --- what people do ---

    def payload(self, body: dict[str, Any]) -> "Answer":
        response = self.app.dispatch(BoltRequest(body=body, mode="socket_mode"))
        return Answer(response.status, json.loads(response.body) if response.body[:1] == "{" else response.body)

    def command(self, text: str = "", *, by: str = "U0MAYA") -> "Answer":
        return self.payload(
            {
                "command": "/issue",
                "text": text,
                "user_id": by,
                "channel_id": "C0ITHELP",
                "team_id": "T0",
                "trigger_id": unique("trigger"),
                "response_url": "http://127.0.0.1:9/",
            }
        )

    def submit_issue(
        self,
        title: str = "VPN is down in Berlin",
        *,
        by: str = "U0MAYA",
        details: str = "",
        impact: str = "medium",
        urgency: str = "medium",
        view_id: str | None = None,
        settle: bool = True,
    ) -> "Answer":
        """Fill in the form and press Report. The default is a P3."""
        values = {
            ids.TITLE: {ids.TITLE: {"type": "plain_text_input", "value": title or None}},
            ids.DETAILS: {ids.DETAILS: {"type": "plain_text_input", "value": details or None}},
            ids.IMPACT: {ids.IMPACT: _selected(impact)},
            ids.URGENCY: {ids.URGENCY: _selected(urgency)},
        }
        answer = self.submit(ids.REPORT, values, by=by, view_id=view_id)
        if settle:
            self.settle()
        return answer

    def submit(
        self, form: str, values: dict[str, Any], *, by: str, metadata: str = "", view_id: str | None = None
    ) -> "Answer":
        blocks = [{"type": "input", "block_id": name} for name in values]
        return self.payload(
            {
                "type": "view_submission",
                "team": {"id": "T0"},
                "user": {"id": by},
                "trigger_id": unique("trigger"),
                "view": {
                    "id": view_id or unique("V"),
                    "type": "modal",
                    "callback_id": form,
                    "private_metadata": metadata,
                    "blocks": blocks,
                    "state": {"values": values},
                },
            }
        )

    def fill(self, form: dict[str, Any], *, by: str, **texts: str) -> "Answer":
        """Submit the form the bot opened last, with these texts."""
        values = {name: {name: {"type": "plain_text_input", "value": text}} for name, text in texts.items()}
        answer = self.submit(form["callback_id"], values, by=by, metadata=form["private_metadata"])
        self.settle()
        return answer

    def press(self, message: Message, label: str, *, by: str, settle: bool = True) -> "Answer":
        """Press a button, or choose an entry of the ⋯ menu, that the message really shows."""
        for element in message.elements:
            if element["type"] == "button" and element["text"]["text"] == label:
                action = {"type": "button", "action_id": element["action_id"], "value": element["value"]}
                break
            chosen = [o for o in element.get("options", ()) if o["text"]["text"] == label]
            if chosen:
                action = {"type": "overflow", "action_id": element["action_id"], "selected_option": chosen[0]}
                break
        else:
            raise AssertionError(
                f"no button {label!r} on {message.shown!r}; there are {message.buttons + message.menu}"
            )
        return self.act(action, message, by=by, settle=settle)

    def act(self, action: dict[str, Any], message: Message, *, by: str, settle: bool = True) -> "Answer":
        answer = self.payload(
            {
                "type": "block_actions",
                "team": {"id": "T0"},
                "user": {"id": by},
                "trigger_id": unique("trigger"),
                "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
                "channel": {"id": message.channel},
                "message": {"ts": message.ts},
                "actions": [{**action, "block_id": "b"}],
            }
        )
        if settle:
            self.settle()
        return answer

    def event(self, event: dict[str, Any], *, event_id: str | None = None) -> "Answer":
        return self.payload(
            {"type": "event_callback", "team_id": "T0", "event_id": event_id or unique("Ev"), "event": event}
        )

    def say(self, root: Message, text: str, *, by: str, ts: str | None = None, **more: Any) -> str:
        """Reply in a thread; answers the message's ts."""
        ts = ts or self.slack.new_ts()
        self.slack.messages.append(Message(root.channel, ts, text, [], thread_ts=root.ts))
        kind = "im" if root.channel.startswith("D") else "channel"
        self.event(
            {
                "type": "message",
                "user": by,
                "text": text,
                "ts": ts,
                "thread_ts": root.ts,
                "channel": root.channel,
                "channel_type": kind,
                **more,
            }
        )
        self.settle()
        return ts

    def tell_bot(self, root: Message, text: str, *, by: str) -> str:
        """`@Escalator ...` in a card's thread: Slack sends it as a message and as a mention."""
        ts = self.say(root, f"<@{BOT}> {text}", by=by)
        said = {"user": by, "text": f"<@{BOT}> {text}", "ts": ts, "thread_ts": root.ts, "channel": root.channel}
        self.event({"type": "app_mention", **said})
        self.settle()
        return ts

    # --- what tests look at ---

    def channel(self, name: str) -> list[Message]:
        return self.slack.channel(name)

    def card(self, tier: str, number: int = 1) -> Message:
        """The newest message about an issue in a tier's channel ("L1", "L2", ...)."""
        names = dict(zip(("L1", "L2", "L3", "management"), NAMES.values(), strict=True))
        own = (f"ISS-{number} ·", f"*ISS-{number}*")  # of a card, and of the line it shrinks to
        found = [m for m in self.channel(names[tier]) if any(each in m.shown for each in own) and not m.thread_ts]
        assert found, f"no card of ISS-{number} in {tier}"
        return found[-1]

    def receipt(self, number: int = 1, *, of: str = "U0MAYA") -> Message:
        return next(m for m in self.slack.dm(of) if f"ISS-{number} " in m.shown)

    def issue(self, number: int = 1) -> Issue:
        found = self.database.find(number)
        assert found is not None
        return found

    def holder(self, number: int = 1) -> str | None:
        claim = self.issue(number).claim
        return claim.by if claim else None

    def packet(self, number: int = 1) -> HandOff:
        packet = self.issue(number).hand_off
        assert packet is not None
        return packet

    def story(self, number: int = 1) -> list[str]:
        """The names of the timeline's events, in order."""
        return [type(entry.event).__name__ for entry in self.database.timeline(number)]

    def whispered(self, to: str) -> list[str]:
        return [text for _, user, text in self.slack.whispers if user == to]

    def dm_of(self, user: str) -> str:
        return dm_id(user)


class Answer:
    """What Slack got back for a payload. Status 200 is an ack."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body

    @property
    def text(self) -> str:
        return str(self.body["text"] if isinstance(self.body, dict) else self.body)

    @property
    def errors(self) -> dict[str, str]:
        return self.body.get("errors", {}) if isinstance(self.body, dict) else {}


_numbers = itertools.count(1)


def unique(prefix: str) -> str:
    return f"{prefix}{next(_numbers)}"


def _selected(value: str) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value, "text": {"type": "plain_text", "text": value}}}
