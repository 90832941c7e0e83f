"""What time alone brings about. Each call acts on what is due by `now`, once, and at most one step up (domain D6)."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

from bot.domain.deadlines import (
    FIRST_RESPONSE,
    RESOLUTION,
    TIER_WINDOW,
    UPDATE,
    close_at,
    due_reminders,
    give_up_at,
    leader_asked_at,
    missed_targets,
    next_moment,
    next_nudge_at,
    overdue_again_at,
    overdue_turn,
    suppressed,
)
from bot.domain.decision import Decision, decide, told_of_climb
from bot.domain.events import (
    Cause,
    ClaimantReminded,
    Event,
    IssueClosed,
    IssueEscalated,
    IssueReleased,
    IssueReplanned,
    IssueResolved,
    LevelsInformed,
    Reminded,
    ReporterNudged,
    TargetBreached,
    TierReminded,
)
from bot.domain.evolution import turn_window
from bot.domain.issue import Clocks, Issue, Status
from bot.domain.lifecycle import resumed
from bot.domain.policy import OnStale, Policy
from bot.domain.priority import Priority

NO_ANSWER = "There was no answer to our question."
SECOND = 2  # the claimant's second reminder, too, is one too many


def pass_time(issue: Issue, policy: Policy, now: datetime, *, holder_gone: bool = False) -> Decision:
    """Afterwards nothing is due any more. `holder_gone`: who holds the issue is no longer staff.

    What is due comes to pass in the order of its moments, so that a late engine does what a punctual one would
    have done (invariant 21); but each window that begins, begins now, so none of them is over before anybody could act.
    """
    happened = Decision(issue)
    while (moment := next_moment(happened.issue, policy)) and moment <= now:
        waited = partial(_waited, holder_gone=holder_gone)
        rules = (waited, _breaches, _told_again, _unaccepted, _turn, _reminders, _closed)
        due = (tuple(rule(happened.issue, policy, moment, now)) for rule in rules)
        then = decide(happened.issue, policy, *next(events for events in due if events))
        happened = Decision(then.issue, happened.events + then.events)
    return happened


# Each rule looks at what is due by `moment`, and that it happened is recorded as of `now`.


def _breaches(issue: Issue, policy: Policy, moment: datetime, now: datetime) -> Iterator[Event]:
    calendar = policy.targets[issue.priority].calendar
    for clock, due_at in missed_targets(issue, policy, moment):
        yield TargetBreached(at=now, clock=clock, due_at=due_at, raised=getattr(issue.clocks, clock).graced(calendar))
        if clock == RESOLUTION:
            above = {min(issue.tier + 1, policy.last_tier), policy.last_tier}
            yield LevelsInformed(at=now, cause=Cause.RESOLUTION, tiers=tuple(sorted(above)))


def _told_again(issue: Issue, policy: Policy, moment: datetime, now: datetime) -> Iterator[Event]:
    leader, overdue = leader_asked_at(issue, policy), overdue_again_at(issue, policy)
    if leader and leader <= moment:
        yield LevelsInformed(at=now, cause=Cause.LEADERLESS, tiers=(policy.last_tier,))
    if overdue and overdue <= moment:
        yield LevelsInformed(at=now, cause=Cause.RESOLUTION, tiers=(policy.last_tier,))


def _turn(issue: Issue, policy: Policy, moment: datetime, now: datetime) -> Iterator[Event]:
    """At most one step up: its window begins now."""
    due_at = overdue_turn(issue, policy, moment)
    if due_at:
        yield from _step(issue, policy, now, due_at=due_at)


def _step(issue: Issue, policy: Policy, now: datetime, *, due_at: datetime) -> Iterator[Event]:
    cause, clock = (Cause.STALE, issue.clocks.update) if issue.claim else (Cause.UNCLAIMED, issue.clocks.tier_window)
    targets = policy.targets[issue.priority]
    if issue.claim and targets.on_stale is OnStale.INFORM:
        count = issue.stale_reminders + 1
        yield ClaimantReminded(at=now, due_at=due_at, count=count)
        above = min(issue.tier + 1, policy.last_tier)
        if count >= SECOND and above != issue.desk:  # which the reminder calls
            yield LevelsInformed(at=now, cause=Cause.STALE, tiers=(above,))
    elif issue.tier >= policy.last_tier:
        yield TierReminded(at=now, cause=cause, tier=issue.tier, due_at=due_at, count=issue.pings + 1)
    else:
        yield IssueEscalated(
            at=now,
            by=None,
            cause=cause,
            from_tier=issue.tier,
            to_tier=issue.tier + 1,
            due_at=due_at,
            claimant=issue.claim.by if issue.claim else None,
            raised=clock.graced(targets.calendar),
        )
        yield from told_of_climb(issue, issue.tier + 1, policy, now)
        if _much_too_late(issue, policy, due_at, now):
            yield LevelsInformed(at=now, cause=Cause.OVERDUE, tiers=(policy.last_tier,))


def _much_too_late(issue: Issue, policy: Policy, due_at: datetime, now: datetime) -> bool:
    """A P1 that a downtime kept for more than a whole window below the last tier (domain.md 3.11 rule 5)."""
    targets = policy.targets[issue.priority]
    kept = targets.calendar.between(due_at, now) > targets.window(issue.tier)
    return issue.priority is Priority.P1 and kept and issue.tier + 1 < policy.last_tier


def _unaccepted(issue: Issue, _: Policy, moment: datetime, now: datetime) -> Iterator[Event]:
    """Before a turn of the same moment: until then they had the right to be silent."""
    if issue.claim and issue.ticking and issue.claim.accept_by and issue.claim.accept_by <= moment:
        yield IssueReleased(at=now, by=None, claimant=issue.claim.by)


def _reminders(issue: Issue, policy: Policy, moment: datetime, now: datetime) -> Iterator[Event]:
    latest = {each.clock: each.share for each in due_reminders(issue, policy, now)}
    for each in due_reminders(issue, policy, moment):
        why = suppressed(issue, each, now) or ("later" if latest[each.clock] != each.share else "")
        yield Reminded(at=now, clock=each.clock, share=each.share, suppressed=why)


def _waited(issue: Issue, policy: Policy, moment: datetime, now: datetime, *, holder_gone: bool) -> Iterator[Event]:
    if issue.waiting is None:
        return
    nudge, give_up = next_nudge_at(issue, policy), give_up_at(issue, policy)
    if issue.waiting.until and issue.waiting.until <= moment:
        yield from resumed(issue, policy, now, by=None, holder_gone=holder_gone)
    elif nudge and nudge <= moment:
        yield ReporterNudged(at=now, count=issue.waiting.nudges + 1)
    elif nudge is None and give_up and give_up <= moment:
        yield IssueResolved(at=now, by=None, fix=NO_ANSWER)


def _closed(issue: Issue, policy: Policy, moment: datetime, now: datetime) -> Iterator[Event]:
    close = close_at(issue, policy) if issue.status is Status.RESOLVED else None
    if close and close <= moment:
        yield IssueClosed(at=now)


def replan(issue: Issue, old: Policy, new: Policy, now: datetime, *, holidays: tuple[date, ...] = ()) -> Decision:
    """Move an issue to another version of the policy: what is used stays, a new breach is given its grace (3.9).

    Also one that is resolved or merged: nothing runs, but if it comes back it shall follow the new ladder.
    """
    if issue.status in (Status.CLOSED, Status.CANCELLED) or issue.policy == new.version:
        return Decision(issue)
    before, after = old.targets[issue.priority], new.targets[issue.priority]
    budgets = {
        FIRST_RESPONSE: after.first_response,
        TIER_WINDOW: turn_window(issue, after),
        UPDATE: after.update,
        RESOLUTION: after.resolution,
    }
    clocks = Clocks(
        **{
            name: getattr(issue.clocks, name).rebudget(now, budget, before.calendar, after.calendar, after.grace)
            for name, budget in budgets.items()
        }
    )
    event = IssueReplanned(at=now, policy=new.version, clocks=clocks, holidays=holidays)
    return decide(issue, old, event)
