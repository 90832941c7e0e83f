"""What an interaction gives the app for a while: a trigger id to open a form with, a response_url to answer at."""

import secrets
from dataclasses import dataclass

from playground import people
from playground.clock import Clock
from playground.people import Channel
from playground.refusal import Refused

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60
RESPONSE_USES = 5


@dataclass
class Trigger:
    user: str
    issued_at: float
    view_id: str = ""  # the form it came from, when it came from one
    used: bool = False


@dataclass
class ResponseUrl:
    """Where an answer goes: the person and channel of the interaction, and the message it was on, if any."""

    user: str
    channel: Channel
    issued_at: float
    ts: str = ""
    ephemeral: bool = False
    uses: int = 0


class Tickets:
    def __init__(self, clock: Clock, base_url: str) -> None:
        self._clock = clock
        self._base_url = base_url
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def trigger(self, user: str, view_id: str = "") -> str:
        trigger_id = f"{len(self._triggers) + 1}.{people.TEAM_ID}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, self._clock.now(), view_id)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """What a trigger id stands for; good for one use within three seconds."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._clock.now() - trigger.issued_at > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger

    def response_url(self, kind: str, user: str, channel: Channel, *, ts: str = "", ephemeral: bool = False) -> str:
        """`kind` is Slack's first path part: commands, actions or app."""
        path = f"{kind}/{people.TEAM_ID}/{len(self._urls) + 1}/{secrets.token_hex(12)}"
        self._urls[path] = ResponseUrl(user, channel, self._clock.now(), ts, ephemeral)
        return f"{self._base_url}/hooks/{path}"

    def look(self, path: str) -> ResponseUrl | None:
        """Where a response_url leads, whether or not it may still be used."""
        return self._urls.get(path)

    def find(self, path: str) -> ResponseUrl:
        """Where a response_url leads, if it may still be used; the caller counts the use."""
        target = self.look(path)
        if target is None:
            raise Refused("no_such_url")
        if self._clock.now() - target.issued_at > RESPONSE_SECONDS:
            raise Refused("expired_url")
        if target.uses >= RESPONSE_USES:
            raise Refused("used_url")
        return target
