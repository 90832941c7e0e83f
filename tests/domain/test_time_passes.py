"""What time alone brings about: who has the turn when nobody reacts, and what breaks when nobody keeps it."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from bot.domain import lifecycle
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Decision
from bot.domain.events import (
    Cause,
    ClaimantReminded,
    Event,
    IssueEscalated,
    LevelsInformed,
    Reminded,
    TargetBreached,
    TierReminded,
)
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.policy import OnStale, Policy, Repeat
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    CHLOE,
    DAVID,
    DAY,
    EVA,
    HOUR,
    MINUTE,
    NINE,
    OFFICE,
    P1,
    P2,
    P3,
    P4,
    POLICY,
    REPORTER,
    SECOND,
    at_tier,
    changed,
    make_claimed,
    make_issue,
    make_office,
    make_policy,
    make_targets,
    make_words,
    run_until,
    seen,
)


def climb(issue: Issue, until: datetime, policy: Policy = POLICY) -> list[tuple[datetime, int]]:
    """When each tier got it, or was reminded."""
    return [
        (event.at, event.to_tier if isinstance(event, IssueEscalated) else event.tier)
        for event in run_until(issue, until, policy=policy).events
        if isinstance(event, IssueEscalated | TierReminded)
    ]


def steps(decision: Decision) -> list[Event]:
    return [event for event in decision.events if not isinstance(event, Reminded)]


# --- nobody claims it


@pytest.mark.parametrize(
    ("priority", "tiers"),
    [
        (P1, [(10 * MINUTE, 3), (25 * MINUTE, 4), (40 * MINUTE, 4), (55 * MINUTE, 4)]),
        (P2, [(20 * MINUTE, 2), (50 * MINUTE, 3), (110 * MINUTE, 4)]),
        (P3, [(2 * HOUR, 2), (4 * HOUR, 3), (8 * HOUR, 4)]),
        (P4, [(4 * HOUR, 2), (8 * HOUR, 3), (DAY + 8 * HOUR, 4)]),
    ],
)
def test_the_ladder_when_nobody_reacts(priority: Priority, tiers: list[tuple[timedelta, int]]) -> None:
    """domain.md 7.2, worst case."""
    assert climb(make_issue(priority), NINE + tiers[-1][0]) == [(NINE + after, tier) for after, tier in tiers]


@pytest.mark.parametrize("priority", list(Priority))
def test_the_window_ends_at_its_last_second(priority: Priority) -> None:
    issue = make_issue(priority)
    due = issue.clocks.tier_window.due(POLICY.targets[priority].calendar)
    assert due is not None
    assert not any(isinstance(event, IssueEscalated) for event in pass_time(issue, POLICY, due - SECOND).events)
    assert pass_time(issue, POLICY, due).issue.tier == issue.tier + 1


def test_29_59_is_in_time_and_30_00_is_not() -> None:
    at_two = at_tier(2, P2)
    assert steps(pass_time(at_two, POLICY, NINE + 29 * MINUTE + 59 * SECOND)) == []
    decision = pass_time(at_two, POLICY, NINE + 30 * MINUTE)
    assert steps(decision) == [
        IssueEscalated(
            at=NINE + 30 * MINUTE,
            by=None,
            cause=Cause.UNCLAIMED,
            from_tier=2,
            to_tier=3,
            due_at=NINE + 30 * MINUTE,
            claimant=None,
        )
    ]


def test_on_friday_afternoon_it_waits_for_monday_and_over_a_holiday_for_tuesday() -> None:
    friday = NINE + 4 * DAY + 7 * HOUR + 50 * MINUTE  # 16:50
    assert climb(make_issue(P2, now=friday), NINE + 8 * DAY)[0] == (NINE + 7 * DAY + 10 * MINUTE, 2)
    closed = make_office(holidays=frozenset({date(2026, 1, 12)}))
    policy = changed(P2, calendar=closed)
    issue = make_issue(P2, policy=policy, now=friday)
    assert climb(issue, NINE + 8 * DAY + HOUR, policy)[0] == (NINE + 8 * DAY + 10 * MINUTE, 2)


def test_windows_end_by_the_wall_clock_of_their_zone_also_when_it_changes() -> None:
    """Berlin, Friday 16:50 before the last weekend of March: Monday 09:10 is an hour earlier in UTC."""
    berlin = make_office("Europe/Berlin")
    policy = changed(P2, calendar=berlin)
    friday = datetime.fromisoformat("2026-03-27T16:50:00+01:00")
    issue = make_issue(P2, policy=policy, now=friday)
    assert climb(issue, friday + 4 * DAY, policy)[0] == (datetime.fromisoformat("2026-03-30T09:10:00+02:00"), 2)


# --- it is claimed, and nobody hears of it


@pytest.mark.parametrize("priority", [P1, P2, P3])
def test_silence_of_the_claimant_moves_it_up_and_frees_it(priority: Priority) -> None:
    issue = make_claimed(priority)
    due = issue.clocks.update.due(POLICY.targets[priority].calendar)
    assert due is not None
    assert not any(isinstance(event, IssueEscalated) for event in pass_time(issue, POLICY, due - SECOND).events)
    decision = pass_time(issue, POLICY, due)
    moved = next(event for event in decision.events if isinstance(event, IssueEscalated))
    assert (moved.cause, moved.claimant, moved.due_at) == (Cause.STALE, ANN.user, due)
    assert (decision.issue.status, decision.issue.claim, decision.issue.tier) == (Status.OPEN, None, issue.tier + 1)


def test_a_word_to_the_reporter_keeps_the_claim() -> None:
    issue = make_claimed(P2)
    for hour in range(1, 7):
        issue = lifecycle.staff_word(issue, ANN, make_words(), note=False, policy=POLICY, now=NINE + hour * HOUR).issue
    assert not any(isinstance(event, IssueEscalated) for event in run_until(issue, NINE + 8 * HOUR - SECOND).events)


def test_a_note_or_the_reporters_own_word_does_not() -> None:
    issue = make_claimed(P2)
    now = NINE + 119 * MINUTE
    noted = lifecycle.staff_word(issue, ANN, make_words(), note=True, policy=POLICY, now=now).issue
    asked = lifecycle.reporter_word(issue, make_words(), by=REPORTER, holder_gone=False, policy=POLICY, now=now).issue
    for after in (noted, asked):
        assert pass_time(after, POLICY, NINE + 2 * HOUR).issue.tier == 2


def test_a_policy_may_leave_it_with_the_claimant() -> None:
    """P4: reminded at 24 hours of open time; at twice that the tier above is told."""
    issue = make_claimed(P4)
    first, second = NINE + 2 * DAY + 8 * HOUR, NINE + 7 * DAY + 8 * HOUR
    once = run_until(issue, first)
    assert steps(once) == [ClaimantReminded(at=first, due_at=first, count=1)]
    twice = [event for event in steps(run_until(once.issue, second)) if not isinstance(event, TargetBreached)]
    assert ClaimantReminded(at=second, due_at=second, count=2) in twice
    assert LevelsInformed(at=second, cause=Cause.STALE, tiers=(2,)) in twice
    assert once.issue.claim is not None
    assert once.issue.tier == 1


def test_where_the_claimant_is_called_with_their_tier_nobody_is_told_above() -> None:
    """At the last tier, and at the card of the tier above, the same channel would read it twice."""
    last = lifecycle.claim(at_tier(4, P4), EVA, desk=None, policy=POLICY, now=NINE).issue
    third = at_tier(3, P4)
    back = lifecycle.give_back(third, DAVID, seen=seen(third), findings="a cable", policy=POLICY, now=NINE).issue
    old_card = lifecycle.claim(back, DAVID, desk=3, policy=POLICY, now=NINE).issue
    for held in (last, old_card):
        happened = run_until(held, NINE + 7 * DAY + 8 * HOUR).events
        assert [event.count for event in happened if isinstance(event, ClaimantReminded)] == [1, 2]
        assert Cause.STALE not in [event.cause for event in happened if isinstance(event, LevelsInformed)]


def test_a_word_to_the_reporter_forgives_the_first_reminder() -> None:
    first = NINE + 2 * DAY + 8 * HOUR
    once = run_until(make_claimed(P4), first).issue
    told = lifecycle.staff_word(once, ANN, make_words(), note=False, policy=POLICY, now=first).issue
    assert (once.stale_reminders, told.stale_reminders) == (1, 0)


def test_at_the_last_tier_the_claimant_is_pinged_and_keeps_it() -> None:
    held = lifecycle.claim(at_tier(4, P2), EVA, desk=None, policy=POLICY, now=NINE).issue
    decision = pass_time(held, POLICY, NINE + 2 * HOUR)
    assert [event for event in steps(decision) if isinstance(event, TierReminded)] == [
        TierReminded(at=NINE + 2 * HOUR, cause=Cause.STALE, tier=4, due_at=NINE + 2 * HOUR, count=1)
    ]
    assert decision.issue.claim is not None
    assert decision.issue.clocks.update.due(OFFICE) == NINE + 4 * HOUR


# --- the last tier


def test_the_last_tier_is_pinged_again_and_again_less_and_less_often() -> None:
    policy = changed(P2, calendar=make_targets(P1).calendar, repeat=Repeat(factor=1.5, cap=4 * HOUR))
    pings = climb(at_tier(4, P2, policy=policy), NINE + 20 * HOUR, policy)
    waits = [after - before for (before, _), (after, _) in pairwise(pings)]
    assert pings[0] == (NINE + HOUR, 4)
    assert waits[:5] == [HOUR, 1.5 * HOUR, 2.25 * HOUR, 3.375 * HOUR, 4 * HOUR]


def test_a_critical_issue_pings_the_last_tier_at_a_constant_pace() -> None:
    pings = climb(at_tier(4, P1), NINE + 5 * HOUR)
    assert [at for at, _ in pings] == [NINE + (15 * n) * MINUTE for n in range(1, 21)]


def test_months_of_silence_do_not_overflow() -> None:
    """The wait grows to its cap and no further, however often the last tier was pinged."""
    policy = changed(P2, calendar=make_targets(P1).calendar, repeat=Repeat(factor=10.0, cap=4 * HOUR))
    issue = at_tier(4, P2, policy=policy)
    end = run_until(issue, NINE + 60 * DAY, policy=policy)
    assert end.issue.pings > 350
    assert end.issue.clocks.tier_window.budget == 4 * HOUR


def test_reminders_are_counted_anew_once_somebody_had_it() -> None:
    """Three that nobody answered in a row tell somebody by name; a claim is an answer."""
    pinged = run_until(at_tier(4, P2), NINE + 3 * HOUR).issue
    assert pinged.pings >= 2
    claimed = lifecycle.claim(pinged, EVA, desk=None, policy=POLICY, now=NINE + 3 * HOUR).issue
    released = lifecycle.release(claimed, EVA, policy=POLICY, now=NINE + 3 * HOUR).issue
    assert (claimed.pings, released.pings) == (0, 0)
    assert released.clocks.tier_window.budget == HOUR


def test_whoever_wakes_without_claimant_at_the_last_tier_has_its_usual_window() -> None:
    policy = changed(P2, calendar=make_targets(P1).calendar, repeat=Repeat(factor=2.0, cap=4 * HOUR))
    pinged = run_until(at_tier(4, P2, policy=policy), NINE + 10 * HOUR, policy=policy).issue
    assert pinged.clocks.tier_window.budget == 4 * HOUR
    now = NINE + 10 * HOUR
    claimed = lifecycle.claim(pinged, EVA, desk=None, policy=policy, now=now).issue
    waiting = lifecycle.wait(
        claimed, EVA, reason=WaitingFor.VENDOR, note="parts", until=None, policy=policy, now=now
    ).issue
    open_again = lifecycle.resume(waiting, EVA, holder_gone=True, policy=policy, now=now).issue
    assert open_again.clocks.tier_window.budget == HOUR


# --- promises to the reporter


def test_a_missed_first_response_is_put_on_record_and_nothing_else() -> None:
    issue = make_issue(P3)
    due = NINE + 4 * HOUR
    before = run_until(issue, due - SECOND).issue
    decision = pass_time(before, POLICY, due)
    assert TargetBreached(at=due, clock="first_response", due_at=due) in decision.events
    assert not any(isinstance(event, LevelsInformed) for event in decision.events)


def test_a_missed_resolution_tells_those_above_once_and_moves_nothing() -> None:
    policy = changed(P2, update=400 * HOUR)
    issue = make_claimed(P2, policy=policy)
    due = NINE + 8 * HOUR
    before = run_until(issue, due - SECOND, policy=policy).issue
    decision = pass_time(before, policy, due)
    assert steps(decision) == [
        TargetBreached(at=due, clock="resolution", due_at=due),
        LevelsInformed(at=due, cause=Cause.RESOLUTION, tiers=(2, 4)),
    ]
    assert (decision.issue.tier, decision.issue.claim) == (1, issue.claim)
    later = run_until(decision.issue, NINE + 20 * DAY, policy=policy)
    assert not any(isinstance(event, TargetBreached) for event in later.events)


@pytest.mark.parametrize(("tier", "told"), [(1, (2, 4)), (2, (3, 4)), (3, (4,)), (4, (4,))])
def test_whom_a_missed_resolution_tells(tier: int, told: tuple[int, ...]) -> None:
    policy = changed(P2, windows=(400 * HOUR,) * 4)
    events = pass_time(at_tier(tier, P2, policy=policy), policy, NINE + 8 * HOUR).events
    assert [event.tiers for event in events if isinstance(event, LevelsInformed)] == [told]


def test_a_promise_kept_in_the_last_second_is_kept() -> None:
    claimed = make_claimed(P3, claimed_at=NINE + 4 * HOUR)
    assert not any(isinstance(event, TargetBreached) for event in pass_time(claimed, POLICY, NINE + 5 * HOUR).events)


# --- late engines, odd clocks


def test_after_a_downtime_one_step_and_a_whole_window() -> None:
    """Two days down: L1, L2 and L3 ran out; it goes to L2 alone, which has its half hour from now."""
    late = NINE + 2 * DAY
    decision = pass_time(make_issue(P2), POLICY, late)
    moves = [event for event in decision.events if isinstance(event, IssueEscalated)]
    assert len(moves) == 1
    assert moves[0].due_at == NINE + 20 * MINUTE, "the record says when it should have happened"
    assert decision.issue.tier == 2
    assert decision.issue.clocks.tier_window.due(OFFICE) == late + 30 * MINUTE
    assert not pass_time(decision.issue, POLICY, late).events


def test_a_clock_set_back_repeats_nothing() -> None:
    due = NINE + 20 * MINUTE
    moved = pass_time(make_issue(P2), POLICY, due).issue
    for back in (SECOND, HOUR, 3 * DAY):
        assert not pass_time(moved, POLICY, due - back).events


@pytest.mark.parametrize("cycle", [SECOND, 7 * SECOND, MINUTE, 10 * MINUTE])
def test_a_coarse_cycle_is_late_by_less_than_a_cycle_and_nothing_else(cycle: timedelta) -> None:
    issue, now = make_issue(P2), NINE
    acted: list[tuple[int, timedelta]] = []
    while issue.tier < 4:
        now += cycle
        decision = pass_time(issue, POLICY, now)
        issue = decision.issue
        acted += [(e.to_tier, e.at - e.due_at) for e in decision.events if isinstance(e, IssueEscalated)]
    assert [tier for tier, _ in acted] == [2, 3, 4]
    assert all(late < cycle for _, late in acted)


def test_once_everything_due_has_happened_the_next_moment_is_ahead() -> None:
    """Two days of downtime for a hand-over nobody accepted, at the last tier, with every promise broken."""
    held = lifecycle.claim(at_tier(4, P2), EVA, desk=None, policy=POLICY, now=NINE).issue
    policy = make_policy()
    offered = lifecycle.hand_over(held, EVA, to=EVA.__class__("U0FAY", EVA.tiers), note="x", policy=policy, now=NINE)
    late = NINE + 9 * DAY
    decision = pass_time(offered.issue, policy, late)
    coming = next_moment(decision.issue, policy)
    assert coming is not None
    assert coming > late
    assert decision.issue.claim is None


def test_a_claimed_issue_keeps_its_claimant_when_only_told_about() -> None:
    policy = changed(P3, on_stale=OnStale.INFORM)
    held = lifecycle.claim(at_tier(2, P3, policy=policy), CHLOE, desk=None, policy=policy, now=NINE).issue
    assert run_until(held, NINE + 30 * DAY, policy=policy).issue.claim == held.claim
