"""T1, T20: what becomes an issue, at which tier, with which clocks."""

import pytest

from bot.domain import refusals
from bot.domain.events import Cause, IssueOpened, LevelsInformed
from bot.domain.issue import Status
from bot.domain.policy import AtOnce
from bot.domain.priority import Level, Priority
from tests.domain.factories import (
    HIGH,
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
    changed,
    make_issue,
    open_issue,
    refused,
)


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        (HIGH, HIGH, P1),
        (HIGH, MEDIUM, P2),
        (HIGH, LOW, P3),
        (MEDIUM, HIGH, P2),
        (MEDIUM, MEDIUM, P3),
        (MEDIUM, LOW, P4),
        (LOW, HIGH, P3),
        (LOW, MEDIUM, P4),
        (LOW, LOW, P4),
    ],
)
def test_impact_and_urgency_make_the_priority(impact: Level, urgency: Level, priority: Priority) -> None:
    assert make_issue(impact=impact, urgency=urgency).priority is priority


def test_a_new_issue_is_open_at_the_first_tier_and_owes_three_promises() -> None:
    decision = open_issue(P2)
    issue, clocks = decision.issue, decision.issue.clocks
    assert [type(event) for event in decision.events] == [IssueOpened]
    assert (issue.status, issue.tier, issue.tier_entry, issue.cycle) == (Status.OPEN, 1, 1, 0)
    assert (issue.reporter, issue.policy, issue.carded, issue.version) == (REPORTER, "v1", (1,), 1)
    assert clocks.first_response.due(OFFICE) == NINE + 60 * MINUTE
    assert clocks.tier_window.due(OFFICE) == NINE + 20 * MINUTE
    assert clocks.resolution.due(OFFICE) == NINE + 8 * 60 * MINUTE
    assert clocks.update.due(OFFICE) is None


def test_a_critical_one_is_with_two_tiers_at_once_and_management_is_told() -> None:
    decision = open_issue(P1)
    assert [type(event) for event in decision.events] == [IssueOpened, LevelsInformed]
    told = decision.events[1]
    assert isinstance(told, LevelsInformed)
    assert (told.cause, told.tiers) == (Cause.SEVERITY, (4,))
    assert (decision.issue.tier, decision.issue.carded) == (2, (1, 2))
    assert decision.issue.clocks.tier_window.budget == 10 * MINUTE, "the window is that of the highest tier carded"


def test_who_is_told_at_once_is_the_policys_matter() -> None:
    policy = changed(P3, at_once=AtOnce(tiers=(1, 2, 3), inform=(4,)))
    decision = open_issue(P3, policy=policy)
    assert decision.issue.tier == 3
    assert len(decision.events) == 2
    assert len(open_issue(P3, policy=POLICY).events) == 1


def test_a_title_is_one_line() -> None:
    assert make_issue(title="  VPN\n is \t down ").title == "VPN is down"


@pytest.mark.parametrize("title", ["", "   ", "\n\t", "\u200b", "\u3164 \u2060"])
def test_a_title_is_needed(title: str) -> None:
    with refused(refusals.TitleMissing, "one line"):
        open_issue(title=title)


def test_a_title_has_a_longest_length() -> None:
    assert len(make_issue(title="x" * 120).title) == 120
    with refused(refusals.TitleTooLong, "121", "120"):
        open_issue(title="x" * 121)


def test_details_have_a_longest_length() -> None:
    assert len(make_issue(details="x" * 3000).details) == 3000
    with refused(refusals.DetailsTooLong, "3,001", "3,000"):
        open_issue(details="x" * 3001)


def test_nobody_opens_more_than_five_issues_in_ten_minutes() -> None:
    assert make_issue(recent=4).status is Status.OPEN
    with refused(refusals.TooManyIssues, "5 issues", "10 minutes", "Nothing was stored"):
        open_issue(recent=5)


def test_an_issue_may_follow_a_closed_one() -> None:
    assert make_issue(follows=7).follows == 7
