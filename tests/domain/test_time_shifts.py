"""The same history by another engine's ticks, and a week later: only the times differ."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.domain.events import (
    ClaimantReminded,
    Event,
    IssueClosed,
    IssueEscalated,
    Reminded,
    TargetBreached,
    TierReminded,
)
from bot.domain.policy import Policy, Repeat, Waiting
from bot.domain.priority import Priority
from tests.domain.factories import DAY, HOUR, MINUTE, NINE, OFFICE, SECOND, make_office, make_policy, make_targets
from tests.domain.scripts import ACTS, Script, play

ZERO = timedelta()
SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)

# --- invariant 21: the engine's ticks


def odd(least: timedelta, most: timedelta) -> st.SearchStrategy[timedelta]:
    """A span that seldom coincides with others."""
    return st.integers(least // SECOND, most // SECOND).map(lambda seconds: seconds * SECOND)


@st.composite
def odd_policies(draw: st.DrawFn) -> Policy:
    """Figures of no order at all, so that few moments coincide."""
    return make_policy(
        targets={
            priority: make_targets(
                priority,
                windows=tuple(draw(odd(30 * MINUTE, 5 * HOUR)) for _ in range(4)),
                first_response=draw(odd(HOUR, 5 * HOUR)),
                update=draw(odd(HOUR, 8 * HOUR)),
                resolution=draw(odd(4 * HOUR, 30 * HOUR)),
                grace=draw(odd(3 * MINUTE, 10 * MINUTE)),
            )
            for priority in Priority
        }
    )


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    now = NINE + draw(odd(ZERO, DAY))
    opened_at, acts = now, []
    for name in draw(st.lists(st.sampled_from(sorted(ACTS)), max_size=6)):
        now += draw(odd(MINUTE, 6 * HOUR))
        acts.append((now, name))
    return Script(draw(st.sampled_from(Priority)), opened_at, acts, now + 12 * HOUR)


def gist(event: Event) -> tuple[object, ...]:
    """What happened, but for when."""
    skipped = ("at", "due_at", "accept_by", "until", "words", "suppressed", "clocks")
    return (type(event).__name__, *(getattr(event, each.name) for each in fields(event) if each.name not in skipped))


@SLOW
@given(policy=odd_policies(), script=scripts(), cycle=odd(SECOND, MINUTE), phase=odd(ZERO, MINUTE))
def test_invariant_21_the_order_of_events_does_not_depend_on_the_ticks(
    policy: Policy, script: Script, cycle: timedelta, phase: timedelta
) -> None:
    """A coarse engine does what a punctual one does, later by less than a cycle each time."""
    zero = script.opened_at + phase % cycle

    def ticks(due: datetime) -> datetime:
        return zero + -((zero - due) // cycle) * cycle

    punctual = play(script, policy)
    # What lies closer together than the ticks may drift apart can trade places.
    drift = cycle * (len(punctual) + 1)
    moments = sorted({*(event.at for event in punctual), *(moment for moment, _ in script.acts), script.until})
    assume(all(later - earlier > drift for earlier, later in pairwise(moments)))
    assume(not _ties(punctual))
    # What is due just before an office closes may come, later by a few ticks, on the next day.
    calendars = [each.calendar for each in policy.targets.values()]
    assume(all(each.between(at, at + drift) == drift for at in moments for each in calendars if each.is_open(at)))
    coarse = play(script, policy, ticks)
    assert [gist(event) for event in coarse] == [gist(event) for event in punctual]
    for late, on_time in zip(coarse, punctual, strict=True):
        assert ZERO <= late.at - on_time.at < drift
        if isinstance(late, IssueEscalated | TierReminded | TargetBreached):
            assert late.at - late.due_at < cycle or getattr(late, "by", None)


def _ties(timeline: list[Event]) -> bool:
    """Two clocks that come due in one instant: which is first may depend on the ticks before."""
    of_a_clock = TargetBreached | Reminded | IssueEscalated | TierReminded | ClaimantReminded
    due = [event.at for event in timeline if isinstance(event, of_a_clock)]
    return len(set(due)) < len(due)


# --- invariant 22: a week later

WEEK = 7 * DAY
LAST_WEEKS = [  # of winter or summer time: Mondays of the wall clock
    ("Europe/Berlin", datetime(2026, 3, 23)),  # noqa: DTZ001 - read off the wall
    ("Europe/Berlin", datetime(2026, 10, 19)),  # noqa: DTZ001
    ("America/New_York", datetime(2026, 3, 2)),  # noqa: DTZ001
    ("America/New_York", datetime(2026, 10, 26)),  # noqa: DTZ001
    ("Australia/Lord_Howe", datetime(2026, 9, 28)),  # noqa: DTZ001
]
LASTING = sorted(set(ACTS) - {"resolve", "reopen"})  # whether it may be reopened yet depends on the closing


def shifted(event: Event, shift: Callable[[datetime], datetime]) -> Event:
    """The same event at other times."""
    times = {each.name: getattr(event, each.name) for each in fields(event)}
    moved: dict[str, Any] = {name: shift(time) for name, time in times.items() if isinstance(time, datetime)}
    if "words" in times:
        moved["words"] = None  # their name in Slack is the time at which they were said
    return replace(event, **moved)


def same(first: list[Event], second: list[Event], shift: Callable[[datetime], datetime]) -> None:
    """But for the closing, which counts real days, not those of the wall."""
    late = [shifted(event, lambda time: time) for event in second if not isinstance(event, IssueClosed)]
    assert late == [shifted(event, shift) for event in first if not isinstance(event, IssueClosed)]


@st.composite
def weeks(draw: st.DrawFn) -> tuple[str, datetime, list[tuple[timedelta, str]]]:
    """A zone, a Monday of its wall clock, and acts on working days; the clocks change on a Sunday."""
    zone, monday = draw(st.sampled_from(LAST_WEEKS))
    minutes = st.integers(0, DAY // MINUTE - 1)
    days = st.sampled_from([0, 1, 2, 3, 4, 7, 8])
    times = draw(st.lists(st.builds(lambda day, minute: day * DAY + minute * MINUTE, days, minutes), max_size=7))
    return zone, monday, [(time, draw(st.sampled_from(LASTING))) for time in sorted(times)]


def written(priority: Priority, times: list[tuple[timedelta, str]], place: Callable[[timedelta], datetime]) -> Script:
    return Script(
        priority, place(9 * HOUR), [(place(9 * HOUR + time), name) for time, name in times], place(14 * DAY + 9 * HOUR)
    )


@SLOW
@given(week=weeks(), priority=st.sampled_from(Priority))
def test_invariant_22_round_the_clock_a_week_later_is_604800_seconds_later(
    week: tuple[str, datetime, list[tuple[timedelta, str]]], priority: Priority
) -> None:
    _, _, times = week
    always = make_targets(Priority.P1).calendar
    policy = make_policy(
        targets={each: make_targets(each, calendar=always, repeat=Repeat(factor=1.5)) for each in Priority},
        waiting=Waiting(calendar=always),
    )
    first = play(written(priority, times, lambda time: NINE + time), policy)
    second = play(written(priority, times, lambda time: NINE + WEEK + time), policy)
    same(first, second, lambda time: time + 604_800 * SECOND)


@SLOW
@given(week=weeks(), priority=st.sampled_from(Priority))
def test_invariant_22_in_office_hours_a_week_later_is_a_week_later_on_the_wall(
    week: tuple[str, datetime, list[tuple[timedelta, str]]], priority: Priority
) -> None:
    """Also when the clocks changed in between, so that 167 or 169 hours have passed."""
    zone, monday, times = week
    office = make_office(zone)
    policy = make_policy(
        targets={each: make_targets(each, calendar=office) for each in Priority},
        waiting=Waiting(nudges=(8 * HOUR, 16 * HOUR), resolve=24 * HOUR, calendar=office),
    )

    def on_the_wall(of: datetime) -> Callable[[timedelta], datetime]:
        return lambda time: (of + time).replace(tzinfo=ZoneInfo(zone)).astimezone(OFFICE.local(NINE).tzinfo)

    def a_week_later(time: datetime) -> datetime:
        there = time.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + WEEK
        return on_the_wall(there)(ZERO)

    first = play(written(priority, times, on_the_wall(monday)), policy)
    second = play(written(priority, times, on_the_wall(monday + WEEK)), policy)
    same(first, second, a_week_later)
