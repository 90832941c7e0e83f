"""Who is where: the tiers' channels and staff, kept in the database so that no transaction asks Slack."""

import logging
import time
from collections.abc import Callable, Sequence

from bot.clock import Clock
from bot.domain.policy import Policy, Tier
from bot.ports import Channel, Database, Rejected, SlackGateway, TryLater, Unsure

log = logging.getLogger(__name__)

_UNREADABLE = (Unsure, TryLater, Rejected)
PAUSE = 10.0  # seconds between two refreshes at least: refusals must not become a flood of calls
NAMES_KEPT = 1000
LEFT_KEPT = 600.0  # seconds; longer than any reading takes
NAME_KEPT = 3600.0  # seconds
NO_NAME_KEPT = 300.0


class Directory:
    def __init__(
        self,
        database: Database,
        gateway: SlackGateway,
        policy: Callable[[], Policy],
        clock: Clock,
        *,
        bot_user: Callable[[], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._policy = policy
        self._clock = clock
        self._bot_user = bot_user
        self._monotonic = monotonic
        self._refreshed: float | None = None
        self._left: dict[tuple[int, str], float] = {}  # tier, who -> when, on the monotonic clock
        self._names: dict[str, tuple[str, float]] = {}  # name, until when

    def refresh(self) -> None:
        """Read channels and staff anew. What cannot be read stays as it was."""
        self._refreshed = began = self._monotonic()
        now = self._clock()
        try:
            channels = self._gateway.channels()
        except _UNREADABLE as error:
            log.warning("channels and staff could not be read from Slack, the last known ones stay: %s", error)
            return
        self._database.keep_channels(channels, now)
        policy = self._policy()
        staff = {tier: who for tier, who in self._database.staff().items() if tier <= policy.last_tier}
        for tier in policy.tiers:
            try:
                members = self._members(tier, channels)
            except Unsure as error:
                log.warning("Slack has stopped answering; the staff of the other tiers stay as they were: %s", error)
                break
            except _UNREADABLE as error:
                log.warning("the staff of tier %s could not be read, the last known ones stay: %s", tier.name, error)
                continue
            if members is not None:
                staff[tier.number] = members
        # That they are back may have been said while nobody listened.
        for user in self._database.deactivated() & frozenset().union(*staff.values()):
            if self._is_back(user):
                self._database.reactivate(user)
        # Who left while Slack told of the others is not staff for having been read before.
        left = {each for each, at in self._left.copy().items() if at >= began}
        self._database.keep_staff(
            {tier: frozenset(who - {user for each, user in left if each == tier}) for tier, who in staff.items()},
            now,
        )
        self._left = {each: at for each, at in self._left.copy().items() if at >= began - LEFT_KEPT}

    def _is_back(self, user: str) -> bool:
        try:
            return not self._gateway.is_deactivated(user)
        except _UNREADABLE as error:
            log.warning("whether %s is active again could not be read from Slack: %s", user, error)
            return False

    def refresh_before_no(self) -> bool:
        """Whether it is worth asking again: the staff were read anew just now."""
        if self._refreshed is not None and self._monotonic() - self._refreshed < PAUSE:
            return False
        self.refresh()
        return True

    def _members(self, tier: Tier, channels: Sequence[Channel]) -> frozenset[str] | None:
        if tier.staff_group:
            return self._gateway.group_members(tier.staff_group)
        channel = find_channel(tier.channel, channels)
        if channel is None:
            log.error("tier %s: the bot is not in #%s; type /invite @Escalator there", tier.name, tier.channel)
            return None
        return self._gateway.members(channel.id) - {self._bot_user()}

    def channel_of(self, tier: Tier) -> Channel | None:
        """Where a tier's messages go; None: the bot is in no channel of that name."""
        return find_channel(tier.channel, self._database.channels())

    def tiers_in(self, channel_id: str) -> list[Tier]:
        """The tiers whose staff are the members of this channel."""
        channels = self._database.channels()
        found = ((tier, find_channel(tier.channel, channels)) for tier in self._policy().tiers if not tier.staff_group)
        return [tier for tier, channel in found if channel and channel.id == channel_id]

    def joined(self, channel_id: str, user: str) -> None:
        if user == self._bot_user():
            self.refresh()
            return
        for tier in self.tiers_in(channel_id):
            self._left.pop((tier.number, user), None)
            self._database.join(tier.number, user, self._clock())

    def left(self, channel_id: str, user: str) -> None:
        if user == self._bot_user():
            self.refresh()
            return
        for tier in self.tiers_in(channel_id):
            self._left[tier.number, user] = self._monotonic()
            self._database.leave(tier.number, user)

    def deactivated(self, user: str) -> None:
        """Slack does not say of each channel that they have left it."""
        self._database.deactivate(user)

    def active(self, user: str) -> None:
        """Told at every change of anybody's profile; it matters of those who had gone."""
        if self._database.reactivate(user):
            self.refresh()

    def name_of(self, user: str) -> str:
        """For words that must not mention anybody; the id itself where Slack does not tell."""
        known = self._names.get(user)
        if known and known[1] > self._monotonic():
            return known[0]
        try:
            name, kept = self._gateway.user_name(user), NAME_KEPT
        except _UNREADABLE:
            name, kept = user, NO_NAME_KEPT  # asked again, but not by the next message at once
        if len(self._names) >= NAMES_KEPT:
            self._names.clear()
        self._names[user] = (name, self._monotonic() + kept)
        return name


def find_channel(wanted: str, channels: Sequence[Channel]) -> Channel | None:
    """By id or by name; a policy may say either."""
    name = wanted.removeprefix("#")
    return next((channel for channel in channels if name in (channel.id, channel.name)), None)
