"""The invariants of domain.md section 4 that concern the rules, one function each, named by their number.

Each takes what it needs to judge: one step, an issue with its policy, or all steps of one issue.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.domain import lifecycle
from bot.domain.calendar import ALWAYS, Calendar
from bot.domain.clocks import Clock
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import FIRST_RESPONSE, RESOLUTION, TIER_WINDOW, UPDATE, next_moment
from bot.domain.decision import Actor
from bot.domain.events import (
    Cause,
    ClaimantReminded,
    Event,
    HandOverAccepted,
    IssueCancelled,
    IssueClaimed,
    IssueClosed,
    IssueEscalated,
    IssueHandedOver,
    IssueMerged,
    IssueOpened,
    IssueReleased,
    IssueReopened,
    IssueReplanned,
    IssueRerouted,
    IssueResolved,
    IssueReturned,
    IssueTakenOver,
    IssueUnmerged,
    LevelsInformed,
    ParentAnswered,
    ParentReopened,
    ParentResolved,
    PriorityChanged,
    Reminded,
    ReporterNudged,
    TargetBreached,
    TierReminded,
    WaitEnded,
    WaitStarted,
)
from bot.domain.evolution import evolve, fold
from bot.domain.issue import FINAL, LIVE, Issue, Status
from bot.domain.lifecycle import Seen
from bot.domain.policy import OnStale, Policy
from bot.domain.priority import SEVERE
from bot.domain.refusals import AlreadyMoved, NoHigherTier, Refused
from tests.domain.scripts import ACTS
from tests.domain.world import REPLAN, TIME, Step

CLOCKS = (FIRST_RESPONSE, TIER_WINDOW, UPDATE, RESOLUTION)
INSTANT = timedelta.resolution
ZERO = timedelta()
MOST_MOMENTS = 1000  # on the way up; after days of downtime each update window owes a notice of a P1

OPEN, CLAIMED, WAITING = Status.OPEN, Status.CLAIMED, Status.WAITING
RESOLVED, CLOSED, CANCELLED, MERGED = Status.RESOLVED, Status.CLOSED, Status.CANCELLED, Status.MERGED

# The table of domain.md 2.3: from which states an event leads where. What is not named leaves the status alone.
TRANSITIONS: Mapping[type, Mapping[Status, frozenset[Status]]] = {
    IssueClaimed: {OPEN: frozenset({CLAIMED})},
    IssueTakenOver: {CLAIMED: frozenset({CLAIMED})},
    IssueHandedOver: {CLAIMED: frozenset({CLAIMED})},
    HandOverAccepted: {CLAIMED: frozenset({CLAIMED})},
    IssueReleased: {CLAIMED: frozenset({OPEN})},
    WaitStarted: {CLAIMED: frozenset({WAITING})},
    WaitEnded: {WAITING: frozenset({CLAIMED, OPEN})},
    IssueEscalated: dict.fromkeys((OPEN, CLAIMED), frozenset({OPEN})),
    IssueReturned: dict.fromkeys((OPEN, CLAIMED), frozenset({OPEN})),
    IssueRerouted: dict.fromkeys((OPEN, CLAIMED), frozenset({OPEN})),
    IssueResolved: dict.fromkeys(LIVE, frozenset({RESOLVED})),
    IssueReopened: {RESOLVED: frozenset({OPEN})},
    IssueClosed: {RESOLVED: frozenset({CLOSED})},
    IssueCancelled: dict.fromkeys(LIVE, frozenset({CANCELLED})),
    IssueMerged: dict.fromkeys((*LIVE, MERGED), frozenset({MERGED})),  # a merged one moves along with its parent
    IssueUnmerged: {MERGED: frozenset({OPEN})},
}


def clocks_of(issue: Issue) -> dict[str, Clock]:
    return {name: getattr(issue.clocks, name) for name in CLOCKS}


def dues(issue: Issue, policy: Policy) -> dict[str, datetime | None]:
    calendar = policy.targets[issue.priority].calendar
    return {name: clock.due(calendar) for name, clock in clocks_of(issue).items()}


def spent(issue: Issue, policy: Policy, now: datetime) -> dict[str, timedelta]:
    calendar = policy.targets[issue.priority].calendar
    return {name: clock.spent(now, calendar) for name, clock in clocks_of(issue).items()}


# --- one step --------------------------------------------------------------------------------------------------------


def invariant_01_status_changes_only_along_the_transitions(step: Step) -> None:
    for before, event, after in step.stages:
        if before is None:
            assert isinstance(event, IssueOpened)
            assert after.status is OPEN
        else:
            _along_the_transitions(before, event, after)


def _along_the_transitions(before: Issue, event: Event, after: Issue) -> None:
    if way := TRANSITIONS.get(type(event)):
        assert before.status in way, f"{type(event).__name__} happened to an issue that is {before.status}"
        assert after.status in way[before.status]
    else:
        assert after.status is before.status, f"{type(event).__name__} changed the status"


def invariant_01_nothing_else_is_allowed(issue: Issue, policy: Policy, now: datetime) -> None:
    """Whoever may do anything tries everything, in whatever state it is."""
    for act in ACTS.values():
        try:
            decision = act(issue, policy, now)
        except Refused:
            continue
        before = issue
        for event in decision.events:
            after = evolve(before, event, policy)
            _along_the_transitions(before, event, after)
            before = after


def invariant_03_never_two_claims_at_once(step: Step) -> None:
    for before, event, after in step.stages:
        if isinstance(event, IssueClaimed):
            assert before is not None
            assert before.claim is None, "claimed twice"
        elif isinstance(event, IssueTakenOver | IssueReleased):
            assert before is not None
            assert before.claim is not None
            assert before.claim.by == event.claimant, "somebody else loses a claim than had it"
        elif not isinstance(event, IssueHandedOver) and before and before.claim and after.claim:
            assert after.claim.by == before.claim.by, f"{type(event).__name__} changed the claimant"


def invariant_04_what_is_over_has_only_its_own_last_events(step: Step) -> None:
    """Words go on after the end; they change nothing, and no clock runs for them."""
    if step.before is None or step.before.status not in FINAL:
        return
    if step.before.status is MERGED and step.act == REPLAN:  # it may come back, and then by the new policy
        assert not any(clock.running_since for clock in clocks_of(step.after).values())
        assert {name: clock.used for name, clock in clocks_of(step.after).items()} == {
            name: clock.used for name, clock in clocks_of(step.before).items()
        }
        assert step.after.status is MERGED
    elif step.before.status is MERGED:
        assert step.act in {"merge", "unmerge", "learn"} or step.after.clocks == step.before.clocks  # of its parent
    else:
        assert step.after.status is step.before.status
        assert step.after.clocks == step.before.clocks


def invariant_06_the_tier_moves_by_one(step: Step) -> None:
    for before, event, after in step.stages:
        if before is None:
            continue
        if isinstance(event, IssueEscalated):
            assert after.tier == before.tier + 1 == event.to_tier
            assert before.tier == event.from_tier
        elif isinstance(event, IssueReturned):
            assert after.tier == before.tier - 1 == event.to_tier
            assert before.tier == event.from_tier
        elif isinstance(event, IssueRerouted):
            assert after.tier == event.to_tier != before.tier == event.from_tier
        else:
            assert after.tier == before.tier, f"{type(event).__name__} moved the issue"


def invariant_07_functional_ends_the_claim_and_hierarchical_changes_nothing(step: Step) -> None:
    for before, event, after in step.stages:
        if isinstance(event, IssueEscalated):
            assert after.claim is None
            assert after.status is OPEN
        elif isinstance(event, LevelsInformed):
            assert before is not None
            assert (after.tier, after.claim, after.clocks) == (before.tier, before.claim, before.clocks)


def invariant_09_nothing_escalates_early(step: Step) -> None:
    for event in step.events:
        if isinstance(event, IssueEscalated | TierReminded | ClaimantReminded | TargetBreached):
            assert event.at >= event.due_at


def invariant_11_no_deadline_passes_without_its_event(step: Step) -> None:
    """After the engine has looked, nothing is due: one look does what there is to do, and no loop spins."""
    if step.act == TIME:
        coming = next_moment(step.after, step.new_policy)
        assert coming is None or coming > step.now, f"{coming} is due, and it is {step.now}"


def invariant_15_used_time_stays_used(step: Step) -> None:
    """Neither another priority nor another policy changes what is used; only what remains."""
    if step.before and (step.act == REPLAN or any(isinstance(event, PriorityChanged) for event in step.events)):
        before, after = spent(step.before, step.policy, step.now), spent(step.after, step.new_policy, step.now)
        assert after == before


def invariant_16_a_raise_is_never_later_and_a_lowering_never_earlier(step: Step) -> None:
    change = next((event for event in step.events if isinstance(event, PriorityChanged)), None)
    if change is None or step.before is None:
        return
    old, new = dues(step.before, step.policy), dues(step.after, step.policy)
    for name in CLOCKS:
        was, will = old[name], new[name]
        assert (was is None) == (will is None), f"a change of priority started or stopped {name}"
        if was is None or will is None:
            continue
        if change.after.rank <= change.before.rank:
            assert will <= max(was, step.now), f"the raise moved {name} from {was} to {will}"
        if change.after.rank >= change.before.rank:
            assert will >= was or will >= step.now >= was, f"the lowering moved {name} from {was} to {will}"


def invariant_17_the_reporter_moves_no_deadline_later(step: Step, reporter: str) -> None:
    if step.by != reporter or step.before is None or step.before.status in (WAITING, RESOLVED):
        return
    old, new = dues(step.before, step.policy), dues(step.after, step.policy)
    for name in (TIER_WINDOW, UPDATE, RESOLUTION):
        was, will = old[name], new[name]
        if was and will:
            assert will <= max(was, step.now), f"the reporter moved {name} from {was} to {will}"


def invariant_18_reopening_buys_no_time(step: Step) -> None:
    if step.before and any(isinstance(event, IssueReopened) for event in step.events):
        assert step.after.clocks.resolution.used == step.before.clocks.resolution.used
        assert step.after.clocks.resolution.budget == step.before.clocks.resolution.budget
        assert (RESOLUTION in step.after.breached) == (RESOLUTION in step.before.breached)


def invariant_20_at_most_one_step_up_per_cycle(step: Step) -> None:
    if step.act == TIME:
        turns = [event for event in step.events if isinstance(event, IssueEscalated | TierReminded | ClaimantReminded)]
        assert len(turns) <= 1
        nudges = [event for event in step.events if isinstance(event, ReporterNudged | IssueResolved)]
        assert len(nudges) <= 1


def invariant_23_the_timeline_has_no_gap(step: Step) -> None:
    before = step.before.version if step.before else 0
    assert step.after.version == before + len(step.events)


def invariant_24_a_change_has_its_events_with_who_and_when(step: Step) -> None:
    assert step.events
    issue = step.before
    for _, event, after in step.stages:
        issue = after
        assert event.at == step.now
        assert getattr(event, "by", step.by) == step.by or isinstance(
            event, IssueMerged | ParentResolved | ParentReopened | ParentAnswered
        )
    assert issue == step.after, "something changed that no event tells of"


def invariant_26_a_second_claim_has_no_effect(step: Step, who: Actor) -> None:
    again = lifecycle.claim(step.after, who, desk=None, policy=step.policy, now=step.now)
    assert again.issue == step.after
    assert again.events == ()


def invariant_26_two_presses_of_escalate_are_one_step(step: Step, who: Actor) -> None:
    assert step.before is not None
    seen = Seen(entry=step.before.tier_entry)
    with pytest.raises((AlreadyMoved, NoHigherTier)):
        lifecycle.may_escalate(step.after, who, seen=seen, policy=step.policy)


OF_A_STEP = (
    invariant_01_status_changes_only_along_the_transitions,
    invariant_03_never_two_claims_at_once,
    invariant_04_what_is_over_has_only_its_own_last_events,
    invariant_06_the_tier_moves_by_one,
    invariant_07_functional_ends_the_claim_and_hierarchical_changes_nothing,
    invariant_09_nothing_escalates_early,
    invariant_11_no_deadline_passes_without_its_event,
    invariant_15_used_time_stays_used,
    invariant_16_a_raise_is_never_later_and_a_lowering_never_earlier,
    invariant_18_reopening_buys_no_time,
    invariant_20_at_most_one_step_up_per_cycle,
    invariant_23_the_timeline_has_no_gap,
    invariant_24_a_change_has_its_events_with_who_and_when,
)


# --- an issue as it stands -------------------------------------------------------------------------------------------


def invariant_02_claimed_means_somebody_holds_it(issue: Issue, policy: Policy) -> None:
    if issue.status is not WAITING:
        assert (issue.claim is not None) == (issue.status is CLAIMED)
    assert (issue.waiting is not None) == (issue.status is WAITING)


def invariant_04_what_is_over_has_no_running_clock_and_no_deadline(issue: Issue, policy: Policy) -> None:
    if not issue.ticking:
        assert not any(clock.running_since for clock in clocks_of(issue).values())
    if issue.status in FINAL:
        assert next_moment(issue, policy) is None
        assert issue.claim is None
        assert issue.ended_at is not None


def invariant_05_the_tier_exists(issue: Issue, policy: Policy) -> None:
    assert 1 <= issue.tier <= policy.last_tier
    assert issue.tier in issue.carded
    assert len(set(issue.carded)) == len(issue.carded)


def invariant_12_every_live_issue_has_a_deadline(issue: Issue, policy: Policy) -> None:
    due = dues(issue, policy)
    if issue.status is OPEN:
        assert due[TIER_WINDOW] is not None
        assert due[UPDATE] is None
    if issue.status is CLAIMED:
        assert due[UPDATE] is not None
        assert due[TIER_WINDOW] is None
    if issue.ticking:
        assert due[RESOLUTION] is not None
        assert (due[FIRST_RESPONSE] is None) == issue.responded, "the first response runs until somebody responds"
        assert next_moment(issue, policy) is not None


def invariant_20_a_clock_set_back_repeats_nothing(issue: Issue, policy: Policy) -> None:
    """`next_moment` is sound and complete: until then nothing happens, then something does, and then it is later."""
    moment = next_moment(issue, policy)
    if moment is None:
        far = issue.opened_at + timedelta(days=400)
        assert not pass_time(issue, policy, far).events
        return
    for early in (moment - INSTANT, moment - timedelta(days=3)):
        assert pass_time(issue, policy, early).events == (), f"something happened before {moment}"
    for gone in (False, True):
        decision = pass_time(issue, policy, moment, holder_gone=gone)
        assert decision.events, f"nothing happened at {moment}"
        coming = next_moment(decision.issue, policy)
        assert coming is None or coming > moment, f"after {moment} comes {coming}"


def invariant_25_deciding_changes_nothing_by_itself(issue: Issue, policy: Policy) -> None:
    """Two who decide on one version decide the same; the store lets one of them commit."""
    moment = next_moment(issue, policy)
    if moment:
        assert pass_time(issue, policy, moment) == pass_time(issue, policy, moment)


OF_AN_ISSUE = (
    invariant_02_claimed_means_somebody_holds_it,
    invariant_04_what_is_over_has_no_running_clock_and_no_deadline,
    invariant_05_the_tier_exists,
    invariant_12_every_live_issue_has_a_deadline,
    invariant_20_a_clock_set_back_repeats_nothing,
    invariant_25_deciding_changes_nothing_by_itself,
)


def invariant_13_silence_reaches_the_last_tier(issue: Issue, policy: Policy) -> None:
    """Nobody says a word from here on: everybody above has the turn in order, each for one window."""
    targets = policy.targets[issue.priority]
    if not issue.ticking or (issue.claim and targets.on_stale is OnStale.INFORM):
        return
    turn = issue.clocks.update if issue.claim else issue.clocks.tier_window
    silence = turn.budget - turn.used + sum((targets.window(t) for t in range(issue.tier + 1, policy.last_tier)), ZERO)
    bounded = turn.floor is None and not (issue.claim and issue.claim.accept_by)
    reached = turn.running_since
    for _ in range(MOST_MOMENTS):
        if issue.tier == policy.last_tier:
            break
        reached = next_moment(issue, policy)
        assert reached is not None, "silence has come to rest below the last tier"
        issue = pass_time(issue, policy, reached).issue
    assert issue.tier == policy.last_tier, "silence goes on and on below the last tier"
    assert reached is not None
    assert turn.running_since is not None
    if bounded:
        assert targets.calendar.between(turn.running_since, reached) <= silence


# --- all steps of one issue ------------------------------------------------------------------------------------------


def invariant_08_who_claims_in_time_keeps_it(steps: Sequence[Step]) -> None:
    """An issue claimed before the tier's window ran out never gets an "unclaimed" step for that entry."""
    held: set[int] = set()  # tier entries during which somebody held it, and has not given it up since
    for step in steps:
        for before, event, after in step.stages:
            if isinstance(event, IssueEscalated | TierReminded) and event.cause is Cause.UNCLAIMED:
                assert before is not None
                assert before.claim is None
                assert before.tier_entry not in held
            if after.claim:
                held.add(after.tier_entry)


def invariant_10_each_event_happens_once(steps: Sequence[Step]) -> None:
    seen: Counter[object] = Counter()
    runs: Counter[str] = Counter()  # how often each clock began anew
    waits = 0
    for step in steps:
        for before, event, after in step.stages:
            if before is None:
                continue
            match event:
                case TargetBreached(clock=clock):
                    cycle = before.cycle if clock == FIRST_RESPONSE else 0  # the resolution clock lives through cycles
                    seen["breached", clock, cycle] += 1
                case IssueEscalated(cause=cause):
                    seen["escalated", cause, before.tier_entry] += 1
                case TierReminded(count=count):
                    seen["pinged", before.tier_entry, runs[TIER_WINDOW], runs[UPDATE], count] += 1
                case Reminded(clock=clock, share=share):
                    seen["reminded", clock, share, runs[clock]] += 1
                case LevelsInformed(cause=Cause.LEADERLESS):
                    seen["who leads it", before.cycle] += 1
                case ReporterNudged(count=count):
                    seen["nudged", waits, count] += 1
                case WaitStarted():
                    waits += 1
                case _:
                    pass
            for name in CLOCKS:
                new: Clock = clocks_of(after)[name]
                if new.running_since == event.at and not new.used and clocks_of(before)[name] != new:
                    runs[name] += 1
    assert [what for what, count in seen.items() if count > 1] == []


def invariant_14_pauses_and_closed_hours_never_count(steps: Sequence[Step]) -> None:
    """What the resolution clock says is the integral over the timeline: live and not waiting, in open time."""
    used, since, calendar = ZERO, None, ALWAYS
    for step in steps:
        for before, event, after in step.stages:
            if before and before.ticking == after.ticking and not isinstance(event, PriorityChanged | IssueReplanned):
                continue
            used += calendar.between(since, event.at) if since else ZERO
            since = event.at if after.ticking else None
            calendar = step.new_policy.targets[after.priority].calendar
    last = steps[-1]
    assert spent(last.after, last.new_policy, last.now)[RESOLUTION] == used + (
        calendar.between(since, last.now) if since else ZERO
    )


def invariant_41_the_times_of_the_tiers_add_up(steps: Sequence[Step]) -> None:
    """Where the issue was, by what the events say of their tiers, and how long: together its resolution time."""
    stays: Counter[int] = Counter()  # microseconds of open time per tier
    tier, since, calendar = 0, None, ALWAYS
    for step in steps:
        for _, event, after in step.stages:
            stays[tier] += calendar.between(since, event.at) // INSTANT if since else 0
            match event:
                case IssueOpened():
                    tier = max(step.policy.targets[event.priority].at_once.tiers)
                case IssueEscalated() | IssueReturned() | IssueRerouted():
                    assert event.from_tier == tier
                    tier = event.to_tier
                case _:
                    pass
            since = event.at if after.ticking else None
            calendar = step.new_policy.targets[after.priority].calendar
    last = steps[-1]
    stays[tier] += calendar.between(since, last.now) // INSTANT if since else 0
    assert stays.total() * INSTANT == spent(last.after, last.new_policy, last.now)[RESOLUTION]


def _told_again(steps: Sequence[Step]) -> Iterator[tuple[Step, LevelsInformed]]:
    return (
        (step, event)
        for step in steps
        for _, event, _ in step.stages
        if isinstance(event, LevelsInformed) and event.cause is Cause.RESOLUTION
    )


def rule_3_5_those_above_hear_again_at_most_once_per_update_window(steps: Sequence[Step]) -> None:
    told = list(_told_again(steps))
    for (_, earlier), (step, later) in pairwise(told):
        targets = step.policy.targets[step.after.priority]
        assert step.after.priority in SEVERE
        assert later.tiers == (step.policy.last_tier,)
        if not any(isinstance(event, _NEW_BUDGET) for each in steps for event in each.events):
            assert targets.calendar.between(earlier.at, later.at) >= targets.update


_NEW_TURN = (IssueClaimed, IssueReleased, IssueReopened, IssueReturned, IssueRerouted, IssueUnmerged, WaitEnded)
_NEW_BUDGET = (PriorityChanged, IssueReplanned)


def invariant_19_no_tier_is_robbed_of_its_window(steps: Sequence[Step]) -> None:
    """Between a step up and the next for want of a claim, with nothing between, lies a whole window of open time."""
    entered: tuple[datetime, timedelta, Calendar] | None = None
    for step in steps:
        for _, event, after in step.stages:
            targets = step.policy.targets[after.priority]
            if isinstance(event, IssueEscalated | TierReminded):
                if entered and event.cause is Cause.UNCLAIMED:
                    at, window, calendar = entered
                    assert calendar.between(at, event.at) >= window, f"entered at {at}, left at {event.at}"
                entered = (event.at, targets.window(after.tier), targets.calendar) if after.claim is None else None
            elif isinstance(event, _NEW_TURN + _NEW_BUDGET):
                entered = None


def invariant_23_folding_the_timeline_gives_the_issue(steps: Sequence[Step], policies: Mapping[str, Policy]) -> None:
    timeline = [event for step in steps for event in step.events]
    assert fold(timeline, policies.__getitem__) == steps[-1].after
    for earlier, later in pairwise(steps):
        assert later.before == earlier.after, "the timeline was written anew"


OF_A_HISTORY = (
    invariant_08_who_claims_in_time_keeps_it,
    invariant_10_each_event_happens_once,
    invariant_14_pauses_and_closed_hours_never_count,
    invariant_19_no_tier_is_robbed_of_its_window,
    invariant_41_the_times_of_the_tiers_add_up,
    rule_3_5_those_above_hear_again_at_most_once_per_update_window,
)


# --- all issues ------------------------------------------------------------------------------------------------------


def invariant_36_merging_makes_no_chain(issues: Mapping[int, Issue]) -> None:
    for issue in issues.values():
        assert (issue.parent is not None) == (issue.status is MERGED)
        if issue.parent is not None:
            parent = issues[issue.parent]
            assert parent.parent is None, "a duplicate of a duplicate"
            assert parent.children.count(issue.number) == 1
            assert not issue.children
        assert all(issues[child].parent == issue.number for child in issue.children)


def invariant_38_an_edited_policy_moves_no_open_issue(
    before: Mapping[int, datetime | None], after: Mapping[int, datetime | None]
) -> None:
    assert after == before
