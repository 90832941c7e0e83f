"""An event as lines of an issue's history, for staff."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

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
from bot.domain.issue import WaitingFor, issue_name
from bot.domain.policy import Policy
from bot.text import about, capital, clip, disarmed, escape, mover, person, when

CLOCKS = {
    "first_response": "first response",
    "tier_window": "tier",
    "update": "update",
    "resolution": "resolution",
}
DAYS_SHOWN = 10
LATE = timedelta(minutes=1)  # without a tick for so long, it was a downtime (domain.md 3.11)
_WAITS = {
    WaitingFor.REPORTER: "its reporter",
    WaitingFor.VENDOR: "a vendor",
    WaitingFor.CHANGE: "a change window",
    WaitingFor.DATE: "a date",
}
_UNTOLD = {
    "downtime": "Escalator was not running then",
    "snoozed": "its reminders were silenced",
    "recent": "there had been a reminder minutes before",
    "later": "a later one was due at the same time",
}
_CAUSES = {
    Cause.UNCLAIMED: "nobody claimed it in time",
    Cause.STALE: "the reporter heard nothing in time",
    Cause.MANUAL: "by hand",
    Cause.SEVERITY: "for its priority",
    Cause.RESOLUTION: "the resolution target has passed",
    Cause.RAISED: "its priority was raised",
    Cause.BOUNCED: "it goes back and forth",
    Cause.REOPENED: "it was reopened for the second time",
    Cause.UNANSWERED: "the last tier does not answer",
    Cause.LEADERLESS: "nobody has claimed it, so somebody must lead it",
    Cause.OVERDUE: "it comes very late, by a delay of Escalator itself",
    Cause.CLIMBED: "it has come this far up",
    Cause.MAJOR: "it is a major incident",
}


def moves_it(event: Event) -> bool:
    """Whether the event changed its status, whose turn it is, or what it is worth."""
    match event:
        case IssueClaimed() | IssueReleased() | IssueTakenOver() | IssueHandedOver() | HandOverAccepted():
            return True
        case IssueEscalated() | IssueReturned() | IssueRerouted() | TierReminded() | PriorityChanged():
            return True
        case WaitStarted() | WaitEnded() | IssueResolved() | IssueReopened() | IssueClosed() | IssueCancelled():
            return True
        case IssueMerged() | IssueUnmerged() | ParentResolved() | ParentReopened():
            return True
        case _:
            return False


def history_lines(timeline: Iterable[Event], policy_of: Callable[[str], Policy]) -> Iterator[tuple[Event, str]]:
    """Each event with its line; a tier has the name that it had in the version of the policy that held then."""
    version = ""
    for event in timeline:
        if isinstance(event, IssueOpened | IssueReplanned):
            version = event.policy
        yield event, history_line(event, policy_of(version))


def history_line(event: Event, policy: Policy) -> str:
    """mrkdwn; it starts with its moment."""
    return clip(f"{when(event.at)}  {_line(event, policy)}", 3000)


def public(event: Event, reporter: str) -> Event:
    """Without what staff wrote for staff: when they pass it on or reopen it, or of a wait that asks no reporter."""
    match event:
        case IssueTakenOver():
            return replace(event, reason="")
        case IssueHandedOver():
            return replace(event, note="")
        case IssueEscalated():
            return replace(event, reason="", tried="", needed="")
        case IssueReturned():
            return replace(event, findings="")
        case IssueReopened() if event.by != reporter:
            return replace(event, reason="")
        case IssueRerouted():
            return replace(event, reason="")
        case WaitStarted() if event.reason is not WaitingFor.REPORTER:
            return replace(event, note="")
        case _:
            return event


def _line(event: Event, policy: Policy) -> str:
    match event:
        case IssueOpened():
            return f"{person(event.by)} reported it as {event.priority.word} ({event.priority.value})."
        case IssueClaimed():
            return f"{person(event.by)} claimed it in {policy.tier(event.desk).name}."
        case IssueReleased(by=None):
            return f"{person(event.claimant)} did not accept it in time."
        case IssueReleased():
            whose = "" if event.by == event.claimant else f" from {person(event.claimant)}"
            return f"{person(event.by)} released it{whose}."
        case IssueEscalated():
            left, to = policy.tier(event.from_tier).name, policy.tier(event.to_tier).name
            how = " by hand" if event.cause is Cause.MANUAL else f", because {_CAUSES[event.cause]}"
            told = {"Reason": event.reason, "Tried": event.tried, "Needed": event.needed}
            said = "".join(f"\n>{label}: {_quoted(text)}" for label, text in told.items() if text)
            return f"{person(event.by)} moved it from {left} to {to}{how}{_raised(event)}.{_late(event)}{said}"
        case TierReminded():
            pinged = f"{policy.tier(event.tier).name} was pinged again ({event.count})"
            return f"{pinged}: {_CAUSES[event.cause]}.{_late(event)}"
        case LevelsInformed():
            were = "were" if len(event.tiers) > 1 else "was"
            return f"{policy.names(event.tiers)} {were} told: {_CAUSES[event.cause]}."
        case TargetBreached():
            return f"The {CLOCKS[event.clock]} target passed ({when(event.due_at)}){_raised(event)}.{_late(event)}"
        case IssueTakenOver():
            return f"{person(event.by)} took it over from {person(event.claimant)}{_because(event.reason)}"
        case IssueHandedOver():
            return f"{person(event.by)} handed it to {person(event.to)}{_because(event.note)}"
        case HandOverAccepted():
            return f"{person(event.by)} accepted it."
        case WaitStarted():
            until = f" until {when(event.until)}" if event.until else ""
            return f"{person(event.by)} let it wait for {_WAITS[event.reason]}{until}{_because(event.note)}"
        case WaitEnded(unreached=True):
            return "It went on, because its reporter could not be reached."
        case WaitEnded():
            return f"{person(event.by)} made it go on." if event.by else "It went on, because its date came."
        case ReporterNudged():
            return f"Its reporter was asked again ({event.count})."
        case IssueSnoozed():
            return f"{person(event.by)} silenced its reminders until {when(event.until)}."
        case Reminded():
            share = f"{event.share:.0%} of the {CLOCKS[event.clock]} time was used"
            return (
                f"{share}; nobody was told, because {_UNTOLD.get(event.suppressed, event.suppressed)}."
                if event.suppressed
                else f"{share}; a reminder went out."
            )
        case ClaimantReminded():
            return f"The claimant was reminded of the reporter ({event.count})."
        case IssueReturned():
            left, to = policy.tier(event.from_tier).name, policy.tier(event.to_tier).name
            return f"{person(event.by)} returned it from {left} to {to}{_because(event.findings)}"
        case IssueRerouted():
            left, to = policy.tier(event.from_tier).name, policy.tier(event.to_tier).name
            return f"{mover(event.by)} moved it from {left} to {to}{_because(event.reason)}"
        case PriorityChanged():
            why = f": {_quoted(event.reason)}" if event.reason else "."
            if event.after is event.before:
                levels = f"impact {event.impact.value} and urgency {event.urgency.value}"
                return f"{person(event.by)} gave it {levels}; it stayed {event.after.value}{why}"
            return f"{person(event.by)} changed it from {event.before.value} to {event.after.value}{why}"
        case IssueMerged():
            return f"{person(event.by)} merged it into {issue_name(event.into)}."
        case IssueUnmerged():
            return f"{person(event.by)} took it out of {issue_name(event.parent)}."
        case DuplicateLinked():
            return f"{person(event.by)} merged {issue_name(event.child)} into it."
        case DuplicateUnlinked():
            return f"{person(event.by)} took {issue_name(event.child)} out of it."
        case ParentResolved():
            return f"{issue_name(event.parent)} was resolved: {_quoted(event.fix)}"
        case ParentReopened():
            return f"{issue_name(event.parent)} was reopened by {person(event.by)}."
        case ParentAnswered():
            return f"{person(event.by)}, at {issue_name(event.parent)}: {_said(event.words.text)}"
        case MajorDeclared():
            return f"{person(event.by)} declared a major incident, led by {person(event.commander)}."
        case MajorEnded():
            return f"{person(event.by)} ended the major incident."
        case IssueCancelled():
            return f"{person(event.by)} cancelled it" + (f": {_quoted(event.reason)}" if event.reason else ".")
        case IssueClosed():
            return "It was closed."
        case IssueReplanned(holidays=holidays) if holidays:
            return f"Holidays were added to its calendar: {', '.join(map(str, holidays[:DAYS_SHOWN]))}."
        case IssueReplanned():
            return f"It was moved to version {event.policy} of the policy."
        case StaffReplied():
            return f"{person(event.by)} to the reporter: {_said(event.words.text)}"
        case NoteTaken():
            return f"{person(event.by)}, staff only: {_said(event.words.text)}"
        case ReporterReplied():
            return f"{person(event.by)}: {_said(event.words.text)}"
        case WordsEdited():
            return f"{person(event.by)} edited a message: {_said(event.words.text)}"
        case WordsDeleted():
            return f"{person(event.by)} deleted a message."
        case IssueResolved():
            return f"{person(event.by)} resolved it: {_quoted(event.fix)}"
        case IssueReopened():
            return f"{person(event.by)} reopened it" + (f": {_quoted(event.reason)}" if event.reason else ".")
        case FixConfirmed():
            return f"{person(event.by)} said that it works."
        case HelpRated():
            return f"{person(event.by)} rated the help: {event.score} of 5."
        case DeliveryFailed():
            where = f"#{escape(policy.tier(event.tier).channel)}" if event.tier else "a direct message"
            return f"{escape(capital(event.what))} could not be delivered to {where}: {escape(event.error)}."
        case _:
            assert_never(event)


def _raised(event: IssueEscalated | TargetBreached) -> str:
    return ", in the grace after a raise of its priority" if event.raised else ""


def _late(event: IssueEscalated | TierReminded | TargetBreached) -> str:
    """The breach is not softened, but whose delay it was must be said (domain.md 3.11 rule 7)."""
    late = event.at - event.due_at
    return f" That was {about(late)} late, by a delay of Escalator itself." if late > LATE else ""


def _because(text: str) -> str:
    return f": {_quoted(text)}" if text else "."


def _quoted(text: str) -> str:
    return escape(text).replace("\n", "\n>")


def _said(text: str) -> str:
    return disarmed(text, lambda user: user)
