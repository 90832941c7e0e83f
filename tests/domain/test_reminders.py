"""Shares of a budget: when somebody is reminded, and when that would be noise (domain.md 3.4)."""

from datetime import datetime, timedelta

import pytest

from bot.domain import lifecycle
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.events import IssueEscalated, Reminded
from bot.domain.issue import Issue, WaitingFor
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    HOUR,
    LEVELS,
    MINUTE,
    NINE,
    P1,
    P2,
    P3,
    POLICY,
    SECOND,
    changed,
    make_claimed,
    make_issue,
    make_waiting,
    make_words,
    run_until,
)

NO_RESOLUTION = {"resolution": 400 * HOUR}  # so that only the turn's clock reminds


def reminders(issue: Issue, until: datetime, policy: Policy = POLICY) -> list[tuple[str, float, datetime, str]]:
    events = run_until(issue, until, policy=policy).events
    return [(event.clock, event.share, event.at, event.suppressed) for event in events if isinstance(event, Reminded)]


def test_an_unclaimed_issue_reminds_of_its_window_and_its_resolution() -> None:
    assert reminders(make_issue(P3), NINE + 2 * HOUR) == [
        ("tier_window", 0.5, NINE + HOUR, ""),
        ("tier_window", 0.8, NINE + 96 * MINUTE, ""),
    ]


def test_a_claimed_issue_reminds_of_the_word_to_the_reporter() -> None:
    assert reminders(make_claimed(P3), NINE + 8 * HOUR - SECOND) == [
        ("update", 0.5, NINE + 4 * HOUR, ""),
        ("update", 0.8, NINE + 384 * MINUTE, ""),
    ]


def test_the_resolution_reminds_whoever_has_it() -> None:
    policy = changed(P2, update=400 * HOUR)
    assert reminders(make_claimed(P2, policy=policy), NINE + 8 * HOUR - SECOND, policy) == [
        ("resolution", 0.5, NINE + 4 * HOUR, ""),
        ("resolution", 0.8, NINE + 384 * MINUTE, ""),
    ]


def test_shares_are_of_what_is_used_not_of_the_wall() -> None:
    """The budget goes on where a pause stopped it."""
    policy = changed(P3, update=400 * HOUR, resolution=4 * HOUR)
    claimed = make_claimed(P3, policy=policy)
    waiting = lifecycle.wait(
        claimed,
        ANN,
        reason=WaitingFor.VENDOR,
        note="parts",
        until=None,
        policy=policy,
        now=NINE + HOUR,
    ).issue
    resumed = lifecycle.resume(waiting, ANN, holder_gone=False, policy=policy, now=NINE + 3 * HOUR).issue
    assert reminders(resumed, NINE + 5 * HOUR, policy) == [("resolution", 0.5, NINE + 4 * HOUR, "")]


def test_nobody_is_reminded_twice_of_one_share() -> None:
    half = pass_time(make_issue(P3), POLICY, NINE + HOUR).issue
    assert not pass_time(half, POLICY, NINE + HOUR).events
    assert not pass_time(half, POLICY, NINE + HOUR + MINUTE).events


def test_a_clock_that_begins_anew_reminds_anew() -> None:
    reminded = run_until(make_claimed(P3), NINE + 4 * HOUR).issue
    told = lifecycle.staff_word(reminded, ANN, make_words(), note=False, policy=POLICY, now=NINE + 4 * HOUR).issue
    assert reminders(told, NINE + 8 * HOUR)[0] == ("update", 0.5, NINE + 8 * HOUR, "")


@pytest.mark.parametrize(("window", "reminded"), [(10 * MINUTE, True), (10 * MINUTE - SECOND, False)])
def test_a_reminder_two_minutes_before_the_deadline_is_the_last_that_makes_sense(
    window: timedelta, *, reminded: bool
) -> None:
    """At 80 % of ten minutes, two are left."""
    policy = changed(P1, windows=(window,) * 4, **NO_RESOLUTION)
    issue = make_issue(P1, policy=policy)
    assert bool(reminders(issue, NINE + window - SECOND, policy)) is reminded


@pytest.mark.parametrize(
    ("late", "why"), [(timedelta(), ""), (2 * MINUTE, ""), (2 * MINUTE + SECOND, "downtime"), (5 * MINUTE, "downtime")]
)
def test_a_reminder_that_comes_too_late_is_noise(late: timedelta, why: str) -> None:
    decision = pass_time(make_issue(P3), POLICY, NINE + HOUR + late)
    assert decision.events == (Reminded(at=NINE + HOUR + late, clock="tier_window", share=0.5, suppressed=why),)
    assert not pass_time(decision.issue, POLICY, NINE + HOUR + late).events


def test_of_two_due_at_once_the_later_is_told() -> None:
    policy = changed(P3, reminders=(0.5, 0.51), windows=(HOUR,) * 4, **NO_RESOLUTION)
    events = pass_time(make_issue(P3, policy=policy), policy, NINE + 31 * MINUTE).events
    assert [(event.share, event.suppressed) for event in events if isinstance(event, Reminded)] == [
        (0.5, "later"),
        (0.51, ""),
    ]


@pytest.mark.parametrize(("share", "why"), [(0.65, "recent"), (0.67, "")])
def test_one_clock_reminds_at_most_every_ten_minutes(share: float, why: str) -> None:
    """Half an hour into the hour, and again nine or ten minutes later."""
    policy = changed(P3, reminders=(0.5, share), windows=(HOUR,) * 4, **NO_RESOLUTION)
    found = reminders(make_issue(P3, policy=policy), NINE + 59 * MINUTE, policy)
    assert [each[3] for each in found] == ["", why]


def test_two_clocks_may_remind_at_the_same_time() -> None:
    policy = changed(P3, reminders=(0.5,), update=2 * HOUR, resolution=2 * HOUR)
    found = reminders(make_claimed(P3, policy=policy), NINE + HOUR, policy)
    assert [(clock, why) for clock, _, _, why in found] == [("update", ""), ("resolution", "")]


@pytest.mark.parametrize(("span", "why"), [(HOUR, ""), (HOUR + SECOND, "snoozed"), (3 * HOUR, "snoozed")])
def test_a_snoozed_issue_keeps_quiet_until_then(span: timedelta, why: str) -> None:
    policy = changed(P3, update=8 * HOUR, reminders=(0.125,), **NO_RESOLUTION)  # an hour of eight
    claimed = make_claimed(P3, policy=policy)
    snoozed = lifecycle.snooze(claimed, ANN, span=span, policy=policy, now=NINE).issue
    assert reminders(snoozed, NINE + HOUR, policy) == [("update", 0.125, NINE + HOUR, why)]


@pytest.mark.parametrize(("severe", "told"), [(P1, 24 * MINUTE), (P2, 96 * MINUTE)])
def test_a_severe_issue_is_never_quiet(severe: Priority, told: timedelta) -> None:
    """Snoozed as a P3, then raised."""
    claimed = make_claimed(P3)
    snoozed = lifecycle.snooze(claimed, ANN, span=4 * HOUR, policy=POLICY, now=NINE).issue
    impact, urgency = LEVELS[severe]
    raised = lifecycle.reprioritise(
        snoozed, ANN, impact=impact, urgency=urgency, reason="", policy=POLICY, now=NINE
    ).issue
    assert raised.snooze_until is None
    assert ("update", 0.8, NINE + told, "") in reminders(raised, NINE + told)


def test_what_waits_reminds_nobody() -> None:
    later = NINE + 480 * HOUR
    assert next_moment(make_waiting(reason=WaitingFor.VENDOR, until=later), POLICY) == later


def test_a_broken_promise_reminds_nobody_any_more() -> None:
    late = run_until(make_claimed(P2), NINE + 48 * HOUR).issue
    assert "resolution" in late.breached
    later = reminders(late, NINE + 60 * HOUR)
    assert all(clock != "resolution" for clock, _, _, _ in later)


def test_after_a_downtime_a_turns_reminders_are_only_recorded_and_those_of_the_resolution_are_told() -> None:
    """One look settles both (and leaves nothing due)."""
    policy = changed(P3, windows=(HOUR,) * 4, resolution=4 * HOUR)
    now = NINE + 2 * HOUR + MINUTE
    decision = pass_time(make_issue(P3, policy=policy), policy, now)
    half, most, turn, told = decision.events
    assert half == Reminded(at=now, clock="tier_window", share=0.5, suppressed="downtime")
    assert most == Reminded(at=now, clock="tier_window", share=0.8, suppressed="downtime")
    assert isinstance(turn, IssueEscalated)
    assert told == Reminded(at=now, clock="resolution", share=0.5, suppressed="")
    coming = next_moment(decision.issue, policy)
    assert coming is not None
    assert coming > now


def test_a_share_passed_under_another_priority_is_not_told_again() -> None:
    reminded = run_until(make_issue(P2), NINE + 10 * MINUTE).issue  # half of twenty minutes
    impact, urgency = LEVELS[P3]
    lowered = lifecycle.reprioritise(
        reminded, ANN, impact=impact, urgency=urgency, reason="", policy=POLICY, now=NINE + 10 * MINUTE
    ).issue
    assert [(clock, share) for clock, share, _, _ in reminders(lowered, NINE + 2 * HOUR)] == [("tier_window", 0.8)]
