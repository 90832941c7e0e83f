"""The connection to Slack: Socket Mode by slack_sdk."""

import logging
import threading
from typing import Any

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)

BURST = 50  # payloads served at once (slack.md, decision b)
PING_EVERY = 3  # seconds; each that fails makes the connection suspect


class Listening(SocketModeHandler):
    """Knows how many payloads are in hand, so that the end can wait for their acks."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._in_hand = 0
        self._changed = threading.Condition()
        self._leaving = False

    def handle(self, client: Any, req: SocketModeRequest) -> None:
        with self._changed:
            if self._leaving:
                return  # not acked: Slack sends it again, or tells the person
            self._in_hand += 1
        try:
            super().handle(client, req)
        finally:
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()

    def finish(self, seconds: float) -> None:
        """Take nothing more in, and let what is in hand be acked."""
        with self._changed:
            self._leaving = True
            self._changed.wait_for(lambda: self._in_hand == 0, seconds)

    def drop_if_broken(self) -> None:
        """A connection that cannot be written to is dead; the SDK alone would try four times more."""
        session = getattr(self.client, "current_session", None)
        if session is not None and session.consecutive_check_state_error_count:
            log.warning("the connection to Slack is broken and is made anew")
            session.disconnect()
