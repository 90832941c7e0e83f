"""Words between the reporter's thread and the staff's: what is said under a card or a receipt, and its edits."""

import re
from collections.abc import Callable
from datetime import datetime

from bot.clock import Clock
from bot.domain import lifecycle
from bot.domain.decision import Actor, Decision
from bot.domain.events import Words
from bot.domain.issue import FINAL, TITLE_LIMIT, Issue, Status
from bot.domain.policy import Policy
from bot.ports import Database, Post, Transaction
from bot.services.issues import (
    CurrentPolicy,
    Report,
    asking_slack_before_no,
    holder_gone,
    open_in,
    pinned,
    record_for_all,
)

_NOTE = re.compile(r"^\s*(?:🔒|:lock:)\s*")
Rule = Callable[[Issue, Policy, datetime], Decision]
RECENT = 50  # issues of a reporter among which the one that follows a closed one is looked for


class Conversation:
    """Each method is one transaction and acts once, however often Slack delivers the same words."""

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

    def thread(self, channel: str, thread_ts: str) -> Post | None:
        """The card, receipt or notice above a message; None: not one of our threads."""
        with self._database.begin() as tx:
            return tx.thread(channel, thread_ts)

    def may_be_under_way(self) -> bool:
        """Whether a card or receipt may be in Slack whose place in it we do not know yet."""
        return self._database.posts_in_doubt()

    def said(self, root: Post, words: Words, *, by: str) -> bool:
        """Record words said under a card, receipt or notice, to be passed on. False: they are on record already."""
        if root.role == "receipt":
            return self._once(_key(words.channel, words.ts), lambda tx: self._heard(tx, root.issue, words, by))
        return self._spoken(root, words, by, note=bool(_NOTE.match(words.text)))

    def _heard(self, tx: Transaction, number: int, words: Words, by: str) -> None:
        """What the reporter says goes to where their trouble is worked on, and begins anew what was final (T20)."""
        tx.lock_family(number)
        issue, policy = pinned(tx, number, self._policy())
        while issue.status is Status.MERGED and issue.parent:
            issue, policy = pinned(tx, issue.parent, self._policy())
        now = self._clock()
        if issue.status in (Status.CLOSED, Status.CANCELLED):
            title = f"Again: {issue.title}"
            again = Report(
                reporter=by,
                title=title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…",
                details="",
                impact=issue.impact,
                urgency=issue.urgency,
            )
            issue, policy = self._again(tx, again, issue.number, now)
        decision = lifecycle.reporter_word(
            issue, words, by=by, holder_gone=holder_gone(tx, issue), policy=policy, now=now
        )
        record_for_all(tx, issue, decision, policy, now, current=self._policy())

    def _again(self, tx: Transaction, report: Report, closed: int, now: datetime) -> tuple[Issue, Policy]:
        """The issue that goes on where the closed one ended: one, however much is written under the old receipt."""
        theirs = self._database.issues_of(report.reporter, RECENT)
        going = next((each for each in theirs if each.follows == closed and each.status not in FINAL), None)
        if going:
            return pinned(tx, going.number, self._policy())
        policy = self._policy()
        return open_in(tx, report, policy, now, follows=closed), policy

    def noted(self, root: Post, words: Words, *, by: str) -> bool:
        """Record words for staff only."""
        return self._spoken(root, words, by, note=True)

    def _spoken(self, root: Post, words: Words, by: str, *, note: bool) -> bool:
        def ruled(tx: Transaction, issue: Issue, policy: Policy, now: datetime) -> Decision:
            elsewhere = root.role in ("notice", "question") or root.place.tier != issue.desk
            who = Actor(by, tx.staff_tiers(by))
            gone = holder_gone(tx, issue)
            return lifecycle.staff_word(
                issue, who, words, note=note, elsewhere=elsewhere, holder_gone=gone, policy=policy, now=now
            )

        return self._record(root.issue, _key(words.channel, words.ts), ruled)

    def edited(self, words: Words, *, by: str, edited_ts: str) -> bool:
        return self._follow(
            (words.channel, words.ts),
            f"{_key(words.channel, words.ts)}:edited:{edited_ts}",
            lambda issue, policy, now: lifecycle.edited_word(issue, words, by=by, policy=policy, now=now),
        )

    def deleted(self, channel: str, ts: str, *, by: str) -> bool:
        return self._follow(
            (channel, ts),
            f"{_key(channel, ts)}:deleted",
            lambda issue, policy, now: lifecycle.deleted_word(issue, channel, ts, by=by, policy=policy, now=now),
        )

    def _follow(self, source: tuple[str, str], delivery: str, rule: Rule) -> bool:
        """An edit or deletion concerns us only if the words are on record."""
        with self._database.begin() as tx:
            number = tx.is_said(*source)
        if number is None:
            return False
        return self._record(number, delivery, lambda _tx, issue, policy, now: rule(issue, policy, now))

    def _record(
        self, number: int, delivery: str, rule: Callable[[Transaction, Issue, Policy, datetime], Decision]
    ) -> bool:
        def ruled(tx: Transaction) -> None:
            tx.lock_family(number)
            issue, policy = pinned(tx, number, self._policy())
            now = self._clock()  # after the lock, so that a timeline never goes back in time
            decision = rule(tx, issue, policy, now)
            record_for_all(tx, issue, decision, policy, now, current=self._policy())

        return self._once(delivery, ruled)

    def _once(self, delivery: str, act: Callable[[Transaction], None]) -> bool:
        def acted() -> bool:
            with self._database.begin() as tx:
                if not tx.first_sight(delivery, self._clock()):
                    return False
                act(tx)
                return True

        fresh = asking_slack_before_no(acted, self._refresh_staff)
        self._wake()
        return fresh


def _key(channel: str, ts: str) -> str:
    """Of the message, not of the event: Slack sends one message as `message` and as `app_mention` (slack.md 1.9)."""
    return f"message:{channel}:{ts}"
