"""The workspace's one clock: real seconds, which a test may push forward."""

import asyncio
import time
from contextlib import suppress
from typing import Any


class Clock:
    """Epoch seconds. `advance` moves the present and wakes whoever sleeps until a moment that has now passed.

    Belongs to one event loop; runs on the monotonic clock, so that a step of the system's time changes nothing.
    """

    def __init__(self) -> None:
        self._base = time.time() - time.monotonic()
        self._moved = asyncio.Event()

    def now(self) -> float:
        return self._base + time.monotonic()

    def advance(self, seconds: float) -> None:
        self._base += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep_until(self, moment: float) -> None:
        while (left := moment - self.now()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), left)

    async def wait_until(self, future: asyncio.Future[Any], moment: float) -> bool:
        """True when `future` is done before `moment`; it is never cancelled."""
        timer = asyncio.ensure_future(self.sleep_until(moment))
        try:
            await asyncio.wait([future, timer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return future.done()
