"""What time alone brings about. Each call acts on what is due by `now`, once, and at most one step up (domain D6)."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain.deadlines import (
    RESOLUTION,
    UPDATE,
    close_at,
    due_reminders,
    give_up_at,
    missed_targets,
    next_nudge_at,
    overdue_turn,
    suppressed,
)
from bot.domain.decision import Decision, decide
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
    WaitEnded,
)
from bot.domain.issue import Clocks, Issue, Status
from bot.domain.policy import OnStale, Policy

NO_ANSWER = "There was no answer to our question."
SECOND = 2  # the claimant's second reminder, too, is one too many


def pass_time(issue: Issue, policy: Policy, now: datetime, *, holder_gone: bool = False) -> Decision:
    """`holder_gone`: who holds the issue is no longer staff, which matters when it wakes from waiting."""
    match issue.status:
        case Status.OPEN | Status.CLAIMED:
            return decide(issue, policy, *_ticked(issue, policy, now))
        case Status.WAITING:
            return decide(issue, policy, *_waited(issue, policy, now, holder_gone=holder_gone))
        case Status.RESOLVED:
            close = close_at(issue, policy)
            return decide(issue, policy, IssueClosed(at=now)) if close and close <= now else Decision(issue)
        case _:
            return Decision(issue)


def _ticked(issue: Issue, policy: Policy, now: datetime) -> Iterator[Event]:
    """Broken promises first, then the turn; what is due at the turn makes its reminders pointless."""
    yield from _breaches(issue, policy, now)
    turn = overdue_turn(issue, policy, now)
    if turn:
        yield from _step(issue, policy, now, due_at=turn)
    elif issue.claim and issue.claim.accept_by and issue.claim.accept_by <= now:
        yield IssueReleased(at=now, by=None, claimant=issue.claim.by)
    else:
        yield from _reminders(issue, policy, now)


def _breaches(issue: Issue, policy: Policy, now: datetime) -> Iterator[Event]:
    for clock, due_at in missed_targets(issue, policy, now):
        yield TargetBreached(at=now, clock=clock, due_at=due_at)
        if clock == RESOLUTION:
            above = {min(issue.tier + 1, policy.last_tier), policy.last_tier}
            yield LevelsInformed(at=now, cause=Cause.RESOLUTION, tiers=tuple(sorted(above)))


def _step(issue: Issue, policy: Policy, now: datetime, *, due_at: datetime) -> Iterator[Event]:
    cause = Cause.STALE if issue.claim else Cause.UNCLAIMED
    if issue.claim and policy.targets[issue.priority].on_stale is OnStale.INFORM:
        count = issue.stale_reminders + 1
        yield ClaimantReminded(at=now, due_at=due_at, count=count)
        if count >= SECOND:
            above = min(issue.tier + 1, policy.last_tier)
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
        )


def _reminders(issue: Issue, policy: Policy, now: datetime) -> Iterator[Event]:
    due = due_reminders(issue, policy, now)
    latest = {each.clock: each.share for each in due}
    for each in due:
        why = suppressed(issue, each, now) or ("later" if latest[each.clock] != each.share else "")
        yield Reminded(at=now, clock=each.clock, share=each.share, suppressed=why)


def _waited(issue: Issue, policy: Policy, now: datetime, *, holder_gone: bool) -> Iterator[Event]:
    assert issue.waiting is not None
    nudge, give_up = next_nudge_at(issue, policy), give_up_at(issue, policy)
    if issue.waiting.until and issue.waiting.until <= now:
        yield WaitEnded(at=now, by=None, holder_gone=holder_gone)
    elif nudge and nudge <= now:
        yield ReporterNudged(at=now, count=issue.waiting.nudges + 1)
    elif nudge is None and give_up and give_up <= now:
        yield IssueResolved(at=now, by=None, fix=NO_ANSWER)


def replan(issue: Issue, old: Policy, new: Policy, now: datetime) -> Decision:
    """Move an issue to another version of the policy: what is used stays, a new breach is given its grace (3.9)."""
    if not issue.live or issue.policy == new.version:
        return Decision(issue)
    before, after = old.targets[issue.priority], new.targets[issue.priority]
    budgets = {
        "first_response": after.first_response,
        "tier_window": after.window(issue.tier),
        UPDATE: after.update,
        RESOLUTION: after.resolution,
    }
    clocks = Clocks(
        **{
            name: getattr(issue.clocks, name).rebudget(now, budget, before.calendar, after.calendar, after.grace)
            for name, budget in budgets.items()
        }
    )
    event = IssueReplanned(at=now, policy=new.version, clocks=clocks)
    return decide(issue, old, event)
