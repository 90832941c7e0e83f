"""An issue as the rules see it: a frozen value, changed only by `lifecycle.evolve`."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.clocks import Clock
from bot.domain.priority import Level, Priority

CATEGORIES = ("hardware", "software", "network", "access", "vendor", "change", "handling", "unknown")
TITLE_LIMIT = 120  # characters; with number and priority it fits a header block (150)
DETAILS_LIMIT = 3000  # characters; what Slack's text field can hold


class Status(StrEnum):
    """Whether someone is working. Whose turn it is, is the tier's matter."""

    OPEN = "open"
    CLAIMED = "claimed"
    WAITING = "waiting"  # for somebody outside support; no clock runs
    RESOLVED = "resolved"  # staff say it is over; the reporter may reopen
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"  # the same trouble as another issue, which is worked on instead


LIVE = frozenset({Status.OPEN, Status.CLAIMED, Status.WAITING})
FINAL = frozenset({Status.CLOSED, Status.CANCELLED, Status.MERGED})


@dataclass(frozen=True)
class Claim:
    by: str  # user id
    since: datetime
    desk: int  # the tier whose card the claimant works at
    offered_by: str | None = None  # it was handed to them, and they have not accepted yet ...
    accept_by: datetime | None = None  # ... which they must by then; None while it waits
    note: str = ""  # what they were told with it


@dataclass(frozen=True)
class HandOff:
    """The packet that travels with an escalation, so the next tier need not ask again."""

    from_tier: int
    by: str | None  # None: the clock did it
    cause: str
    reason: str
    tried: str
    needed: str = ""
    at: datetime | None = None
    raised: bool = False  # a raise of priority had left it little time
    asked: tuple[int, ...] = ()  # the tiers that had the turn until then, if it went up


@dataclass(frozen=True)
class Reopening:
    """Why it is back, for whoever takes it again in the tier it came back to."""

    by: str
    reason: str
    fix: str = ""  # what was thought to have fixed it


class WaitingFor(StrEnum):
    REPORTER = "reporter"
    VENDOR = "vendor"
    CHANGE = "change"  # a change window
    DATE = "date"


@dataclass(frozen=True)
class Wait:
    reason: WaitingFor
    since: datetime
    note: str  # what is being waited for; for the reporter: the question
    until: datetime | None = None
    nudges: int = 0
    nudged_at: datetime | None = None


@dataclass(frozen=True)
class Reminder:
    """A reminder that is behind us, told or not, of the present run of its clock."""

    clock: str
    share: float
    at: datetime
    told: bool


@dataclass(frozen=True)
class Clocks:
    """The four promises of domain.md 2.1, in the order in which they are usually kept."""

    first_response: Clock
    tier_window: Clock
    update: Clock
    resolution: Clock

    def having(self, **changed: Clock) -> "Clocks":
        return replace(self, **changed)


@dataclass(frozen=True)
class Issue:
    number: int
    title: str
    details: str
    reporter: str  # user id
    impact: Level
    urgency: Level
    priority: Priority
    policy: str  # version of the policy it was opened under
    status: Status
    tier: int  # whose turn it is
    tier_entry: int  # counts entries into a tier; a button says which entry it was drawn for
    cycle: int  # how often it was reopened
    opened_at: datetime
    clocks: Clocks
    carded: tuple[int, ...]  # tiers that hold a card of it, in the order they got one
    claim: Claim | None = None
    hand_off: HandOff | None = None
    reopening: Reopening | None = None  # since it came into its tier
    sharing: tuple[int, ...] = ()  # tiers that have the turn beside `tier`: they got it at once
    informed: tuple[int, ...] = ()  # tiers that were told of its severity
    heard_at: datetime | None = None  # last word of its reporter
    pings: int = 0  # re-pings at the last tier since it got there
    breached: tuple[str, ...] = ()  # clocks whose breach is on record
    overdue_told_at: datetime | None = None  # when those above heard last that its resolution target has passed
    leader_asked: int | None = None  # the tier that was asked, in this cycle, who leads it
    responded: bool = False  # in this cycle somebody of staff claimed it or answered
    answered_at: datetime | None = None  # last public word of staff in this cycle
    fix: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolved_claim: Claim | None = None  # who had it then: they know it best if it comes back
    confirmed: bool = False  # its reporter says that it works
    rating: int | None = None  # of the help in this cycle, by its reporter: 1 to 5
    waiting: Wait | None = None
    snooze_until: datetime | None = None  # no reminders before
    reminded: tuple[Reminder, ...] = ()
    stale_reminders: int = 0  # since the last word to the reporter (policy.OnStale.INFORM)
    bounces: int = 0  # returned or rerouted, by people
    releases: int = 0  # by people, in this cycle
    raised_by_reporter: bool = False
    plea: str = ""  # what its reporter said last of why it is worse, or not fixed
    commander: str | None = None  # of a major incident; None: it is none
    parent: int | None = None  # merged into
    children: tuple[int, ...] = ()  # merged into this one
    follows: int | None = None  # the closed issue whose reporter wrote again
    category: str | None = None  # of the cause, told when it was resolved
    ended_at: datetime | None = None  # closed, cancelled or merged
    cancelled_by: str | None = None
    version: int = 0  # counts its timeline events

    @property
    def name(self) -> str:
        return issue_name(self.number)

    @property
    def live(self) -> bool:
        """Still somebody's business."""
        return self.status in LIVE

    @property
    def ticking(self) -> bool:
        """Its turn and promises run: live, and not waiting for somebody outside."""
        return self.status in (Status.OPEN, Status.CLAIMED)

    @property
    def turn(self) -> tuple[int, ...]:
        """The tiers that are asked: the one that has it, and those that got it at once with it."""
        return tuple(sorted({self.tier, *self.sharing}))

    @property
    def desk(self) -> int:
        """The tier at whose card the conversation goes on."""
        return self.claim.desk if self.claim else self.tier


def issue_name(number: int) -> str:
    return f"ISS-{number}"


def issue_number(text: str) -> int | None:
    """The number in "ISS-42", "iss-42", "#42" or "42"; None if it is none of these."""
    found = re.fullmatch(r"(?:iss-|#)?(\d{1,9})", text.strip(), re.IGNORECASE | re.ASCII)
    return int(found[1]) if found else None
