"""The organisation's escalation policy as the rules see it: tiers, matrix, and per priority the targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from enum import StrEnum

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
    leads: tuple[str, ...] = ()  # user ids; they may do what a higher tier may


@dataclass(frozen=True)
class AtOnce:
    """What happens the moment an issue of this priority exists (domain.md 3.7)."""

    tiers: tuple[int, ...] = (1,)  # these get a card; the highest of them has the turn
    inform: tuple[int, ...] = ()  # these are told, and nothing is asked of them
    ping: bool = False  # whether the first cards ping, or are simply there


class OnStale(StrEnum):
    """What a claimant's silence brings about (domain.md 3.5, 7.2)."""

    ESCALATE = "escalate"  # functional: the claim ends and the next tier has the turn
    INFORM = "inform"  # the claimant is reminded; the second time the tier above is told


@dataclass(frozen=True)
class Repeat:
    """How the last tier is pinged again: each wait is `factor` times the one before, up to `cap` (domain.md 3.6)."""

    factor: float = 1.0
    cap: timedelta = timedelta(hours=4)


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
    reminders: tuple[float, ...] = ()  # shares of a budget, e.g. 0.5 and 0.8 (domain.md 3.4)
    on_stale: OnStale = OnStale.ESCALATE
    repeat: Repeat = field(default_factory=Repeat)
    ask_leader: timedelta | None = None  # unclaimed for so long in one tier, management is asked who leads it (3.7)
    tell: Mapping[int, tuple[int, ...]] = field(default_factory=dict)  # tier it moves up into -> tiers told of it

    def window(self, tier: int) -> timedelta:
        return self.windows[tier - 1]


@dataclass(frozen=True)
class Waiting:
    """What happens while an issue waits for its reporter; open time in `calendar` (domain.md T9, T16)."""

    nudges: tuple[timedelta, ...] = (timedelta(hours=24), timedelta(hours=72))
    resolve: timedelta = timedelta(hours=120)
    calendar: Calendar = ALWAYS


@dataclass(frozen=True)
class Policy:
    """Immutable; `version` names its content, and an issue keeps the version it was opened under."""

    version: str
    tiers: tuple[Tier, ...]
    matrix: Mapping[Level, Mapping[Level, Priority]]  # impact -> urgency -> priority
    targets: Mapping[Priority, Targets]
    waiting: Waiting = field(default_factory=Waiting)
    close_after: timedelta = timedelta(days=5)  # real time from resolved to closed
    fallback: str | None = None  # user id; told when the last tier has not answered three reminders
    digest: time | None = None  # of a working day in the calendar of `waiting`, when leads get their page

    def with_people_of(self, current: "Policy") -> "Policy":
        """The same promises, kept by the people of today: who is asked, where, and by whom led (domain.md D8).

        Both have the same tiers under the same numbers, but for those at the end that one of them does not have.
        """
        if self.version == current.version:
            return self
        tiers = (*current.tiers[: self.last_tier], *self.tiers[current.last_tier :])
        return replace(self, tiers=tiers, fallback=current.fallback)

    def with_holidays_of(self, current: "Policy", since: date) -> "Policy":
        """The same promises in calendars that know the holidays of today's calendars of the same names (domain.md 3.9).

        Only holidays from `since` on, a local date: what has been counted stays counted. Itself, if it knows them all.
        """
        today = {calendar.name: calendar for calendar in current.calendars}

        def told(calendar: Calendar) -> Calendar:
            known = today.get(calendar.name, calendar).holidays
            new = frozenset(day for day in known - calendar.holidays if day >= since)
            return replace(calendar, holidays=calendar.holidays | new) if new else calendar

        if all(told(calendar) is calendar for calendar in self.calendars):
            return self
        return replace(
            self,
            targets={priority: replace(each, calendar=told(each.calendar)) for priority, each in self.targets.items()},
            waiting=replace(self.waiting, calendar=told(self.waiting.calendar)),
        )

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        return (*(each.calendar for each in self.targets.values()), self.waiting.calendar)

    def priority(self, impact: Level, urgency: Level) -> Priority:
        return self.matrix[impact][urgency]

    def tier(self, number: int) -> Tier:
        """A tier the policy no longer has stands for itself in what happened long ago; nothing is sent there."""
        if number > len(self.tiers):
            return Tier(number, f"former tier {number}", self.tiers[-1].channel)
        return self.tiers[number - 1]

    def names(self, tiers: tuple[int, ...], conjunction: str = "and") -> str:
        """As a sentence lists them: L1, L2 and L3."""
        *others, last = (self.tier(tier).name for tier in tiers)
        return f"{', '.join(others)} {conjunction} {last}" if others else last

    @property
    def last_tier(self) -> int:
        return len(self.tiers)
