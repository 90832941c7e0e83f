"""Random people, policies and times against the invariants of domain.md section 4.

Each begins deep in a history (`BEGINNINGS`), rules are only there when something can come of them, and the test
fails if a run was not through all of `LEAST` (situations.py): the machine cannot go thin unseen.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.domain import lifecycle
from bot.domain.deadlines import next_step_at
from bot.domain.decision import Actor, decide
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.priority import Level
from bot.domain.refusals import Refused
from tests.domain import invariants
from tests.domain.factories import DAY, HOUR, LEAD_OF_L2, MINUTE, REPORTER, SECOND, make_words
from tests.domain.policies import Shape, shapes, starts
from tests.domain.scripts import EVERYWHERE
from tests.domain.situations import missing, situations
from tests.domain.world import Step, World

MOST_ISSUES = 4

people = st.sampled_from(
    [Actor(f"U0STAFF{tier}{letter}", frozenset({tier})) for tier in (1, 2, 3, 4) for letter in "AB"]
    + [Actor(LEAD_OF_L2, frozenset({1}))]
    + [EVERYWHERE] * 9  # half of what is tried shall succeed
)
levels = st.sampled_from(Level)
spans = st.one_of(
    st.sampled_from([SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 5 * HOUR]),
    st.integers(0, 3 * HOUR // SECOND).map(lambda seconds: seconds * SECOND),
)
texts = st.sampled_from(["", "because", "x" * 2001])
good_texts = st.just("because")
which = st.integers(0, MOST_ISSUES - 1)
few = st.integers(0, 3).map(lambda turn: not turn)

LIVE = (Status.OPEN, Status.CLAIMED, Status.WAITING)
WORKING = (Status.OPEN, Status.CLAIMED)


Beginning = Callable[["Escalation"], None]


class Escalation(RuleBasedStateMachine):
    """Each rule is somebody's act on one of a few issues, most often one on which it can succeed."""

    met: ClassVar[Counter[str]] = Counter()  # of all histories
    beginning: ClassVar[list[Beginning]] = []  # one, in which all of them begin

    def __init__(self) -> None:
        super().__init__()
        self.world: World
        self.another: Shape  # of a policy

    @initialize(shape=shapes, another=shapes, start=starts, impact=levels, urgency=levels)
    def begin(self, shape: Shape, another: Shape, start: datetime, impact: Level, urgency: Level) -> None:
        self.world = World(now=start, policy=shape.policy(), on_step=self.judge)
        self.another = another
        self.opens(impact, urgency)
        for beginning in self.beginning:
            beginning(self)

    def judge(self, step: Step) -> None:
        self.met.update(situations(step))
        if step.before is None or step.before.status is not step.after.status:
            invariants.invariant_01_nothing_else_is_allowed(step.after, step.new_policy, step.now)
        for holds in invariants.OF_A_STEP:
            holds(step)
        invariants.invariant_17_the_reporter_moves_no_deadline_later(step, REPORTER)
        for stays in invariants.OF_AN_ISSUE:
            stays(step.after, step.new_policy)

    @invariant()
    def all_issues(self) -> None:
        if hasattr(self, "world"):
            invariants.invariant_36_merging_makes_no_chain(self.world.issues)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        for number, steps in self.world.steps.items():
            invariants.invariant_23_folding_the_timeline_gives_the_issue(steps, self.world.policies)
            for held in invariants.OF_A_HISTORY:
                held(steps)
            issue = self.world.issues[number]
            invariants.invariant_13_silence_reaches_the_last_tier(issue, self.world.policy_of(issue))

    # --- picking -----------------------------------------------------------------------------------------------------

    def pick(self, which: int, *wanted: Status) -> Issue:
        """One that is in a wanted state if there is any, so that most acts come to something."""
        issues = list(self.world.issues.values())
        fitting = [issue for issue in issues if issue.status in wanted] or issues
        return fitting[which % len(fitting)]

    def place(self, number: int, *wanted: Status) -> int:
        """By which `pick` finds it."""
        return [issue.number for issue in self.world.issues.values() if issue.status in wanted].index(number)

    def has(self, *wanted: Status) -> bool:
        return hasattr(self, "world") and any(issue.status in wanted for issue in self.world.issues.values())

    def has_room(self) -> bool:
        """For one more: few at a time, so that each lives through much."""
        live = [issue for issue in self.world.issues.values() if issue.live]
        return len(live) < MOST_ISSUES and len(self.world.issues) < 3 * MOST_ISSUES

    def holder(self, issue: Issue, other: Actor) -> Actor:
        """Who holds it, with the tiers they have; else the other one."""
        if issue.claim is None:
            return other
        if issue.claim.by == EVERYWHERE.user:
            return EVERYWHERE
        number = issue.claim.by.removeprefix("U0STAFF")[:1]
        return Actor(issue.claim.by, frozenset({int(number)}) if number.isdigit() else other.tiers)

    # --- people ------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.has_room())
    @rule(impact=levels, urgency=levels)
    def opens(self, impact: Level, urgency: Level) -> None:
        world = self.world
        decision = lifecycle.open_issue(
            len(world.issues) + 1,
            reporter=REPORTER,
            title="VPN is down",
            details="",
            impact=impact,
            urgency=urgency,
            recent=0,
            policy=world.policy,
            now=world.now,
        )
        world.record("open", REPORTER, None, decision)

    @precondition(lambda self: self.has(Status.OPEN))
    @rule(which=which, who=people)
    def claims(self, which: int, who: Actor) -> None:
        issue = self.pick(which, Status.OPEN)
        now = self.world.now
        first = self.world.do(
            "claim", who.user, issue.number, lambda i, p: lifecycle.claim(i, who, desk=None, policy=p, now=now)
        )
        if first:
            invariants.invariant_26_a_second_claim_has_no_effect(self.world.steps[issue.number][-1], who)

    @precondition(lambda self: self.has(Status.CLAIMED))
    @rule(which=which, who=people, reason=good_texts)
    def takes_over(self, which: int, who: Actor, reason: str) -> None:
        issue, now = self.pick(which, Status.CLAIMED), self.world.now
        self.world.do(
            "take over",
            who.user,
            issue.number,
            lambda i, p: lifecycle.take_over(i, who, reason=reason, desk=None, policy=p, now=now),
        )

    @precondition(lambda self: self.has(Status.CLAIMED))
    @rule(which=which, who=people)
    def releases(self, which: int, who: Actor) -> None:
        issue, now = self.pick(which, Status.CLAIMED), self.world.now
        holder = self.holder(issue, who)
        self.world.do(
            "release", holder.user, issue.number, lambda i, p: lifecycle.release(i, holder, policy=p, now=now)
        )

    @precondition(lambda self: self.has(Status.CLAIMED))
    @rule(which=which, to=people, accepts=st.booleans(), later=spans)
    def hands_over(self, which: int, to: Actor, later: timedelta, *, accepts: bool) -> None:
        issue, now = self.pick(which, Status.CLAIMED), self.world.now
        holder = self.holder(issue, to)
        handed = self.world.do(
            "hand over",
            holder.user,
            issue.number,
            lambda i, p: lifecycle.hand_over(i, holder, to=to, note="halfway", policy=p, now=now),
        )
        if handed and accepts:
            self.world.punctual(now + min(later, 5 * MINUTE))
            then = self.world.now
            self.world.do(
                "accept", to.user, issue.number, lambda i, p: lifecycle.claim(i, to, desk=None, policy=p, now=then)
            )

    @precondition(lambda self: self.has(*WORKING))
    @rule(which=which, who=people, stale=st.booleans())
    def escalates(self, which: int, who: Actor, *, stale: bool) -> None:
        issue, now = self.pick(which, *WORKING), self.world.now
        seen = Seen(entry=issue.tier_entry - stale)
        moved = self.world.do(
            "escalate",
            who.user,
            issue.number,
            lambda i, p: lifecycle.escalate(i, who, seen=seen, reason="too deep", tried="reboot", policy=p, now=now),
        )
        assert not (moved and stale), "a press on an old card moved the issue"
        if moved:
            invariants.invariant_26_two_presses_of_escalate_are_one_step(self.world.steps[issue.number][-1], who)

    @precondition(lambda self: self.has(*WORKING))
    @rule(which=which, who=people)
    def returns(self, which: int, who: Actor) -> None:
        issue, now = self.pick(which, *WORKING), self.world.now
        seen = Seen(entry=issue.tier_entry)
        self.world.do(
            "return",
            who.user,
            issue.number,
            lambda i, p: lifecycle.give_back(i, who, seen=seen, findings="user error", policy=p, now=now),
        )

    @precondition(lambda self: self.has(*WORKING))
    @rule(which=which, who=people, to=st.sampled_from(["L1", "L2", "L3", "L4"]))
    def reroutes(self, which: int, who: Actor, to: str) -> None:
        issue, now = self.pick(which, *WORKING), self.world.now
        self.world.do(
            "reroute",
            who.user,
            issue.number,
            lambda i, p: lifecycle.reroute(i, who, seen=Seen(), to=to, reason="theirs", policy=p, now=now),
        )

    @precondition(lambda self: self.has(Status.CLAIMED))
    @rule(which=which, who=people, reason=st.sampled_from(WaitingFor), until=st.none() | spans)
    def waits(self, which: int, who: Actor, reason: WaitingFor, until: timedelta | None) -> None:
        issue, now = self.pick(which, Status.CLAIMED), self.world.now
        holder = self.holder(issue, who)
        date = now + until if until is not None else None
        self.world.do(
            "wait",
            holder.user,
            issue.number,
            lambda i, p: lifecycle.wait(i, holder, reason=reason, note="which?", until=date, policy=p, now=now),
        )

    @precondition(lambda self: self.has(Status.CLAIMED))
    @rule(which=which, reason=st.sampled_from(WaitingFor), span=spans, gone=st.booleans())
    def waits_and_goes_on(self, which: int, reason: WaitingFor, span: timedelta, *, gone: bool) -> None:
        world, number = self.world, self.pick(which, Status.CLAIMED).number
        self.waits(which, EVERYWHERE, reason, span + SECOND if reason is WaitingFor.DATE else None)
        world.punctual(world.now + span)
        if world.issues[number].status is not Status.WAITING:
            return
        if reason is WaitingFor.DATE:
            world.now += SECOND
            world.tick(holder_gone=gone)
        elif reason is WaitingFor.REPORTER:
            self.the_reporter_says(self.place(number, Status.WAITING), gone=gone)
        else:
            self.resumes(self.place(number, Status.WAITING), EVERYWHERE, gone=gone)

    @precondition(lambda self: self.has(Status.WAITING))
    @rule(which=which, who=people, gone=st.booleans())
    def resumes(self, which: int, who: Actor, *, gone: bool) -> None:
        issue, now = self.pick(which, Status.WAITING), self.world.now
        self.world.do(
            "resume",
            who.user,
            issue.number,
            lambda i, p: lifecycle.resume(i, who, holder_gone=gone, policy=p, now=now),
        )

    @precondition(lambda self: self.has(Status.CLAIMED))
    @rule(which=which, who=people, span=spans, mild=st.booleans())
    def snoozes(self, which: int, who: Actor, span: timedelta, *, mild: bool) -> None:
        issue, now = self.pick(which, Status.CLAIMED), self.world.now
        if mild:
            self.sets_priority(issue.number, Level.LOW, Level.LOW)
        holder = self.holder(issue, who)
        self.world.do(
            "snooze", holder.user, issue.number, lambda i, p: lifecycle.snooze(i, holder, span=span, policy=p, now=now)
        )

    @precondition(lambda self: self.has(*LIVE))
    @rule(which=which, who=people, impact=levels, urgency=levels)
    def reprioritises(self, which: int, who: Actor, impact: Level, urgency: Level) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        self.world.do(
            "reprioritise",
            who.user,
            issue.number,
            lambda i, p: lifecycle.reprioritise(i, who, impact=impact, urgency=urgency, reason="", policy=p, now=now),
        )

    @precondition(lambda self: self.has(Status.WAITING))
    @rule(which=which, impact=levels, urgency=levels)
    def its_priority_changes_while_it_waits(self, which: int, impact: Level, urgency: Level) -> None:
        self.sets_priority(self.pick(which, Status.WAITING).number, impact, urgency)

    @precondition(lambda self: self.has(*WORKING))
    @rule(which=which, to=st.lists(st.tuples(levels, levels), min_size=2, max_size=3))
    def the_priority_flips(self, which: int, to: list[tuple[Level, Level]]) -> None:
        """In one instant, after which nobody may have less time than the least of it left (domain.md 3.8)."""
        number = self.pick(which, *WORKING).number
        for impact, urgency in to:
            self.sets_priority(number, impact, urgency)
        issue = self.world.issues[number]
        matrix = self.world.policy_of(issue).matrix
        alike = [(i, u) for i, row in matrix.items() for u, priority in row.items() if priority is issue.priority]
        for impact, urgency in alike[:1]:
            self.sets_priority(number, impact, urgency)

    def sets_priority(self, number: int, impact: Level, urgency: Level) -> None:
        now = self.world.now
        self.world.do(
            "reprioritise",
            EVERYWHERE.user,
            number,
            lambda i, p: lifecycle.reprioritise(
                i, EVERYWHERE, impact=impact, urgency=urgency, reason="", policy=p, now=now
            ),
        )

    @precondition(lambda self: self.has(*LIVE))
    @rule(which=which)
    def gets_worse(self, which: int) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        self.world.do(
            "get worse",
            REPORTER,
            issue.number,
            lambda i, p: lifecycle.get_worse(i, REPORTER, reason="!", policy=p, now=now),
        )

    @precondition(lambda self: self.has(*LIVE))
    @rule(which=which, who=people, by_reporter=st.booleans(), really=few)
    def resolves(self, which: int, who: Actor, *, by_reporter: bool, really: bool) -> None:
        issue, world = self.pick(which, *LIVE), self.world
        if not really:
            return  # seldom, or few issues would live long
        actor = Actor(REPORTER) if by_reporter else self.holder(issue, who)
        now = world.now
        done = world.do(
            "resolve",
            actor.user,
            issue.number,
            lambda i, p: lifecycle.resolve(i, actor, fix="cable", category="network", policy=p, now=now),
        )
        if done:
            self.tell_children(issue.number, actor.user)

    def tell_children(self, number: int, by: str) -> None:
        world = self.world
        for child_number in world.issues[number].children:
            for event in world.steps[number][-1].events:
                child = world.issues[child_number]
                learned = lifecycle.learned(child, event, parent=number, policy=world.policy_of(child))
                if learned.events:
                    world.record("learn", by, child, learned)

    @precondition(lambda self: self.has(Status.RESOLVED))
    @rule(which=which)
    def reopens(self, which: int) -> None:
        issue, now = self.pick(which, Status.RESOLVED), self.world.now
        if self.world.do(
            "reopen",
            REPORTER,
            issue.number,
            lambda i, p: lifecycle.reopen(i, Actor(REPORTER), reason="still", policy=p, now=now),
        ):
            self.tell_children(issue.number, REPORTER)

    @precondition(lambda self: self.has(*LIVE))
    @rule(which=which, span=spans)
    def comes_back(self, which: int, span: timedelta) -> None:
        self.resolves(which, EVERYWHERE, by_reporter=False, really=True)
        self.world.punctual(self.world.now + span)
        if self.has(Status.RESOLVED):
            self.reopens(which)

    @precondition(lambda self: self.has(*LIVE))
    @rule(which=which, who=people, really=few)
    def cancels(self, which: int, who: Actor, *, really: bool) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        if not really:
            return  # seldom, or few issues would live long
        self.world.do(
            "cancel",
            who.user,
            issue.number,
            lambda i, p: lifecycle.cancel(i, who, reason="", insists=True, policy=p, now=now),
        )

    @precondition(lambda self: sum(issue.live for issue in self.world.issues.values()) > 1)
    @rule(which=which, into=which, who=people)
    def merges(self, which: int, into: int, who: Actor) -> None:
        world = self.world
        child, parent = self.pick(which, *LIVE), self.pick(into, *LIVE)
        try:
            gone, linked = lifecycle.merge(child, parent, who, now=world.now)
        except Refused:
            return
        world.record("merge", who.user, parent, decide(parent, world.policy_of(parent), *linked))
        for number in (*child.children, child.number):
            each = world.issues[number]
            world.record("merge", who.user, each, decide(each, world.policy_of(each), gone))

    @precondition(lambda self: self.has(Status.MERGED))
    @rule(which=which, who=people)
    def unmerges(self, which: int, who: Actor) -> None:
        world = self.world
        child = self.pick(which, Status.MERGED)
        assert child.parent is not None
        parent = world.issues[child.parent]
        try:
            back, unlinked = lifecycle.unmerge(child, parent, who, policy=world.policy_of(child), now=world.now)
        except Refused:
            return
        world.record("unmerge", who.user, parent, decide(parent, world.policy_of(parent), unlinked))
        world.record("unmerge", who.user, child, decide(child, world.policy_of(child), *back))

    @precondition(lambda self: sum(issue.live for issue in self.world.issues.values()) > 1)
    @rule(which=which, into=which, span=spans)
    def is_merged_for_a_while(self, which: int, into: int, span: timedelta) -> None:
        self.merges(which, into, EVERYWHERE)
        self.world.punctual(self.world.now + span)
        if self.has(Status.MERGED):
            self.unmerges(which, EVERYWHERE)

    @precondition(lambda self: self.has(*LIVE))
    @rule(which=which, who=people, ends=st.booleans())
    def declares_a_major_incident(self, which: int, who: Actor, *, ends: bool) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        self.world.do(
            "major",
            who.user,
            issue.number,
            lambda i, p: (
                lifecycle.end_major(i, who, policy=p, now=now)
                if ends
                else lifecycle.declare_major(i, who, commander=who, policy=p, now=now)
            ),
        )

    @rule(which=which, who=people, note=st.booleans())
    def staff_say(self, which: int, who: Actor, *, note: bool) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        holder = self.holder(issue, who)
        words = make_words(ts=str(now.timestamp()))
        if self.world.do(
            "word",
            holder.user,
            issue.number,
            lambda i, p: lifecycle.staff_word(i, holder, words, note=note, policy=p, now=now),
        ):
            self.tell_children(issue.number, holder.user)

    @rule(which=which, gone=st.booleans())
    def the_reporter_says(self, which: int, *, gone: bool) -> None:
        issue, now = self.pick(which, Status.WAITING), self.world.now
        words = make_words("It is room 4.", ts=str(now.timestamp() + 1))
        if self.world.do(
            "reply",
            REPORTER,
            issue.number,
            lambda i, p: lifecycle.reporter_word(i, words, by=REPORTER, holder_gone=gone, policy=p, now=now),
        ):
            self.tell_children(issue.number, REPORTER)

    @rule(which=which, who=people, which_rule=st.integers(0, 8), text=texts)
    def somebody_presses_something_stale(self, which: int, who: Actor, which_rule: int, text: str) -> None:
        """In any state, with any words: it is refused, or all invariants hold."""
        issue, now, seen = self.pick(which), self.world.now, Seen()
        rules = [
            lambda i, p: lifecycle.take_over(i, who, reason=text, desk=1, policy=p, now=now),
            lambda i, p: lifecycle.release(i, who, policy=p, now=now),
            lambda i, p: lifecycle.escalate(i, who, seen=seen, reason=text, tried=text, policy=p, now=now),
            lambda i, p: lifecycle.give_back(i, who, seen=seen, findings=text, policy=p, now=now),
            lambda i, p: lifecycle.wait(i, who, reason=WaitingFor.VENDOR, note=text, until=None, policy=p, now=now),
            lambda i, p: lifecycle.resume(i, who, holder_gone=False, policy=p, now=now),
            lambda i, p: lifecycle.resolve(i, who, fix=text, category="network", policy=p, now=now),
            lambda i, p: lifecycle.reopen(i, who, reason=text, policy=p, now=now),
            lambda i, p: lifecycle.claim(i, who, desk=2, policy=p, now=now),
        ]
        act = ["take over", "release", "escalate", "return", "wait", "resume", "resolve", "reopen", "claim"][which_rule]
        self.world.do(act, who.user, issue.number, rules[which_rule])

    # --- time --------------------------------------------------------------------------------------------------------

    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self.world.punctual(self.world.now + span)

    @precondition(lambda self: self.has(*WORKING))
    @rule(which=which, share=st.sampled_from([0.1, 0.5, 0.9]))
    def part_of_a_turn_passes(self, which: int, share: float) -> None:
        """So that there is used time, and somebody still has it."""
        issue = self.pick(which, *WORKING)
        due = next_step_at(issue, self.world.policy_of(issue))
        if due and due > self.world.now:
            self.world.punctual(self.world.now + (due - self.world.now) * share // SECOND * SECOND)

    @rule(steps=st.integers(1, 6))
    def the_next_moments_come(self, steps: int) -> None:
        """Straight from one moment to the next: where the boundaries are."""
        for _ in range(steps):
            self.world.punctual(self.world.now + 5 * DAY, at_most=1)

    @rule()
    def a_moment_comes_before_the_engine(self) -> None:
        """Who acts next acts in the very second in which something is due."""
        coming = min((moment for moment in self.world.moments().values() if moment), default=self.world.now)
        if self.world.now < coming < self.world.now + 5 * DAY:
            self.world.now = coming

    @rule(count=st.integers(1, 8), cycle=st.sampled_from([5 * SECOND, 30 * SECOND, 300 * SECOND, 1800 * SECOND]))
    def the_engine_ticks_slowly(self, count: int, cycle: timedelta) -> None:
        self.world.cycles(count, cycle)

    @rule(span=st.sampled_from([HOUR, 5 * HOUR, 5 * HOUR, DAY, DAY, 3 * DAY, 8 * DAY]), gone=st.booleans())
    def the_engine_was_down(self, span: timedelta, *, gone: bool) -> None:
        self.world.now += span
        self.world.tick(holder_gone=gone)

    @rule(back=st.sampled_from([SECOND, 10 * MINUTE, 2 * HOUR, 3 * DAY]))
    def the_clock_is_set_back(self, back: timedelta) -> None:
        world, now = self.world, self.world.now
        world.tick()
        steps = world.count()
        world.now = now - back
        world.tick()
        assert world.count() == steps, "a clock set back repeated something (invariant 20)"
        world.now = now

    # --- the policy --------------------------------------------------------------------------------------------------

    @rule(shape=shapes, applied=st.booleans())
    def the_policy_is_edited(self, shape: Shape, *, applied: bool) -> None:
        before = self.world.moments()
        self.world.edit_policy(shape.policy())
        invariants.invariant_38_an_edited_policy_moves_no_open_issue(before, self.world.moments())
        if applied:
            self.world.replan_all()


# --- where a history begins ------------------------------------------------------------------------------------------


def new(machine: Escalation) -> None:
    """As it was opened."""


def claimed(machine: Escalation) -> None:
    machine.claims(0, EVERYWHERE)
    machine.part_of_a_turn_passes(0, 0.5)


def raised_late(machine: Escalation) -> None:
    """Nearly all of a long turn is used, and then it is a P1, with a grace."""
    machine.sets_priority(1, Level.LOW, Level.LOW)
    machine.claims(0, EVERYWHERE)
    machine.part_of_a_turn_passes(0, 0.9)
    machine.sets_priority(1, Level.HIGH, Level.HIGH)


def waiting(machine: Escalation) -> None:
    """And meanwhile its priority changes, and changes again."""
    claimed(machine)
    machine.waits(0, EVERYWHERE, WaitingFor.VENDOR, None)
    machine.sets_priority(1, Level.HIGH, Level.HIGH)
    machine.sets_priority(1, Level.LOW, Level.LOW)


def nudged(machine: Escalation) -> None:
    claimed(machine)
    machine.waits(0, EVERYWHERE, WaitingFor.REPORTER, None)
    machine.the_next_moments_come(2)


def handed_over(machine: Escalation) -> None:
    claimed(machine)
    machine.hands_over(0, Actor("U0STAFF4A", frozenset({4})), MINUTE, accepts=False)


def not_accepted(machine: Escalation) -> None:
    handed_over(machine)
    machine.the_next_moments_come(2)


def accepted(machine: Escalation) -> None:
    claimed(machine)
    machine.hands_over(0, Actor("U0STAFF4A", frozenset({4})), SECOND, accepts=True)


def replanned(machine: Escalation) -> None:
    claimed(machine)
    machine.the_policy_is_edited(machine.another, applied=True)


def replanned_while_it_waits(machine: Escalation) -> None:
    waiting(machine)
    machine.the_policy_is_edited(machine.another, applied=True)


def breached(machine: Escalation) -> None:
    """Nobody was there until the resolution was overdue; then it was resolved at once."""
    world = machine.world
    issue = world.issues[1]
    overdue = issue.clocks.resolution.due(world.policy_of(issue).targets[issue.priority].calendar)
    assert overdue is not None
    world.now = overdue
    world.tick()
    machine.claims(0, EVERYWHERE)
    machine.resolves(0, EVERYWHERE, by_reporter=False, really=True)


def reopened(machine: Escalation) -> None:
    breached(machine)
    machine.reopens(0)


def at_the_last_tier(machine: Escalation) -> None:
    while machine.world.issues[1].tier < machine.world.policy.last_tier:
        machine.escalates(0, EVERYWHERE, stale=False)


def held_at_the_last_tier(machine: Escalation) -> None:
    """Whoever holds it there says nothing for a while."""
    at_the_last_tier(machine)
    machine.claims(0, EVERYWHERE)
    machine.the_next_moments_come(3)


def family(machine: Escalation) -> None:
    """ISS-2 and ISS-3 are duplicates of ISS-1."""
    for urgency in (Level.LOW, Level.HIGH):
        machine.opens(Level.MEDIUM, urgency)
    claimed(machine)
    for _ in range(2):
        machine.merges(1, 0, EVERYWHERE)
    machine.staff_say(0, EVERYWHERE, note=False)


def moved_along(machine: Escalation) -> None:
    """ISS-1 turns out to be the same as ISS-4, and takes its duplicates with it."""
    family(machine)
    machine.opens(Level.LOW, Level.LOW)
    machine.merges(0, 1, EVERYWHERE)


BEGINNINGS: tuple[Beginning, ...] = (
    new,
    claimed,
    raised_late,
    waiting,
    nudged,
    handed_over,
    not_accepted,
    accepted,
    replanned,
    replanned_while_it_waits,
    breached,
    reopened,
    at_the_last_tier,
    held_at_the_last_tier,
    family,
    moved_along,
)

RUN = settings(
    max_examples=13,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,  # `make soak` is for what nobody has met yet
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

LEAST: dict[str, int] = {  # how often in one run; a run has about twice as many
    # holding
    "IssueClaimed": 130,
    "IssueReleased": 20,
    "IssueTakenOver": 4,
    "IssueHandedOver": 17,
    "a hand-over is accepted": 5,
    "a hand-over is not accepted": 6,
    "IssueSnoozed": 7,
    # moving
    "IssueEscalated: manual": 30,
    "IssueEscalated: unclaimed": 170,
    "IssueEscalated: stale": 4,
    "IssueReturned": 30,
    "IssueRerouted": 30,
    "informed: bounced": 20,
    "TierReminded: unclaimed": 230,
    "TierReminded: stale": 3,
    "ClaimantReminded": 20,
    # time
    "breached: first_response": 80,
    "breached: resolution": 80,
    "a promise and a turn run out in one look": 70,
    "a turn is passed late": 90,
    "reminded: told": 310,
    "reminded: recent": 20,
    "reminded: downtime": 16,
    # waiting
    "waits for: reporter": 13,
    "waits for: vendor": 19,
    "waits for: change": 4,
    "waits for: date": 4,
    "resumed by its reporter": 5,
    "resumed by staff": 11,
    "resumed by nobody: the date": 12,
    "resumed without its holder": 13,
    "ReporterNudged": 8,
    "silence is taken for solved": 2,
    # priority
    "raised while open": 90,
    "raised while claimed and used": 10,
    "raised while waiting": 16,
    "raised within the grace": 13,
    "lowered while open": 90,
    "lowered while claimed and used": 7,
    "lowered while waiting": 14,
    "lowered within the grace": 20,
    "changed within its priority within the grace": 6,
    "informed: raised": 20,
    "informed: leaderless": 25,
    "informed: overdue": 5,
    "informed: resolution": 100,
    "informed: resolution, again": 12,
    "breached in the grace of a raise": 6,
    # the policy
    "replanned while claimed and used": 8,
    "replanned while it waits": 10,
    "replanned within the grace": 2,
    # over
    "IssueResolved": 110,
    "IssueReopened": 100,
    "reopened after its resolution was breached": 40,
    "reopened once more": 40,
    "IssueClosed": 7,
    "IssueCancelled": 11,
    # duplicates
    "IssueMerged": 70,
    "merged with duplicates of its own": 9,
    "merged along": 18,
    "unmerged with time used": 19,
    "resolved with duplicates": 8,
    "reopened with duplicates": 8,
    "ParentAnswered": 30,
    "ParentResolved": 16,
    "ParentReopened": 16,
    # the rest
    "MajorDeclared": 20,
    "MajorEnded": 5,
    "StaffReplied": 50,
    "NoteTaken": 40,
    "ReporterReplied": 100,
}


@pytest.mark.timeout(300)
def test_the_invariants_hold_in_random_histories() -> None:
    Escalation.met.clear()
    for beginning in BEGINNINGS:
        Escalation.beginning[:] = [beginning]
        run_state_machine_as_test(Escalation, settings=RUN)
    assert not missing(Escalation.met, LEAST)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_the_invariants_hold_for_long(beginning: Beginning) -> None:
    Escalation.beginning[:] = [beginning]
    long = settings(RUN, max_examples=250, stateful_step_count=80, derandomize=False)
    run_state_machine_as_test(Escalation, settings=long)
