"""Slack's rate limits: a bucket for each method, and one message a second for each channel."""

import math
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Epoch seconds."""

    def now(self) -> float: ...


# A minute's worth may come at once; then as many a minute as the tier says.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
POSTS_PER_MINUTE = 300  # "several hundred a minute" for the whole workspace
CHANNEL_BURST = 4  # one message a second, and at most so many at once after a pause


@dataclass
class Bucket:
    size: float
    per_second: float
    left: float
    filled_at: float

    def take(self, now: float) -> int:
        """0 when there was one left to take, else the whole seconds until there is."""
        self.left = min(self.size, self.left + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.left >= 1:
            self.left -= 1
            return 0
        return max(1, math.ceil((1 - self.left) / self.per_second))


class Limits:
    def __init__(self, clock: Clock) -> None:
        self.enabled = True
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def method(self, method: str, tier: int) -> int:
        """Seconds to wait before `method` may be called; 0 now. Tier 0 has a limit of its own, or none to meet here."""
        return self._take(method, TIERS[tier], TIERS[tier] / 60) if tier else 0

    def post(self, channel: str) -> int:
        """Seconds to wait before another message may be posted in `channel`; 0 now."""
        wait = self._take(f"channel {channel}", CHANNEL_BURST, 1.0)
        return wait or self._take("posts", POSTS_PER_MINUTE, POSTS_PER_MINUTE / 60)

    def _take(self, key: str, size: float, per_second: float) -> int:
        if not self.enabled:
            return 0
        now = self._clock.now()
        bucket = self._buckets.setdefault(key, Bucket(size, per_second, size, now))
        return bucket.take(now)
