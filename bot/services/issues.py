"""What people do with issues: each method is one transaction in which a rule decides and that is recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.domain import lifecycle, refusals
from bot.domain.decision import Actor, Decision, decide
from bot.domain.events import Words
from bot.domain.issue import Issue, WaitingFor
from bot.domain.lifecycle import Seen
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.messages import redrawn
from bot.ports import Database, Transaction
from bot.services.recording import record

Answer = TypeVar("Answer")
CurrentPolicy = Callable[[], Policy]  # the one new issues are opened under
Rule = Callable[[Issue, Actor, Policy, datetime], Decision]
Guard = Callable[[Issue, Actor, Seen, Policy], None]


@dataclass(frozen=True)
class Report:
    """What somebody filled in."""

    reporter: str
    title: str
    details: str
    impact: Level
    urgency: Level


# What is asked before an act is offered or its form opened, so that nobody tries for nothing; by the act's word.
GUARDS: dict[str, Guard] = {
    "escalate": lambda issue, who, seen, policy: lifecycle.may_escalate(issue, who, seen=seen, policy=policy),
    "return": lambda issue, who, seen, policy: lifecycle.may_return(issue, who, seen=seen, policy=policy),
    "move": lambda issue, who, seen, policy: lifecycle.may_reroute(issue, who, seen=seen, policy=policy),
    "release": lambda issue, who, _, policy: lifecycle.may_release(issue, who, policy),
    "decline": lambda issue, who, _, policy: lifecycle.may_decline(issue, who, policy),
    "resume": lambda issue, who, _, __: lifecycle.may_resume(issue, who),
    "resolve": lambda issue, who, _, policy: lifecycle.may_resolve(issue, who, policy),
    "solved": lambda issue, who, _, policy: lifecycle.may_resolve(issue, who, policy),
    "reopen": lambda issue, who, _, __: lifecycle.may_reopen(issue, who),
    "takeover": lambda issue, who, _, policy: lifecycle.may_take_over(issue, who, policy),
    "handover": lambda issue, who, _, policy: lifecycle.may_hand_over(issue, who, policy),
    "wait": lambda issue, who, _, policy: lifecycle.may_wait(issue, who, policy),
    "snooze": lambda issue, who, _, policy: lifecycle.may_snooze(issue, who, policy),
    "priority": lambda issue, who, _, __: lifecycle.may_reprioritise(issue, who),
    "worse": lambda issue, who, _, policy: lifecycle.may_get_worse(issue, who.user, policy),
    "merge": lambda issue, who, _, __: lifecycle.may_merge(issue, who),
    "unmerge": lambda issue, who, _, __: lifecycle.may_unmerge(issue, who),
    "major": lambda issue, who, _, policy: lifecycle.may_declare_major(issue, who, policy),
    "endmajor": lambda issue, who, _, policy: lifecycle.may_declare_major(issue, who, policy),
    "cancel": lambda issue, who, _, policy: lifecycle.may_cancel(issue, who, policy),
    "update": lambda issue, who, _, __: lifecycle.may_speak(issue, who),
    "add": lambda issue, who, _, __: lifecycle.may_add(issue, who.user),
    "works": lambda issue, who, _, __: lifecycle.may_judge(issue, who.user),
    "rate": lambda issue, who, _, __: lifecycle.may_judge(issue, who.user),
}


class IssueService:
    """`delivery` names what Slack sent (slack.md 4.2); the same one again changes nothing."""

    def __init__(
        self,
        database: Database,
        policy: CurrentPolicy,
        clock: Clock,
        wake: Callable[[], None],
        refresh_staff: Callable[[], bool],
    ) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._wake = wake
        self._refresh_staff = refresh_staff

    def open(self, report: Report, *, delivery: str) -> Issue:
        """Store a new issue. The same `delivery` again answers with the issue it made the first time."""
        with self._database.begin() as tx:
            now = self._clock()
            if not tx.first_sight(delivery, now):
                made = tx.issue_of_delivery(delivery)
                assert made is not None, "a delivery is remembered together with its issue"
                return tx.issue(made)
            issue = open_in(tx, report, self._policy(), now)
            tx.bind_delivery(delivery, issue.number)
        self._wake()
        return issue

    def claim(self, number: int, user: str, *, desk: int | None, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.claim(issue, who, desk=desk, policy=policy, now=now),
        )

    def release(self, number: int, user: str, *, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.release(issue, who, policy=policy, now=now),
        )

    def decline(self, number: int, user: str, *, delivery: str) -> Issue:
        """What is offered to them, or withdraw what they offer."""
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.decline(issue, who, policy=policy, now=now),
        )

    def take_over(self, number: int, user: str, *, reason: str, desk: int | None, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.take_over(
                issue, who, reason=reason, desk=desk, policy=policy, now=now
            ),
        )

    def hand_over(self, number: int, user: str, *, to: str, note: str, delivery: str) -> Issue:
        return self._change_in(
            number,
            user,
            delivery,
            lambda tx, issue, who, policy, now: lifecycle.hand_over(
                issue, who, to=Actor(to, tx.staff_tiers(to)), note=note, policy=policy, now=now
            ),
        )

    def escalate(
        self, number: int, user: str, *, seen: Seen, reason: str, tried: str, needed: str = "", delivery: str
    ) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.escalate(
                issue, who, seen=seen, reason=reason, tried=tried, needed=needed, policy=policy, now=now
            ),
        )

    def give_back(self, number: int, user: str, *, seen: Seen, findings: str, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.give_back(
                issue, who, seen=seen, findings=findings, policy=policy, now=now
            ),
        )

    def reroute(self, number: int, user: str, *, seen: Seen, to: str, reason: str, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.reroute(
                issue, who, seen=seen, to=to, reason=reason, policy=policy, now=now
            ),
        )

    def wait(
        self, number: int, user: str, *, reason: WaitingFor, note: str, until: datetime | None, delivery: str
    ) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.wait(
                issue, who, reason=reason, note=note, until=until, policy=policy, now=now
            ),
        )

    def resume(self, number: int, user: str, *, delivery: str) -> Issue:
        return self._change_in(
            number,
            user,
            delivery,
            lambda tx, issue, who, policy, now: lifecycle.resume(
                issue, who, holder_gone=holder_gone(tx, issue), policy=policy, now=now
            ),
        )

    def snooze(self, number: int, user: str, *, span: timedelta | None, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.snooze(issue, who, span=span, policy=policy, now=now),
        )

    def reprioritise(
        self, number: int, user: str, *, impact: Level, urgency: Level, reason: str, delivery: str
    ) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.reprioritise(
                issue, who, impact=impact, urgency=urgency, reason=reason, policy=policy, now=now
            ),
        )

    def get_worse(self, number: int, user: str, *, reason: str, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.get_worse(issue, who.user, reason=reason, policy=policy, now=now),
        )

    def resolve(self, number: int, user: str, *, fix: str, category: str | None = None, delivery: str) -> Issue:
        return self._change_in(
            number,
            user,
            delivery,
            lambda _, issue, who, policy, now: lifecycle.resolve(
                issue, who, fix=fix, category=category, policy=policy, now=now
            ),
            family=True,
        )

    def reopen(self, number: int, user: str, *, reason: str, delivery: str) -> Issue:
        return self._change_in(
            number,
            user,
            delivery,
            lambda _, issue, who, policy, now: lifecycle.reopen(issue, who, reason=reason, policy=policy, now=now),
            family=True,
        )

    def confirm(self, number: int, user: str, *, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.confirm(issue, who.user, policy=policy, now=now),
        )

    def rate(self, number: int, user: str, *, score: int, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.rate(issue, who.user, score=score, policy=policy, now=now),
        )

    def cancel(self, number: int, user: str, *, reason: str, insists: bool, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.cancel(
                issue, who, reason=reason, insists=insists, policy=policy, now=now
            ),
        )

    def merge(self, number: int, user: str, *, into: int, delivery: str) -> Issue:
        """Both issues, and the earlier duplicates that move along, change together or not at all."""

        def merged(tx: Transaction, child: Issue, who: Actor, policy: Policy, now: datetime) -> Decision:
            parent, parents_policy = pinned(tx, into, self._policy()) if into != number else (child, policy)
            gone, linked = lifecycle.merge(child, parent, who, now=now)
            record(tx, parent, decide(parent, parents_policy, *linked), parents_policy, now)
            for each in child.children:
                grandchild, its_policy = pinned(tx, each, self._policy())
                record(tx, grandchild, decide(grandchild, its_policy, gone), its_policy, now)
            return decide(child, policy, gone)

        return self._change_in(number, user, delivery, merged, family=True)

    def unmerge(self, number: int, user: str, *, delivery: str) -> Issue:
        def apart(tx: Transaction, child: Issue, who: Actor, policy: Policy, now: datetime) -> Decision:
            lifecycle.may_unmerge(child, who)
            assert child.parent is not None
            parent, parents_policy = pinned(tx, child.parent, self._policy())
            back, unlinked = lifecycle.unmerge(child, parent, who, policy=policy, now=now)
            record(tx, parent, decide(parent, parents_policy, unlinked), parents_policy, now)
            return decide(child, policy, *back)

        return self._change_in(number, user, delivery, apart, family=True)

    def declare_major(self, number: int, user: str, *, commander: str, delivery: str) -> Issue:
        return self._change_in(
            number,
            user,
            delivery,
            lambda tx, issue, who, policy, now: lifecycle.declare_major(
                issue, who, commander=Actor(commander, tx.staff_tiers(commander)), policy=policy, now=now
            ),
        )

    def end_major(self, number: int, user: str, *, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.end_major(issue, who, policy=policy, now=now),
        )

    def update(self, number: int, user: str, *, words: Words, delivery: str) -> Issue:
        """A public word of staff that was written in a form, not in a thread."""
        return self._change_in(
            number,
            user,
            delivery,
            lambda tx, issue, who, policy, now: lifecycle.update(
                issue, who, words, holder_gone=holder_gone(tx, issue), policy=policy, now=now
            ),
        )

    def add(self, number: int, user: str, *, words: Words, delivery: str) -> Issue:
        """A word of the reporter that was written in a form."""
        return self._change_in(
            number,
            user,
            delivery,
            lambda tx, issue, who, policy, now: lifecycle.add(
                issue, words, by=who.user, holder_gone=holder_gone(tx, issue), policy=policy, now=now
            ),
        )

    def redraw(self, number: int) -> None:
        """Draw the cards and the receipt anew; nothing for an issue that does not exist."""
        if self._database.find(number) is None:
            return
        with self._database.begin() as tx:
            issue = tx.issue(number)
            for message in redrawn(issue):
                tx.enqueue(number, message, lane=issue.priority.rank, now=self._clock())
        self._wake()

    def may(self, word: str, number: int, user: str, *, seen: Seen) -> tuple[Issue, Policy, datetime]:
        """What an act would be done to if it were done now, and when that is; raises Refused if it could not."""

        def looked() -> tuple[Issue, Policy, datetime]:
            with self._database.begin() as tx:
                issue, policy = pinned(tx, number, self._policy())
                if word in GUARDS:
                    GUARDS[word](issue, Actor(user, tx.staff_tiers(user)), seen, policy)
                return issue, policy, self._clock()

        return asking_slack_before_no(looked, self._refresh_staff)

    def possible(self, number: int, user: str, *, seen: Seen) -> frozenset[str]:
        """The words of the acts that this person could do now."""
        with self._database.begin() as tx:
            issue, policy = pinned(tx, number, self._policy())
            who = Actor(user, tx.staff_tiers(user))
        return frozenset(word for word in GUARDS if _passes(GUARDS[word], issue, who, seen, policy))

    def _change(self, number: int, user: str, delivery: str, rule: Rule) -> Issue:
        return self._change_in(number, user, delivery, lambda _, issue, who, policy, now: rule(issue, who, policy, now))

    def _change_in(
        self,
        number: int,
        user: str,
        delivery: str,
        rule: Callable[[Transaction, Issue, Actor, Policy, datetime], Decision],
        *,
        family: bool = False,
    ) -> Issue:
        """`family`: more issues than this one may change, whether or not it has duplicates now."""

        def changed() -> Issue:
            with self._database.begin() as tx:
                if family:
                    tx.lock_families()
                else:
                    tx.lock_family(number)
                issue, policy = pinned(tx, number, self._policy())
                now = self._clock()  # after the lock, so that a timeline never goes back in time
                if not tx.first_sight(delivery, now):
                    return issue
                decision = rule(tx, issue, Actor(user, tx.staff_tiers(user)), policy, now)
                return record_for_all(tx, issue, decision, policy, now, current=self._policy())

        issue = asking_slack_before_no(changed, self._refresh_staff)
        self._wake()
        return issue


def _passes(guard: Guard, issue: Issue, who: Actor, seen: Seen, policy: Policy) -> bool:
    try:
        guard(issue, who, seen, policy)
    except refusals.Refused:
        return False
    return True


def open_in(tx: Transaction, report: Report, policy: Policy, now: datetime, *, follows: int | None = None) -> Issue:
    tx.keep_policy(policy, now)
    decision = lifecycle.open_issue(
        tx.new_number(),
        reporter=report.reporter,
        title=report.title,
        details=report.details,
        impact=report.impact,
        urgency=report.urgency,
        recent=tx.opened_since(report.reporter, now - lifecycle.REPORT_SPAN),
        policy=policy,
        now=now,
        follows=follows,
    )
    return record(tx, None, decision, policy, now)


def record_for_all(
    tx: Transaction, issue: Issue, decision: Decision, policy: Policy, now: datetime, *, current: Policy
) -> Issue:
    """Record a decision, and what those learn of it who were merged into the issue; all or nothing."""
    for number, event in ((number, event) for number in issue.children for event in decision.events):
        child, childs_policy = pinned(tx, number, current)
        learned = lifecycle.learned(child, event, parent=issue.number, policy=childs_policy)
        record(tx, child, learned, childs_policy, now)
    return record(tx, issue, decision, policy, now)


def holder_gone(tx: Transaction, issue: Issue) -> bool:
    """Whether who holds it is no longer staff of any tier."""
    return issue.claim is not None and not tx.staff_tiers(issue.claim.by)


def asking_slack_before_no(attempt: Callable[[], Answer], refresh_staff: Callable[[], bool]) -> Answer:
    """Who is staff is cached; before anybody is refused for not being staff, the cache is renewed once."""
    try:
        return attempt()
    except (
        refusals.NotStaff,
        refusals.NotYours,
        refusals.NotTheClaimant,
        refusals.HandedToAnother,
        refusals.NotALead,
        refusals.NotHighEnough,
        refusals.NotStaffThere,
        refusals.CannotLead,
    ):
        if not refresh_staff():
            raise
    return attempt()


def pinned(tx: Transaction, number: int, current: Policy) -> tuple[Issue, Policy]:
    """The issue, locked, and the policy it was opened under, with the people of the current one."""
    issue = tx.issue(number)
    return issue, tx.policy(issue.policy).with_people_of(current)
