"""When the clocks ask for something: the row's `due_at`, and what is overdue."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain.issue import Issue
from bot.domain.policy import Policy


def next_step_at(issue: Issue, policy: Policy) -> datetime | None:
    """When it will escalate by itself: unclaimed past the window, or claimed and silent past the update window."""
    calendar = policy.targets[issue.priority].calendar
    clock = issue.clocks.update if issue.claim else issue.clocks.tier_window
    return clock.due(calendar)


def next_moment(issue: Issue, policy: Policy) -> datetime | None:
    """The earliest moment at which `lifecycle.pass_time` would do anything; None: never."""
    moments = [next_step_at(issue, policy), *(due for _, due in _targets(issue, policy))]
    return min((moment for moment in moments if moment), default=None)


def overdue_turn(issue: Issue, policy: Policy, now: datetime) -> datetime | None:
    """The moment at which the present tier or claimant ran out of time, if it has passed."""
    due = next_step_at(issue, policy)
    return due if due and due <= now else None


def missed_targets(issue: Issue, policy: Policy, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Promises to the reporter that have run out and are not on record yet."""
    return ((clock, due) for clock, due in _targets(issue, policy) if due <= now)


def _targets(issue: Issue, policy: Policy) -> Iterator[tuple[str, datetime]]:
    calendar = policy.targets[issue.priority].calendar
    promises = (("first_response", issue.clocks.first_response), ("resolution", issue.clocks.resolution))
    for name, clock in promises:
        due = clock.due(calendar)
        if due and name not in issue.breached:
            yield name, due
