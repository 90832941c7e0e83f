"""Whoever acts on an open issue acts under the policy it was opened under (invariant 38)."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.deadlines import next_moment
from bot.domain.priority import Level
from tests.harness import Workspace, plain_policy


def edit_policy(workspace: Workspace) -> None:
    """Ten times the time for everything, for new issues."""
    policy = plain_policy()
    slower = {
        priority: replace(each, update=10 * each.update, windows=tuple(10 * window for window in each.windows))
        for priority, each in policy.targets.items()
    }
    workspace.policy = replace(policy, version="edited", targets=slower)


def test_a_claim_a_change_and_a_tick_keep_to_its_own_policy(workspace: Workspace) -> None:
    workspace.submit_issue()
    edit_policy(workspace)
    issues, plain = workspace.bot.issues, plain_policy()
    issues.claim(1, "U0FAY", desk=None, delivery="claim")
    assert workspace.issue().clocks.update.budget == plain.targets[workspace.issue().priority].update
    issues.reprioritise(1, "U0FAY", impact=Level.HIGH, urgency=Level.MEDIUM, reason="", delivery="change")
    issue = workspace.issue()
    assert issue.clocks.update.budget == plain.targets[issue.priority].update
    assert issue.policy == "plain"
    due = next_moment(issue, plain)
    assert due is not None
    workspace.pass_time(seconds=(due - workspace.clock() + timedelta(seconds=1)).total_seconds())
    assert workspace.issue().version > issue.version, "it moved when its own policy says"
    assert workspace.issue().clocks.tier_window.budget in plain.targets[issue.priority].windows
