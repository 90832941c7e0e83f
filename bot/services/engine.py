"""The clock's hand: once a second, every issue whose moment has come moves. It never talks to Slack."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from bot.clock import Clock
from bot.domain import lifecycle
from bot.ports import Database
from bot.services.issues import pinned
from bot.services.recording import record

log = logging.getLogger(__name__)

BATCH = 200  # issues per look at the database
QUARANTINE_AFTER = 5  # failures in a row
QUARANTINE = timedelta(hours=1)
BACK_OFF = timedelta(seconds=5)  # doubled with each failure


class Engine:
    """`run_once` is the tick; `last_run` is its pulse, on the monotonic clock."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        wake: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wake = wake
        self._monotonic = monotonic
        self.last_run = monotonic()

    def run_once(self) -> int:
        """Pass every due moment; answers how many issues moved. One that fails never holds back the rest."""
        moved = 0
        tried: set[int] = set()
        while due := [number for number in self._database.due(self._clock(), BATCH) if number not in tried]:
            for number in due:
                tried.add(number)
                moved += self._pass(number)
                self.last_run = self._monotonic()
        self.last_run = self._monotonic()
        return moved

    def _pass(self, number: int) -> bool:
        try:
            with self._database.begin() as tx:
                issue, policy = pinned(tx, number)
                now = self._clock()
                decision = lifecycle.pass_time(issue, policy, now)
                record(tx, issue, decision, policy, now)
        except Exception as error:  # noqa: BLE001  the loop must outlive any one issue
            self._set_aside(number, error)
            return False
        self._wake()
        return bool(decision.events)

    def _set_aside(self, number: int, error: Exception) -> None:
        now = self._clock()
        failures = self._database.set_aside(number, now + BACK_OFF, repr(error))
        if failures >= QUARANTINE_AFTER:
            self._database.set_aside(number, now + QUARANTINE, repr(error))
            log.critical("ISS-%s cannot be moved (%s failures): look at it by hand", number, failures, exc_info=error)
        else:
            log.error("ISS-%s could not be moved and waits %s", number, BACK_OFF, exc_info=error)
