"""People, policies and issues for the tests of the rules; every figure is the default of domain.md 7.2."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain import lifecycle
from bot.domain.calendar import ALWAYS, Calendar, Window
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision, decide
from bot.domain.events import Event, Words
from bot.domain.issue import Issue, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.policy import AtOnce, OnStale, Policy, Repeat, Targets, Tier, Waiting
from bot.domain.priority import SEVERE, Level, Priority
from bot.domain.refusals import Refused

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
NINE = MONDAY + 9 * HOUR  # when most stories begin: the office has just opened

P1, P2, P3, P4 = Priority
HIGH, MEDIUM, LOW = Level

REPORTER = "U0REPORTER"
LEAD_OF_L2 = "U0LEAD"
FALLBACK = "U0FALLBACK"

ANN = Actor("U0ANN", frozenset({1}))
BEN = Actor("U0BEN", frozenset({1}))
CHLOE = Actor("U0CHLOE", frozenset({2}))
DAVID = Actor("U0DAVID", frozenset({3}))
EVA = Actor("U0EVA", frozenset({4}))
LEAD = Actor(LEAD_OF_L2, frozenset({1}))  # leads L2 without being a member of its channel
ROBIN = Actor(REPORTER)
STRANGER = Actor("U0STRANGER")

TIERS = (
    Tier(1, "L1", "support-l1"),
    Tier(2, "L2", "support-l2", leads=(LEAD_OF_L2,)),
    Tier(3, "L3", "support-l3"),
    Tier(4, "management", "it-managers"),
)
MATRIX = MappingProxyType(
    {
        HIGH: MappingProxyType({HIGH: P1, MEDIUM: P2, LOW: P3}),
        MEDIUM: MappingProxyType({HIGH: P2, MEDIUM: P3, LOW: P4}),
        LOW: MappingProxyType({HIGH: P3, MEDIUM: P4, LOW: P4}),
    }
)
LEVELS = {P1: (HIGH, HIGH), P2: (HIGH, MEDIUM), P3: (HIGH, LOW), P4: (MEDIUM, LOW)}  # one way to each priority


def make_office(
    zone: str = "UTC", opens: int = 9, closes: int = 17, *, holidays: frozenset[date] = frozenset()
) -> Calendar:
    """Monday to Friday, from hour to hour of the wall clock."""
    day = (Window(opens * 3600, closes * 3600),)
    return Calendar("office", zone, (*(day,) * 5, (), ()), holidays)


OFFICE = make_office()


def make_targets(priority: Priority = P2, **changes: Any) -> Targets:
    return replace(_TARGETS[priority], **changes)


_TARGETS = {
    P1: Targets(
        first_response=15 * MINUTE,
        windows=(5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 15 * MINUTE),
        update=30 * MINUTE,
        resolution=4 * HOUR,
        grace=3 * MINUTE,
        at_once=AtOnce(tiers=(1, 2), inform=(4,), ping=True),
        calendar=ALWAYS,
        reminders=(0.8,),
        repeat=Repeat(factor=1.0, cap=15 * MINUTE),
    ),
    P2: Targets(
        first_response=HOUR,
        windows=(20 * MINUTE, 30 * MINUTE, HOUR, HOUR),
        update=2 * HOUR,
        resolution=8 * HOUR,
        grace=5 * MINUTE,
        calendar=OFFICE,
        reminders=(0.5, 0.8),
        repeat=Repeat(factor=1.5),
    ),
    P3: Targets(
        first_response=4 * HOUR,
        windows=(2 * HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR),
        update=8 * HOUR,
        resolution=24 * HOUR,
        grace=10 * MINUTE,
        calendar=OFFICE,
        reminders=(0.5, 0.8),
        repeat=Repeat(factor=1.5),
    ),
    P4: Targets(
        first_response=8 * HOUR,
        windows=(4 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR),
        update=24 * HOUR,
        resolution=40 * HOUR,
        grace=10 * MINUTE,
        calendar=OFFICE,
        reminders=(0.8,),
        on_stale=OnStale.INFORM,
        repeat=Repeat(factor=1.5),
    ),
}


def make_policy(*, targets: Mapping[Priority, Targets] | None = None, **changes: Any) -> Policy:
    """`targets` replaces those of the priorities it names."""
    policy = Policy(
        version="v1",
        tiers=TIERS,
        matrix=MATRIX,
        targets={**_TARGETS, **(targets or {})},
        waiting=Waiting(nudges=(8 * HOUR, 24 * HOUR), resolve=40 * HOUR, calendar=OFFICE),  # 1, 3 and 5 working days
        fallback=FALLBACK,
    )
    return replace(policy, **changes)


POLICY = make_policy()


def changed(priority: Priority, **changes: Any) -> Policy:
    """The usual policy but for some targets of one priority."""
    return make_policy(targets={priority: make_targets(priority, **changes)})


# --- issues ----------------------------------------------------------------------------------------------------------


def open_issue(priority: Priority = P2, *, policy: Policy = POLICY, now: datetime = NINE, **facts: Any) -> Decision:
    impact, urgency = LEVELS[priority]
    report: dict[str, Any] = {
        "reporter": REPORTER,
        "title": "VPN is down",
        "details": "",
        "impact": impact,
        "urgency": urgency,
        "recent": 0,
    }
    number = facts.pop("number", 42)
    return lifecycle.open_issue(number, **report | facts, policy=policy, now=now)


def make_issue(priority: Priority = P2, *, policy: Policy = POLICY, now: datetime = NINE, **facts: Any) -> Issue:
    """Freshly opened."""
    return open_issue(priority, policy=policy, now=now, **facts).issue


def make_claimed(
    priority: Priority = P2,
    *,
    by: Actor = ANN,
    policy: Policy = POLICY,
    now: datetime = NINE,
    claimed_at: datetime | None = None,
    **facts: Any,
) -> Issue:
    """Claimed the moment it was opened, if not said otherwise."""
    issue = make_issue(priority, policy=policy, now=now, **facts)
    return lifecycle.claim(issue, by, desk=None, policy=policy, now=claimed_at or now).issue


def make_waiting(
    priority: Priority = P2,
    *,
    reason: WaitingFor = WaitingFor.REPORTER,
    until: datetime | None = None,
    by: Actor = ANN,
    policy: Policy = POLICY,
    now: datetime = NINE,
    waits_at: datetime | None = None,
) -> Issue:
    claimed = make_claimed(priority, by=by, policy=policy, now=now)
    waiting = lifecycle.wait(
        claimed, by, reason=reason, note="Which building?", until=until, policy=policy, now=waits_at or now
    )
    return waiting.issue


def make_resolved(
    priority: Priority = P3, *, by: Actor = ANN, policy: Policy = POLICY, now: datetime = NINE, **facts: Any
) -> Issue:
    claimed = make_claimed(priority, by=by, policy=policy, now=now, **facts)
    category = "network" if priority in SEVERE else None
    return lifecycle.resolve(claimed, by, fix="New cable", category=category, policy=policy, now=now).issue


def make_merged(*, now: datetime = NINE) -> tuple[Issue, Issue]:
    """A child, 42, and the parent that it was merged into, 7."""
    child, parent = make_issue(now=now), make_issue(number=7, now=now)
    gone, linked = lifecycle.merge(child, parent, ANN, now=now)
    return happen(child, gone), happen(parent, *linked)


def happen(issue: Issue, *events: Event, policy: Policy = POLICY) -> Issue:
    return decide(issue, policy, *events).issue


def make_words(text: str = "We are looking into it.", ts: str = "1767603600.000100") -> Words:
    return Words(channel="C0SUPPORTL1", ts=ts, text=text)


def seen(issue: Issue) -> Seen:
    """What somebody has before their eyes who looks at the newest card."""
    return Seen(entry=issue.tier_entry)


def escalated(issue: Issue, actor: Actor = ANN, *, policy: Policy = POLICY, now: datetime = NINE) -> Issue:
    return lifecycle.escalate(
        issue, actor, seen=seen(issue), reason="Too deep for us", tried="Rebooted", policy=policy, now=now
    ).issue


def at_tier(tier: int, priority: Priority = P2, *, policy: Policy = POLICY, now: datetime = NINE) -> Issue:
    """Open, and escalated by hand up to the tier."""
    issue = make_issue(priority, policy=policy, now=now)
    while issue.tier < tier:
        issue = escalated(issue, policy=policy, now=now)
    return issue


# --- time ------------------------------------------------------------------------------------------------------------


def run_until(issue: Issue, until: datetime, *, policy: Policy = POLICY) -> Decision:
    """What a punctual engine does up to and including that moment."""
    events: list[Event] = []
    while (moment := next_moment(issue, policy)) and moment <= until:
        decision = pass_time(issue, policy, moment)
        assert decision.events, f"nothing happened at {moment}, the next moment of {issue}"
        issue = decision.issue
        events += decision.events
    return Decision(issue, tuple(events))


# --- saying no -------------------------------------------------------------------------------------------------------


@contextmanager
def refused(kind: type[Refused], *facts: str) -> Iterator[None]:
    """The rule says no, in a sentence that names the facts. It changes nothing: issues are frozen."""
    with pytest.raises(kind) as caught:
        yield
    sentence = str(caught.value)
    assert type(caught.value) is kind
    assert not re.search(r"\{(?!date_short_pretty\}|time\})", sentence), sentence  # but for Slack's own, in a moment
    assert [fact for fact in facts if fact not in sentence] == [], sentence
