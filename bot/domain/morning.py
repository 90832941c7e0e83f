"""What leads look at in the morning: when, and which issues they should worry about (domain.md 3.6, 7.3, R18)."""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from bot.domain.deadlines import FIRST_RESPONSE, RESOLUTION
from bot.domain.issue import Issue
from bot.domain.policy import Policy

SOON = timedelta(hours=2)  # a target this near is at risk
LONG = timedelta(days=5)  # nobody should wait longer unseen
SHOWN = 5  # issues of one worry that have a line


class Worry(StrEnum):
    """The worst first. An issue stands under one of them alone, so that a page says nothing twice."""

    EXHAUSTED = "exhausted"  # the last tier was reminded, and still nobody has it
    BREACHED = "breached"  # the first response or the resolution is late
    AT_RISK = "at risk"  # one of them is due soon
    UNOWNED = "unowned"
    WAITING = "waiting"  # for too long
    NONE = "none"


@dataclass(frozen=True)
class Concern:
    issue: Issue
    policy: Policy  # the issue's own
    worry: Worry
    at: datetime  # since when, or when it is due
    clock: str = ""  # the promise that is late or due soon


@dataclass(frozen=True)
class Tally:
    worry: Worry
    count: int
    first: tuple[int, ...]  # numbers of those that have a line: the most severe first, then the longest


@dataclass(frozen=True)
class Group:
    worry: Worry
    count: int  # when it was counted
    shown: tuple[Concern, ...]  # what is so still, of those that have a line
    more: int = 0  # those that have none


@dataclass(frozen=True)
class Page:
    open: int
    groups: tuple[Group, ...]  # none that is empty; the last may be the oldest of those that worry nobody
    counted_at: datetime

    @property
    def worries(self) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group.worry is not Worry.NONE)


@dataclass(frozen=True)
class Morning:
    day: date  # in the zone of the calendar
    until: datetime  # the end of that day


def morning_of(policy: Policy, now: datetime) -> Morning | None:
    """The working day whose page is due by now; None: it is too early, or nobody works today."""
    calendar = policy.waiting.calendar
    local = calendar.local(now)
    if policy.digest is None or now < datetime.combine(local.date(), policy.digest, local.tzinfo).astimezone(UTC):
        return None
    begins, ends = (
        datetime.combine(local.date() + timedelta(days=days), time(), local.tzinfo).astimezone(UTC) for days in (0, 1)
    )
    return Morning(local.date(), ends) if calendar.between(begins, ends) else None


def concern(issue: Issue, policy: Policy, now: datetime) -> Concern:
    """The worst there is to say of a live issue."""
    if issue.waiting:
        worry = Worry.WAITING if now - issue.waiting.since > LONG else Worry.NONE
        return Concern(issue, policy, worry, issue.waiting.since if worry is Worry.WAITING else issue.opened_at)
    if issue.claim is None and issue.pings:
        return Concern(issue, policy, Worry.EXHAUSTED, issue.opened_at)
    due, clock = min(_promises(issue, policy), default=(None, ""))
    if due and due <= now + SOON:
        return Concern(issue, policy, Worry.BREACHED if due <= now else Worry.AT_RISK, due, clock)
    return Concern(issue, policy, Worry.NONE if issue.claim else Worry.UNOWNED, issue.opened_at)


class Counter:
    """Counts concerns that pass by, and keeps none of them: there may be a hundred thousand."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Worry, 0)
        self._first: dict[Worry, list[tuple[int, datetime, int]]] = {worry: [] for worry in Worry}

    def add(self, concern: Concern) -> None:
        self._counts[concern.worry] += 1
        first = self._first[concern.worry]
        insort(first, _order(concern))
        del first[SHOWN:]

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Of what there is, the worst first."""
        numbers = {worry: tuple(number for *_, number in first) for worry, first in self._first.items()}
        return tuple(Tally(worry, count, numbers[worry]) for worry, count in self._counts.items() if count)


def page(tallies: Iterable[Tally], counted_at: datetime, look: Callable[[int], Concern | None]) -> Page:
    """`look` says how it is with an issue now; None: it is no matter of this page any more."""
    tallies = tuple(tallies)
    groups = []
    for tally in tallies:
        looked = [look(number) for number in tally.first]
        shown = tuple(each for each in looked if each and each.worry is tally.worry)
        more = tally.count - len(tally.first)
        if shown or (more and tally.worry is not Worry.NONE):
            groups.append(Group(tally.worry, tally.count, shown, more))
    return Page(sum(tally.count for tally in tallies), tuple(groups), counted_at)


def _order(concern: Concern) -> tuple[int, datetime, int]:
    """The most severe first, then the longest; of those that worry nobody, the oldest."""
    rank = 0 if concern.worry is Worry.NONE else concern.issue.priority.rank
    return rank, concern.at, concern.issue.number


def _promises(issue: Issue, policy: Policy) -> Iterator[tuple[datetime, str]]:
    """What the reporter was promised and has not got yet. A clock that stands still promises no moment."""
    calendar = policy.targets[issue.priority].calendar
    for name, clock in ((FIRST_RESPONSE, issue.clocks.first_response), (RESOLUTION, issue.clocks.resolution)):
        if due := clock.due(calendar):
            yield due, name
