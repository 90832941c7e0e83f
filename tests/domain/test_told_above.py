"""Who above hears of an issue by the clock: who leads it, that it is still not solved, that it came very late."""

from dataclasses import replace
from datetime import datetime

from bot.domain import lifecycle
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment, overdue_again_at
from bot.domain.events import Cause, IssueEscalated, LevelsInformed, TargetBreached
from bot.domain.issue import Issue, WaitingFor
from bot.domain.policy import AtOnce, Policy
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    CHLOE,
    DAY,
    EVA,
    HOUR,
    LEVELS,
    MINUTE,
    NINE,
    P1,
    P2,
    P3,
    SECOND,
    at_tier,
    changed,
    make_claimed,
    make_issue,
    make_words,
    run_until,
)

ASKS = changed(P1, ask_leader=5 * MINUTE)


def told(cause: Cause, issue: Issue, until: datetime, policy: Policy) -> list[tuple[datetime, tuple[int, ...]]]:
    """When, and which tiers."""
    happened = run_until(issue, until, policy=policy).events
    return [(each.at, each.tiers) for each in happened if isinstance(each, LevelsInformed) and each.cause is cause]


def told_at_once(cause: Cause, issue: Issue, now: datetime, policy: Policy) -> list[tuple[int, ...]]:
    """In one look of a late engine."""
    happened = pass_time(issue, policy, now).events
    return [each.tiers for each in happened if isinstance(each, LevelsInformed) and each.cause is cause]


# --- who leads it (domain.md 3.7)


def test_nobody_claims_a_critical_one_so_management_is_asked_who_leads_it() -> None:
    issue = make_issue(P1, policy=ASKS)
    assert told(Cause.LEADERLESS, issue, NINE + 3 * HOUR, ASKS) == [(NINE + 5 * MINUTE, (4,))]


def test_who_leads_it_is_not_asked_of_what_is_held_or_led_already() -> None:
    claimed = make_claimed(P1, policy=ASKS)
    assert told(Cause.LEADERLESS, claimed, NINE + 10 * MINUTE, ASKS) == []
    led = lifecycle.declare_major(make_issue(P1, policy=ASKS), EVA, commander=EVA, policy=ASKS, now=NINE).issue
    assert told(Cause.LEADERLESS, led, NINE + HOUR, ASKS) == []


def test_who_leads_it_is_not_asked_without_the_key_nor_at_the_last_tier() -> None:
    assert told(Cause.LEADERLESS, make_issue(P2, policy=ASKS), NINE + DAY, ASKS) == []
    last = at_tier(4, P1, policy=ASKS)
    assert told(Cause.LEADERLESS, last, NINE + 10 * HOUR, ASKS) == []


def test_released_again_it_is_asked_after_as_long() -> None:
    claimed = make_claimed(P1, policy=ASKS)
    free = lifecycle.release(claimed, ANN, policy=ASKS, now=NINE + MINUTE).issue
    assert told(Cause.LEADERLESS, free, NINE + HOUR, ASKS) == [(NINE + 6 * MINUTE, (4,))]


def test_after_a_reopening_it_is_asked_anew() -> None:
    asked = run_until(make_issue(P1, policy=ASKS), NINE + 5 * MINUTE, policy=ASKS).issue
    fixed = lifecycle.resolve(asked, ANN, fix="!", category="network", policy=ASKS, now=NINE + 6 * MINUTE).issue
    back = lifecycle.reopen(fixed, ANN, reason="!", policy=ASKS, now=NINE + 7 * MINUTE).issue
    assert told(Cause.LEADERLESS, back, NINE + HOUR, ASKS) == [(NINE + 12 * MINUTE, (4,))]


def test_raised_to_critical_what_nobody_had_claimed_so_long_counts() -> None:
    impact, urgency = LEVELS[P1]
    issue = lifecycle.reprioritise(
        make_issue(P3, policy=ASKS), ANN, impact=impact, urgency=urgency, reason="", policy=ASKS, now=NINE + MINUTE
    ).issue
    assert told(Cause.LEADERLESS, issue, NINE + HOUR, ASKS) == [(NINE + 5 * MINUTE, (4,))]


def test_lowered_and_raised_again_it_is_not_asked_later() -> None:
    issue = make_issue(P1, policy=ASKS)
    for priority in (P2, P1):
        issue = raised(issue, NINE + 4 * MINUTE, ASKS, to=priority)
    assert told(Cause.LEADERLESS, issue, NINE + HOUR, ASKS)[0] == (NINE + 5 * MINUTE, (4,))


# --- still not solved (domain.md 3.5)


def kept_informed(issue: Issue, until: datetime, policy: Policy) -> list[tuple[datetime, tuple[int, ...]]]:
    """Its claimant tells the reporter something every ten minutes, so that nobody loses it."""
    heard: list[tuple[datetime, tuple[int, ...]]] = []
    now = issue.opened_at
    while now < until:
        now += 10 * MINUTE
        decision = pass_time(issue, policy, now)
        heard += [
            (each.at, each.tiers)
            for each in decision.events
            if isinstance(each, LevelsInformed) and each.cause is Cause.RESOLUTION
        ]
        words = make_words(ts=str(now.timestamp()))
        issue = lifecycle.staff_word(decision.issue, ANN, words, note=False, policy=policy, now=now).issue
    return heard


def test_of_a_critical_one_that_is_not_solved_management_hears_each_update_window() -> None:
    policy = changed(P1, resolution=HOUR, update=30 * MINUTE)
    heard = kept_informed(make_claimed(P1, policy=policy), NINE + 3 * HOUR, policy)
    assert heard == [
        (NINE + HOUR, (3, 4)),
        *((NINE + HOUR + again * 30 * MINUTE, (4,)) for again in range(1, 5)),
    ]


def test_of_a_normal_one_those_above_hear_once() -> None:
    policy = changed(P3, resolution=4 * HOUR, update=HOUR)
    heard = kept_informed(make_claimed(P3, policy=policy), NINE + 8 * HOUR, policy)
    assert heard == [(NINE + 4 * HOUR, (2, 4))]


def test_while_it_waits_nobody_hears_again_and_afterwards_after_a_full_window() -> None:
    policy = changed(P2, resolution=2 * HOUR, update=HOUR)
    late = run_until(make_claimed(P2, policy=policy), NINE + 2 * HOUR, policy=policy).issue
    assert late.overdue_told_at == NINE + 2 * HOUR
    late = lifecycle.claim(late, CHLOE, desk=None, policy=policy, now=NINE + 2 * HOUR).issue
    waits = lifecycle.wait(
        late,
        CHLOE,
        reason=WaitingFor.VENDOR,
        note="a disk",
        until=NINE + 5 * HOUR,
        policy=policy,
        now=NINE + 2 * HOUR + MINUTE,
    ).issue
    assert next_moment(waits, policy) == NINE + 5 * HOUR
    assert told(Cause.RESOLUTION, waits, NINE + 6 * HOUR, policy) == [(NINE + 6 * HOUR, (4,))]


def test_lowered_to_normal_nobody_hears_again() -> None:
    policy = changed(P2, resolution=2 * HOUR)
    late = run_until(make_issue(P2, policy=policy), NINE + 2 * HOUR, policy=policy).issue
    impact, urgency = LEVELS[P3]
    lowered = lifecycle.reprioritise(
        late, CHLOE, impact=impact, urgency=urgency, reason="", policy=policy, now=NINE + 2 * HOUR
    ).issue
    assert told(Cause.RESOLUTION, lowered, NINE + 6 * HOUR, policy) == []


LATE = changed(P1, resolution=20 * MINUTE, update=30 * MINUTE)  # when it is with L3


def test_what_was_lowered_and_is_not_late_any_more_is_not_told_as_late() -> None:
    late = run_until(make_issue(P1, policy=LATE), NINE + 20 * MINUTE, policy=LATE).issue
    assert overdue_again_at(late, LATE) == NINE + 50 * MINUTE
    impact, urgency = LEVELS[P2]
    lowered = lifecycle.reprioritise(
        late, EVA, impact=impact, urgency=urgency, reason="", policy=LATE, now=NINE + 20 * MINUTE
    ).issue
    assert overdue_again_at(lowered, LATE) == NINE + 8 * HOUR  # when the time of a P2 is used up


def test_of_one_that_was_late_before_it_was_remembered_when_they_heard_they_hear_again() -> None:
    """A row of an earlier version of the program."""
    late = run_until(make_issue(P1, policy=LATE), NINE + 20 * MINUTE, policy=LATE).issue
    assert overdue_again_at(replace(late, overdue_told_at=None), LATE) == NINE + 50 * MINUTE


def test_the_last_tier_is_not_told_again_of_what_it_has() -> None:
    """It is pinged for it anyway."""
    policy = changed(P1, resolution=HOUR)
    issue = make_issue(P1, policy=policy)
    assert told(Cause.RESOLUTION, issue, NINE + 5 * HOUR, policy) == [(NINE + HOUR, (4,))]


# --- very late (domain.md 3.11 rule 5)


def test_a_critical_one_that_a_downtime_kept_for_a_window_is_told_to_management_at_once() -> None:
    late = NINE + 10 * MINUTE + 10 * MINUTE + SECOND  # L2 had ten minutes
    assert told_at_once(Cause.OVERDUE, make_issue(P1), late, changed(P1)) == [(4,)]


def test_less_late_or_less_severe_or_on_its_way_there_management_is_not_told() -> None:
    policy = changed(P1)
    assert told_at_once(Cause.OVERDUE, make_issue(P1), NINE + 20 * MINUTE, policy) == []
    assert told_at_once(Cause.OVERDUE, make_issue(P2), NINE + 5 * HOUR, policy) == []
    assert told_at_once(Cause.OVERDUE, at_tier(3, P1), NINE + 5 * HOUR, policy) == []


# --- by a raise (domain.md 3.8)


def raised(issue: Issue, now: datetime, policy: Policy, to: Priority = P1) -> Issue:
    impact, urgency = LEVELS[to]
    return lifecycle.reprioritise(issue, ANN, impact=impact, urgency=urgency, reason="", policy=policy, now=now).issue


def test_what_runs_out_in_the_grace_after_a_raise_says_so() -> None:
    policy = changed(P1, at_once=AtOnce(tiers=(1,)))
    late = raised(make_issue(P3, policy=policy), NINE + HOUR, policy)
    happened = run_until(late, NINE + HOUR + 3 * MINUTE, policy=policy).events
    assert [each.raised for each in happened if isinstance(each, IssueEscalated | TargetBreached)] == [True, True]
    (moved,) = [each for each in happened if isinstance(each, IssueEscalated)]
    assert moved.due_at == NINE + HOUR + 3 * MINUTE
    packet = run_until(late, NINE + HOUR + 3 * MINUTE, policy=policy).issue.hand_off
    assert packet is not None
    assert packet.raised


def test_what_runs_out_by_itself_after_a_raise_does_not() -> None:
    policy = changed(P1, at_once=AtOnce(tiers=(1,)))
    in_time = raised(make_issue(P3, policy=policy), NINE + MINUTE, policy)
    happened = run_until(in_time, NINE + HOUR, policy=policy).events
    assert {each.raised for each in happened if isinstance(each, IssueEscalated | TargetBreached)} == {False}
