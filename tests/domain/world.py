"""A few issues, a policy that may be edited, and a clock; every step that changes an issue is remembered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from bot.domain.clockwork import pass_time, replan
from bot.domain.deadlines import next_moment
from bot.domain.decision import Decision
from bot.domain.events import Event
from bot.domain.evolution import evolve
from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.domain.refusals import Refused

TIME = "time passes"
REPLAN = "replan"


@dataclass(frozen=True)
class Step:
    """One decision: who looked at what, when, and what came of it."""

    act: str
    by: str | None  # None: the clock, or an administrator
    now: datetime
    before: Issue | None
    after: Issue
    events: tuple[Event, ...]
    policy: Policy  # the version pinned before the step
    new_policy: Policy  # and after it

    @cached_property
    def stages(self) -> list[tuple[Issue | None, Event, Issue]]:
        """Every event, between the state before it and the state after it."""
        found: list[tuple[Issue | None, Event, Issue]] = []
        issue = self.before
        for event in self.events:
            after = evolve(issue, event, self.policy)
            found.append((issue, event, after))
            issue = after
        return found


@dataclass
class World:
    now: datetime
    policy: Policy  # what new issues are opened under
    policies: dict[str, Policy] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    steps: dict[int, list[Step]] = field(default_factory=dict)
    on_step: Callable[[Step], None] = lambda _: None
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policies[self.policy.version] = self.policy

    def policy_of(self, issue: Issue) -> Policy:
        return self.policies[issue.policy]

    def record(self, act: str, by: str | None, before: Issue | None, decision: Decision) -> None:
        """A decision without events is no step: it must leave the issue as it was."""
        after = decision.issue
        if not decision.events:
            assert after == before, "nothing happened, and yet the issue changed"
            return
        new_policy = self.policies[after.policy]
        policy = self.policies[before.policy] if before else new_policy
        step = Step(act, by, self.now, before, after, decision.events, policy, new_policy)
        self.issues[after.number] = after
        self.steps.setdefault(after.number, []).append(step)
        self.on_step(step)

    def do(self, act: str, by: str, number: int, rule: Callable[[Issue, Policy], Decision]) -> bool:
        """What a person does; a refusal changes nothing and is counted."""
        issue = self.issues[number]
        try:
            decision = rule(issue, self.policy_of(issue))
        except Refused as refusal:
            self.refusals.append(str(refusal))
            return False
        self.record(act, by, issue, decision)
        return True

    def timeline(self, number: int) -> Iterator[Event]:
        for step in self.steps[number]:
            yield from step.events

    def count(self) -> int:
        return sum(len(steps) for steps in self.steps.values())

    def moments(self) -> dict[int, datetime | None]:
        return {number: next_moment(issue, self.policy_of(issue)) for number, issue in self.issues.items()}

    # --- the engine --------------------------------------------------------------------------------------------------

    def tick(self, *, holder_gone: bool = False) -> None:
        """One engine cycle: every issue whose moment has come, by priority, then the oldest moment first."""
        due = []
        for issue in self.issues.values():
            moment = next_moment(issue, self.policy_of(issue))
            if moment and moment <= self.now:
                due.append((issue.priority.rank, moment, issue.number))
        for _, _, number in sorted(due):
            issue = self.issues[number]
            decision = pass_time(issue, self.policy_of(issue), self.now, holder_gone=holder_gone)
            self.record(TIME, None, issue, decision)

    def punctual(self, until: datetime, *, at_most: int = 40) -> None:
        """The engine acts the moment something is due, at most so often."""
        for _ in range(at_most):
            coming = min((moment for moment in self.moments().values() if moment), default=None)
            if coming is None or coming > until:
                break
            self.now = max(self.now, coming)
            self.tick()
        else:
            return  # busy times: the rest of the span is another step's
        self.now = max(self.now, until)

    def cycles(self, count: int, cycle: timedelta) -> None:
        for _ in range(count):
            self.now += cycle
            self.tick()

    # --- the policy --------------------------------------------------------------------------------------------------

    def edit_policy(self, policy: Policy) -> None:
        """Issues that are open keep their version (domain.md 3.9)."""
        self.policy = replace(policy, version=f"v{len(self.policies) + 1}")
        self.policies[self.policy.version] = self.policy

    def replan_all(self) -> None:
        for number, issue in list(self.issues.items()):
            if issue.tier <= self.policy.last_tier:  # a tier in use is not removed (domain.md 3.9)
                decision = replan(issue, self.policy_of(issue), self.policy, self.now)
                self.record(REPLAN, None, self.issues[number], decision)
