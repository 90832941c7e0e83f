"""Once each working day, leads are told what they should look at."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from bot.clock import Clock
from bot.domain.issue import Issue
from bot.domain.morning import Counter, Morning, Tally, Worry, concern, morning_of
from bot.domain.policy import Policy
from bot.domain.priority import Priority
from bot.messages import MorningPage, Place
from bot.ports import Database
from bot.services.issues import CurrentPolicy

log = logging.getLogger(__name__)


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
        counted = _counted(self._database, policy, now, {message.tiers for message in pages.values()})
        for key, message in pages.items():
            page = replace(message, tallies=counted[message.tiers])
            with self._database.begin() as tx:
                # Also on a morning without worries: those that come later in the day have cards of their own.
                if tx.first_sight(key, now) and page.tallies and page.tallies[0].worry is not Worry.NONE:
                    tx.enqueue(page.tallies[0].first[0], page, lane=Priority.P4.rank, now=now)
        self._done = frozenset(pages)
        self._wake()


def is_about(tiers: tuple[int, ...], issue: Issue) -> bool:
    """Whether it is a matter of a page about these tiers; none: about all."""
    return not tiers or not set(tiers).isdisjoint(issue.turn)


def _counted(
    database: Database, current: Policy, now: datetime, tiers: set[tuple[int, ...]]
) -> dict[tuple[int, ...], tuple[Tally, ...]]:
    """One look at each open issue, whatever the number of pages. One that cannot be judged hides no other."""
    policies: dict[str, Policy] = {}
    counters = {each: Counter() for each in tiers}
    for issue in database.each_open_issue():
        try:
            if issue.policy not in policies:
                policies[issue.policy] = database.policy(issue.policy).with_people_of(current)
            looked = concern(issue, policies[issue.policy], now)
        except Exception:  # one issue never hides the rest
            log.exception("%s cannot be judged and is left out of the morning's page", issue.name)
            continue
        for each, counter in counters.items():
            if is_about(each, issue):
                counter.add(looked)
    return {each: counter.tallies for each, counter in counters.items()}


def _pages(policy: Policy, today: Morning) -> Iterator[MorningPage]:
    """All that is open for the last tier, and for each lead what is with their tiers."""
    yield MorningPage(Place(tier=policy.last_tier), (), today.until)
    led: dict[str, set[int]] = {}
    for tier in policy.tiers:
        for lead in tier.leads:
            led.setdefault(lead, set()).add(tier.number)
    for lead, tiers in led.items():
        yield MorningPage(Place(person=lead), tuple(sorted(tiers)), today.until)
