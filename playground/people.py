"""Who works at Northwind: the people, channels and groups every playground starts with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

TEAM_ID = "T0PLAY"
TEAM_NAME = "Northwind"
TEAM_DOMAIN = "northwind"
APP_ID = "A0PLAY"
BOT_ID = "B0BOT"
BOT_USER = "U0BOT"
BOT_TOKEN = "xoxb-playground-bot"  # noqa: S105  published on purpose: it opens nothing but this workspace
APP_TOKEN = "xapp-playground-app"  # noqa: S105  the same


@dataclass
class User:
    id: str
    name: str
    real_name: str
    title: str
    tz: str
    color: str
    is_bot: bool = False
    deleted: bool = False

    def tz_offset(self, now: float) -> int:
        """Seconds east of UTC at `now` (epoch seconds)."""
        offset = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.tz)).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def email(self) -> str:
        return f"{self.name}@{TEAM_DOMAIN}.example"


@dataclass
class UserGroup:
    id: str
    handle: str
    name: str
    users: list[str]


@dataclass
class Channel:
    """A conversation. `members` are user ids in order of joining; `messages` are by ts, oldest first."""

    id: str
    name: str
    members: list[str]
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    topic: str = ""
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    read_until: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Slack's `channel_type`."""
        return "im" if self.is_im else "group" if self.is_private else "channel"

    def partner(self, user: str) -> str:
        """The other side of a direct message."""
        return next((member for member in self.members if member != user), user)


def users(bot_name: str) -> list[User]:
    """`bot_name` is what the app's manifest calls the bot."""
    berlin = "Europe/Berlin"
    handle = bot_name.lower().replace(" ", "")
    return [
        User("U0MAYA", "maya", "Maya Lindqvist", "Accounting", berlin, "#b5446e"),
        User("U0TOM", "tom", "Tom Okafor", "Warehouse", "America/New_York", "#2f6690"),
        User("U0LENA", "lena", "Lena Fischer", "Sales", berlin, "#7d5ba6"),
        User("U0ANA", "ana", "Ana Souza", "Support L1", "Europe/Lisbon", "#c05621"),
        User("U0BEN", "ben", "Ben Carter", "Support L1", "Europe/London", "#2e7d32"),
        User("U0CHEN", "chen", "Chen Wei", "Support L2", "Asia/Singapore", "#00707a"),
        User("U0DANA", "dana", "Dana Levy", "Support L2", berlin, "#9c4221"),
        User("U0EMIL", "emil", "Emil Novak", "Support L3", "Europe/Prague", "#4a5568"),
        User("U0FAY", "fay", "Fay Moreau", "IT manager", "Europe/Paris", "#8a1c4a"),
        User(BOT_USER, handle, bot_name, "App", "UTC", "#1d3557", is_bot=True),
    ]


def usergroups() -> list[UserGroup]:
    return [UserGroup("S0ONCALL", "it-oncall", "IT on call", ["U0DANA", "U0EMIL"])]


def channels() -> list[Channel]:
    everybody = ["U0MAYA", "U0TOM", "U0LENA", "U0ANA", "U0BEN", "U0CHEN", "U0DANA", "U0EMIL", "U0FAY"]
    return [
        Channel("C0GENERAL", "general", [*everybody], topic="Company-wide announcements"),
        Channel("C0ITHELP", "it-help", [*everybody, BOT_USER], topic="Something broken? Type /issue"),
        Channel("C0L1", "support-l1", ["U0ANA", "U0BEN", BOT_USER], topic="First line"),
        Channel("C0L2", "support-l2", ["U0CHEN", "U0DANA", BOT_USER], topic="Second line"),
        Channel("C0L3", "support-l3", ["U0EMIL", BOT_USER], topic="Third line"),
        Channel("C0MGMT", "it-managers", ["U0FAY", BOT_USER], is_private=True, topic="What management must know"),
        Channel("C0RANDOM", "random", [*everybody], topic="Everything else"),
    ]
