"""Once each working day, leads are told what they should look at."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from bot.clock import Clock
from bot.domain.morning import Concern, Morning, concern, morning_of, page
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from bot.messages import MorningPage, Place
from bot.ports import Database
from bot.services.issues import CurrentPolicy

log = logging.getLogger(__name__)

ALL = 1_000_000  # open issues; there are never so many


class MorningPages:
    """`run_once`, every minute, writes the pages that are due. It never talks to Slack."""

    def __init__(self, database: Database, policy: CurrentPolicy, clock: Clock, wake: Callable[[], None]) -> None:
        self._database = database
        self._policy = policy
        self._clock = clock
        self._wake = wake
        self._done: frozenset[str] = frozenset()  # keys of today, known to be in the database

    def run_once(self) -> None:
        """At most one page a day and place, whoever else runs this, and however often we start."""
        policy, now = self._policy(), self._clock()
        today = morning_of(policy, now)
        pages = {f"morning:{today.day}:{each.place}": each for each in _pages(policy, today)} if today else {}
        if pages.keys() <= self._done:
            return
        concerns = list(look_around(self._database, policy, now))
        for key, message in pages.items():
            worst = _worst(concerns, message.tiers)
            with self._database.begin() as tx:
                # Also on a morning without worries: those that come later in the day have cards of their own.
                if tx.first_sight(key, now) and worst is not None:
                    tx.enqueue(worst, message, lane=Priority.P4.rank, now=now)
        self._done = frozenset(pages)
        self._wake()


def look_around(database: Database, current: Policy, now: datetime) -> Iterator[Concern]:
    """What is to be said of each open issue. One that cannot be judged hides no other."""
    policies: dict[str, Policy] = {}
    for issue in database.open_issues(ALL):
        try:
            if issue.policy not in policies:
                policies[issue.policy] = database.policy(issue.policy).with_people_of(current)
            yield concern(issue, policies[issue.policy], now)
        except Exception:
            log.exception("%s cannot be judged and is left out of the morning's page", issue.name)


def _pages(policy: Policy, today: Morning) -> Iterator[MorningPage]:
    """All that is open for the last tier, and for each lead what is with their tiers."""
    yield MorningPage(Place(tier=policy.last_tier), (), today.until)
    led: dict[str, set[int]] = {}
    for tier in policy.tiers:
        for lead in tier.leads:
            led.setdefault(lead, set()).add(tier.number)
    for lead, tiers in led.items():
        yield MorningPage(Place(person=lead), tuple(sorted(tiers)), today.until)


def _worst(concerns: list[Concern], tiers: tuple[int, ...]) -> int | None:
    """The number of the first issue on a page; None: there is nothing to worry about."""
    worries = page(each for each in concerns if not tiers or each.issue.tier in tiers).worries
    return worries[0].shown[0].issue.number if worries else None
