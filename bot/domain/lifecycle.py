"""The rules: what may happen to an issue, and what it is afterwards.

A rule looks and answers with a Decision or raises Refused; `evolve` alone changes an issue, event by event, so the
timeline always folds back into the state. No Slack, no SQL, no clock in here: the caller brings `now`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from bot.domain import refusals
from bot.domain.clocks import Clock
from bot.domain.deadlines import missed_targets, overdue_turn
from bot.domain.events import (
    Cause,
    DeliveryFailed,
    Event,
    IssueClaimed,
    IssueEscalated,
    IssueOpened,
    IssueReleased,
    IssueReopened,
    IssueResolved,
    LevelsInformed,
    NoteTaken,
    ReporterReplied,
    StaffReplied,
    TargetBreached,
    TierReminded,
    Words,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.issue import DETAILS_LIMIT, TITLE_LIMIT, Claim, Clocks, HandOff, Issue, Status
from bot.domain.policy import Policy
from bot.domain.priority import Level

TEXT_LIMIT = 2000  # characters of a reason, of what was tried, of what fixed it
REPORT_LIMIT = 5  # issues one person may open within REPORT_SPAN (domain.md T1)
REPORT_SPAN = timedelta(minutes=10)


@dataclass(frozen=True)
class Decision:
    """The issue as it will be and what happened to it; not yet stored. No events: nothing changes."""

    issue: Issue
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Actor:
    """A person and the tiers they are staff of, as known inside the transaction."""

    user: str
    tiers: frozenset[int] = frozenset()

    @property
    def is_staff(self) -> bool:
        return bool(self.tiers)

    @property
    def highest(self) -> int:
        return max(self.tiers, default=0)


@dataclass(frozen=True)
class Seen:
    """What a person had before their eyes: two presses on one card, or on an old one, must not move it twice."""

    entry: int | None = None  # the tier entry a button was drawn for
    tier: int | None = None  # the tier in whose thread a command was typed

    def is_past(self, issue: Issue) -> bool:
        if self.entry is not None:
            return self.entry != issue.tier_entry
        return self.tier is not None and issue.hand_off is not None and self.tier not in (issue.tier, issue.desk)


# --- the rules -------------------------------------------------------------------------------------------------------


def open_issue(
    number: int,
    *,
    reporter: str,
    title: str,
    details: str,
    impact: Level,
    urgency: Level,
    recent: int,
    policy: Policy,
    now: datetime,
) -> Decision:
    """T1. `recent` is how many issues the reporter opened within REPORT_SPAN."""
    title, details = " ".join(title.split()), details.strip()
    if not title:
        raise refusals.TitleMissing
    if len(title) > TITLE_LIMIT:
        raise refusals.TitleTooLong(length=len(title), limit=TITLE_LIMIT)
    if len(details) > DETAILS_LIMIT:
        raise refusals.DetailsTooLong(length=f"{len(details):,}", limit=f"{DETAILS_LIMIT:,}")
    if recent >= REPORT_LIMIT:
        raise refusals.TooManyIssues(count=recent, minutes=REPORT_SPAN // timedelta(minutes=1))
    priority = policy.priority(impact, urgency)
    opened = IssueOpened(
        at=now,
        by=reporter,
        number=number,
        title=title,
        details=details,
        impact=impact,
        urgency=urgency,
        priority=priority,
        policy=policy.version,
    )
    told = policy.targets[priority].at_once.inform
    informed = (LevelsInformed(at=now, cause=Cause.SEVERITY, tiers=told),) if told else ()
    return _decide(None, (opened, *informed), policy)


def claim(issue: Issue, actor: Actor, *, desk: int | None, policy: Policy, now: datetime) -> Decision:
    """T2. Any staff, from any card of the issue, an old one too: the goal is an owner (domain.md 2.5)."""
    _require_staff(issue, actor)
    _require_live(issue)
    if issue.claim and issue.claim.by == actor.user:
        return Decision(issue)
    if issue.claim:
        raise refusals.AlreadyClaimed(name=issue.name, user=issue.claim.by)
    desk = desk if desk in issue.carded else issue.tier
    return _decide(issue, (IssueClaimed(at=now, by=actor.user, desk=desk),), policy)


def may_release(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    _require_live(issue)
    if issue.claim is None:
        raise refusals.NotClaimed(name=issue.name)
    _require_claimant(issue, actor)


def release(issue: Issue, actor: Actor, *, policy: Policy, now: datetime) -> Decision:
    """T4. The tier gets its full window again."""
    may_release(issue, actor)
    assert issue.claim is not None
    return _decide(issue, (IssueReleased(at=now, by=actor.user, claimant=issue.claim.by),), policy)


def may_escalate(issue: Issue, actor: Actor, *, seen: Seen, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_live(issue)
    if seen.is_past(issue):
        raise refusals.AlreadyMoved(name=issue.name, tier=policy.tier(issue.tier).name)
    if issue.tier >= policy.last_tier:
        raise refusals.NoHigherTier(name=issue.name, tier=policy.tier(issue.tier).name)


def escalate(
    issue: Issue, actor: Actor, *, seen: Seen, reason: str, tried: str, policy: Policy, now: datetime
) -> Decision:
    """T12: functional, by a person; reason and what was tried travel with it."""
    may_escalate(issue, actor, seen=seen, policy=policy)
    reason = _required(reason, what="it should go up")
    tried = _required(tried, what="nothing helped so far: what was tried")
    moved = IssueEscalated(
        at=now,
        by=actor.user,
        cause=Cause.MANUAL,
        from_tier=issue.tier,
        to_tier=issue.tier + 1,
        due_at=now,
        claimant=issue.claim.by if issue.claim else None,
        reason=reason,
        tried=tried,
    )
    return _decide(issue, (moved,), policy)


def may_resolve(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    _require_live(issue)
    if issue.claim:
        _require_claimant(issue, actor)


def resolve(issue: Issue, actor: Actor, *, fix: str, policy: Policy, now: datetime) -> Decision:
    """T17."""
    may_resolve(issue, actor)
    return _decide(
        issue, (IssueResolved(at=now, by=actor.user, fix=_required(fix, what="it is over: what fixed it")),), policy
    )


def may_reopen(issue: Issue, actor: Actor) -> None:
    if actor.user != issue.reporter and not actor.is_staff:
        raise refusals.NotYours(name=issue.name)
    if issue.status is not Status.RESOLVED:
        raise refusals.NotResolved(name=issue.name, status=issue.status.value)


def reopen(issue: Issue, actor: Actor, *, reason: str, policy: Policy, now: datetime) -> Decision:
    """T18. It comes back to the tier that resolved it; the resolution clock goes on where it stopped."""
    may_reopen(issue, actor)
    return _decide(
        issue, (IssueReopened(at=now, by=actor.user, reason=_required(reason, what="it is not over")),), policy
    )


def staff_word(issue: Issue, actor: Actor, words: Words, *, note: bool, policy: Policy, now: datetime) -> Decision:
    """T6, T7. A public word keeps the promises to the reporter; a note keeps none."""
    _require_staff(issue, actor)
    said: Event = (
        NoteTaken(at=now, by=actor.user, words=words) if note else StaffReplied(at=now, by=actor.user, words=words)
    )
    return _decide(issue, (said,), policy)


def reporter_word(issue: Issue, words: Words, *, by: str, policy: Policy, now: datetime) -> Decision:
    """T8; on a resolved issue the plain reply reopens it (T18)."""
    said = ReporterReplied(at=now, by=by, words=words)
    if issue.status is Status.RESOLVED:
        return _decide(issue, (IssueReopened(at=now, by=by, reason=""), said), policy)
    return _decide(issue, (said,), policy)


def edited_word(issue: Issue, words: Words, *, by: str, policy: Policy, now: datetime) -> Decision:
    return _decide(issue, (WordsEdited(at=now, by=by, words=words),), policy)


def deleted_word(issue: Issue, channel: str, ts: str, *, by: str, policy: Policy, now: datetime) -> Decision:
    return _decide(issue, (WordsDeleted(at=now, by=by, channel=channel, ts=ts),), policy)


def delivery_failed(
    issue: Issue, *, what: str, tier: int | None, error: str, policy: Policy, now: datetime
) -> Decision:
    return _decide(issue, (DeliveryFailed(at=now, what=what, tier=tier, error=error),), policy)


def pass_time(issue: Issue, policy: Policy, now: datetime) -> Decision:
    """What the clocks bring about by `now`: each missed target once, and at most one functional step (domain D6)."""
    events: list[Event] = []
    for clock, due_at in missed_targets(issue, policy, now):
        events.append(TargetBreached(at=now, clock=clock, due_at=due_at))
        if clock == "resolution":
            above = tuple(sorted({min(issue.tier + 1, policy.last_tier), policy.last_tier}))
            events.append(LevelsInformed(at=now, cause=Cause.RESOLUTION, tiers=above))
    turn = overdue_turn(issue, policy, now)
    if turn:
        cause = Cause.STALE if issue.claim else Cause.UNCLAIMED
        events.append(_step(issue, cause, due_at=turn, policy=policy, now=now))
    return _decide(issue, tuple(events), policy)


def _step(
    issue: Issue, cause: Cause, *, due_at: datetime, policy: Policy, now: datetime
) -> IssueEscalated | TierReminded:
    if issue.tier >= policy.last_tier:
        return TierReminded(at=now, cause=cause, tier=issue.tier, due_at=due_at, count=issue.pings + 1)
    return IssueEscalated(
        at=now,
        by=None,
        cause=cause,
        from_tier=issue.tier,
        to_tier=issue.tier + 1,
        due_at=due_at,
        claimant=issue.claim.by if issue.claim else None,
    )


def _require_staff(issue: Issue, actor: Actor) -> None:
    if not actor.is_staff:
        raise refusals.NotStaff(name=issue.name)


def _require_live(issue: Issue) -> None:
    if not issue.live:
        raise refusals.AlreadyResolved(name=issue.name, user=issue.resolved_by)


def _require_claimant(issue: Issue, actor: Actor) -> None:
    """The claimant, or someone of a tier above the one they work at (domain.md 2.2)."""
    assert issue.claim is not None
    if actor.user != issue.claim.by and actor.highest <= issue.claim.desk:
        raise refusals.NotTheClaimant(name=issue.name, user=issue.claim.by)


def _required(text: str, *, what: str) -> str:
    text = text.strip()
    if not text:
        raise refusals.ReasonMissing(what=what)
    if len(text) > TEXT_LIMIT:
        raise refusals.TextTooLong(length=f"{len(text):,}", limit=f"{TEXT_LIMIT:,}")
    return text


# --- what an event makes of an issue ---------------------------------------------------------------------------------


def _decide(issue: Issue | None, events: tuple[Event, ...], policy: Policy) -> Decision:
    after = fold(events, policy, issue)
    assert after is not None
    return Decision(after, events)


def fold(events: Iterable[Event], policy: Policy, issue: Issue | None = None) -> Issue | None:
    for event in events:
        issue = evolve(issue, event, policy)
    return issue


def evolve(issue: Issue | None, event: Event, policy: Policy) -> Issue:
    """The issue after the event: its state, and what starts, stops and restarts each clock (domain.md 3.3)."""
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
        clocks=Clocks(
            first_response=Clock(budget=targets.first_response).start(event.at),
            tier_window=Clock(budget=targets.window(tier)).start(event.at),
            update=Clock(budget=targets.update),
            resolution=Clock(budget=targets.resolution).start(event.at),
        ),
        version=1,
    )


def _changed(issue: Issue, event: Event, policy: Policy) -> Issue:
    targets = policy.targets[issue.priority]
    clocks, now = issue.clocks, event.at

    def stopped(clock: Clock) -> Clock:
        return clock.stop(now, targets.calendar)

    match event:
        case IssueClaimed():
            return replace(
                issue,
                status=Status.CLAIMED,
                claim=Claim(by=event.by, since=now, desk=event.desk),
                clocks=clocks.having(
                    first_response=stopped(clocks.first_response),
                    tier_window=stopped(clocks.tier_window),
                    update=clocks.update.restart(now),
                ),
            )
        case IssueReleased():
            return replace(
                issue,
                status=Status.OPEN,
                claim=None,
                tier_entry=issue.tier_entry + 1,
                clocks=clocks.having(tier_window=clocks.tier_window.restart(now), update=stopped(clocks.update)),
            )
        case IssueEscalated():
            carded = (*(tier for tier in issue.carded if tier != event.to_tier), event.to_tier)
            return replace(
                issue,
                status=Status.OPEN,
                claim=None,
                tier=event.to_tier,
                tier_entry=issue.tier_entry + 1,
                pings=0,
                carded=carded,
                hand_off=HandOff(event.from_tier, event.by, event.cause, event.reason, event.tried),
                clocks=clocks.having(
                    tier_window=clocks.tier_window.restart(now, targets.window(event.to_tier)),
                    update=stopped(clocks.update),
                ),
            )
        case TierReminded():
            running = (
                {"update": clocks.update.restart(now)}
                if issue.claim
                else {"tier_window": clocks.tier_window.restart(now)}
            )
            return replace(issue, pings=event.count, clocks=clocks.having(**running))
        case TargetBreached():
            return replace(issue, breached=(*issue.breached, event.clock))
        case StaffReplied():
            restarted = {"update": clocks.update.restart(now)} if issue.claim else {}
            return replace(
                issue,
                answered_at=now,
                clocks=clocks.having(first_response=stopped(clocks.first_response), **restarted),
            )
        case IssueResolved():
            return replace(
                issue,
                status=Status.RESOLVED,
                claim=None,
                fix=event.fix,
                resolved_at=now,
                resolved_by=event.by,
                clocks=Clocks(
                    first_response=stopped(clocks.first_response),
                    tier_window=stopped(clocks.tier_window),
                    update=stopped(clocks.update),
                    resolution=stopped(clocks.resolution),
                ),
            )
        case IssueReopened():
            return replace(
                issue,
                status=Status.OPEN,
                cycle=issue.cycle + 1,
                tier_entry=issue.tier_entry + 1,
                pings=0,
                fix=None,
                resolved_at=None,
                resolved_by=None,
                answered_at=None,
                breached=tuple(clock for clock in issue.breached if clock != "first_response"),
                clocks=clocks.having(
                    first_response=Clock(budget=targets.first_response).start(now),
                    tier_window=clocks.tier_window.restart(now),
                    resolution=clocks.resolution.start(now),
                ),
            )
        case LevelsInformed() | NoteTaken() | ReporterReplied() | WordsEdited() | WordsDeleted() | DeliveryFailed():
            return issue
        case IssueOpened():
            raise ValueError("an issue is opened once")
        case _:
            assert_never(event)
