"""The rules: what people may do to an issue, and what they are told when they may not.

A rule looks and answers with a Decision, or raises Refused. No Slack, no SQL, no clock in here: the caller brings
`now`. What time alone does is in clockwork.py, what an event makes of an issue in evolution.py. T1 .. T26 are the
transitions of domain.md 2.3.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import refusals
from bot.domain.deadlines import next_step_at
from bot.domain.decision import Actor, Decision, decide, told_of_climb
from bot.domain.events import (
    Cause,
    DeliveryFailed,
    DuplicateLinked,
    DuplicateUnlinked,
    Event,
    FixConfirmed,
    HandOverAccepted,
    HelpRated,
    IssueCancelled,
    IssueClaimed,
    IssueEscalated,
    IssueHandedOver,
    IssueMerged,
    IssueOpened,
    IssueReleased,
    IssueReopened,
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
    ReporterReplied,
    StaffReplied,
    WaitEnded,
    WaitStarted,
    Words,
    WordsDeleted,
    WordsEdited,
)
from bot.domain.evolution import accept_within, untold
from bot.domain.issue import CATEGORIES, DETAILS_LIMIT, FINAL, TITLE_LIMIT, Claim, Issue, Status, WaitingFor, issue_name
from bot.domain.policy import Policy
from bot.domain.priority import SEVERE, Level, Priority
from bot.text import about, clip, escape, is_blank, mover, person, when

TEXT_LIMIT = 2000  # characters of a reason, of what was tried, of what fixed it
WORDS_LIMIT = 5 * TEXT_LIMIT  # of words that are encoded already: "&" takes five characters then
REPORT_LIMIT = 5  # issues one person may open within REPORT_SPAN (T1)
REPORT_SPAN = timedelta(minutes=10)
LONGEST_WAIT = timedelta(days=30)  # T9
LONGEST_SNOOZE = timedelta(hours=4)  # T11
MOST_CHILDREN = 500  # T22
UNMERGE_WITHIN = timedelta(days=7)  # T23
JUST_NOW = timedelta(minutes=1)  # somebody else's step is taken for the same wish (2.5)
MANY_BOUNCES = 2  # from here on the leads are told


@dataclass(frozen=True)
class Seen:
    """What a person had before their eyes: two presses on one card, or on an old one, must not move it twice."""

    entry: int | None = None  # the tier entry a button was drawn for
    tier: int | None = None  # the tier in whose thread a command was typed

    def is_past(self, issue: Issue) -> bool:
        if self.entry is not None:
            return self.entry != issue.tier_entry
        return self.tier is not None and issue.hand_off is not None and self.tier not in (issue.tier, issue.desk)


# --- opening ---------------------------------------------------------------------------------------------------------


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
    follows: int | None = None,
) -> Decision:
    """T1, T20. `recent` is how many issues the reporter opened within REPORT_SPAN."""
    title, details = " ".join(title.split()), details.strip()
    if is_blank(title):
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
        follows=follows,
    )
    told = policy.targets[priority].at_once.inform
    informed = (LevelsInformed(at=now, cause=Cause.SEVERITY, tiers=told),) if told else ()
    return decide(None, policy, opened, *informed)


# --- holding ---------------------------------------------------------------------------------------------------------


def claim(issue: Issue, actor: Actor, *, desk: int | None, policy: Policy, now: datetime) -> Decision:
    """T2. Any staff, from any card of the issue, an old one too: the goal is an owner (domain.md 2.5).

    For somebody it was handed to, claiming is accepting.
    """
    _require_staff(issue, actor)
    _require_working(issue)
    if issue.claim and issue.claim.by == actor.user:
        return (
            decide(issue, policy, HandOverAccepted(at=now, by=actor.user)) if issue.claim.accept_by else Decision(issue)
        )
    if issue.claim:
        raise _is_held(issue, actor, policy)
    return decide(issue, policy, IssueClaimed(at=now, by=actor.user, desk=_desk(issue, actor, desk)))


def may_take_over(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_claimed(issue)
    assert issue.claim is not None
    if issue.claim.by == actor.user:
        raise refusals.AlreadyYours(name=issue.name)
    if not _outranks(actor, issue.claim.desk, policy):
        raise refusals.NotHighEnough(name=issue.name, user=issue.claim.by, tier=policy.tier(issue.claim.desk).name)


def take_over(issue: Issue, actor: Actor, *, reason: str, desk: int | None, policy: Policy, now: datetime) -> Decision:
    """T3."""
    may_take_over(issue, actor, policy)
    assert issue.claim is not None
    taken = IssueTakenOver(
        at=now,
        by=actor.user,
        claimant=issue.claim.by,
        desk=_desk(issue, actor, desk),
        reason=_required(reason, what="you take it over"),
    )
    return decide(issue, policy, taken)


def may_release(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_working(issue)
    if issue.claim is None:
        raise refusals.NotClaimed(name=issue.name)
    _require_claimant(issue, actor, policy, or_giver=True)


def release(issue: Issue, actor: Actor, *, policy: Policy, now: datetime) -> Decision:
    """T4. The tier gets its full window again; also when an offer is withdrawn or declined, as when it lapses (T5)."""
    may_release(issue, actor, policy)
    assert issue.claim is not None
    return decide(issue, policy, IssueReleased(at=now, by=actor.user, claimant=issue.claim.by))


def may_decline(issue: Issue, actor: Actor, policy: Policy) -> None:
    may_release(issue, actor, policy)
    if issue.claim is None or issue.claim.offered_by is None:
        raise refusals.NotOffered(name=issue.name)


def decline(issue: Issue, actor: Actor, *, policy: Policy, now: datetime) -> Decision:
    """Of an offer only: whoever says so late takes an issue from nobody."""
    may_decline(issue, actor, policy)
    return release(issue, actor, policy=policy, now=now)


def may_hand_over(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_claimed(issue)
    _require_claimant(issue, actor, policy, or_giver=True)


def hand_over(issue: Issue, actor: Actor, *, to: Actor, note: str, policy: Policy, now: datetime) -> Decision:
    """T5. They must accept in time, or it is nobody's again."""
    may_hand_over(issue, actor, policy)
    assert issue.claim is not None
    if to.user in (issue.claim.by, actor.user):
        raise refusals.AlreadyYours(name=issue.name) if actor.user == issue.claim.by else _is_held(issue, actor, policy)
    if to.highest < issue.claim.desk:
        raise _not_staff_there(issue, to, policy)
    targets = policy.targets[issue.priority]
    handed = IssueHandedOver(
        at=now,
        by=actor.user,
        to=to.user,
        desk=issue.claim.desk,
        accept_by=targets.calendar.add(now, accept_within(issue, targets)),
        note=_required(note, what="they should have it, and how far you are"),
    )
    return decide(issue, policy, handed)


# --- moving ----------------------------------------------------------------------------------------------------------


def may_escalate(issue: Issue, actor: Actor, *, seen: Seen, policy: Policy) -> None:
    _require_movable(issue, actor, seen, policy)
    if issue.tier >= policy.last_tier:
        raise refusals.NoHigherTier(name=issue.name, tier=policy.tier(issue.tier).name)


def escalate(
    issue: Issue,
    actor: Actor,
    *,
    seen: Seen,
    reason: str,
    tried: str,
    needed: str = "",
    policy: Policy,
    now: datetime,
) -> Decision:
    """T12: functional, by a person; reason, what was tried and what is needed travel with it."""
    may_escalate(issue, actor, seen=seen, policy=policy)
    if seen == Seen() and _moved_just_now(issue, actor, now):
        raise _has_moved(issue, policy)
    moved = IssueEscalated(
        at=now,
        by=actor.user,
        cause=Cause.MANUAL,
        from_tier=issue.tier,
        to_tier=issue.tier + 1,
        due_at=now,
        claimant=_holder(issue),
        reason=_required(reason, what="it should go up"),
        tried=_tried(tried),
        needed=_optional(needed),
    )
    return decide(issue, policy, moved, *told_of_climb(issue, issue.tier + 1, policy, now))


def _moved_just_now(issue: Issue, actor: Actor, now: datetime) -> bool:
    """Two people who type the same at once mean one step (domain.md 2.5): typed words do not say what was seen."""
    packet = issue.hand_off
    if packet is None or packet.at is None or packet.cause != Cause.MANUAL or packet.by == actor.user:
        return False
    return now - packet.at < JUST_NOW


def may_return(issue: Issue, actor: Actor, *, seen: Seen, policy: Policy) -> None:
    """Only those who have it may give it back; a P1 never below the tiers it went to at once (T15)."""
    _require_movable(issue, actor, seen, policy)
    if issue.tier == 1:
        raise refusals.NoLowerTier(name=issue.name, tier=policy.tier(1).name)
    if issue.tier not in actor.tiers and not _leads(actor, issue.tier, policy):
        raise _not_a_lead(issue, issue.tier, policy)
    floor = max(policy.targets[Priority.P1].at_once.tiers)
    if issue.priority is Priority.P1 and issue.tier <= floor:
        raise refusals.TooSevereToReturn(name=issue.name, tier=policy.tier(floor).name)


def give_back(issue: Issue, actor: Actor, *, seen: Seen, findings: str, policy: Policy, now: datetime) -> Decision:
    """T15: to the tier below, with findings."""
    may_return(issue, actor, seen=seen, policy=policy)
    returned = IssueReturned(
        at=now,
        by=actor.user,
        from_tier=issue.tier,
        to_tier=issue.tier - 1,
        claimant=_holder(issue),
        findings=_said(findings, what="what you found out"),
    )
    return decide(issue, policy, returned, *_bounced(issue, policy, now))


def may_reroute(issue: Issue, actor: Actor, *, seen: Seen, policy: Policy) -> None:
    _require_movable(issue, actor, seen, policy)


def reroute(
    issue: Issue, actor: Actor | None, *, seen: Seen, to: str, reason: str, policy: Policy, now: datetime
) -> Decision:
    """T26: to any tier, by name. `actor` None: whoever runs the bot empties a tier, and is nobody in Slack."""
    if actor:
        may_reroute(issue, actor, seen=seen, policy=policy)
    else:
        _require_working(issue)
    tier = next((each for each in policy.tiers if each.name.lower() == to.strip().lower()), None)
    if tier is None:
        raise refusals.NoSuchTier(tier=clip(escape(to), 200), tiers=", ".join(each.name for each in policy.tiers))
    if tier.number == issue.tier:
        raise refusals.AlreadyThere(name=issue.name, tier=tier.name)
    floor = max(policy.targets[Priority.P1].at_once.tiers)
    if issue.priority is Priority.P1 and tier.number < floor:
        raise refusals.TooSevereToReturn(name=issue.name, tier=policy.tier(floor).name)
    moved = IssueRerouted(
        at=now,
        by=actor.user if actor else None,
        from_tier=issue.tier,
        to_tier=tier.number,
        claimant=_holder(issue),
        reason=_required(reason, what="it belongs there"),
    )
    told = told_of_climb(issue, tier.number, policy, now)
    back = _bounced(issue, policy, now) if actor else ()  # a tier that is emptied sends nothing back
    return decide(issue, policy, moved, *told, *back)


def _bounced(issue: Issue, policy: Policy, now: datetime) -> tuple[Event, ...]:
    """At the second bounce somebody above must look why it goes back and forth (R9)."""
    if issue.bounces + 1 < MANY_BOUNCES:
        return ()
    return (LevelsInformed(at=now, cause=Cause.BOUNCED, tiers=(policy.last_tier,)),)


# --- waiting ---------------------------------------------------------------------------------------------------------


def may_wait(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_claimed(issue)
    _require_claimant(issue, actor, policy)


def wait(
    issue: Issue,
    actor: Actor,
    *,
    reason: WaitingFor,
    note: str,
    until: datetime | None,
    policy: Policy,
    now: datetime,
) -> Decision:
    """T9. The note is what is waited for; to the reporter it is the question, so they know what to answer.

    A wait for a vendor or a change window without a date goes on by itself when a reporter's silence would be taken for
    an answer: nothing waits unseen.
    """
    may_wait(issue, actor, policy)
    if until is None and reason in (WaitingFor.VENDOR, WaitingFor.CHANGE):
        until = min(policy.waiting.calendar.add(now, policy.waiting.resolve), now + LONGEST_WAIT)
    needs_date = reason is WaitingFor.DATE
    if (until is None and needs_date) or (until is not None and not now < until <= now + LONGEST_WAIT):
        raise refusals.DateNeeded(name=issue.name, days=LONGEST_WAIT.days)
    what = "the question for the reporter" if reason is WaitingFor.REPORTER else "what it waits for"
    started = WaitStarted(at=now, by=actor.user, reason=reason, note=_said(note, what=what), until=until)
    return decide(issue, policy, started)


def may_resume(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    _require_live(issue)
    if issue.status is not Status.WAITING:
        raise refusals.NotWaiting(name=issue.name, status=issue.status.value)


def resume(issue: Issue, actor: Actor, *, holder_gone: bool, policy: Policy, now: datetime) -> Decision:
    """T10 by hand; any staff may, since it only sets clocks going."""
    may_resume(issue, actor)
    return decide(issue, policy, *resumed(issue, policy, now, by=actor.user, holder_gone=holder_gone))


def resumed(
    issue: Issue, policy: Policy, now: datetime, *, by: str | None, holder_gone: bool, unreached: bool = False
) -> tuple[Event, ...]:
    ended = WaitEnded(at=now, by=by, holder_gone=holder_gone, unreached=unreached)
    return _back(issue, policy, now, ended)


def _back(issue: Issue, policy: Policy, now: datetime, *events: Event) -> tuple[Event, ...]:
    """It goes on by these; who was not asked at a raise, because it waited, is asked now (domain.md 3.7, 3.8)."""
    tiers = untold(decide(issue, policy, *events).issue, policy) if issue.priority in SEVERE else ()
    return (*events, LevelsInformed(at=now, cause=Cause.RAISED, tiers=tiers)) if tiers else events


def may_snooze(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_claimed(issue)
    _require_claimant(issue, actor, policy)
    if issue.priority in SEVERE:
        raise refusals.TooSevereToSnooze(name=issue.name, priority=f"{issue.priority.word} ({issue.priority.value})")


def longest_snooze(issue: Issue, policy: Policy, now: datetime) -> timedelta:
    due = next_step_at(issue, policy)
    return max(timedelta(0), min(LONGEST_SNOOZE, due - now)) if due else LONGEST_SNOOZE


def snooze(issue: Issue, actor: Actor, *, span: timedelta | None, policy: Policy, now: datetime) -> Decision:
    """T11: silences reminders, stops no clock. Without a span: for as long as it may be."""
    may_snooze(issue, actor, policy)
    most = longest_snooze(issue, policy, now)
    span = most if span is None else span
    if not timedelta(0) < span <= most:
        raise refusals.SnoozeTooLong(name=issue.name, most=about(most) if most >= timedelta(minutes=1) else "0 minutes")
    return decide(issue, policy, IssueSnoozed(at=now, by=actor.user, until=now + span))


# --- priority --------------------------------------------------------------------------------------------------------


def may_reprioritise(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    _require_live(issue)


def reprioritise(
    issue: Issue, actor: Actor, *, impact: Level, urgency: Level, reason: str, policy: Policy, now: datetime
) -> Decision:
    """T24 by staff. A raise tells whoever a new issue of that priority would have told at once (domain.md 3.7)."""
    may_reprioritise(issue, actor)
    return _reprioritised(
        issue, by=actor.user, impact=impact, urgency=urgency, reason=_optional(reason), policy=policy, now=now
    )


def worse_urgency(issue: Issue, policy: Policy) -> Level | None:
    """The next urgency that raises its priority; None: none does."""
    levels = tuple(Level)  # the highest first
    above = reversed(levels[: levels.index(issue.urgency)])
    return next((each for each in above if policy.priority(issue.impact, each).rank < issue.priority.rank), None)


def may_get_worse(issue: Issue, user: str, policy: Policy) -> None:
    if user != issue.reporter:
        raise refusals.NotYours(name=issue.name)
    _require_live(issue)
    if issue.raised_by_reporter:
        raise refusals.RaisedOnce(name=issue.name)
    if worse_urgency(issue, policy) is None:
        raise refusals.CannotBeWorse(name=issue.name, priority=f"{issue.priority.word} ({issue.priority.value})")


def get_worse(issue: Issue, user: str, *, reason: str, policy: Policy, now: datetime) -> Decision:
    """T24 by the reporter: once, and only up; by so much urgency as it takes for a higher priority."""
    may_get_worse(issue, user, policy)
    urgency = worse_urgency(issue, policy)
    assert urgency is not None
    reason = _required(reason, what="it is worse now")
    return _reprioritised(issue, by=user, impact=issue.impact, urgency=urgency, reason=reason, policy=policy, now=now)


def _reprioritised(
    issue: Issue, *, by: str, impact: Level, urgency: Level, reason: str, policy: Policy, now: datetime
) -> Decision:
    if (impact, urgency) == (issue.impact, issue.urgency):
        raise refusals.AlreadyThatPriority(name=issue.name)
    after = policy.priority(impact, urgency)
    changed = PriorityChanged(
        at=now, by=by, impact=impact, urgency=urgency, before=issue.priority, after=after, reason=reason
    )
    decision = decide(issue, policy, changed)
    tiers = untold(decision.issue, policy) if after.rank < issue.priority.rank else ()
    told = (LevelsInformed(at=now, cause=Cause.RAISED, tiers=tiers),) if tiers else ()
    return decide(issue, policy, changed, *told)


# --- ending and beginning again --------------------------------------------------------------------------------------


def may_resolve(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_live(issue)
    if actor.user == issue.reporter:
        return
    _require_staff(issue, actor)
    if issue.claim:
        _require_claimant(issue, actor, policy)


def resolve(
    issue: Issue, actor: Actor, *, fix: str, category: str | None = None, policy: Policy, now: datetime
) -> Decision:
    """T17. The reporter may, too: they know best that it is over."""
    may_resolve(issue, actor, policy)
    if category is not None and category not in CATEGORIES:
        raise refusals.NotUnderstood(what=f"the cause “{category}”", example=", ".join(CATEGORIES))
    if actor.is_staff and actor.user != issue.reporter and issue.priority in SEVERE and category is None:
        priority = f"{issue.priority.word} ({issue.priority.value})"
        raise refusals.CategoryNeeded(name=issue.name, priority=priority, categories=", ".join(CATEGORIES))
    fix = _said(fix, what="what fixed it")
    return decide(issue, policy, IssueResolved(at=now, by=actor.user, fix=fix, category=category))


def learned(issue: Issue, event: Event, *, parent: int, policy: Policy) -> Decision:
    """What a merged issue learns of the one it was merged into: its reporter follows that one (T22)."""
    match event:
        case IssueResolved():
            return decide(issue, policy, ParentResolved(at=event.at, by=event.by, parent=parent, fix=event.fix))
        case IssueReopened():
            return decide(issue, policy, ParentReopened(at=event.at, by=event.by, parent=parent))
        case StaffReplied():
            return decide(issue, policy, ParentAnswered(at=event.at, by=event.by, parent=parent, words=event.words))
        case WordsEdited() | WordsDeleted():
            return decide(issue, policy, event)
        case _:
            return Decision(issue)


def may_judge(issue: Issue, user: str) -> None:
    """Whether it works, and how the help was, is its reporter's to say (T17)."""
    if user != issue.reporter:
        raise refusals.OnlyItsReporter(name=issue.name)
    if issue.status is not Status.RESOLVED:
        raise refusals.NotResolvedYet(name=issue.name, status=issue.status.value)


def confirm(issue: Issue, user: str, *, policy: Policy, now: datetime) -> Decision:
    """It stays resolved, and so can be reopened, until it is closed."""
    may_judge(issue, user)
    return Decision(issue) if issue.confirmed else decide(issue, policy, FixConfirmed(at=now, by=user))


def rate(issue: Issue, user: str, *, score: int, policy: Policy, now: datetime) -> Decision:
    """`score` from 1, very poor, to 5, very good."""
    may_judge(issue, user)
    return Decision(issue) if issue.rating == score else decide(issue, policy, HelpRated(at=now, by=user, score=score))


def may_reopen(issue: Issue, actor: Actor) -> None:
    if actor.user != issue.reporter and not actor.is_staff:
        raise refusals.NotYours(name=issue.name)
    if issue.status in FINAL:
        raise _is_over(issue)
    if issue.status is not Status.RESOLVED:
        raise refusals.NotResolved(name=issue.name, status=issue.status.value)


def reopen(issue: Issue, actor: Actor, *, reason: str, policy: Policy, now: datetime) -> Decision:
    """T18. It comes back to the tier that resolved it; the resolution clock goes on where it stopped."""
    may_reopen(issue, actor)
    return _reopened(issue, actor.user, _required(reason, what="it is not over"), policy, now)


def _reopened(issue: Issue, by: str, reason: str, policy: Policy, now: datetime, *after: Event) -> Decision:
    back = _back(issue, policy, now, IssueReopened(at=now, by=by, reason=reason))
    above = min(issue.tier + 1, policy.last_tier)
    knows = {tier for event in back if isinstance(event, LevelsInformed) for tier in event.tiers}
    again = () if issue.cycle < 1 or above in knows else (LevelsInformed(at=now, cause=Cause.REOPENED, tiers=(above,)),)
    knows |= {*issue.turn, *([above] if again else [])}
    told = tuple(tier for tier in policy.targets[issue.priority].at_once.inform if tier not in knows)
    anew = (LevelsInformed(at=now, cause=Cause.SEVERITY, tiers=told),) if told else ()  # as when it was opened (T14)
    return decide(issue, policy, *back, *after, *again, *anew)


def may_cancel(issue: Issue, actor: Actor, policy: Policy, *, insists: bool = True) -> None:
    _require_live(issue)
    if issue.children:
        raise refusals.HasDuplicates(
            name=issue.name, children=", ".join(issue_name(each) for each in issue.children[:10])
        )
    lead = _leads(actor, issue.tier, policy) or (issue.tier == policy.last_tier and issue.tier in actor.tiers)
    if lead:
        return
    if actor.user != issue.reporter:
        raise (refusals.NotYours(name=issue.name) if not actor.is_staff else _not_a_lead(issue, issue.tier, policy))
    if issue.priority is Priority.P1:
        raise refusals.OnlyLeadsCancelCritical(name=issue.name, leads=_named(policy.tier(issue.tier).leads))
    if issue.claim and not insists:
        raise refusals.AskTheClaimantFirst(name=issue.name, user=issue.claim.by)


def cancel(issue: Issue, actor: Actor, *, reason: str, insists: bool, policy: Policy, now: datetime) -> Decision:
    """T21: by its reporter, or by a lead."""
    may_cancel(issue, actor, policy, insists=insists)
    return decide(issue, policy, IssueCancelled(at=now, by=actor.user, reason=_optional(reason)))


# --- the same trouble twice ------------------------------------------------------------------------------------------


def may_merge(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    _require_live(issue)


def merge(
    child: Issue, parent: Issue, actor: Actor, *, now: datetime
) -> tuple[IssueMerged, tuple[DuplicateLinked, ...]]:
    """T22: the child's event and the parent's, one for the child and one for each that was merged into it before.

    The caller decides both issues in one transaction, and moves those earlier children along (`moved_along`), so that
    the graph stays a forest of depth one (invariant 36).
    """
    may_merge(child, actor)
    if child.number == parent.number:
        raise refusals.MergeIntoItself(name=child.name)
    if not parent.live:
        status = f"merged into {issue_name(parent.parent)}" if parent.parent else parent.status.value
        raise refusals.MergeTargetOver(target=parent.name, status=status)
    if child.priority is Priority.P1 and parent.priority is not Priority.P1:  # nobody would be called for it any more
        raise refusals.TooSevereToMerge(name=child.name, target=parent.name, priority=parent.priority.value)
    joining = (child.number, *child.children)
    if len(parent.children) + len(joining) > MOST_CHILDREN:
        raise refusals.TooManyDuplicates(target=parent.name, count=len(parent.children))
    merged = IssueMerged(at=now, by=actor.user, into=parent.number)
    return merged, tuple(DuplicateLinked(at=now, by=actor.user, child=number) for number in joining)


def may_unmerge(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    if issue.status is not Status.MERGED:
        raise refusals.NotMerged(name=issue.name, status=issue.status.value)


def unmerge(
    child: Issue, parent: Issue, actor: Actor, *, policy: Policy, now: datetime
) -> tuple[tuple[Event, ...], DuplicateUnlinked]:
    """T23: its clocks go on with what they had used. The child's events, by its `policy`, and the parent's."""
    may_unmerge(child, actor)
    assert child.ended_at is not None
    if now - child.ended_at > UNMERGE_WITHIN or parent.status is Status.CLOSED:
        raise refusals.TooLateToUnmerge(name=child.name, parent=parent.name, days=UNMERGE_WITHIN.days)
    return (
        _back(child, policy, now, IssueUnmerged(at=now, by=actor.user, parent=parent.number)),
        DuplicateUnlinked(at=now, by=actor.user, child=child.number),
    )


def may_declare_major(issue: Issue, actor: Actor, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_live(issue)
    if not _leads(actor, 1, policy):
        raise _not_a_lead(issue, 1, policy)


def declare_major(issue: Issue, actor: Actor, *, commander: Actor, policy: Policy, now: datetime) -> Decision:
    """T25: a flag with a commander, of whichever tier; every tier is told, those that have it by its card."""
    may_declare_major(issue, actor, policy)
    if issue.commander:
        raise refusals.AlreadyMajor(name=issue.name, user=issue.commander)
    if not commander.is_staff:
        raise refusals.CannotLead(name=issue.name, user=commander.user)
    declared = MajorDeclared(at=now, by=actor.user, commander=commander.user)
    others = tuple(tier.number for tier in policy.tiers if tier.number not in (*issue.turn, issue.desk))
    informed = (LevelsInformed(at=now, cause=Cause.MAJOR, tiers=others),) if others else ()
    return decide(issue, policy, declared, *informed)


def end_major(issue: Issue, actor: Actor, *, policy: Policy, now: datetime) -> Decision:
    may_declare_major(issue, actor, policy)
    if issue.commander is None:
        raise refusals.NotMajor(name=issue.name)
    return decide(issue, policy, MajorEnded(at=now, by=actor.user))


# --- talking ---------------------------------------------------------------------------------------------------------


def staff_word(
    issue: Issue,
    actor: Actor,
    words: Words,
    *,
    note: bool,
    elsewhere: bool = False,
    holder_gone: bool = False,
    policy: Policy,
    now: datetime,
) -> Decision:
    """T6, T7. A public word keeps the promises to the reporter; a note keeps none.

    `elsewhere`: it was not written where the issue is worked on, so whoever works on it must be shown it.
    """
    _require_staff(issue, actor)
    if words.text and is_blank(words.text) and not words.files:  # without any text there is an attachment
        raise refusals.NothingSaid
    if note:
        return decide(issue, policy, NoteTaken(at=now, by=actor.user, words=words, elsewhere=elsewhere))
    works_on_it = issue.claim is not None and issue.claim.by == actor.user
    if actor.user == issue.reporter and (_waits_for_reporter(issue) or (issue.ticking and not works_on_it)):
        # Whoever asks how it stands has not been answered by that; and their answer is one wherever they write it.
        here = not elsewhere and bool(words.channel)
        said = ReporterReplied(at=now, by=actor.user, words=words, here=here)
        return _heard(issue, said, holder_gone=holder_gone, policy=policy, now=now)
    return decide(issue, policy, StaffReplied(at=now, by=actor.user, words=words, elsewhere=elsewhere))


def may_speak(issue: Issue, actor: Actor) -> None:
    _require_staff(issue, actor)
    _require_live(issue)


def update(
    issue: Issue, actor: Actor, words: Words, *, holder_gone: bool = False, policy: Policy, now: datetime
) -> Decision:
    """T6 by a form: a public word of staff; it must say something."""
    may_speak(issue, actor)
    _said(words.text, what="what the reporter should know", limit=WORDS_LIMIT)
    return staff_word(issue, actor, words, note=False, holder_gone=holder_gone, policy=policy, now=now)


def may_add(issue: Issue, user: str) -> None:
    if user != issue.reporter:
        raise refusals.NotYours(name=issue.name)
    _require_live(issue)


def add(issue: Issue, words: Words, *, by: str, holder_gone: bool, policy: Policy, now: datetime) -> Decision:
    """T8 by a form."""
    may_add(issue, by)
    _said(words.text, what="what support should know", limit=WORDS_LIMIT)
    return reporter_word(issue, words, by=by, holder_gone=holder_gone, policy=policy, now=now)


def reporter_word(issue: Issue, words: Words, *, by: str, holder_gone: bool, policy: Policy, now: datetime) -> Decision:
    """T8; what waits for the reporter goes on (T10), and a plain reply reopens what was resolved (T18)."""
    said = ReporterReplied(at=now, by=by, words=words)
    if issue.status is Status.RESOLVED and _written_after(issue.resolved_at, words):
        return _reopened(issue, by, "", policy, now, said)
    return _heard(issue, said, holder_gone=holder_gone, policy=policy, now=now)


def _heard(issue: Issue, said: ReporterReplied, *, holder_gone: bool, policy: Policy, now: datetime) -> Decision:
    ended = resumed(issue, policy, now, by=said.by, holder_gone=holder_gone) if _waits_for_reporter(issue) else ()
    return decide(issue, policy, said, *ended)


def _waits_for_reporter(issue: Issue) -> bool:
    return issue.waiting is not None and issue.waiting.reason is WaitingFor.REPORTER


def _written_after(moment: datetime | None, words: Words) -> bool:
    """Slack may deliver a reply long after it was written; an old one is no answer to the resolution."""
    return moment is None or not words.channel or float(words.ts) > moment.timestamp()


def edited_word(issue: Issue, words: Words, *, by: str, policy: Policy, now: datetime) -> Decision:
    return decide(issue, policy, WordsEdited(at=now, by=by, words=words))


def deleted_word(issue: Issue, channel: str, ts: str, *, by: str, policy: Policy, now: datetime) -> Decision:
    return decide(issue, policy, WordsDeleted(at=now, by=by, channel=channel, ts=ts))


def delivery_failed(
    issue: Issue,
    *,
    what: str,
    tier: int | None,
    error: str,
    called: bool = False,
    asked: bool = False,
    person: str | None = None,
    holder_gone: bool = False,
    policy: Policy,
    now: datetime,
) -> Decision:
    """Whoever cannot be reached was not asked, and their silence is no answer: what waits for it goes on (T16)."""
    failed = DeliveryFailed(at=now, what=what, tier=tier, error=error, called=called, asked=asked)
    if person != issue.reporter or not _waits_for_reporter(issue):
        return decide(issue, policy, failed)
    ended = resumed(issue, policy, now, by=None, holder_gone=holder_gone, unreached=True)
    return decide(issue, policy, failed, *ended)


# --- who may, and in which state -------------------------------------------------------------------------------------


def _leads(actor: Actor, tier: int, policy: Policy) -> bool:
    """A lead of the tier, or staff of a higher one, who may do what its lead may (domain.md 2.2)."""
    return actor.highest > tier or actor.user in policy.tier(tier).leads


def _outranks(actor: Actor, tier: int, policy: Policy) -> bool:
    """Who may take over what is held in the tier (T3)."""
    return actor.highest >= tier or _leads(actor, tier, policy)


def _not_a_lead(issue: Issue, tier: int, policy: Policy) -> refusals.Refused:
    led = policy.tier(tier)
    return refusals.NotALead(name=issue.name, tier=led.name, leads=_named(led.leads))


def _named(leads: tuple[str, ...]) -> str:
    return f" ({', '.join(map(person, leads))})" if leads else ""


def _has_moved(issue: Issue, policy: Policy) -> refusals.Refused:
    packet, moved = issue.hand_off, ""
    if packet and packet.at:
        who = mover(packet.by) if packet.cause == "rerouted" else person(packet.by)
        moved = f", moved there by {who} {when(packet.at)}"
    return refusals.AlreadyMoved(name=issue.name, tier=policy.tier(issue.tier).name, moved=moved)


def _is_over(issue: Issue) -> refusals.Refused:
    if issue.status is Status.MERGED and issue.parent:
        return refusals.AlreadyMerged(name=issue.name, parent=issue_name(issue.parent), at=issue.ended_at)
    return refusals.AlreadyOver(name=issue.name, status=issue.status.value, at=issue.ended_at)


def _is_held(issue: Issue, actor: Actor, policy: Policy) -> refusals.Refused:
    claim = issue.claim
    assert claim is not None
    way = ", or take it over" if _outranks(actor, claim.desk, policy) else ""
    if claim.accept_by:
        way = ", or release it yourself" if _offers(actor, claim) else way
        return refusals.HandedToAnother(name=issue.name, user=claim.by, until=claim.accept_by, way=way)
    return refusals.AlreadyClaimed(name=issue.name, user=claim.by, since=claim.since, way=way)


def _not_staff_there(issue: Issue, to: Actor, policy: Policy) -> refusals.Refused:
    tier = policy.tier(issue.desk)
    tiers = tier.name if tier.number == policy.last_tier else f"{tier.name} or a higher tier"
    lower = f"Release it, and they can claim it; or let {tier.name} return it to their tier"
    way = lower if to.is_staff else f"Hand it to somebody of {tier.name}"
    return refusals.NotStaffThere(name=issue.name, user=to.user, tiers=tiers, way=way)


def _desk(issue: Issue, actor: Actor, pressed: int | None) -> int:
    """Where they work: at the card they pressed; after a command, at one of their own tiers, if it has a card."""
    if pressed is not None and pressed in issue.carded:
        return pressed
    theirs = [tier for tier in issue.carded if tier in actor.tiers]
    return issue.tier if issue.tier in actor.tiers else max(theirs, default=issue.tier)


def _holder(issue: Issue) -> str | None:
    return issue.claim.by if issue.claim else None


def _require_staff(issue: Issue, actor: Actor) -> None:
    if not actor.is_staff:
        raise refusals.NotStaff(name=issue.name)


def _require_live(issue: Issue) -> None:
    if issue.status is Status.RESOLVED:
        user = issue.resolved_by
        raise refusals.AlreadyResolved(name=issue.name, by=person(user), at=issue.resolved_at)
    if issue.status in FINAL:
        raise _is_over(issue)


def _require_working(issue: Issue) -> None:
    _require_live(issue)
    if issue.waiting:
        raise refusals.IsWaiting(name=issue.name, what=_waited_for(issue.waiting.reason))


def _require_claimed(issue: Issue) -> None:
    _require_working(issue)
    if issue.claim is None:
        raise refusals.MustBeClaimed(name=issue.name)


def _require_movable(issue: Issue, actor: Actor, seen: Seen, policy: Policy) -> None:
    _require_staff(issue, actor)
    _require_working(issue)
    if seen.is_past(issue):
        raise _has_moved(issue, policy)


def _require_claimant(issue: Issue, actor: Actor, policy: Policy, *, or_giver: bool = False) -> None:
    """The claimant, or who leads the tier they work at; `or_giver`: or who offers it, until that is accepted."""
    claim = issue.claim
    assert claim is not None
    if actor.user == claim.by or _leads(actor, claim.desk, policy) or (or_giver and _offers(actor, claim)):
        return
    if claim.accept_by:
        raise _is_held(issue, actor, policy)
    raise refusals.NotTheClaimant(name=issue.name, user=claim.by)


def _offers(actor: Actor, claim: Claim) -> bool:
    return claim.accept_by is not None and claim.offered_by == actor.user


def _waited_for(reason: WaitingFor) -> str:
    return {
        WaitingFor.REPORTER: "its reporter's answer",
        WaitingFor.VENDOR: "a vendor",
        WaitingFor.CHANGE: "a change window",
        WaitingFor.DATE: "a date",
    }[reason]


def _required(text: str, *, what: str) -> str:
    text = _optional(text)
    if not text:
        raise refusals.ReasonMissing(what=what)
    return text


def _tried(text: str) -> str:
    text = _optional(text)
    if not text:
        raise refusals.TriedMissing
    return text


def _said(text: str, *, what: str, limit: int = TEXT_LIMIT) -> str:
    text = _optional(text, limit)
    if not text:
        raise refusals.WordsMissing(what=what)
    return text


def _optional(text: str, limit: int = TEXT_LIMIT) -> str:
    text = text.strip()
    if len(text) > limit:
        raise refusals.TextTooLong(length=f"{len(text):,}", limit=f"{limit:,}")
    return "" if is_blank(text) else text
