"""T12, T15, T26: up with what was tried, down with what was found, sideways with a reason."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.clockwork import pass_time
from bot.domain.decision import Actor, Decision
from bot.domain.events import Cause, IssueEscalated, IssueRerouted, IssueReturned, LevelsInformed
from bot.domain.issue import HandOff, Issue, Status
from bot.domain.lifecycle import Seen
from bot.domain.policy import AtOnce
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    BEN,
    CHLOE,
    DAVID,
    EVA,
    LEAD,
    MINUTE,
    NINE,
    OFFICE,
    P1,
    P2,
    P3,
    POLICY,
    ROBIN,
    STRANGER,
    at_tier,
    changed,
    escalated,
    make_claimed,
    make_issue,
    make_merged,
    make_policy,
    make_resolved,
    make_targets,
    make_waiting,
    refused,
    seen,
)

LATER = NINE + 10 * MINUTE


def escalate(issue: Issue, who: Actor = ANN, *, now: datetime = LATER, **facts: Any) -> Decision:
    facts = {"seen": seen(issue), "reason": "Needs the firewall", "tried": "Rebooted", **facts}
    return lifecycle.escalate(issue, who, policy=POLICY, now=now, **facts)


def give_back(issue: Issue, who: Actor = CHLOE, *, now: datetime = LATER, **facts: Any) -> Decision:
    facts = {"seen": seen(issue), "findings": "Caps lock", **facts}
    return lifecycle.give_back(issue, who, policy=POLICY, now=now, **facts)


def reroute(issue: Issue, who: Actor = ANN, *, now: datetime = LATER, **facts: Any) -> Decision:
    facts = {"seen": seen(issue), "to": "L3", "reason": "Their system", **facts}
    return lifecycle.reroute(issue, who, policy=POLICY, now=now, **facts)


MOVES: list[Callable[..., Decision]] = [escalate, give_back, reroute]


# --- all three


@pytest.mark.parametrize("move", MOVES)
def test_a_move_ends_the_claim_and_gives_the_tier_its_whole_window(move: Callable[..., Decision]) -> None:
    claimed = lifecycle.claim(at_tier(2), CHLOE, desk=None, policy=POLICY, now=NINE).issue
    issue = move(claimed, CHLOE).issue
    assert (issue.status, issue.claim) == (Status.OPEN, None)
    assert issue.tier_entry == claimed.tier_entry + 1
    assert issue.clocks.tier_window.running_since == LATER
    assert issue.clocks.tier_window.budget == POLICY.targets[P2].window(issue.tier)
    assert issue.clocks.update.running_since is None
    assert issue.clocks.first_response.running_since is None
    assert issue.clocks.resolution == claimed.clocks.resolution
    assert issue.carded[-1] == issue.tier


@pytest.mark.parametrize("move", MOVES)
def test_only_staff_move_an_issue(move: Callable[..., Decision]) -> None:
    for who in (ROBIN, STRANGER):
        with refused(refusals.NotStaff, "ISS-42"):
            move(at_tier(2), who)


@pytest.mark.parametrize("move", MOVES)
def test_what_waits_or_is_over_does_not_move(move: Callable[..., Decision]) -> None:
    with refused(refusals.IsWaiting, "ISS-42", "Resume"):
        move(make_waiting())
    with refused(refusals.AlreadyResolved, "ISS-42"):
        move(make_resolved())
    with refused(refusals.AlreadyMerged, "ISS-42", "merged"):
        move(make_merged()[0])


@pytest.mark.parametrize("move", MOVES)
def test_two_presses_on_one_card_are_one_step(move: Callable[..., Decision]) -> None:
    before = at_tier(2)
    after = move(before).issue
    tier = POLICY.tier(after.tier).name
    with refused(refusals.AlreadyMoved, "ISS-42", tier):
        move(after, BEN, seen=seen(before))


@pytest.mark.parametrize("move", MOVES)
def test_a_command_in_an_old_thread_moves_nothing(move: Callable[..., Decision]) -> None:
    """Typed in L1's thread after the issue has gone to L2; in L2's own it is fine."""
    issue = at_tier(2)
    with refused(refusals.AlreadyMoved, "L2"):
        move(issue, seen=Seen(tier=1))
    assert move(issue, seen=Seen(tier=2)).issue.tier != 2


def test_a_command_where_the_claimant_works_is_fine() -> None:
    """The issue is with L2, but Ann of L1 claimed it from the old card and goes on talking there."""
    mine = lifecycle.claim(at_tier(2), ANN, desk=1, policy=POLICY, now=NINE).issue
    assert escalate(mine, ANN, seen=Seen(tier=1)).issue.tier == 3


def test_a_command_in_the_first_thread_is_fine_while_it_never_moved() -> None:
    critical = make_issue(P1)  # with L1 and L2 at once
    assert escalate(critical, seen=Seen(tier=1)).issue.tier == 3


# --- T12: escalate


def test_escalating_carries_the_packet_to_the_next_tier() -> None:
    decision = escalate(make_claimed())
    assert decision.events == (
        IssueEscalated(
            at=LATER,
            by=ANN.user,
            cause=Cause.MANUAL,
            from_tier=1,
            to_tier=2,
            due_at=LATER,
            claimant=ANN.user,
            reason="Needs the firewall",
            tried="Rebooted",
        ),
    )
    told = ("Needs the firewall", "Rebooted")
    assert decision.issue.hand_off == HandOff(1, ANN.user, Cause.MANUAL, *told, at=LATER, asked=(1,))
    assert decision.issue.tier == 2


@pytest.mark.parametrize("who", [ANN, BEN, CHLOE, EVA], ids=lambda who: who.user)
def test_any_staff_may_escalate_what_somebody_else_holds(who: Actor) -> None:
    assert escalate(make_claimed(), who).issue.tier == 2


def test_there_is_nobody_above_the_last_tier() -> None:
    assert escalate(at_tier(3)).issue.tier == 4
    with refused(refusals.NoHigherTier, "ISS-42", "management"):
        escalate(at_tier(4), EVA)


def test_escalating_needs_a_reason_and_what_was_tried() -> None:
    with refused(refusals.ReasonMissing, "it should go up"):
        escalate(make_issue(), reason=" ")
    with refused(refusals.TriedMissing, "Say what was tried"):
        escalate(make_issue(), tried="")
    with refused(refusals.TextTooLong, "3,000", "2,000"):
        escalate(make_issue(), reason="x" * 3000)
    with refused(refusals.TextTooLong, "2,001"):
        escalate(make_issue(), tried="x" * 2001)
    assert escalate(make_issue(), reason="x" * 2000, tried="y" * 2000).issue.tier == 2


# --- T15: return


def test_returning_carries_the_findings_to_the_tier_below() -> None:
    decision = give_back(at_tier(2))
    assert decision.events == (
        IssueReturned(at=LATER, by=CHLOE.user, from_tier=2, to_tier=1, claimant=None, findings="Caps lock"),
    )
    assert decision.issue.hand_off == HandOff(2, CHLOE.user, "returned", "Caps lock", "", at=LATER)
    assert (decision.issue.tier, decision.issue.bounces) == (1, 1)


def test_there_is_nobody_below_the_first_tier() -> None:
    with refused(refusals.NoLowerTier, "ISS-42", "L1"):
        give_back(make_issue(), ANN)


def test_only_those_who_have_it_or_lead_them_return_it() -> None:
    for who in (CHLOE, DAVID, EVA, LEAD):
        assert give_back(at_tier(2), who).issue.tier == 1
    with refused(refusals.NotALead, "L2", "ISS-42"):
        give_back(at_tier(2), ANN)
    with refused(refusals.NotALead, "L3"):
        give_back(at_tier(3), CHLOE)


def test_returning_needs_findings() -> None:
    with refused(refusals.WordsMissing, "Say what you found out"):
        give_back(at_tier(2), findings="\n")
    with refused(refusals.TextTooLong, "2,001"):
        give_back(at_tier(2), findings="x" * 2001)


def test_a_critical_issue_stays_with_the_tiers_it_went_to_at_once() -> None:
    with refused(refusals.TooSevereToReturn, "ISS-42", "P1", "L2"):
        give_back(make_issue(P1))
    assert give_back(at_tier(3, P1), DAVID).issue.tier == 2


def test_how_low_a_critical_issue_may_go_is_the_policys_matter() -> None:
    policy = changed(P1, at_once=AtOnce(tiers=(1,), inform=(4,)))
    issue = at_tier(2, P1, policy=policy)
    assert lifecycle.give_back(issue, CHLOE, seen=seen(issue), findings="!", policy=policy, now=LATER).issue.tier == 1


# --- T26: reroute


@pytest.mark.parametrize(("to", "tier"), [("L3", 3), ("l3", 3), (" L1 ", 1), ("Management", 4)])
def test_rerouting_is_by_the_tiers_name(to: str, tier: int) -> None:
    decision = reroute(at_tier(2), to=to)
    assert decision.events == (
        IssueRerouted(at=LATER, by=ANN.user, from_tier=2, to_tier=tier, claimant=None, reason="Their system"),
    )
    assert decision.issue.tier == tier
    assert decision.issue.hand_off == HandOff(2, ANN.user, "rerouted", "Their system", "", at=LATER)


def test_there_must_be_such_a_tier_and_it_must_be_another() -> None:
    with refused(refusals.NoSuchTier, "L9", "L1, L2, L3, management"):
        reroute(make_issue(), to="L9")
    with refused(refusals.NoSuchTier, "&lt;!here&gt;"):
        reroute(make_issue(), to="<!here>")
    with refused(refusals.AlreadyThere, "ISS-42", "L2"):
        reroute(at_tier(2), to="l2")


def test_rerouting_needs_a_reason() -> None:
    with refused(refusals.ReasonMissing, "it belongs there"):
        reroute(make_issue(), reason="")
    with refused(refusals.TextTooLong, "2,001"):
        reroute(make_issue(), reason="x" * 2001)


def test_a_critical_issue_is_not_rerouted_too_low_either() -> None:
    with refused(refusals.TooSevereToReturn, "P1", "L2"):
        reroute(make_issue(P1), to="L1")
    assert reroute(at_tier(3, P1), to="L2").issue.tier == 2


def test_rerouting_leaves_the_promises_to_the_reporter_alone() -> None:
    issue = reroute(make_issue(P3)).issue
    assert issue.clocks.first_response.due(OFFICE) == NINE + 240 * MINUTE
    assert issue.clocks.resolution.running_since == NINE


# --- the second bounce


@pytest.mark.parametrize("second", [give_back, reroute])
def test_at_the_second_bounce_those_above_are_told(second: Callable[..., Decision]) -> None:
    once = escalated(give_back(at_tier(2)).issue)
    assert once.bounces == 1
    decision = second(once)
    assert decision.events[1:] == (LevelsInformed(at=LATER, cause=Cause.BOUNCED, tiers=(4,)),)
    assert decision.issue.bounces == 2


def test_going_up_is_no_bounce() -> None:
    assert at_tier(4).bounces == 0


def test_a_card_is_drawn_once_per_tier_the_newest_last() -> None:
    there = escalated(make_issue())
    back = give_back(there).issue
    assert there.carded == (1, 2)
    assert back.carded == (2, 1)
    assert escalated(back).carded == (1, 2)


@pytest.mark.parametrize("priority", list(Priority))
def test_a_tier_entered_has_the_window_of_the_priority(priority: Priority) -> None:
    issue = escalate(make_issue(priority), now=NINE).issue
    assert issue.clocks.tier_window.budget == POLICY.targets[priority].window(issue.tier)


# --- who is told of it (domain.md 7.2)

TOLD = make_policy(targets={P2: make_targets(P2, tell={3: (4,)})})


def climbed(at: datetime) -> LevelsInformed:
    return LevelsInformed(at=at, cause=Cause.CLIMBED, tiers=(4,))


def test_those_above_are_told_when_it_comes_so_far_up_by_hand() -> None:
    issue = at_tier(2, policy=TOLD)
    facts: dict[str, Any] = {"seen": seen(issue), "policy": TOLD, "now": LATER}
    up = lifecycle.escalate(issue, CHLOE, reason="Firewall", tried="Rebooted", **facts)
    assert [type(event) for event in up.events] == [IssueEscalated, LevelsInformed]
    assert up.events[1] == climbed(LATER)
    across = lifecycle.reroute(issue, CHLOE, to="L3", reason="Theirs", **facts)
    assert across.events[1:] == (climbed(LATER),)


def test_those_above_are_told_when_it_comes_so_far_up_by_the_clock() -> None:
    issue = at_tier(2, policy=TOLD)
    due = NINE + 30 * MINUTE
    assert pass_time(issue, TOLD, due).events[-2:] == (
        IssueEscalated(at=due, by=None, cause=Cause.UNCLAIMED, from_tier=2, to_tier=3, due_at=due, claimant=None),
        climbed(due),
    )


def test_nobody_is_told_of_other_steps() -> None:
    issue = at_tier(1, policy=TOLD)
    facts: dict[str, Any] = {"policy": TOLD, "now": LATER}
    assert len(lifecycle.escalate(issue, ANN, seen=seen(issue), reason="a", tried="b", **facts).events) == 1
    top = at_tier(4, policy=TOLD)
    assert len(lifecycle.reroute(top, EVA, seen=seen(top), to="L3", reason="a", **facts).events) == 1  # down
    other = at_tier(2, P3, policy=TOLD)
    assert len(lifecycle.escalate(other, CHLOE, seen=seen(other), reason="a", tried="b", **facts).events) == 1
