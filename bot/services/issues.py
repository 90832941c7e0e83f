"""What people do with issues: open, claim, release, escalate, resolve, reopen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from bot.clock import Clock
from bot.domain import lifecycle, refusals
from bot.domain.issue import Issue
from bot.domain.lifecycle import Actor, Decision, Seen
from bot.domain.policy import Policy
from bot.domain.priority import Level
from bot.ports import Database, Transaction
from bot.services.recording import record

Answer = TypeVar("Answer")
CurrentPolicy = Callable[[], Policy]  # the one new issues are opened under
Rule = Callable[[Issue, Actor, Policy, datetime], Decision]


@dataclass(frozen=True)
class Report:
    """What somebody filled in."""

    reporter: str
    title: str
    details: str
    impact: Level
    urgency: Level


class IssueService:
    """Each method is one transaction: the rule decides on the locked issue, and what it decides is recorded."""

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
        policy = self._policy()
        with self._database.begin() as tx:
            now = self._clock()
            if not tx.first_sight(delivery, now):
                made = tx.issue_of_delivery(delivery)
                assert made is not None, "a delivery is remembered together with its issue"
                return tx.issue(made)
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
            )
            issue = record(tx, None, decision, policy, now)
            tx.bind_delivery(delivery, issue.number)
        self._wake()
        return issue

    # `delivery` names what Slack sent (slack.md 4.2); the same one again changes nothing.

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

    def escalate(self, number: int, user: str, *, seen: Seen, reason: str, tried: str, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.escalate(
                issue, who, seen=seen, reason=reason, tried=tried, policy=policy, now=now
            ),
        )

    def resolve(self, number: int, user: str, *, fix: str, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.resolve(issue, who, fix=fix, policy=policy, now=now),
        )

    def reopen(self, number: int, user: str, *, reason: str, delivery: str) -> Issue:
        return self._change(
            number,
            user,
            delivery,
            lambda issue, who, policy, now: lifecycle.reopen(issue, who, reason=reason, policy=policy, now=now),
        )

    # Asked before a form is opened, so that nobody fills one in for nothing.

    def may_escalate(self, number: int, user: str, *, seen: Seen) -> tuple[Issue, Policy]:
        return self._look(
            number, user, lambda issue, who, policy: lifecycle.may_escalate(issue, who, seen=seen, policy=policy)
        )

    def may_resolve(self, number: int, user: str) -> tuple[Issue, Policy]:
        return self._look(number, user, lambda issue, who, _: lifecycle.may_resolve(issue, who))

    def may_reopen(self, number: int, user: str) -> tuple[Issue, Policy]:
        return self._look(number, user, lambda issue, who, _: lifecycle.may_reopen(issue, who))

    def _change(self, number: int, user: str, delivery: str, rule: Rule) -> Issue:
        def changed() -> Issue:
            with self._database.begin() as tx:
                issue, policy = pinned(tx, number)
                now = self._clock()  # after the lock, so that a timeline never goes back in time
                if not tx.first_sight(delivery, now):
                    return issue
                return record(tx, issue, rule(issue, Actor(user, tx.staff_tiers(user)), policy, now), policy, now)

        issue = asking_slack_before_no(changed, self._refresh_staff)
        self._wake()
        return issue

    def _look(self, number: int, user: str, guard: Callable[[Issue, Actor, Policy], None]) -> tuple[Issue, Policy]:
        def looked() -> tuple[Issue, Policy]:
            with self._database.begin() as tx:
                issue, policy = pinned(tx, number)
                guard(issue, Actor(user, tx.staff_tiers(user)), policy)
                return issue, policy

        return asking_slack_before_no(looked, self._refresh_staff)


def asking_slack_before_no(attempt: Callable[[], Answer], refresh_staff: Callable[[], bool]) -> Answer:
    """Who is staff is cached; before anybody is refused for not being staff, the cache is renewed once."""
    try:
        return attempt()
    except (refusals.NotStaff, refusals.NotYours, refusals.NotTheClaimant):
        if not refresh_staff():
            raise
    return attempt()


def pinned(tx: Transaction, number: int) -> tuple[Issue, Policy]:
    """The issue, locked, and the policy it was opened under."""
    issue = tx.issue(number)
    return issue, tx.policy(issue.policy)
