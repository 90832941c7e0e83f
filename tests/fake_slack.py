"""A Slack that remembers what it was told, for tests of the bot without a network."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.ports import Call, Channel, NotShown, Rejected, Sent, TryLater, Unsure

BOT = "U0BOT"
MEMBERS = {
    "C0L1": {"U0ANA", "U0BEN", BOT},
    "C0L2": {"U0CHEN", "U0DANA", BOT},
    "C0L3": {"U0EMIL", BOT},
    "C0MGMT": {"U0FAY", BOT},
}
NAMES = {"C0L1": "support-l1", "C0L2": "support-l2", "C0L3": "support-l3", "C0MGMT": "it-managers"}
PEOPLE = {
    "U0MAYA": "Maya",
    "U0TOM": "Tom",
    "U0ANA": "Ana",
    "U0BEN": "Ben",
    "U0CHEN": "Chen",
    "U0DANA": "Dana",
    "U0EMIL": "Emil",
    "U0FAY": "Fay",
}


@dataclass
class Message:
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    broadcast: bool = False
    key: str | None = None
    reactions: list[str] = field(default_factory=list)
    deleted: bool = False

    @property
    def buttons(self) -> list[str]:
        return [e["text"]["text"] for e in self.elements if e["type"] == "button"]

    @property
    def menu(self) -> list[str]:
        return [o["text"]["text"] for e in self.elements if e["type"] == "overflow" for o in e["options"]]

    @property
    def elements(self) -> list[dict[str, Any]]:
        rows = [block["elements"] for block in self.blocks if block["type"] == "actions"]
        beside = [block["accessory"] for block in self.blocks if "accessory" in block]
        return [*(element for row in rows for element in row), *beside]

    @property
    def shown(self) -> str:
        """All words a person sees, in order."""
        return "\n".join(_words(self.blocks)) if self.blocks else self.text


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [word for key, each in value.items() if key != "text" or not own for word in _words(each)]
    if isinstance(value, list):
        return [word for each in value for word in _words(each)]
    return []


class FakeSlack:
    """Implements ports.SlackGateway and ports.DirectAnswers in memory.

    `faults` are used up one per call of `send`: an exception is raised before the work is done;
    `lost(Unsure())` does the work and then loses the answer.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.calls: list[str] = []
        self.faults: deque[Exception | Callable[[Call], Exception | None]] = deque()
        self.whispers: list[tuple[str, str, str]] = []
        self.forms: list[dict[str, Any]] = []
        self.nods: list[tuple[str, str]] = []
        self.archived: set[str] = set()
        self.deactivated: set[str] = set()  # their accounts; they stay members of their channels
        self.members_of = {channel: set(members) for channel, members in MEMBERS.items()}
        self.forms_fail = False
        self.lookups = 0
        self._counter = 0

    # what tests ask

    def channel(self, name: str) -> list[Message]:
        """Top-level and broadcast messages of a channel, by name."""
        found = next(channel for channel, each in NAMES.items() if each == name)
        return [m for m in self.messages if m.channel == found and (not m.thread_ts or m.broadcast) and not m.deleted]

    def dm(self, user: str) -> list[Message]:
        return [m for m in self.messages if m.channel == dm_id(user) and not m.thread_ts and not m.deleted]

    def thread(self, root: Message) -> list[Message]:
        return [m for m in self.messages if m.thread_ts == root.ts and m.channel == root.channel and not m.deleted]

    def at(self, channel: str, ts: str) -> Message | None:
        return next((m for m in self.messages if (m.channel, m.ts) == (channel, ts) and not m.deleted), None)

    def new_ts(self) -> str:
        self._counter += 1
        return f"17960000{self._counter // 1000:02d}.{self._counter % 1000:06d}"

    # ports.SlackGateway

    def send(self, call: Call, key: str) -> Sent:
        self.calls.append(call.method)
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        after = fault(call) if fault else None
        sent = self._do(call, key)
        if after:
            raise after
        return sent

    def _do(self, call: Call, key: str) -> Sent:
        channel = dm_id(call.channel) if call.channel.startswith("U") else call.channel
        if channel in self.archived and call.method == "chat.postMessage":
            raise Rejected("is_archived")
        if BOT not in self.members_of.get(channel, {BOT}):
            raise Rejected("not_in_channel")
        arguments = call.arguments
        match call.method:
            case "chat.postMessage":
                made = Message(
                    channel=channel,
                    ts=self.new_ts(),
                    text=arguments["text"],
                    blocks=arguments["blocks"],
                    thread_ts=arguments.get("thread_ts"),
                    broadcast=arguments.get("reply_broadcast", False),
                    key=key,
                )
                self.messages.append(made)
                return Sent(channel, made.ts)
            case "reactions.add":
                found = self.at(channel, arguments["timestamp"])
                if found:
                    found.reactions.append(arguments["name"])
                self.nods.append((channel, arguments["timestamp"]))
                return Sent(channel, arguments["timestamp"])
            case method:
                found = self.at(channel, arguments["ts"])
                if found is None:
                    raise Rejected("message_not_found")
                if method == "chat.delete":
                    found.deleted = True
                else:
                    found.text, found.blocks = arguments["text"], arguments["blocks"]
                return Sent(channel, found.ts)

    def look(self, call: Call, key: str, since: datetime) -> Sent | None:
        self.lookups += 1
        found = next((m for m in self.messages if m.key == key), None)
        return Sent(found.channel, found.ts) if found else None

    def channels(self) -> Sequence[Channel]:
        return [
            Channel(id=channel, name=name, is_archived=channel in self.archived)
            for channel, name in NAMES.items()
            if BOT in self.members_of[channel]
        ]

    def members(self, channel: str) -> frozenset[str]:
        return frozenset(self.members_of[channel])

    def group_members(self, group: str) -> frozenset[str]:
        raise Rejected("no_such_subteam", group)

    def user_name(self, user: str) -> str:
        return PEOPLE[user]

    def is_deactivated(self, user: str) -> bool:
        return user in self.deactivated

    # ports.DirectAnswers

    def open_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        if self.forms_fail:
            raise NotShown("expired_trigger_id")
        self.forms.append(view)

    def push_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        self.open_form(trigger_id, view)

    def update_form(self, view_id: str, seen_hash: str, view: dict[str, Any]) -> None:
        self.forms.append(view)

    def whisper(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, *, response_url: str | None = None
    ) -> None:
        self.whispers.append((channel, user, text))

    def nod(self, channel: str, ts: str) -> None:
        self.nods.append((channel, ts))


def dm_id(user: str) -> str:
    return "D" + user.removeprefix("U")


def lost() -> Callable[[Call], Exception]:
    """Slack does it, and the answer never arrives."""
    return lambda _: Unsure("the answer was lost")


def later(seconds: float) -> TryLater:
    return TryLater(seconds)
