"""When the clocks ask for something: the row's `due_at`, and what has come due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.clocks import Clock
from bot.domain.issue import Issue, Status, Wait, WaitingFor
from bot.domain.policy import Policy, Waiting
from bot.domain.priority import SEVERE

FIRST_RESPONSE, TIER_WINDOW, UPDATE, RESOLUTION = "first_response", "tier_window", "update", "resolution"

REMINDER_LEAD = timedelta(minutes=2)  # a reminder this close to its deadline would only be noise
REMINDER_LATE = timedelta(minutes=2)  # and so would one this late, after a downtime (domain.md 3.4)
REMINDER_PAUSE = timedelta(minutes=10)  # between two of one clock
ENOUGH_NUDGES = 2  # the reporter was asked at least so often before silence is taken for an answer


@dataclass(frozen=True)
class DueReminder:
    clock: str
    share: float
    at: datetime


def next_step_at(issue: Issue, policy: Policy) -> datetime | None:
    """When it will escalate by itself: unclaimed past the window, or claimed and silent past the update window."""
    if not issue.ticking:
        return None
    clock = issue.clocks.update if issue.claim else issue.clocks.tier_window
    return clock.due(policy.targets[issue.priority].calendar)


def next_moment(issue: Issue, policy: Policy) -> datetime | None:
    """The earliest moment at which `clockwork.pass_time` would do anything; None: never."""
    return min(_moments(issue, policy), default=None)


def _moments(issue: Issue, policy: Policy) -> Iterator[datetime]:
    match issue.status:
        case Status.OPEN | Status.CLAIMED:
            step = next_step_at(issue, policy)
            if step:
                yield step
            yield from (due for _, due in _targets(issue, policy))
            yield from (reminder.at for reminder in _reminders(issue, policy))
            yield from (at for at in (leader_asked_at(issue, policy), overdue_again_at(issue, policy)) if at)
            if issue.claim and issue.claim.accept_by:
                yield issue.claim.accept_by
        case Status.WAITING if issue.waiting:
            if issue.waiting.until:
                yield issue.waiting.until
            nudge, give_up = next_nudge_at(issue, policy), give_up_at(issue, policy)
            if nudge:
                yield nudge
            elif give_up:
                yield give_up
        case Status.RESOLVED:
            close = close_at(issue, policy)
            if close:
                yield close
        case _:
            return


def overdue_turn(issue: Issue, policy: Policy, now: datetime) -> datetime | None:
    """The moment at which the present tier or claimant ran out of time, if it has passed."""
    due = next_step_at(issue, policy)
    return due if due and due <= now else None


def missed_targets(issue: Issue, policy: Policy, now: datetime) -> Iterator[tuple[str, datetime]]:
    """Promises to the reporter that have run out and are not on record yet."""
    return ((clock, due) for clock, due in _targets(issue, policy) if due <= now)


def due_reminders(issue: Issue, policy: Policy, now: datetime) -> list[DueReminder]:
    """Those whose moment has come and that are not behind us yet, the earliest first."""
    return sorted((each for each in _reminders(issue, policy) if each.at <= now), key=lambda each: each.at)


def suppressed(issue: Issue, reminder: DueReminder, now: datetime) -> str:
    """Why nobody is told of it; empty: they are (domain.md 3.4)."""
    if now - reminder.at > REMINDER_LATE:
        return "downtime"
    if issue.snooze_until and reminder.at < issue.snooze_until:
        return "snoozed"
    lately = (each for each in issue.reminded if each.clock == reminder.clock and each.told)
    if any(now - each.at < REMINDER_PAUSE for each in lately):
        return "recent"
    return ""


def leader_asked_at(issue: Issue, policy: Policy) -> datetime | None:
    """When management is asked who leads it, since its tier lets it lie (domain.md 3.7); None: never."""
    targets, since = policy.targets[issue.priority], issue.clocks.tier_window.running_since
    if targets.ask_leader is None or since is None or issue.tier >= policy.last_tier:
        return None
    if issue.leader_asked or issue.commander:
        return None
    return targets.calendar.add(since, targets.ask_leader - issue.clocks.tier_window.used)


def overdue_again_at(issue: Issue, policy: Policy) -> datetime | None:
    """When those above hear again that it is still not resolved: of a P1 or P2, each update window (domain.md 3.5)."""
    since, calendar = issue.clocks.resolution.running_since, policy.targets[issue.priority].calendar
    due = issue.clocks.resolution.due(calendar)
    if since is None or due is None or RESOLUTION not in issue.breached or issue.priority not in SEVERE:
        return None
    if policy.last_tier in (*issue.turn, issue.desk):
        return None  # they have it, and are reminded of it anyway
    told = issue.overdue_told_at or due
    again = calendar.add(max(since, told), policy.targets[issue.priority].update)
    return max(again, due)  # lowered, or by another policy, it may not be late any more


def next_nudge_at(issue: Issue, policy: Policy) -> datetime | None:
    """When the silent reporter is asked again; None: not waiting for them so long, or asked often enough."""
    wait, rules = issue.waiting, policy.waiting
    if wait is None or wait.reason is not WaitingFor.REPORTER or wait.nudges >= len(rules.nudges):
        return None
    return _before_its_date(wait, _silent_for(wait, rules, rules.nudges[wait.nudges]))


def give_up_at(issue: Issue, policy: Policy) -> datetime | None:
    """When the reporter's silence is taken for "solved" (domain.md T16)."""
    wait, rules = issue.waiting, policy.waiting
    if wait is None or wait.reason is not WaitingFor.REPORTER or wait.nudges < min(ENOUGH_NUDGES, len(rules.nudges)):
        return None
    return _before_its_date(wait, _silent_for(wait, rules, rules.resolve))


def _before_its_date(wait: Wait, moment: datetime) -> datetime | None:
    """None: it goes on by itself before."""
    return None if wait.until and wait.until < moment else moment


def _silent_for(wait: Wait, rules: Waiting, span: timedelta) -> datetime:
    """When the reporter will have been silent for so long. A nudge that came late puts off what follows it."""
    if wait.nudged_at is None:
        return rules.calendar.add(wait.since, span)
    return rules.calendar.add(wait.nudged_at, span - max(rules.nudges[: wait.nudges], default=timedelta()))


def close_at(issue: Issue, policy: Policy) -> datetime | None:
    return issue.resolved_at + policy.close_after if issue.resolved_at else None


def _targets(issue: Issue, policy: Policy) -> Iterator[tuple[str, datetime]]:
    calendar = policy.targets[issue.priority].calendar
    for name, clock in ((FIRST_RESPONSE, issue.clocks.first_response), (RESOLUTION, issue.clocks.resolution)):
        due = clock.due(calendar)
        if due and name not in issue.breached:
            yield name, due


def _reminders(issue: Issue, policy: Policy) -> Iterator[DueReminder]:
    targets = policy.targets[issue.priority]
    behind = {(each.clock, each.share) for each in issue.reminded}
    for name, clock in _reminding_clocks(issue):
        due = clock.due(targets.calendar)
        for share in targets.reminders if due else ():
            at = clock.due(targets.calendar, share)
            if due and at and due - at >= REMINDER_LEAD and (name, share) not in behind:
                yield DueReminder(name, share, at)


def _reminding_clocks(issue: Issue) -> Iterator[tuple[str, Clock]]:
    if issue.claim:
        yield UPDATE, issue.clocks.update
    elif not issue.pings:  # the last tier is pinged again and again, which is reminder enough (domain.md 3.6)
        yield TIER_WINDOW, issue.clocks.tier_window
    if RESOLUTION not in issue.breached:
        yield RESOLUTION, issue.clocks.resolution
