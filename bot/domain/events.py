"""What can happen to an issue. The timeline is these, in order; folding them gives the issue back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.priority import Level, Priority


class Cause(StrEnum):
    UNCLAIMED = "unclaimed"  # nobody claimed it within the tier's window
    STALE = "stale"  # claimed, but nobody told the reporter anything within the update window
    MANUAL = "manual"  # a person pressed Escalate
    SEVERITY = "severity"  # its priority alone
    RESOLUTION = "resolution"  # the resolution target has passed


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


@dataclass(frozen=True)
class IssueClaimed:
    at: datetime
    by: str
    desk: int


@dataclass(frozen=True)
class IssueReleased:
    at: datetime
    by: str
    claimant: str


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


@dataclass(frozen=True)
class NoteTaken:
    """Staff to staff; the reporter never sees it."""

    at: datetime
    by: str
    words: Words


@dataclass(frozen=True)
class ReporterReplied:
    at: datetime
    by: str
    words: Words


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
    by: str
    fix: str


@dataclass(frozen=True)
class IssueReopened:
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class DeliveryFailed:
    """A message could not be delivered and will not be tried again."""

    at: datetime
    what: str  # the message, in words
    tier: int | None  # whose channel it was for; None: a person's
    error: str  # Slack's own word


Event = (
    IssueOpened
    | IssueClaimed
    | IssueReleased
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
    | DeliveryFailed
)
