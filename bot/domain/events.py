"""What can happen to an issue. The timeline is these, in order; folding them gives the issue back."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.domain.issue import Clocks, WaitingFor
from bot.domain.priority import Level, Priority


class Cause(StrEnum):
    UNCLAIMED = "unclaimed"  # nobody claimed it within the tier's window
    STALE = "stale"  # claimed, but nobody told the reporter anything within the update window
    MANUAL = "manual"  # a person pressed Escalate
    SEVERITY = "severity"  # its priority alone
    RESOLUTION = "resolution"  # the resolution target has passed
    RAISED = "raised"  # its priority was raised
    BOUNCED = "bounced"  # it went back and forth too often
    REOPENED = "reopened"  # it came back for the second time
    UNANSWERED = "unanswered"  # the last tier did not answer its reminders
    LEADERLESS = "leaderless"  # nobody claimed it for so long that somebody must lead it
    OVERDUE = "overdue"  # its turn had ended more than a whole window before the engine could move it
    CLIMBED = "climbed"  # it has moved up into a tier of which they are told
    MAJOR = "major"  # somebody declared it a major incident


@dataclass(frozen=True)
class IssueOpened:
    at: datetime
    by: str
    number: int
    title: str
    details: str
    impact: Level
    urgency: Level
    priority: Priority
    policy: str
    follows: int | None = None  # the closed issue whose reporter wrote again


@dataclass(frozen=True)
class IssueClaimed:
    at: datetime
    by: str
    desk: int


@dataclass(frozen=True)
class IssueReleased:
    at: datetime
    by: str | None  # None: the clock, because a hand-over was not accepted in time
    claimant: str


@dataclass(frozen=True)
class IssueTakenOver:
    at: datetime
    by: str
    claimant: str  # until now
    desk: int
    reason: str


@dataclass(frozen=True)
class IssueHandedOver:
    """To a named person, who must accept in time."""

    at: datetime
    by: str
    to: str
    desk: int
    accept_by: datetime
    note: str


@dataclass(frozen=True)
class HandOverAccepted:
    at: datetime
    by: str


@dataclass(frozen=True)
class WaitStarted:
    at: datetime
    by: str
    reason: WaitingFor
    note: str
    until: datetime | None


@dataclass(frozen=True)
class WaitEnded:
    at: datetime
    by: str | None  # None: the date has come
    holder_gone: bool  # who held it is no longer staff, so it is open again
    unreached: bool = False  # a message to its reporter, for whose answer it waited, could not be delivered


@dataclass(frozen=True)
class ReporterNudged:
    at: datetime
    count: int


@dataclass(frozen=True)
class IssueSnoozed:
    at: datetime
    by: str
    until: datetime


@dataclass(frozen=True)
class Reminded:
    """A share of a budget is used up. `suppressed` says why nobody was told; empty: they were."""

    at: datetime
    clock: str
    share: float
    suppressed: str


@dataclass(frozen=True)
class ClaimantReminded:
    """The claimant's silence is too long, and the policy leaves them the issue."""

    at: datetime
    due_at: datetime
    count: int


@dataclass(frozen=True)
class IssueReturned:
    """Back to the tier below, with what was found out."""

    at: datetime
    by: str
    from_tier: int
    to_tier: int
    claimant: str | None
    findings: str


@dataclass(frozen=True)
class IssueRerouted:
    """To any tier, because it is their kind of work."""

    at: datetime
    by: str | None  # None: whoever runs the bot, from the command line
    from_tier: int
    to_tier: int
    claimant: str | None
    reason: str


@dataclass(frozen=True)
class PriorityChanged:
    at: datetime
    by: str
    impact: Level
    urgency: Level
    before: Priority
    after: Priority
    reason: str


@dataclass(frozen=True)
class IssueMerged:
    at: datetime
    by: str
    into: int


@dataclass(frozen=True)
class IssueUnmerged:
    at: datetime
    by: str
    parent: int


@dataclass(frozen=True)
class DuplicateLinked:
    """Another issue was merged into this one."""

    at: datetime
    by: str
    child: int


@dataclass(frozen=True)
class DuplicateUnlinked:
    at: datetime
    by: str
    child: int


@dataclass(frozen=True)
class ParentResolved:
    """The issue this one was merged into is resolved; its reporter learns the outcome."""

    at: datetime
    by: str | None
    parent: int
    fix: str


@dataclass(frozen=True)
class ParentReopened:
    """The issue this one was merged into is not over after all."""

    at: datetime
    by: str
    parent: int


@dataclass(frozen=True)
class ParentAnswered:
    """Staff wrote to the reporter of the issue this one was merged into; this one's reporter reads it, too (T22)."""

    at: datetime
    by: str
    parent: int
    words: "Words"


@dataclass(frozen=True)
class MajorDeclared:
    at: datetime
    by: str
    commander: str


@dataclass(frozen=True)
class MajorEnded:
    at: datetime
    by: str


@dataclass(frozen=True)
class IssueCancelled:
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class IssueClosed:
    at: datetime


@dataclass(frozen=True)
class IssueReplanned:
    """Moved to another version of the policy; what its clocks have used stays used (domain.md 3.9)."""

    at: datetime
    policy: str
    clocks: Clocks
    holidays: tuple[date, ...] = ()  # if it was moved because these were added to its calendar


@dataclass(frozen=True)
class IssueEscalated:
    """Functional: the issue moves one tier up and the claim ends (domain.md 3.5)."""

    at: datetime
    by: str | None  # None: the clock
    cause: Cause
    from_tier: int
    to_tier: int
    due_at: datetime  # when it should have happened; `at` is when it did
    claimant: str | None  # who held it until now
    reason: str = ""
    tried: str = ""
    needed: str = ""
    raised: bool = False  # its time ran out by a raise of priority, after the grace that one leaves (domain.md 3.8)


@dataclass(frozen=True)
class TierReminded:
    """There is no tier above, so the last one is pinged again: never silence (domain.md 3.6)."""

    at: datetime
    cause: Cause
    tier: int
    due_at: datetime
    count: int


@dataclass(frozen=True)
class LevelsInformed:
    """Hierarchical: somebody above is told; neither tier nor claim changes."""

    at: datetime
    cause: Cause
    tiers: tuple[int, ...]


@dataclass(frozen=True)
class TargetBreached:
    at: datetime
    clock: str  # "first_response" or "resolution"
    due_at: datetime
    raised: bool = False  # as with IssueEscalated


@dataclass(frozen=True)
class Words:
    """One message of a person in a thread of the issue."""

    channel: str
    ts: str
    text: str  # as Slack sent it: entities encoded, tokens inside
    files: tuple[tuple[str, str], ...] = ()  # (name, permalink)


@dataclass(frozen=True)
class StaffReplied:
    at: datetime
    by: str
    words: Words
    elsewhere: bool = False  # not under the card at which it is worked on


@dataclass(frozen=True)
class NoteTaken:
    """Staff to staff; the reporter never sees it."""

    at: datetime
    by: str
    words: Words
    elsewhere: bool = False


@dataclass(frozen=True)
class ReporterReplied:
    at: datetime
    by: str
    words: Words
    here: bool = False  # by somebody of staff who reported it, where it is worked on: there it can be read already


@dataclass(frozen=True)
class WordsEdited:
    at: datetime
    by: str
    words: Words


@dataclass(frozen=True)
class WordsDeleted:
    at: datetime
    by: str
    channel: str
    ts: str


@dataclass(frozen=True)
class IssueResolved:
    at: datetime
    by: str | None  # None: the clock, because the reporter did not answer
    fix: str
    category: str | None = None  # of the cause


@dataclass(frozen=True)
class IssueReopened:
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class FixConfirmed:
    """Its reporter says that it works."""

    at: datetime
    by: str


@dataclass(frozen=True)
class HelpRated:
    """By its reporter, who may change their mind."""

    at: datetime
    by: str
    score: int  # 1, very poor, to 5, very good


@dataclass(frozen=True)
class DeliveryFailed:
    """A message could not be delivered and will not be tried again."""

    at: datetime
    what: str  # the message, in words
    tier: int | None  # whose channel it was for; None: a person's
    error: str  # Slack's own word
    called: bool = False  # it was a call for somebody
    asked: bool = False  # which a person wanted


Event = (
    IssueOpened
    | IssueClaimed
    | IssueReleased
    | IssueTakenOver
    | IssueHandedOver
    | HandOverAccepted
    | WaitStarted
    | WaitEnded
    | ReporterNudged
    | IssueSnoozed
    | Reminded
    | ClaimantReminded
    | IssueReturned
    | IssueRerouted
    | PriorityChanged
    | IssueMerged
    | IssueUnmerged
    | DuplicateLinked
    | DuplicateUnlinked
    | ParentResolved
    | ParentReopened
    | ParentAnswered
    | MajorDeclared
    | MajorEnded
    | IssueCancelled
    | IssueClosed
    | IssueReplanned
    | IssueEscalated
    | TierReminded
    | LevelsInformed
    | TargetBreached
    | StaffReplied
    | NoteTaken
    | ReporterReplied
    | WordsEdited
    | WordsDeleted
    | IssueResolved
    | IssueReopened
    | FixConfirmed
    | HelpRated
    | DeliveryFailed
)
