"""What a rule answers with, and who asks."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.events import Cause, Event, LevelsInformed
from bot.domain.evolution import evolve
from bot.domain.issue import Issue
from bot.domain.policy import Policy


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


def decide(issue: Issue | None, policy: Policy, *events: Event) -> Decision:
    """The decision that these events happen. `issue` is None only before it is opened."""
    after = issue
    for event in events:
        after = evolve(after, event, policy)
    assert after is not None, "an issue begins with an event"
    return Decision(after, events)


def told_of_climb(issue: Issue, to: int, policy: Policy, now: datetime) -> tuple[Event, ...]:
    """Who above is told when the issue moves up into tier `to`, whoever or whatever moves it (domain.md 7.2)."""
    told = policy.targets[issue.priority].tell.get(to, ())
    return (LevelsInformed(at=now, cause=Cause.CLIMBED, tiers=told),) if told and to > issue.tier else ()
