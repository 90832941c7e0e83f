"""The organisation's escalation policy as the rules see it: tiers, matrix, and per priority the targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.calendar import ALWAYS, Calendar
from bot.domain.priority import Level, Priority


@dataclass(frozen=True)
class Tier:
    """A support group and the channel it owns. The last tier is management: it is told, and may claim."""

    number: int  # 1 .. n, the order of escalation
    name: str  # as people say it: "L1"
    channel: str  # name without '#', or an id (C...)
    ping: str = "none"  # "none", "here", "channel", a user group id (S...) or a user id (U...)
    staff_group: str | None = None  # user group whose members are the staff; None: the channel's members


@dataclass(frozen=True)
class AtOnce:
    """What happens the moment an issue of this priority exists (domain.md 3.7)."""

    tiers: tuple[int, ...] = (1,)  # these get a card; the highest of them has the turn
    inform: tuple[int, ...] = ()  # these are told, and nothing is asked of them
    ping: bool = False  # whether the first cards ping, or are simply there


@dataclass(frozen=True)
class Targets:
    """What one priority promises. Every span is time in its calendar (domain.md 3.1, 7.2)."""

    first_response: timedelta
    windows: tuple[timedelta, ...]  # unclaimed time per tier, tier 1 first
    update: timedelta  # longest silence of a claimant towards the reporter
    resolution: timedelta
    grace: timedelta  # what a raise of priority leaves at least (domain.md 3.8)
    at_once: AtOnce = field(default_factory=AtOnce)
    calendar: Calendar = ALWAYS

    def window(self, tier: int) -> timedelta:
        return self.windows[tier - 1]


@dataclass(frozen=True)
class Policy:
    """Immutable; `version` names its content, and an issue keeps the version it was opened under."""

    version: str
    tiers: tuple[Tier, ...]
    matrix: Mapping[Level, Mapping[Level, Priority]]  # impact -> urgency -> priority
    targets: Mapping[Priority, Targets]

    def priority(self, impact: Level, urgency: Level) -> Priority:
        return self.matrix[impact][urgency]

    def tier(self, number: int) -> Tier:
        return self.tiers[number - 1]

    @property
    def last_tier(self) -> int:
        return len(self.tiers)
