"""How an issue came to where it is: each clock's runs and pauses, read from the timeline alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.clocks import Clock
from bot.domain.deadlines import FIRST_RESPONSE, RESOLUTION, TIER_WINDOW, UPDATE
from bot.domain.events import Event, IssueOpened
from bot.domain.evolution import evolve
from bot.domain.issue import Issue
from bot.domain.policy import Policy

NAMES = (TIER_WINDOW, UPDATE, FIRST_RESPONSE, RESOLUTION)


@dataclass(frozen=True)
class Segment:
    """One run of a clock."""

    start: datetime
    end: datetime | None  # None: it runs now
    used: timedelta  # open time in the calendar it ran under


@dataclass(frozen=True)
class ClockStory:
    name: str
    budget: timedelta
    used: timedelta  # of the present budget
    due_at: datetime | None  # None: it does not run
    segments: tuple[Segment, ...]  # since it last began from nothing


def clock_stories(timeline: Iterable[Event], policy_of: Callable[[str], Policy], now: datetime) -> list[ClockStory]:
    """One per clock that has ever run, the most urgent first. `timeline` is the issue's whole one."""
    segments: dict[str, tuple[Segment, ...]] = dict.fromkeys(NAMES, ())
    issue: Issue | None = None
    for event in timeline:
        before = issue
        version = event.policy if isinstance(event, IssueOpened) else issue.policy if issue else ""
        issue = evolve(issue, event, policy_of(version))
        for name in NAMES:
            segments[name] = _after(segments[name], before, issue, name=name, policy_of=policy_of, at=event.at)
    if issue is None:
        return []
    return [_story(issue, name, segments[name], policy_of(issue.policy), now) for name in NAMES if segments[name]]


def _after(
    segments: tuple[Segment, ...],
    before: Issue | None,
    after: Issue,
    *,
    name: str,
    at: datetime,
    policy_of: Callable[[str], Policy],
) -> tuple[Segment, ...]:
    """A run ends when its clock stops or begins anew; a clock that begins from nothing forgets its earlier runs."""
    old = _clock(before, name) if before else None
    new = _clock(after, name)
    if old == new:
        return segments
    if old and before and old.running_since and old.running_since != new.running_since:
        calendar = policy_of(before.policy).targets[before.priority].calendar
        used = calendar.between(old.running_since, at)
        segments = (*segments[:-1], replace(segments[-1], end=at, used=used))
    if new.running_since and (old is None or old.running_since != new.running_since):
        fresh = Segment(new.running_since, None, timedelta())
        segments = (fresh,) if not new.used else (*segments, fresh)
    return segments


def _story(issue: Issue, name: str, segments: tuple[Segment, ...], policy: Policy, now: datetime) -> ClockStory:
    clock, calendar = _clock(issue, name), policy.targets[issue.priority].calendar
    last = segments[-1]
    if last.end is None:
        segments = (*segments[:-1], replace(last, used=calendar.between(last.start, now)))
    return ClockStory(name, clock.budget, clock.spent(now, calendar), clock.due(calendar), segments)


def _clock(issue: Issue, name: str) -> Clock:
    clock: Clock = getattr(issue.clocks, name)
    return clock
