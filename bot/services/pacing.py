"""How fast we may talk: one message a second per channel, Slack's budget per method, and what a 429 froze.

And how often a channel is called together.
"""

import threading
import time
from collections.abc import Callable

from bot.messages import Place

POST_EVERY = 1.05  # seconds between two posts to one channel (slack.md 2.6), a little over Slack's second
MINUTE = 60.0
BUDGETS = {"post": (300, 20), "update": (50, 10), "delete": (50, 10), "react": (50, 10)}  # per minute, at once


class Pacer:
    """Knows which queues ("post:tier:1") and which verbs ("update") must wait. Shared by all senders."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}
        self._tokens = {verb: float(burst) for verb, (_, burst) in BUDGETS.items()}
        self._counted_at = monotonic()

    def busy(self) -> frozenset[str]:
        """Queues and verbs that must not be served now."""
        with self._lock:
            self._refill()
            now = self._monotonic()
            self._free_at = {pace: at for pace, at in self._free_at.items() if at > now}
            return frozenset(self._free_at) | {verb for verb, tokens in self._tokens.items() if tokens < 1}

    def spend(self, pace: str) -> None:
        """A call of this queue is being made."""
        verb = pace.partition(":")[0]
        with self._lock:
            self._refill()
            self._tokens[verb] -= 1
            if verb == "post":
                self._hold(pace, POST_EVERY)

    def freeze(self, pace: str, seconds: float) -> None:
        """Slack said when to come back; this queue waits, the others do not."""
        with self._lock:
            self._hold(pace, seconds)

    def _hold(self, pace: str, seconds: float) -> None:
        """A shorter wait never ends a longer one."""
        self._free_at[pace] = max(self._free_at.get(pace, 0.0), self._monotonic() + seconds)

    def next_free(self) -> float | None:
        """Seconds until something that is busy is free again; None: nothing is busy."""
        with self._lock:
            now = self._monotonic()
            waits = [at - now for at in self._free_at.values() if at > now]
            waits += [
                (1 - self._tokens[verb]) * MINUTE / BUDGETS[verb][0] for verb in BUDGETS if self._tokens[verb] < 1
            ]
            return min(waits, default=None)

    def _refill(self) -> None:
        now = self._monotonic()
        passed, self._counted_at = now - self._counted_at, now
        for verb, (per_minute, burst) in BUDGETS.items():
            self._tokens[verb] = min(float(burst), self._tokens[verb] + passed * per_minute / MINUTE)


QUIET_AFTER = {2: 120.0, 3: 900.0, 4: 900.0}  # rank -> seconds after a ping without another (domain.md 3.12 rule 6)
LONGEST_QUIET = max(QUIET_AFTER.values())


class PingBudget:
    """Who was called just now is looking already. A P1 calls every time, and nothing less severe silences a ping.

    Kept in memory: a new process may ping once more. `row` is the message that calls; its own ping never silences it.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._calls: dict[Place, dict[int, tuple[float, int]]] = {}  # place -> row -> when, for which rank

    def allows(self, place: Place, rank: int, at_most: float, *, row: int) -> bool:
        """Whether a message about an issue of this rank may ping the place now.

        `at_most` seconds of quiet: a policy whose windows are shorter than the usual pause means to call more often.
        """
        pause, now = min(QUIET_AFTER.get(rank, 0.0), at_most), self._monotonic()
        calls = self._calls.get(place, {}).items()
        return all(now - at >= pause for by, (at, whose) in calls if by != row and whose <= rank)

    def spend(self, place: Place, rank: int, *, row: int) -> None:
        """Before it is sent: what is sent meanwhile must know."""
        now = self._monotonic()
        lately = {by: call for by, call in self._calls.get(place, {}).items() if now - call[0] < LONGEST_QUIET}
        self._calls[place] = lately | {row: (now, rank)}

    def forget(self, place: Place, *, row: int) -> None:
        """It called nobody after all."""
        self._calls.get(place, {}).pop(row, None)
