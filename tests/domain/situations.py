"""What a random run must have been through to prove anything, and how often: a machine that goes thin is a failure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta

from bot.domain.deadlines import RESOLUTION, UPDATE
from bot.domain.events import (
    Cause,
    ClaimantReminded,
    Event,
    HandOverAccepted,
    IssueEscalated,
    IssueMerged,
    IssueReleased,
    IssueReopened,
    IssueReplanned,
    IssueResolved,
    IssueUnmerged,
    LevelsInformed,
    PriorityChanged,
    Reminded,
    TargetBreached,
    TierReminded,
    WaitEnded,
    WaitStarted,
)
from bot.domain.issue import Issue, Status
from tests.domain.invariants import clocks_of, spent
from tests.domain.world import TIME, Step

LATE = timedelta(hours=1)


def situations(step: Step) -> Iterator[str]:
    """The names of what one step is an example of."""
    for before, event, after in step.stages:
        yield type(event).__name__
        if before is None:
            continue
        yield from _of(step, before, event, after)
        if before.status in (Status.CLOSED, Status.CANCELLED) or (before.status is Status.RESOLVED and step.by):
            yield f"{type(event).__name__} when it is over"
    turns = [event for event in step.events if isinstance(event, IssueEscalated | TierReminded | ClaimantReminded)]
    if step.act == TIME and turns:
        if any(isinstance(event, TargetBreached) for event in step.events):
            yield "a promise and a turn run out in one look"
        if step.now - turns[0].due_at > LATE:
            yield "a turn is passed late"


def _of(step: Step, before: Issue, event: Event, after: Issue) -> Iterator[str]:
    match event:
        case PriorityChanged():
            yield from _repriced(step, before, event)
        case IssueReplanned():
            if _used(step, before):
                yield "replanned while claimed and used"
            if before.status is Status.WAITING:
                yield "replanned while it waits"
            if _graced(step, before):
                yield "replanned within the grace"
        case WaitStarted():
            yield f"waits for: {event.reason}"
        case WaitEnded():
            who = "nobody: the date" if event.by is None else "its reporter" if event.by == before.reporter else "staff"
            yield f"resumed by {who}"
            if event.holder_gone:
                yield "resumed without its holder"
        case IssueReleased(by=None):
            yield "a hand-over is not accepted"
        case HandOverAccepted():
            yield "a hand-over is accepted"
        case IssueEscalated() | TierReminded():
            yield f"{type(event).__name__}: {event.cause}"
        case TargetBreached():
            yield f"breached: {event.clock}"
            if event.raised:
                yield "breached in the grace of a raise"
        case LevelsInformed(cause=Cause.RESOLUTION):
            yield "informed: resolution, again" if before.overdue_told_at else "informed: resolution"
        case LevelsInformed():
            yield f"informed: {event.cause}"
        case Reminded():
            yield f"reminded: {event.suppressed or 'told'}"
        case IssueReopened():
            if RESOLUTION in before.breached:
                yield "reopened after its resolution was breached"
            if before.cycle:
                yield "reopened once more"
            if before.children:
                yield "reopened with duplicates"
        case IssueMerged():
            if before.children:
                yield "merged with duplicates of its own"
            if before.status is Status.MERGED:
                yield "merged along"
        case IssueUnmerged():
            yield "unmerged with time used" if after.clocks.resolution.used else "unmerged"
        case IssueResolved():
            if event.by is None:
                yield "silence is taken for solved"
            if before.children:
                yield "resolved with duplicates"
        case _:
            pass


def _repriced(step: Step, before: Issue, event: PriorityChanged) -> Iterator[str]:
    way = "raised" if event.after.rank < event.before.rank else "lowered"
    if event.after == event.before:
        way = "changed within its priority"
    yield f"{way} while {before.status}"
    if _used(step, before):
        yield f"{way} while claimed and used"
    if _graced(step, before):
        yield f"{way} within the grace"


def _used(step: Step, issue: Issue) -> bool:
    """Somebody holds it and has been silent for a while."""
    return issue.status is Status.CLAIMED and spent(issue, step.policy, step.now)[UPDATE] > timedelta(0)


def _graced(step: Step, issue: Issue) -> bool:
    """A raise has left a clock a grace that is not over."""
    return any(clock.running_since and clock.floor and clock.floor > step.now for clock in clocks_of(issue).values())


def missing(met: Counter[str], least: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{met[name]} of {count}" for name, count in least.items() if met[name] < count}
