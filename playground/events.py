"""Which of the workspace's events the app hears: those it subscribed to, with the scope each one needs."""

from playground.clock import Clock
from playground.interaction import event_envelope
from playground.manifest import Manifest
from playground.people import BOT_USER, Channel
from playground.socket_mode import SocketMode
from playground.workspace import Json

_MESSAGES = {
    "channel": ("message.channels", "channels:history"),
    "group": ("message.groups", "groups:history"),
    "im": ("message.im", "im:history"),
}
# Event type: the scope without which it is never sent; "" for none.
_SCOPES = {
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_id_changed": "",
    "channel_rename": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_rename": "groups:read",
    "group_unarchive": "groups:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "user_change": "users:read",
}


class Events:
    def __init__(self, clock: Clock, manifest: Manifest, socket_mode: SocketMode) -> None:
        self._clock = clock
        self._manifest = manifest
        self._socket_mode = socket_mode

    def emit(self, event: Json, channel: Channel | None) -> None:
        """Deliver `event`, which happened in `channel` (None: in no channel), if the app may and wants to hear it."""
        if channel is not None and channel.is_private and BOT_USER not in channel.members:
            return  # what happens in private is nobody else's business
        subscription, scope = _needs(event, channel)
        if subscription not in self._manifest.events or (scope and scope not in self._manifest.scopes):
            return
        self._socket_mode.event(event["type"], event_envelope(event, self._clock.now()))


def _needs(event: Json, channel: Channel | None) -> tuple[str, str]:
    """The subscription an event belongs to and the scope it needs."""
    if event["type"] == "message" and channel is not None:
        return _MESSAGES[channel.kind]
    if channel is not None and event["type"] in ("member_joined_channel", "member_left_channel"):
        return event["type"], "groups:read" if channel.is_private else "channels:read"
    return event["type"], _SCOPES[event["type"]]
