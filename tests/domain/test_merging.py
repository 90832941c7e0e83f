"""T22, T23, T25: the same trouble twice, and trouble that is everybody's."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision
from bot.domain.events import (
    Cause,
    DuplicateLinked,
    DuplicateUnlinked,
    IssueClaimed,
    IssueMerged,
    IssueReopened,
    IssueResolved,
    IssueUnmerged,
    LevelsInformed,
    MajorDeclared,
    MajorEnded,
    ParentAnswered,
    ParentReopened,
    ParentResolved,
    StaffReplied,
    Words,
)
from bot.domain.issue import Issue, Status
from tests.domain.factories import (
    ANN,
    BEN,
    CHLOE,
    DAY,
    EVA,
    HOUR,
    MINUTE,
    NINE,
    OFFICE,
    P1,
    P2,
    P3,
    POLICY,
    ROBIN,
    SECOND,
    STRANGER,
    happen,
    make_claimed,
    make_issue,
    make_merged,
    make_resolved,
    make_waiting,
    refused,
)

LATER = NINE + 10 * MINUTE


def merge(child: Issue, parent: Issue, who: Actor = ANN, *, now: datetime = LATER) -> tuple[Issue, Issue]:
    gone, linked = lifecycle.merge(child, parent, who, now=now)
    return happen(child, gone), happen(parent, *linked)


def unmerge(child: Issue, parent: Issue, who: Actor = ANN, *, now: datetime = LATER) -> tuple[Issue, Issue]:
    back, unlinked = lifecycle.unmerge(child, parent, who, policy=POLICY, now=now)
    return happen(child, *back), happen(parent, unlinked)


# --- T22: merge


def test_a_critical_issue_goes_into_nothing_milder() -> None:
    """Its ladder would end, and nobody would be called for what is the same trouble."""
    critical, low = make_issue(P1), make_issue(P2, number=7)
    with refused(refusals.TooSevereToMerge, "ISS-42", "Merge ISS-7 into ISS-42 instead, or raise ISS-7 first"):
        merge(critical, low)
    assert merge(low, critical)[0].parent == 42
    assert merge(critical, make_issue(P1, number=7))[0].parent == 7


@pytest.mark.parametrize("child", [make_issue(), make_claimed(), make_waiting()], ids=["open", "claimed", "waiting"])
def test_a_merged_issue_stands_still_and_points_at_the_other(child: Issue) -> None:
    parent = make_issue(number=7)
    gone, linked = lifecycle.merge(child, parent, ANN, now=LATER)
    assert gone == IssueMerged(at=LATER, by=ANN.user, into=7)
    assert linked == (DuplicateLinked(at=LATER, by=ANN.user, child=42),)
    merged, kept = merge(child, parent)
    assert (merged.status, merged.parent, merged.claim, merged.waiting) == (Status.MERGED, 7, None, None)
    assert merged.ended_at == LATER
    assert not any(clock.running_since for clock in vars(merged.clocks).values())
    assert next_moment(merged, POLICY) is None
    assert not pass_time(merged, POLICY, LATER + 100 * DAY).events
    assert kept.children == (42,)
    assert kept.clocks == parent.clocks, "the other issue's promises are its own"


def test_what_was_merged_before_moves_along() -> None:
    child, parent = make_merged()
    gone, linked = lifecycle.merge(parent, make_issue(number=1), ANN, now=LATER)
    assert linked == tuple(DuplicateLinked(at=LATER, by=ANN.user, child=number) for number in (7, 42))
    assert happen(parent, gone).children == ()
    assert happen(child, gone).parent == 1


def test_an_issue_cannot_be_merged_into_itself() -> None:
    with refused(refusals.MergeIntoItself, "ISS-42"):
        merge(make_issue(), make_issue())


def test_no_circle() -> None:
    child, parent = make_merged()
    with refused(refusals.MergeTargetOver, "ISS-42", "merged into ISS-7"):
        merge(parent, child)


def test_the_other_issue_must_be_alive() -> None:
    with refused(refusals.MergeTargetOver, "ISS-7", "resolved"):
        merge(make_issue(), make_resolved(number=7))
    cancelled = lifecycle.cancel(make_issue(number=7), ROBIN, reason="", insists=True, policy=POLICY, now=NINE).issue
    with refused(refusals.MergeTargetOver, "ISS-7", "cancelled"):
        merge(make_issue(), cancelled)


def test_only_staff_merge_what_is_live() -> None:
    with refused(refusals.NotStaff, "ISS-42"):
        merge(make_issue(), make_issue(number=7), STRANGER)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        merge(make_resolved(), make_issue(number=7))
    with refused(refusals.AlreadyMerged, "ISS-42", "merged"):
        merge(make_merged()[0], make_issue(number=1))


def test_an_issue_has_at_most_500_duplicates() -> None:
    full = replace(make_issue(number=7), children=tuple(range(1000, 1500)))
    with refused(refusals.TooManyDuplicates, "ISS-7", "500"):
        merge(make_issue(), full)
    nearly = replace(full, children=full.children[1:])
    assert len(merge(make_issue(), nearly)[1].children) == 500
    with refused(refusals.TooManyDuplicates, "499"):
        merge(replace(make_issue(), children=(1,)), nearly)


def test_the_merged_issue_learns_the_outcome() -> None:
    child, _ = make_merged()
    resolved = IssueResolved(at=LATER, by=ANN.user, fix="New cable")
    decision = lifecycle.learned(child, resolved, parent=7, policy=POLICY)
    assert decision.events == (ParentResolved(at=LATER, by=ANN.user, parent=7, fix="New cable"),)
    assert (decision.issue.status, decision.issue.fix) == (Status.MERGED, "New cable")


def test_the_merged_issue_learns_that_it_is_not_over_and_what_staff_say() -> None:
    child, _ = make_merged()
    child = replace(child, fix="New cable")
    again = lifecycle.learned(child, IssueReopened(at=LATER, by="U0TOM", reason="no"), parent=7, policy=POLICY)
    assert again.events == (ParentReopened(at=LATER, by="U0TOM", parent=7),)
    assert again.issue.fix is None
    words = Words("C0L1", "1.2", "on our way")
    said = lifecycle.learned(child, StaffReplied(at=LATER, by=ANN.user, words=words), parent=7, policy=POLICY)
    assert said.events == (ParentAnswered(at=LATER, by=ANN.user, parent=7, words=words),)


def test_of_anything_else_the_merged_issue_learns_nothing() -> None:
    child, _ = make_merged()
    claimed = IssueClaimed(at=LATER, by=ANN.user, desk=1)
    assert lifecycle.learned(child, claimed, parent=7, policy=POLICY).events == ()


# --- T23: unmerge


def test_taken_out_again_it_goes_on_with_what_it_had_used() -> None:
    child, parent = merge(make_issue(P3, now=NINE), make_issue(number=7), now=NINE + HOUR)
    back, alone = unmerge(child, parent, now=NINE + DAY)
    assert (back.status, back.parent, back.ended_at) == (Status.OPEN, None, None)
    assert alone.children == ()
    assert (back.clocks.resolution.used, back.clocks.resolution.running_since) == (HOUR, NINE + DAY)
    assert back.clocks.first_response.due(OFFICE) == NINE + DAY + 3 * HOUR
    assert back.clocks.tier_window.due(OFFICE) == NINE + DAY + 2 * HOUR, "the tier has its whole window"
    assert back.tier_entry == child.tier_entry + 1


def test_who_had_answered_owes_no_first_response() -> None:
    child, parent = merge(make_claimed(P3), make_issue(number=7))
    back, _ = unmerge(child, parent)
    assert back.claim is None
    assert back.clocks.first_response.running_since is None


def test_events_of_taking_it_out() -> None:
    child, parent = make_merged()
    assert lifecycle.unmerge(child, parent, ANN, policy=POLICY, now=LATER) == (
        (IssueUnmerged(at=LATER, by=ANN.user, parent=7),),
        DuplicateUnlinked(at=LATER, by=ANN.user, child=42),
    )


def test_only_the_one_taken_out_leaves() -> None:
    child, parent = make_merged()
    _, parent = merge(make_issue(number=43), parent)
    assert parent.children == (42, 43)
    assert unmerge(child, parent)[1].children == (43,)


def test_after_seven_days_or_when_the_other_is_closed_it_stays() -> None:
    child, parent = make_merged(now=NINE)
    week = NINE + 7 * DAY
    assert unmerge(child, parent, now=week)[0].status is Status.OPEN
    with refused(refusals.TooLateToUnmerge, "ISS-42", "ISS-7", "7 days"):
        unmerge(child, parent, now=week + SECOND)
    with refused(refusals.TooLateToUnmerge, "ISS-7"):
        unmerge(child, replace(parent, status=Status.CLOSED))
    assert unmerge(child, replace(parent, status=Status.RESOLVED))[0].live


def test_only_staff_take_out_what_is_merged() -> None:
    child, parent = make_merged()
    with refused(refusals.NotStaff, "ISS-42"):
        unmerge(child, parent, ROBIN)
    with refused(refusals.NotMerged, "ISS-42", "open"):
        unmerge(make_issue(), parent)


# --- T25: major incidents


def declare(issue: Issue, who: Actor = CHLOE, *, commander: Actor = BEN) -> Decision:
    return lifecycle.declare_major(issue, who, commander=commander, policy=POLICY, now=LATER)


def test_a_major_incident_has_a_commander_and_everybody_is_told() -> None:
    issue = make_claimed(P1)
    decision = declare(issue)
    assert decision.events == (
        MajorDeclared(at=LATER, by=CHLOE.user, commander=BEN.user),
        LevelsInformed(at=LATER, cause=Cause.MAJOR, tiers=(3, 4)),
    )
    assert decision.issue.commander == BEN.user
    assert (decision.issue.tier, decision.issue.claim, decision.issue.clocks) == (
        issue.tier,
        issue.claim,
        issue.clocks,
    )


def test_a_major_incident_ends() -> None:
    ended = lifecycle.end_major(declare(make_issue(P1)).issue, CHLOE, policy=POLICY, now=LATER)
    assert ended.events == (MajorEnded(at=LATER, by=CHLOE.user),)
    assert ended.issue.commander is None
    with refused(refusals.NotMajor, "ISS-42"):
        lifecycle.end_major(ended.issue, CHLOE, policy=POLICY, now=LATER)


def test_who_declares_a_major_incident() -> None:
    assert declare(make_issue(P2), CHLOE).issue.commander
    with refused(refusals.NotALead, "L1", "ISS-42"):
        declare(make_issue(P2), ANN)
    with refused(refusals.NotStaff, "ISS-42"):
        declare(make_issue(P2), ROBIN)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        declare(make_resolved())


def test_support_staff_of_any_tier_lead_a_major_incident() -> None:
    for commander in (ANN, CHLOE, EVA):
        assert declare(make_issue(P2), commander=commander).issue.commander == commander.user
    with refused(refusals.CannotLead, "<@U0REPORTER> is not support staff", "ISS-42"):
        declare(make_issue(P2), commander=ROBIN)
