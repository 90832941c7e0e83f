"""T24: what a change of impact or urgency does to the promises, and whom a raise tells (domain.md 3.7, 3.8)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.clockwork import pass_time, replan
from bot.domain.decision import Actor, Decision
from bot.domain.events import Cause, IssueEscalated, IssueReplanned, LevelsInformed, PriorityChanged
from bot.domain.issue import Issue, Status
from bot.domain.lifecycle import Seen
from bot.domain.policy import AtOnce, Policy
from bot.domain.priority import Level, Priority
from tests.domain.factories import (
    ANN,
    CHLOE,
    DAY,
    EVA,
    HIGH,
    HOUR,
    LEVELS,
    LOW,
    MEDIUM,
    MINUTE,
    NINE,
    OFFICE,
    P1,
    P2,
    P3,
    P4,
    POLICY,
    REPORTER,
    ROBIN,
    SECOND,
    STRANGER,
    at_tier,
    changed,
    make_claimed,
    make_issue,
    make_merged,
    make_policy,
    make_resolved,
    make_targets,
    make_waiting,
    refused,
    run_until,
)

CALENDARS = {priority: targets.calendar for priority, targets in POLICY.targets.items()}


def change(
    issue: Issue, to: Priority, who: Actor = ANN, *, now: datetime = NINE, reason: str = "", policy: Policy = POLICY
) -> Decision:
    impact, urgency = LEVELS[to]
    return lifecycle.reprioritise(issue, who, impact=impact, urgency=urgency, reason=reason, policy=policy, now=now)


def window_due(issue: Issue) -> datetime:
    due = issue.clocks.tier_window.due(CALENDARS[issue.priority])
    assert due is not None
    return due


# --- by staff


def test_a_change_names_both_priorities_and_the_reason() -> None:
    decision = change(make_issue(P3), P2, reason=" all of Berlin \n")
    assert decision.events == (
        PriorityChanged(at=NINE, by=ANN.user, impact=HIGH, urgency=MEDIUM, before=P3, after=P2, reason="all of Berlin"),
    )
    assert (decision.issue.priority, decision.issue.impact, decision.issue.urgency) == (P2, HIGH, MEDIUM)
    assert (decision.issue.status, decision.issue.tier, decision.issue.tier_entry) == (Status.OPEN, 1, 1)


def test_only_staff_change_what_is_live() -> None:
    for who in (ROBIN, STRANGER):
        with refused(refusals.NotStaff, "ISS-42"):
            change(make_issue(P3), P2, who)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        change(make_resolved(), P2)
    with refused(refusals.AlreadyMerged, "merged"):
        change(make_merged()[0], P3)


def test_a_change_must_change_something() -> None:
    with refused(refusals.AlreadyThatPriority, "ISS-42"):
        change(make_issue(P3), P3)


def test_an_axis_may_change_and_the_priority_stay() -> None:
    issue = make_issue(P4)  # medium impact, low urgency
    changed = lifecycle.reprioritise(
        issue, ANN, impact=LOW, urgency=LOW, reason="", policy=POLICY, now=NINE + HOUR
    ).issue
    assert changed.priority is P4
    assert window_due(changed) == window_due(issue)


def test_a_reason_is_not_asked_but_never_cut_off() -> None:
    assert change(make_issue(P3), P2, reason="x" * 2000).events
    with refused(refusals.TextTooLong, "3,000", "2,000"):
        change(make_issue(P3), P2, reason="x" * 3000)


# --- what it does to the clocks


def test_used_time_stays_used() -> None:
    """An hour of P4's four is an hour of P3's two."""
    issue = change(make_issue(P4), P3, now=NINE + HOUR).issue
    assert issue.clocks.tier_window.used == HOUR
    assert window_due(issue) == NINE + 2 * HOUR
    assert issue.clocks.resolution.due(OFFICE) == NINE + 2 * DAY + 8 * HOUR


@pytest.mark.parametrize(
    ("minutes", "due"),
    [
        (14, 20 * MINUTE),  # six are left
        (15, 20 * MINUTE),  # five are left, as many as the grace
        (16, 21 * MINUTE),  # four would be left
        (60, 65 * MINUTE),  # overdue by P2's measure
        (118, 120 * MINUTE),  # P3 itself had two minutes left: a raise buys no time
    ],
)
def test_a_raise_leaves_a_grace_and_never_buys_time(minutes: int, due: timedelta) -> None:
    issue = change(make_issue(P3), P2, now=NINE + minutes * MINUTE).issue
    assert window_due(issue) == NINE + due


def test_what_was_overdue_already_is_overdue_still() -> None:
    late = NINE + 3 * HOUR
    issue = change(make_issue(P3), P2, now=late).issue
    assert window_due(issue) == late
    assert [type(event) for event in pass_time(issue, POLICY, late).events][-1] is IssueEscalated


def test_the_grace_is_real_time_also_when_the_office_is_closed() -> None:
    friday = NINE + 4 * DAY + 7 * HOUR + 57 * MINUTE  # 16:57, so three minutes are used by the evening
    evening = friday + 2 * HOUR
    issue = change(make_issue(P3, now=friday), P1, now=evening).issue
    assert window_due(issue) == evening + 3 * MINUTE


def test_a_lowering_gives_what_the_lower_priority_gives() -> None:
    issue = change(make_issue(P2), P3, now=NINE + 15 * MINUTE).issue
    assert window_due(issue) == NINE + 2 * HOUR


def test_a_lowering_after_a_raise_in_the_same_second_is_never_due_earlier() -> None:
    """P4, raised to P1, lowered to P2: the floor of the raise stays (domain.md 3.8)."""
    now = NINE + 30 * MINUTE
    raised = change(make_issue(P4), P1, now=now).issue
    lowered = change(raised, P2, now=now).issue
    assert window_due(raised) == now + 3 * MINUTE
    assert window_due(lowered) == now + 3 * MINUTE


def test_from_the_office_to_round_the_clock() -> None:
    evening = NINE + 12 * HOUR
    issue = change(make_issue(P3, now=NINE + 7 * HOUR), P1, now=evening).issue
    assert issue.clocks.resolution.used == HOUR
    assert issue.clocks.resolution.due(CALENDARS[P1]) == evening + 3 * HOUR


def test_the_same_span_round_the_clock_is_a_raise_too() -> None:
    """Equal budgets, longer hours: due tonight instead of tomorrow, so it gets its grace."""
    policy = make_policy(targets={P1: make_targets(P1, windows=(2 * HOUR,) * 4, grace=10 * MINUTE)})
    issue = make_issue(P3, policy=policy, now=NINE)
    five = NINE + HOUR + 55 * MINUTE
    raised = change(issue, P1, now=five, policy=policy).issue
    assert raised.clocks.tier_window.due(policy.targets[P1].calendar) == NINE + 2 * HOUR


def test_a_breach_on_record_stays_and_a_pending_one_is_called_off() -> None:
    breached = run_until(make_claimed(P2), NINE + 2 * DAY).issue
    assert breached.breached == ("resolution",)
    assert change(breached, P4, now=NINE + 2 * DAY).issue.breached == ("resolution",)
    nearly = change(make_issue(P2), P3, now=NINE + 19 * MINUTE).issue
    assert not any(isinstance(event, IssueEscalated) for event in pass_time(nearly, POLICY, NINE + HOUR).events)


def test_the_clocks_of_what_waits_stay_stopped() -> None:
    waiting = make_waiting(P3, waits_at=NINE + HOUR)
    raised = change(waiting, P2, now=NINE + 2 * HOUR).issue
    assert raised.status is Status.WAITING
    assert raised.clocks.resolution.running_since is None
    assert raised.clocks.resolution.used == HOUR
    resumed = lifecycle.resume(raised, ANN, holder_gone=False, policy=POLICY, now=NINE + 4 * HOUR).issue
    assert resumed.clocks.resolution.due(OFFICE) == NINE + DAY + 3 * HOUR, "seven of eight hours are left"
    assert resumed.clocks.update.due(OFFICE) == NINE + 6 * HOUR


def test_the_last_tiers_longer_waits_are_those_of_the_new_priority() -> None:
    """Three reminders have doubled its window; lowering the priority must not shorten it (invariant 16)."""
    policy = make_policy()
    reminded = run_until(at_tier(4, P2), NINE + 5 * HOUR, policy=policy).issue
    assert reminded.pings >= 3
    before = reminded.clocks.tier_window.due(OFFICE)
    lowered = change(reminded, P3, now=NINE + 5 * HOUR).issue
    after = lowered.clocks.tier_window.due(OFFICE)
    assert before is not None
    assert after is not None
    assert after >= before


# --- whom a raise tells


def test_a_raise_to_critical_tells_whoever_a_new_one_would_have_told() -> None:
    decision = change(make_issue(P3), P1)
    assert decision.events[1:] == (LevelsInformed(at=NINE, cause=Cause.RAISED, tiers=(2, 4)),)
    assert decision.issue.carded == (1, 2), "L2 gets a card, management a word"
    assert decision.issue.tier == 1, "the turn stays where it was"


@pytest.mark.parametrize(("tier", "told"), [(1, (2, 4)), (2, (4,)), (3, (4,)), (4, ())])
def test_who_has_a_card_is_not_told_again(tier: int, told: tuple[int, ...]) -> None:
    decision = change(at_tier(tier, P3), P1)
    informed = [event.tiers for event in decision.events if isinstance(event, LevelsInformed)]
    assert informed == ([told] if told else [])


def test_a_lowering_and_a_raise_that_concerns_nobody_new_tell_nobody() -> None:
    assert len(change(make_issue(P3), P2).events) == 1
    assert len(change(make_issue(P1), P2).events) == 1
    assert len(change(make_issue(P2), P4).events) == 1


def test_a_raise_after_a_lowering_tells_as_the_first_one_did() -> None:
    """Who was told that it is low again must hear that it is not."""
    raised = change(make_issue(P3), P1).issue
    low = change(raised, P3).issue
    again = change(low, P1)
    assert again.events[1:] == (LevelsInformed(at=NINE, cause=Cause.RAISED, tiers=(4,)),), "L2 has the turn still"


@pytest.mark.parametrize("born", [P1, P3])
def test_a_raise_after_a_return_calls_whom_the_first_one_called(born: Priority) -> None:
    low = change(change(make_issue(P3), P1).issue if born is P3 else make_issue(P1), P3).issue
    up = (
        low
        if low.tier == 2
        else lifecycle.escalate(low, ANN, seen=Seen(), reason="!", tried="!", policy=POLICY, now=NINE).issue
    )
    back = lifecycle.give_back(up, CHLOE, seen=Seen(), findings="it is nothing", policy=POLICY, now=NINE).issue
    again = change(back, P1)
    assert again.events[1:] == (LevelsInformed(at=NINE, cause=Cause.RAISED, tiers=(2, 4)),)
    assert again.issue.turn == (1, 2)


def test_a_lowering_makes_nobody_hear_again_of_what_they_know() -> None:
    policy = changed(P2, at_once=AtOnce(tiers=(1,), inform=(4,)))
    low = change(make_issue(P1, policy=policy), P2, policy=policy).issue
    assert low.informed == (4,)


def test_a_raise_gives_cards_also_where_nobody_is_merely_told() -> None:
    policy = changed(P2, at_once=AtOnce(tiers=(1, 2), inform=()))
    decision = change(make_issue(P3, policy=policy), P2, policy=policy)
    assert decision.events[1:] == (LevelsInformed(at=NINE, cause=Cause.RAISED, tiers=(2,)),)
    assert decision.issue.carded == (1, 2)


# --- by the reporter


def get_worse(issue: Issue, user: str = REPORTER, *, reason: str = "Now the whole floor") -> Decision:
    return lifecycle.get_worse(issue, user, reason=reason, policy=POLICY, now=NINE)


@pytest.mark.parametrize(
    ("impact", "urgency", "after", "priority"),
    [(MEDIUM, LOW, MEDIUM, P3), (MEDIUM, MEDIUM, HIGH, P2), (LOW, LOW, HIGH, P3), (HIGH, MEDIUM, HIGH, P1)],
    ids=["by one", "by one to the highest", "by two, as one would change nothing", "to critical"],
)
def test_it_got_worse_raises_the_urgency_until_the_priority_is_higher(
    impact: Level, urgency: Level, after: Level, priority: Priority
) -> None:
    issue = get_worse(make_issue(impact=impact, urgency=urgency)).issue
    assert (issue.urgency, issue.raised_by_reporter) == (after, True)
    assert issue.priority is priority


def test_a_reporter_raises_once() -> None:
    once = get_worse(make_issue(urgency=LOW)).issue
    with refused(refusals.RaisedOnce, "ISS-42"):
        get_worse(once)
    lowered = change(once, P3, now=NINE).issue
    with refused(refusals.RaisedOnce):
        get_worse(lowered)


def test_it_cannot_be_worse_than_the_worst() -> None:
    with refused(refusals.CannotBeWorse, "ISS-42"):
        get_worse(make_issue(P1))
    flat = replace(POLICY, matrix={level: dict.fromkeys(Level, P3) for level in Level})
    issue = make_issue(urgency=LOW, policy=flat)
    with refused(refusals.CannotBeWorse, "ISS-42 is Normal (P3), and a higher urgency would not change that"):
        lifecycle.get_worse(issue, REPORTER, reason="all of us", policy=flat, now=NINE)


def test_only_the_reporter_of_a_live_issue_says_so() -> None:
    with refused(refusals.NotYours, "ISS-42"):
        get_worse(make_issue(), STRANGER.user)
    with refused(refusals.NotYours):
        get_worse(make_issue(), ANN.user)
    with refused(refusals.AlreadyResolved):
        get_worse(make_resolved())


def test_the_reporter_says_in_a_line_what_is_worse() -> None:
    with refused(refusals.ReasonMissing, "worse"):
        get_worse(make_issue(), reason="")
    with refused(refusals.TextTooLong, "2,001"):
        get_worse(make_issue(), reason="x" * 2001)


def test_staff_may_change_it_as_often_as_needed() -> None:
    issue = make_issue(P3)
    for priority in (P2, P3, P1, P4):
        issue = change(issue, priority, EVA).issue
    assert issue.priority is P4
    assert not issue.raised_by_reporter


# --- another policy (domain.md 3.9)


def test_replanning_keeps_what_is_used_and_pins_the_new_version() -> None:
    hasty = make_policy(version="v2", targets={P3: make_targets(P3, windows=(HOUR,) * 4)})
    now = NINE + 30 * MINUTE
    decision = replan(make_issue(P3), POLICY, hasty, now)
    assert [type(event) for event in decision.events] == [IssueReplanned]
    assert decision.issue.policy == "v2"
    assert decision.issue.clocks.tier_window.used == 30 * MINUTE
    assert decision.issue.clocks.tier_window.due(OFFICE) == NINE + HOUR


def test_replanning_leaves_a_grace() -> None:
    hasty = make_policy(version="v2", targets={P3: make_targets(P3, windows=(20 * MINUTE,) * 4)})
    now = NINE + 30 * MINUTE
    assert replan(make_issue(P3), POLICY, hasty, now).issue.clocks.tier_window.due(OFFICE) == now + 10 * MINUTE


def test_replanning_is_for_what_goes_on_or_may_and_differs() -> None:
    other = make_policy(version="v2")
    assert not replan(make_issue(), POLICY, POLICY, NINE).events
    closed = pass_time(make_resolved(), POLICY, NINE + 30 * DAY).issue
    assert closed.status is Status.CLOSED
    assert not replan(closed, POLICY, other, NINE).events
    assert replan(make_claimed(by=CHLOE), POLICY, other, NINE).events
    assert replan(make_waiting(), POLICY, other, NINE).issue.status is Status.WAITING


def test_what_is_resolved_or_merged_moves_and_nothing_of_it_runs() -> None:
    short: dict[str, Any] = {"windows": (MINUTE,) * 4, "resolution": 5 * HOUR}
    hasty = make_policy(version="v2", targets={each: make_targets(each, **short) for each in (P2, P3)})
    for issue in (make_resolved(), make_merged()[0]):
        moved = replan(issue, POLICY, hasty, NINE + HOUR).issue
        assert (moved.status, moved.policy) == (issue.status, "v2")
        for name in ("first_response", "tier_window", "update", "resolution"):
            before, after = getattr(issue.clocks, name), getattr(moved.clocks, name)
            assert (after.used, after.running_since) == (before.used, None)
        assert (moved.clocks.tier_window.budget, moved.clocks.resolution.budget) == (MINUTE, 5 * HOUR)


def test_an_issue_that_comes_back_follows_what_it_was_moved_to() -> None:
    hasty = make_policy(version="v2", targets={P3: make_targets(P3, windows=(MINUTE,) * 4)})
    moved = replan(make_resolved(), POLICY, hasty, NINE + HOUR).issue
    back = lifecycle.reopen(moved, ROBIN, reason="It is back.", policy=hasty, now=NINE + 2 * HOUR).issue
    assert back.clocks.tier_window.due(OFFICE) == NINE + 2 * HOUR + MINUTE


def test_an_issue_keeps_its_policy_until_then() -> None:
    issue = make_issue(P2)
    assert issue.policy == "v1"
    later = lifecycle.claim(issue, ANN, desk=None, policy=POLICY, now=NINE + SECOND).issue
    assert later.policy == "v1"
