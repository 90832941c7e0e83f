"""What an event makes of an issue. Nothing else changes one, so the timeline always folds back into the state."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.domain.clocks import Clock
from bot.domain.deadlines import FIRST_RESPONSE, RESOLUTION, TIER_WINDOW, UPDATE
from bot.domain.events import (
    Cause,
    ClaimantReminded,
    DeliveryFailed,
    DuplicateLinked,
    DuplicateUnlinked,
    Event,
    FixConfirmed,
    HandOverAccepted,
    HelpRated,
    IssueCancelled,
    IssueClaimed,
    IssueClosed,
    IssueEscalated,
    IssueHandedOver,
    IssueMerged,
    IssueOpened,
    IssueReleased,
    IssueReopened,
    IssueReplanned,
    IssueRerouted,
    IssueResolved,
    IssueReturned,
    IssueSnoozed,
    IssueTakenOver,
    IssueUnmerged,
    LevelsInformed,
    MajorDeclared,
    MajorEnded,
    NoteTaken,
    ParentAnswered,
    ParentReopened,
    ParentResolved,
    PriorityChanged,
    Reminded,
    ReporterNudged,
    ReporterReplied,
    StaffReplied,
    TargetBreached,
    TierReminded,
    WaitEnded,
    WaitStarted,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.issue import Claim, Clocks, HandOff, Issue, Reminder, Reopening, Status, Wait
from bot.domain.policy import Policy, Targets
from bot.domain.priority import SEVERE

ACCEPT_WITHIN = timedelta(minutes=15)  # at most, for a hand-over of a P1 or P2


def fold(events: Iterable[Event], policy_of: Callable[[str], Policy]) -> Issue | None:
    """The issue a timeline tells of; None for an empty one. `policy_of` finds a policy by its version."""
    issue: Issue | None = None
    for event in events:
        version = event.policy if isinstance(event, IssueOpened) else issue.policy if issue else ""
        issue = evolve(issue, event, policy_of(version))
    return issue


def evolve(issue: Issue | None, event: Event, policy: Policy) -> Issue:
    """The issue after the event. `policy` is the version the issue is pinned to at that moment."""
    if isinstance(event, IssueOpened):
        return _opened(event, policy)
    if issue is None:
        raise ValueError(f"a timeline begins with IssueOpened, not {type(event).__name__}")
    return replace(_changed(issue, event, policy), version=issue.version + 1)


def _opened(event: IssueOpened, policy: Policy) -> Issue:
    targets = policy.targets[event.priority]
    tier = max(targets.at_once.tiers)
    return Issue(
        number=event.number,
        title=event.title,
        details=event.details,
        reporter=event.by,
        impact=event.impact,
        urgency=event.urgency,
        priority=event.priority,
        policy=event.policy,
        status=Status.OPEN,
        tier=tier,
        tier_entry=1,
        cycle=0,
        opened_at=event.at,
        carded=targets.at_once.tiers,
        sharing=targets.at_once.tiers,
        follows=event.follows,
        clocks=Clocks(
            first_response=Clock(budget=targets.first_response).start(event.at),
            tier_window=Clock(budget=targets.window(tier)).start(event.at),
            update=Clock(budget=targets.update),
            resolution=Clock(budget=targets.resolution).start(event.at),
        ),
        version=1,
    )


def _changed(issue: Issue, event: Event, policy: Policy) -> Issue:
    """One case per event: state, and what starts, stops and restarts each clock (domain.md 3.3)."""
    now, targets = event.at, policy.targets[issue.priority]
    match event:
        case IssueClaimed():
            return _held(issue, Claim(by=event.by, since=now, desk=event.desk), now, targets)
        case IssueTakenOver():
            return _held(issue, Claim(by=event.by, since=now, desk=event.desk), now, targets)
        case IssueHandedOver():
            offer = Claim(event.to, now, event.desk, offered_by=event.by, accept_by=event.accept_by, note=event.note)
            return _held(issue, offer, now, targets)
        case HandOverAccepted():
            return _accepted(issue, event.by)
        case IssueReleased():
            return replace(_unheld(issue, now, targets), releases=issue.releases + (event.by is not None))
        case IssueEscalated():
            told = (event.reason, event.tried, event.needed)
            packet = HandOff(
                event.from_tier, event.by, event.cause, *told, at=now, raised=event.raised, asked=issue.turn
            )
            return _moved(issue, event.to_tier, packet, now, targets)
        case IssueReturned():
            packet = HandOff(event.from_tier, event.by, "returned", event.findings, "", at=now)
            return replace(_moved(issue, event.to_tier, packet, now, targets), bounces=issue.bounces + 1)
        case IssueRerouted():
            packet = HandOff(event.from_tier, event.by, "rerouted", event.reason, "", at=now)
            bounces = issue.bounces + (event.by is not None)
            return replace(_moved(issue, event.to_tier, packet, now, targets), bounces=bounces)
        case TierReminded():
            pinged = replace(issue, pings=event.count)
            if issue.claim:
                return _restarted(pinged, UPDATE, now)
            return _restarted(pinged, TIER_WINDOW, now, turn_window(pinged, targets))
        case ClaimantReminded():
            return replace(_restarted(issue, UPDATE, now), stale_reminders=event.count)
        case Reminded():
            passed = Reminder(event.clock, event.share, now, told=not event.suppressed)
            return replace(issue, reminded=(*issue.reminded, passed))
        case TargetBreached():
            return replace(issue, breached=(*issue.breached, event.clock))
        case StaffReplied():
            return _answered(issue, event.by, now, targets)
        case WaitStarted():
            wait = Wait(reason=event.reason, since=now, note=event.note, until=event.until)
            halted = _halted(_offer_paused(_accepted(issue, event.by)), now, targets)
            return replace(halted, status=Status.WAITING, waiting=wait, snooze_until=None)
        case WaitEnded():
            return _resumed(_accepted(issue, event.by), now, targets, holder_gone=event.holder_gone)
        case ReporterNudged():
            assert issue.waiting is not None
            return replace(issue, waiting=replace(issue.waiting, nudges=event.count, nudged_at=now))
        case IssueSnoozed():
            return replace(_accepted(issue, event.by), snooze_until=event.until)
        case PriorityChanged():
            return _repriced(issue, event, policy)
        case IssueResolved():
            return replace(
                _halted(issue, now, targets),
                status=Status.RESOLVED,
                claim=None,
                waiting=None,
                snooze_until=None,
                fix=event.fix,
                category=event.category,
                resolved_at=now,
                resolved_by=event.by,
                resolved_claim=_accepted(issue, event.by).claim,
            )
        case IssueReopened():
            plea = event.reason if event.by == issue.reporter else ""
            back = Reopening(event.by, event.reason, issue.fix or "")
            return replace(_reopened(issue, now, targets), reopening=back, plea=plea)
        case FixConfirmed():
            return replace(issue, confirmed=True)
        case HelpRated():
            return replace(issue, rating=event.score)
        case IssueCancelled():
            return replace(_ended(issue, Status.CANCELLED, now, targets), cancelled_by=event.by)
        case IssueClosed():
            return replace(issue, status=Status.CLOSED, ended_at=now)
        case IssueMerged():
            return replace(_ended(issue, Status.MERGED, now, targets), parent=event.into, children=())
        case IssueUnmerged():
            return _unmerged(issue, now, targets)
        case DuplicateLinked():
            return replace(issue, children=(*issue.children, event.child))
        case DuplicateUnlinked():
            return replace(issue, children=tuple(child for child in issue.children if child != event.child))
        case MajorDeclared():
            return replace(issue, commander=event.commander)
        case MajorEnded():
            return replace(issue, commander=None)
        case IssueReplanned():
            return replace(issue, policy=event.policy, clocks=event.clocks)
        case LevelsInformed():
            return _informed(issue, event, policy)
        case ParentResolved():
            return replace(issue, fix=event.fix)
        case ParentReopened():
            return replace(issue, fix=None)
        case ReporterReplied():
            return replace(issue, heard_at=now)
        case NoteTaken() | WordsEdited() | WordsDeleted() | DeliveryFailed() | ParentAnswered():
            return issue
        case IssueOpened():
            raise ValueError("an issue is opened once")
        case _:
            assert_never(event)


# --- the clocks ------------------------------------------------------------------------------------------------------


def _having(issue: Issue, **clocks: Clock) -> Issue:
    return replace(issue, clocks=issue.clocks.having(**clocks))


def _restarted(issue: Issue, name: str, now: datetime, budget: timedelta | None = None) -> Issue:
    """A clock from nothing used; its reminders are ahead again."""
    clock: Clock = getattr(issue.clocks, name)
    reminded = tuple(each for each in issue.reminded if each.clock != name)
    return replace(_having(issue, **{name: clock.restart(now, budget)}), reminded=reminded)


def _stopped(issue: Issue, now: datetime, targets: Targets, *names: str) -> Issue:
    clocks = {name: getattr(issue.clocks, name).stop(now, targets.calendar) for name in names}
    return _having(issue, **clocks)


def _halted(issue: Issue, now: datetime, targets: Targets) -> Issue:
    return _stopped(issue, now, targets, FIRST_RESPONSE, TIER_WINDOW, UPDATE, RESOLUTION)


def turn_window(issue: Issue, targets: Targets) -> timedelta:
    """How long the tier may leave the issue unclaimed: its window, at the last tier longer with each reminder."""
    window, repeat = targets.window(issue.tier), targets.repeat
    if not issue.pings:
        return window
    try:
        longer = window * repeat.factor ** (issue.pings - 1)
    except OverflowError:  # after weeks of silence
        longer = repeat.cap
    return max(window, min(longer, repeat.cap))


def accept_within(issue: Issue, targets: Targets) -> timedelta:
    """How long whoever it is handed to has to accept it (T5)."""
    window = targets.window(issue.tier)
    within = min(window, ACCEPT_WITHIN) if issue.priority in SEVERE else window
    return min(within, targets.update)  # or it would go up before they had to accept it


# --- the states ------------------------------------------------------------------------------------------------------


def _held(issue: Issue, claim: Claim, now: datetime, targets: Targets) -> Issue:
    stopped = _stopped(issue, now, targets, FIRST_RESPONSE, TIER_WINDOW)
    fresh = _restarted(stopped, UPDATE, now)
    anew = replace(fresh, snooze_until=None, stale_reminders=0, pings=0)
    return replace(anew, status=Status.CLAIMED, claim=claim, responded=True)


def _accepted(issue: Issue, by: str | None) -> Issue:
    """Who acts on what was handed to them has taken it."""
    if issue.claim is None or issue.claim.by != by:
        return issue
    return replace(issue, claim=replace(issue.claim, offered_by=None, accept_by=None, note=""))


def _offer_paused(issue: Issue) -> Issue:
    """Nothing is asked of anybody while it waits, so nobody is late with accepting it either."""
    return replace(issue, claim=replace(issue.claim, accept_by=None)) if issue.claim else issue


def _offered_anew(claim: Claim, issue: Issue, now: datetime, targets: Targets) -> Claim:
    """They have the full time again: what time there was before the wait, they may have spent asleep."""
    if claim.offered_by is None:
        return claim
    return replace(claim, accept_by=targets.calendar.add(now, accept_within(issue, targets)))


def _unheld(issue: Issue, now: datetime, targets: Targets) -> Issue:
    """Nobody's: the tier has its full window again."""
    fresh = _at_the_door(_stopped(issue, now, targets, UPDATE), now, targets)
    return replace(fresh, claim=None, snooze_until=None, stale_reminders=0)


def _at_the_door(issue: Issue, now: datetime, targets: Targets) -> Issue:
    """Open, as if it had come to its tier just now."""
    fresh = _restarted(issue, TIER_WINDOW, now, targets.window(issue.tier))
    return replace(fresh, status=Status.OPEN, tier_entry=issue.tier_entry + 1, pings=0)


def _moved(issue: Issue, to: int, packet: HandOff, now: datetime, targets: Targets) -> Issue:
    carded = (*(tier for tier in issue.carded if tier != to), to)
    moved = replace(issue, tier=to, carded=carded, hand_off=packet, reopening=None, sharing=())
    return _unheld(moved, now, targets)


def _answered(issue: Issue, by: str, now: datetime, targets: Targets) -> Issue:
    """A public word: the reporter has heard from support."""
    heard = _stopped(issue, now, targets, FIRST_RESPONSE)
    heard = replace(heard, answered_at=now, responded=True, stale_reminders=0)
    if issue.claim is None or issue.status is not Status.CLAIMED:
        return heard
    return replace(_restarted(_accepted(heard, by), UPDATE, now), pings=0)


def _resumed(issue: Issue, now: datetime, targets: Targets, *, holder_gone: bool) -> Issue:
    going = _having(
        issue,
        resolution=issue.clocks.resolution.start(now),
        **({} if issue.responded else {FIRST_RESPONSE: issue.clocks.first_response.start(now)}),
    )
    going = replace(going, waiting=None)
    if issue.claim and not holder_gone:
        claim = _offered_anew(issue.claim, issue, now, targets)
        return replace(_restarted(going, UPDATE, now), status=Status.CLAIMED, claim=claim)
    return replace(_at_the_door(going, now, targets), claim=None)


def _reopened(issue: Issue, now: datetime, targets: Targets) -> Issue:
    """A new cycle at the tier that resolved it; what the resolution has used stays used (invariant 18)."""
    again = replace(
        issue,
        cycle=issue.cycle + 1,
        fix=None,
        category=None,
        resolved_at=None,
        resolved_by=None,
        resolved_claim=None,
        confirmed=False,
        rating=None,
        answered_at=None,
        releases=0,
        responded=False,
        leader_asked=None,
        breached=tuple(clock for clock in issue.breached if clock != FIRST_RESPONSE),
    )
    return _having(
        _at_the_door(again, now, targets),
        first_response=Clock(budget=targets.first_response).start(now),
        resolution=again.clocks.resolution.start(now),
    )


def _ended(issue: Issue, status: Status, now: datetime, targets: Targets) -> Issue:
    return replace(
        _halted(issue, now, targets), status=status, claim=None, waiting=None, snooze_until=None, ended_at=now
    )


def _unmerged(issue: Issue, now: datetime, targets: Targets) -> Issue:
    """Back to work with what was used kept; the tier has its full window."""
    back = replace(issue, parent=None, ended_at=None, fix=None)
    going = {RESOLUTION: back.clocks.resolution.start(now)}
    if not issue.responded:
        going[FIRST_RESPONSE] = back.clocks.first_response.start(now)
    return _at_the_door(_having(back, **going), now, targets)


def _repriced(issue: Issue, event: PriorityChanged, policy: Policy) -> Issue:
    """What is used stays used; only what remains changes (domain.md 3.8)."""
    old, new = policy.targets[event.before], policy.targets[event.after]
    budgets = {
        FIRST_RESPONSE: new.first_response,
        TIER_WINDOW: turn_window(issue, new),
        UPDATE: new.update,
        RESOLUTION: new.resolution,
    }
    clocks = {
        name: getattr(issue.clocks, name).rebudget(event.at, budget, old.calendar, new.calendar, new.grace)
        for name, budget in budgets.items()
    }
    raised = event.by == issue.reporter or issue.raised_by_reporter
    lowered = event.after.rank > event.before.rank
    return replace(
        _having(issue, **clocks),
        impact=event.impact,
        urgency=event.urgency,
        priority=event.after,
        raised_by_reporter=raised,
        snooze_until=None if event.after in SEVERE else issue.snooze_until,  # which may not be silent (T11)
        # Whoever is told of nothing so low hears of the next raise as of the first.
        informed=tuple(tier for tier in issue.informed if not lowered or tier in new.at_once.inform),
        plea=event.reason if event.by == issue.reporter and event.reason else issue.plea,
    )


def untold(issue: Issue, policy: Policy) -> tuple[int, ...]:
    """Tiers that a new issue of its priority would have told at once and that know nothing of it yet (domain.md 3.7).

    Those below its tier had their turn. While it waits nobody is asked, but those who are only told hear of it (3.8).
    """
    at_once = policy.targets[issue.priority].at_once
    asked = {tier for tier in at_once.tiers if tier > issue.tier} if issue.status is not Status.WAITING else set()
    return tuple(sorted((asked | set(at_once.inform)) - {*issue.informed, *issue.turn}))


def _informed(issue: Issue, event: LevelsInformed, policy: Policy) -> Issue:
    """What is asked or told once is remembered; and a raise gives a card and the turn to the tiers that a new issue of
    that priority would have had at once.
    """
    match event.cause:
        case Cause.LEADERLESS:
            return replace(issue, leader_asked=event.tiers[-1])
        case Cause.RESOLUTION:
            return replace(issue, overdue_told_at=event.at)
        case Cause.RAISED | Cause.SEVERITY:
            pass
        case _:
            return issue
    told = replace(issue, informed=tuple(sorted({*issue.informed, *event.tiers})))
    if event.cause is Cause.SEVERITY or issue.status is Status.WAITING:
        return told
    asked = tuple(tier for tier in event.tiers if tier in policy.targets[issue.priority].at_once.tiers)
    carded = (*(tier for tier in issue.carded if tier not in asked), *asked)
    return replace(told, carded=carded, sharing=(*issue.sharing, *asked))
