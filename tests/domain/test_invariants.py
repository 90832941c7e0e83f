"""Random people, policies and times against the invariants of domain.md section 4."""

from datetime import datetime, timedelta

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
from bot.domain.decision import Actor, decide
from bot.domain.issue import Issue, Status, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.priority import Level
from bot.domain.refusals import Refused
from tests.domain import invariants
from tests.domain.factories import DAY, HOUR, LEAD_OF_L2, MINUTE, REPORTER, SECOND, make_words
from tests.domain.policies import Shape, shapes, starts
from tests.domain.world import Step, World

MOST_ISSUES = 4

people = st.sampled_from(
    [Actor(f"U0STAFF{tier}{letter}", frozenset({tier})) for tier in (1, 2, 3, 4) for letter in "AB"]
    + [Actor(LEAD_OF_L2, frozenset({1})), Actor("U0EVERYWHERE", frozenset({1, 2, 3, 4}))]
)
levels = st.sampled_from(Level)
spans = st.one_of(
    st.sampled_from([SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 5 * HOUR]),
    st.integers(0, 3 * HOUR // SECOND).map(lambda seconds: seconds * SECOND),
)
texts = st.sampled_from(["", "because", "x" * 2001])
good_texts = st.just("because")
which = st.integers(0, MOST_ISSUES - 1)

LIVE = (Status.OPEN, Status.CLAIMED, Status.WAITING)
WORKING = (Status.OPEN, Status.CLAIMED)


class Escalation(RuleBasedStateMachine):
    """Each rule is somebody's act on one of a few issues, most often one on which it can succeed."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World

    @initialize(shape=shapes, start=starts, impact=levels, urgency=levels)
    def begin(self, shape: Shape, start: datetime, impact: Level, urgency: Level) -> None:
        self.world = World(now=start, policy=shape.policy(), on_step=self.judge)
        self.opens(impact, urgency)

    def judge(self, step: Step) -> None:
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

    def has(self, *wanted: Status) -> bool:
        return hasattr(self, "world") and any(issue.status in wanted for issue in self.world.issues.values())

    def holder(self, issue: Issue, other: Actor) -> Actor:
        """Who holds it, with the tiers they have; else the other one."""
        if issue.claim is None:
            return other
        number = issue.claim.by.removeprefix("U0STAFF")[:1]
        return Actor(issue.claim.by, frozenset({int(number)}) if number.isdigit() else other.tiers)

    # --- people ------------------------------------------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "world") and len(self.world.issues) < MOST_ISSUES)
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
    @rule(which=which, who=people, span=spans)
    def snoozes(self, which: int, who: Actor, span: timedelta) -> None:
        issue, now = self.pick(which, Status.CLAIMED), self.world.now
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
    @rule(which=which, who=people, by_reporter=st.booleans())
    def resolves(self, which: int, who: Actor, *, by_reporter: bool) -> None:
        issue, world = self.pick(which, *LIVE), self.world
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
    @rule(which=which, who=people, sure=st.integers(0, 3))
    def cancels(self, which: int, who: Actor, sure: int) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        if sure:
            return  # seldom, or few issues would live long
        self.world.do(
            "cancel",
            who.user,
            issue.number,
            lambda i, p: lifecycle.cancel(i, who, reason="", insists=True, policy=p, now=now),
        )

    @precondition(lambda self: len(self.world.issues) > 1)
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
            back, unlinked = lifecycle.unmerge(child, parent, who, now=world.now)
        except Refused:
            return
        world.record("unmerge", who.user, parent, decide(parent, world.policy_of(parent), unlinked))
        world.record("unmerge", who.user, child, decide(child, world.policy_of(child), back))

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
                else lifecycle.declare_major(i, who, commander=who.user, policy=p, now=now)
            ),
        )

    @rule(which=which, who=people, note=st.booleans())
    def staff_say(self, which: int, who: Actor, *, note: bool) -> None:
        issue, now = self.pick(which, *LIVE), self.world.now
        holder = self.holder(issue, who)
        words = make_words()
        self.world.do(
            "word",
            holder.user,
            issue.number,
            lambda i, p: lifecycle.staff_word(i, holder, words, note=note, policy=p, now=now),
        )

    @rule(which=which, gone=st.booleans())
    def the_reporter_says(self, which: int, *, gone: bool) -> None:
        issue, now = self.pick(which, Status.WAITING), self.world.now
        words = make_words("It is room 4.")
        self.world.do(
            "reply",
            REPORTER,
            issue.number,
            lambda i, p: lifecycle.reporter_word(i, words, by=REPORTER, holder_gone=gone, policy=p, now=now),
        )

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

    @rule(span=st.sampled_from([HOUR, 5 * HOUR, 3 * DAY, 8 * DAY]), gone=st.booleans())
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


TestEscalation = pytest.mark.filterwarnings("error")(Escalation.TestCase)
TestEscalation.settings = settings(
    max_examples=60,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_escalation_for_long() -> None:
    run_state_machine_as_test(
        Escalation, settings=settings(TestEscalation.settings, max_examples=3000, stateful_step_count=80)
    )
