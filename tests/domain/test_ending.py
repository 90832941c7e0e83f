"""T17 to T21: resolved, reopened, closed, cancelled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain import lifecycle, refusals
from bot.domain.clockwork import pass_time
from bot.domain.deadlines import next_moment
from bot.domain.decision import Actor, Decision
from bot.domain.events import (
    Cause,
    FixConfirmed,
    HelpRated,
    IssueCancelled,
    IssueClosed,
    IssueReopened,
    IssueResolved,
    LevelsInformed,
    ReporterReplied,
)
from bot.domain.issue import CATEGORIES, Issue, Status
from bot.domain.priority import Priority
from tests.domain.factories import (
    ANN,
    BEN,
    CHLOE,
    DAVID,
    DAY,
    EVA,
    HOUR,
    LEAD,
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
    escalated,
    make_claimed,
    make_issue,
    make_merged,
    make_resolved,
    make_waiting,
    make_words,
    refused,
    run_until,
)

NOON = NINE + 3 * HOUR


def resolve(
    issue: Issue, who: Actor = ANN, *, fix: str = "New cable", category: str | None = "network", now: datetime = NOON
) -> Decision:
    return lifecycle.resolve(issue, who, fix=fix, category=category, policy=POLICY, now=now)


def reopen(issue: Issue, who: Actor = ROBIN, *, reason: str = "Still down", now: datetime = NOON) -> Decision:
    return lifecycle.reopen(issue, who, reason=reason, policy=POLICY, now=now)


def cancel(
    issue: Issue, who: Actor = ROBIN, *, reason: str = "", insists: bool = False, now: datetime = NOON
) -> Decision:
    return lifecycle.cancel(issue, who, reason=reason, insists=insists, policy=POLICY, now=now)


def clocks_stand(issue: Issue) -> bool:
    return not any(clock.running_since for clock in vars(issue.clocks).values())


def closed() -> Issue:
    return pass_time(make_resolved(), POLICY, NINE + 5 * DAY).issue


# --- T17: resolve


@pytest.mark.parametrize("make", [make_issue, make_claimed, make_waiting])
def test_resolving_stops_everything(make: Callable[[Priority], Issue]) -> None:
    decision = resolve(make(P3), CHLOE)
    issue = decision.issue
    assert decision.events == (IssueResolved(at=NOON, by=CHLOE.user, fix="New cable", category="network"),)
    assert (issue.status, issue.claim, issue.waiting) == (Status.RESOLVED, None, None)
    assert (issue.fix, issue.category, issue.resolved_at, issue.resolved_by) == (
        "New cable",
        "network",
        NOON,
        CHLOE.user,
    )
    assert clocks_stand(issue)


def test_who_may_resolve() -> None:
    assert resolve(make_claimed(), ANN).events
    assert resolve(make_claimed(), CHLOE).events, "a higher tier may"
    assert resolve(make_issue(), BEN).events, "any staff may, while nobody holds it"
    with refused(refusals.NotTheClaimant, "<@U0ANN>", "ISS-42"):
        resolve(make_claimed(), BEN)
    with refused(refusals.NotStaff, "ISS-42"):
        resolve(make_claimed(), STRANGER)


def test_the_reporter_may_resolve_what_is_theirs_without_a_category() -> None:
    assert resolve(make_claimed(P1), ROBIN, category=None).issue.resolved_by == REPORTER


@pytest.mark.parametrize(("priority", "needed"), [(P1, True), (P2, True), (P3, False), (P4, False)])
def test_the_severe_ones_need_the_kind_of_cause(priority: Priority, *, needed: bool) -> None:
    if needed:
        with refused(refusals.CategoryNeeded, "ISS-42", priority.word, priority.value, "hardware"):
            resolve(make_claimed(priority), category=None)
    else:
        assert resolve(make_claimed(priority), category=None).events
    assert resolve(make_claimed(priority), category="vendor").issue.category == "vendor"


def test_a_category_is_one_of_those_there_are() -> None:
    for category in CATEGORIES:
        assert resolve(make_claimed(), category=category).issue.category == category
    with refused(refusals.NotUnderstood, "“gremlins”", "hardware"):
        resolve(make_claimed(), category="gremlins")


def test_resolving_says_what_fixed_it() -> None:
    with refused(refusals.WordsMissing, "Say what fixed it"):
        resolve(make_claimed(), fix=" ")
    with refused(refusals.TextTooLong, "2,001", "2,000"):
        resolve(make_claimed(), fix="x" * 2001)
    assert resolve(make_claimed(), fix="x" * 2000).events


def test_what_is_over_is_not_resolved_again() -> None:
    with refused(refusals.AlreadyResolved, "ISS-42", "<@U0ANN>"):
        resolve(make_resolved())
    with refused(refusals.AlreadyOver, "ISS-42", "closed", "final"):
        resolve(closed())
    with refused(refusals.AlreadyOver, "cancelled"):
        resolve(cancel(make_issue()).issue)


def test_what_the_clock_resolved_is_said_to_be_escalators_doing() -> None:
    silent = run_until(make_waiting(), NINE + 7 * DAY).issue
    with refused(refusals.AlreadyResolved, "ISS-42", "Escalator"):
        lifecycle.claim(silent, ANN, desk=None, policy=POLICY, now=NINE + 7 * DAY)


# --- T18: reopen


def test_reopening_begins_a_new_cycle_at_the_tier_that_resolved_it() -> None:
    resolved = resolve(escalated(make_issue(P3)), CHLOE).issue
    decision = reopen(resolved, now=NOON + 2 * HOUR)
    issue = decision.issue
    assert decision.events == (IssueReopened(at=NOON + 2 * HOUR, by=REPORTER, reason="Still down"),)
    assert (issue.status, issue.tier, issue.cycle) == (Status.OPEN, 2, 1)
    assert issue.tier_entry == resolved.tier_entry + 1
    assert (issue.fix, issue.category, issue.resolved_at, issue.resolved_by) == (None, None, None, None)


def test_who_had_it_when_it_was_resolved_is_known_until_it_is_reopened() -> None:
    held = make_claimed(P3)
    for who in (ROBIN, CHLOE):
        assert resolve(held, who).issue.resolved_claim == held.claim
    assert resolve(make_issue(P3), ANN).issue.resolved_claim is None
    assert held.claim is not None
    offered = replace(held, claim=replace(held.claim, offered_by=BEN.user, accept_by=NOON + HOUR))
    assert resolve(offered, ANN).issue.resolved_claim == held.claim, "who resolves it has accepted it"
    assert resolve(offered, ROBIN).issue.resolved_claim == offered.claim
    assert reopen(resolve(held, CHLOE).issue).issue.resolved_claim is None


def test_reopening_owes_a_new_first_response_and_buys_no_time() -> None:
    resolved = resolve(make_claimed(P3), now=NOON).issue
    issue = reopen(resolved, now=NINE + DAY).issue
    assert not issue.responded
    assert issue.clocks.first_response.due(OFFICE) == NINE + DAY + 4 * HOUR
    assert issue.clocks.tier_window.due(OFFICE) == NINE + DAY + 2 * HOUR
    assert (issue.clocks.resolution.used, issue.clocks.resolution.running_since) == (3 * HOUR, NINE + DAY)
    assert issue.clocks.update.running_since is None


def test_a_missed_first_response_is_of_its_cycle_and_a_missed_resolution_is_for_good() -> None:
    late = run_until(make_issue(P2), NINE + 2 * DAY).issue
    assert set(late.breached) == {"first_response", "resolution"}
    again = reopen(resolve(late, EVA, now=NINE + 2 * DAY).issue, now=NINE + 2 * DAY).issue
    assert again.breached == ("resolution",)


def test_at_the_second_time_those_above_are_told() -> None:
    once = reopen(make_resolved()).issue
    twice = reopen(resolve(once, ANN).issue)
    assert twice.events[1:] == (LevelsInformed(at=NOON, cause=Cause.REOPENED, tiers=(2,)),)
    assert twice.issue.cycle == 2
    at_the_top = resolve(reopen(resolve(at_tier(4), EVA).issue).issue, EVA).issue
    told = reopen(at_the_top).events[-1]
    assert isinstance(told, LevelsInformed)
    assert told.tiers == (4,)


def test_who_may_reopen() -> None:
    for who in (ROBIN, ANN, EVA):
        assert reopen(make_resolved(), who).issue.status is Status.OPEN
    with refused(refusals.NotYours, "ISS-42"):
        reopen(make_resolved(), STRANGER)


def test_only_what_is_resolved_can_be_reopened() -> None:
    with refused(refusals.NotResolved, "ISS-42", "claimed"):
        reopen(make_claimed())
    with refused(refusals.NotResolved, "waiting"):
        reopen(make_waiting())
    with refused(refusals.AlreadyOver, "ISS-42", "closed"):
        reopen(closed())
    with refused(refusals.AlreadyMerged, "merged"):
        reopen(make_merged()[0])


def test_reopening_needs_a_reason() -> None:
    with refused(refusals.ReasonMissing, "it is not over"):
        reopen(make_resolved(), reason="")
    with refused(refusals.TextTooLong, "2,001"):
        reopen(make_resolved(), reason="x" * 2001)


def test_a_plain_reply_reopens() -> None:
    words = make_words("No, still down", ts=str((NINE + HOUR).timestamp()))
    decision = lifecycle.reporter_word(
        make_resolved(), words, by=REPORTER, holder_gone=False, policy=POLICY, now=NINE + HOUR
    )
    assert [type(event) for event in decision.events] == [IssueReopened, ReporterReplied]
    assert decision.issue.status is Status.OPEN


@pytest.mark.parametrize(("offset", "status"), [(-SECOND, Status.RESOLVED), (SECOND, Status.OPEN)])
def test_a_reply_written_before_it_was_resolved_is_no_answer_to_that(offset: timedelta, status: Status) -> None:
    """Slack may deliver it late."""
    words = make_words("Any news?", ts=str((NINE + offset).timestamp()))
    decision = lifecycle.reporter_word(
        make_resolved(), words, by=REPORTER, holder_gone=False, policy=POLICY, now=NINE + HOUR
    )
    assert decision.issue.status is status


# --- T19: close


def test_five_days_after_it_was_resolved_it_is_closed() -> None:
    resolved = make_resolved()
    end = NINE + 5 * DAY
    assert next_moment(resolved, POLICY) == end
    assert not pass_time(resolved, POLICY, end - SECOND).events
    decision = pass_time(resolved, POLICY, end)
    assert decision.events == (IssueClosed(at=end),)
    assert (decision.issue.status, decision.issue.ended_at) == (Status.CLOSED, end)
    assert next_moment(decision.issue, POLICY) is None


def test_reopened_at_the_last_moment_it_is_not_closed() -> None:
    end = NINE + 5 * DAY
    again = reopen(make_resolved(), now=end).issue
    assert IssueClosed not in [type(event) for event in pass_time(again, POLICY, end).events]


# --- T21: cancel


def test_cancelling_stops_everything_for_good() -> None:
    decision = cancel(make_issue(), reason="was me")
    assert decision.events == (IssueCancelled(at=NOON, by=REPORTER, reason="was me"),)
    assert (decision.issue.status, decision.issue.ended_at) == (Status.CANCELLED, NOON)
    assert clocks_stand(decision.issue)
    assert next_moment(decision.issue, POLICY) is None
    for made in (make_claimed(), make_waiting()):
        cancelled = cancel(made, EVA).issue
        assert (cancelled.claim, cancelled.waiting) == (None, None)


def test_a_reporter_asks_the_claimant_first() -> None:
    with refused(refusals.AskTheClaimantFirst, "<@U0ANN>", "ISS-42", "anyway"):
        cancel(make_claimed())
    assert cancel(make_claimed(), insists=True).events
    assert cancel(make_issue()).events


def test_only_a_lead_cancels_a_critical_issue() -> None:
    with refused(refusals.OnlyLeadsCancelCritical, "ISS-42", "P1"):
        cancel(make_issue(P1), insists=True)
    assert cancel(make_issue(P1), LEAD).events
    assert cancel(make_issue(P1), DAVID).events


@pytest.mark.parametrize(
    ("tier", "who", "allowed"),
    [
        (1, ANN, False),
        (1, CHLOE, True),
        (2, CHLOE, False),
        (2, LEAD, True),
        (2, DAVID, True),
        (4, DAVID, False),
        (4, EVA, True),
    ],
    ids=["its tier", "one above", "its own tier", "its lead", "above", "below the last", "the last tier itself"],
)
def test_which_staff_cancel(tier: int, who: Actor, *, allowed: bool) -> None:
    if allowed:
        assert cancel(at_tier(tier), who).events
    else:
        with refused(refusals.NotALead, "ISS-42", POLICY.tier(tier).name):
            cancel(at_tier(tier), who)


def test_a_stranger_cancels_nothing_and_nothing_is_cancelled_twice() -> None:
    with refused(refusals.NotYours, "ISS-42"):
        cancel(make_issue(), STRANGER)
    with refused(refusals.AlreadyOver, "cancelled"):
        cancel(cancel(make_issue()).issue)
    with refused(refusals.AlreadyResolved, "ISS-42"):
        cancel(make_resolved())


def test_a_long_reason_is_refused_not_cut() -> None:
    with refused(refusals.TextTooLong, "3,000"):
        cancel(make_issue(), reason="x" * 3000)
    assert cancel(make_issue(), reason="x" * 2000).events


def test_before_the_form_is_opened_insisting_is_not_asked_yet() -> None:
    lifecycle.may_cancel(make_claimed(), ROBIN, POLICY)
    with refused(refusals.AskTheClaimantFirst):
        lifecycle.may_cancel(make_claimed(), ROBIN, POLICY, insists=False)


def test_its_reporter_says_that_it_works_and_rates_the_help_once_or_again() -> None:
    fixed = make_resolved()
    sure = lifecycle.confirm(fixed, REPORTER, policy=POLICY, now=NOON)
    assert sure.events == (FixConfirmed(at=NOON, by=REPORTER),)
    assert sure.issue.confirmed
    assert sure.issue.status is Status.RESOLVED
    assert lifecycle.confirm(sure.issue, REPORTER, policy=POLICY, now=NOON) == Decision(sure.issue)
    rated = lifecycle.rate(sure.issue, REPORTER, score=4, policy=POLICY, now=NOON)
    assert rated.events == (HelpRated(at=NOON, by=REPORTER, score=4),)
    assert lifecycle.rate(rated.issue, REPORTER, score=4, policy=POLICY, now=NOON).events == ()
    assert lifecycle.rate(rated.issue, REPORTER, score=1, policy=POLICY, now=NOON).issue.rating == 1
    assert next_moment(rated.issue, POLICY) == next_moment(fixed, POLICY)


def test_reopened_it_is_to_be_judged_anew() -> None:
    rated = lifecycle.rate(make_resolved(), REPORTER, score=5, policy=POLICY, now=NOON).issue
    sure = lifecycle.confirm(rated, REPORTER, policy=POLICY, now=NOON).issue
    back = lifecycle.reopen(sure, ROBIN, reason="!", policy=POLICY, now=NOON).issue
    assert (back.confirmed, back.rating) == (False, None)


def test_nobody_else_judges_and_only_what_is_resolved() -> None:
    with refused(refusals.OnlyItsReporter, "ISS-42"):
        lifecycle.confirm(make_resolved(), ANN.user, policy=POLICY, now=NOON)
    with refused(refusals.OnlyItsReporter):
        lifecycle.rate(make_resolved(), ANN.user, score=1, policy=POLICY, now=NOON)
    with refused(refusals.NotResolvedYet, "claimed"):
        lifecycle.confirm(make_claimed(), REPORTER, policy=POLICY, now=NOON)
