"""The clock's hand: once a second, every issue whose moment has come moves. It never talks to Slack."""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain import clockwork
from bot.domain.deadlines import next_moment
from bot.domain.decision import Decision
from bot.domain.events import IssueEscalated, TierReminded
from bot.domain.issue import Issue
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from bot.messages import UNANSWERED, CatchUp, Place
from bot.ports import Database, Transaction
from bot.services.issues import CurrentPolicy, holder_gone, pinned, record_for_all

log = logging.getLogger(__name__)

BATCH = 200  # issues per look at the database
QUARANTINE_AFTER = 5  # failures in a row
QUARANTINE = timedelta(hours=1)
BACK_OFF = timedelta(seconds=5)  # doubled with each failure
DOWN_FROM = timedelta(seconds=60)  # without a beat, it was a downtime (domain.md 3.11)
BEAT_EVERY = 10.0  # seconds
LEAP = timedelta(minutes=5)  # of the wall clock between two ticks ...
STILL = 60.0  # ... while so few seconds passed: one tick is held to see whether it stays (domain.md 3.10)


class Engine:
    """`run_once` is the tick; `last_run` is its pulse, on the monotonic clock."""

    def __init__(
        self,
        database: Database,
        policy: CurrentPolicy,
        clock: Clock,
        wake: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._wake = wake
        self._monotonic = monotonic
        self._last_look = (clock(), monotonic())
        self._beat_at = -BEAT_EVERY  # on the monotonic clock; the first tick beats
        self.last_run = monotonic()

    def run_once(self) -> int:
        """Pass every due moment; answers how many issues moved. One that fails never holds back the rest."""
        now = self._clock()
        if self._leapt(now):
            return 0
        beat = self._database.beat()
        if beat and now - beat > DOWN_FROM:
            self._catch_up(beat, now)
        moved = 0
        tried: set[int] = set()
        while due := [number for number in self._database.due(self._clock(), BATCH) if number not in tried]:
            for number in due:
                tried.add(number)
                moved += self._pass(number)
                self._pulse()
        self._pulse()
        return moved

    def _pulse(self) -> None:
        """Also in the middle of a long tick, which is no downtime."""
        self.last_run = self._monotonic()
        if self.last_run - self._beat_at >= BEAT_EVERY:
            self._keep_beat()

    def _keep_beat(self) -> None:
        self._database.keep_beat(self._clock())
        self._beat_at = self._monotonic()

    def _leapt(self, now: datetime) -> bool:
        """The wall clock jumped ahead while hardly any time passed: look again before believing it."""
        before, counted = self._last_look
        if before - now > LEAP:
            log.error(
                "the clock went back from %s to %s; what was decided meanwhile is due by that much later", before, now
            )
        self._last_look = (now, self._monotonic())
        leapt = now - before > LEAP and self._monotonic() - counted < STILL
        if leapt:
            self.last_run = self._monotonic()
            log.warning("the clock leapt from %s to %s; the engine holds one tick", before, now)
        return leapt

    def _catch_up(self, since: datetime, now: datetime) -> None:
        """One summary per channel goes before the single messages (domain.md 3.11)."""
        log.warning("the engine was away from %s to %s and catches up", since, now)
        coming = self._coming_to(now)
        with self._database.begin() as tx:
            if tx.beat() != since:
                return  # another engine has told of it meanwhile
            for tier, issues in coming.items():
                counted = Counter(issue.priority.value for issue in issues)
                summary = CatchUp(Place(tier=tier), since, now, tuple(sorted(counted.items())))
                tx.enqueue(issues[0].number, summary, lane=Priority.P1.rank, now=now)
            tx.keep_beat(now)  # whatever comes now, this downtime is told of
        self._beat_at = self._monotonic()
        self._wake()

    def _coming_to(self, now: datetime) -> dict[int, list[Issue]]:
        """Tier -> the issues that will be its turn after this tick; a look ahead that changes nothing."""
        coming: dict[int, list[Issue]] = {}
        for number in self._database.due(now, 10_000):
            try:
                issue = self._database.find(number)
                if issue is None or not issue.ticking:
                    continue
                decision = clockwork.pass_time(issue, self._database.policy(issue.policy), now)
            except Exception:  # noqa: BLE001, S112  it is set aside, and told of, when its turn comes
                continue
            if any(isinstance(event, IssueEscalated | TierReminded) for event in decision.events):
                coming.setdefault(decision.issue.tier, []).append(issue)
        return coming

    def _pass(self, number: int) -> bool:
        try:
            with self._database.begin() as tx:
                decision = self._decide(tx, number)
        except Exception as error:  # noqa: BLE001  the loop must outlive any one issue
            self._set_aside(number, error)
            return False
        self._wake()
        return bool(decision.events)

    def _decide(self, tx: Transaction, number: int) -> Decision:
        tx.lock_family(number)
        issue, policy = pinned(tx, number, self._policy())
        now = self._clock()
        decision = clockwork.pass_time(issue, policy, now, holder_gone=holder_gone(tx, issue))
        record_for_all(tx, issue, decision, policy, now, current=self._policy())
        if not decision.events:
            self._correct_moment(tx, issue, policy, now)
        for event in decision.events:
            if isinstance(event, TierReminded) and event.count >= UNANSWERED:
                last = policy.tier(event.tier).name
                log.error("%s is unanswered: %s has been reminded %s times", issue.name, last, event.count)
        return decision

    def _correct_moment(self, tx: Transaction, issue: Issue, policy: Policy, now: datetime) -> None:
        """Its row says that it is due, and by the rules of today it is not; it would be asked for ever.

        New rules or a new time zone database can do that, or somebody who acted between the look and the lock.
        """
        due = next_moment(issue, policy)
        if due is not None and due <= now:
            raise RuntimeError(f"{issue.name} is due since {due}, and no rule moves it")
        tx.save(issue, due)

    def _set_aside(self, number: int, error: Exception) -> None:
        """It waits, twice as long each time; after five failures in a row for an hour, and the log asks for somebody.

        Not for an hour if the database fails: that passes, and is no fault of the issue.
        """
        failures = self._database.failures(number) + 1
        hopeless = failures >= QUARANTINE_AFTER and not self._database.is_away(error)
        wait = QUARANTINE if hopeless else BACK_OFF * 2 ** (min(failures, QUARANTINE_AFTER - 1) - 1)
        self._database.set_aside(number, self._clock() + wait, repr(error))
        if hopeless:
            log.critical("ISS-%s cannot be moved (%s failures): look at it by hand", number, failures, exc_info=error)
        else:
            log.error("ISS-%s could not be moved and waits %s", number, wait, exc_info=error)
