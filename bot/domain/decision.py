"""What a rule answers with, and who asks."""

from dataclasses import dataclass

from bot.domain.events import Event
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
