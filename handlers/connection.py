"""The line to Slack: Socket Mode by slack_sdk, and what it needs so that the bot is never deaf and never hangs."""

import logging
import threading
import time
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)

BURST = 50  # payloads served at once (slack.md, decision b)
PING_EVERY = 3  # seconds; each that fails makes the connection suspect
DEAF_AFTER = 30.0  # seconds without an answer to our pings; the SDK's own limit is 12, while its reader lives


class Connection:
    """One app's connection to Slack. The SDK reconnects by itself; where it cannot, `watch` begins anew."""

    def __init__(
        self, app: App, app_token: str, *, ping_every: float = PING_EVERY, deaf_after: float = DEAF_AFTER
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._ping_every = ping_every
        self._deaf_after = deaf_after
        self.line = self._new_line()

    def connect(self) -> None:
        """The SDK lets anything out of here: its own errors, OSError, ValueError."""
        self.line.connect()  # type: ignore[no-untyped-call]  # as the SDK has it

    @property
    def is_connected(self) -> bool:
        return bool(self.line.client.is_connected())

    def watch(self) -> None:
        """Once a second: drop what cannot be written to, and begin anew where nothing comes in."""
        self.line.drop_if_broken()
        if not self.line.is_deaf(self._deaf_after):
            return
        log.error("Slack has not answered for %s s; the connection is made anew", self._deaf_after)
        deaf, self.line = self.line, self._new_line()
        deaf.abandon()
        try:
            self.connect()
        except Exception as error:  # noqa: BLE001  what comes out of it: see connect
            log.error("no connection to Slack (%s); trying again in %s s", error, self._deaf_after)

    def finish(self, seconds: float) -> None:
        """Take nothing more in, and give what is in hand these seconds to be acked."""
        self.line.finish(seconds)

    def abandon(self) -> None:
        """Close it, and do not wait: slack_sdk waits for its reader when it closes, which may be for ever."""
        self.line.abandon()

    def _new_line(self) -> "_Line":
        return _Line(self._app, self._app_token, concurrency=BURST, ping_interval=self._ping_every)


class _Line(SocketModeHandler):
    """One client of the SDK. It knows how many payloads are in hand, and since when nothing has come in."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._in_hand = 0
        self._changed = threading.Condition()
        self._leaving = False
        self._pong: tuple[object, ...] = ()
        self._pong_at = time.monotonic()

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
        with self._changed:
            self._leaving = True
            self._changed.wait_for(lambda: self._in_hand == 0, seconds)

    def drop_if_broken(self) -> None:
        """A connection that cannot be written to is dead; the SDK alone would try four times more."""
        session = self.client.current_session
        if session is not None and session.consecutive_check_state_error_count:
            log.warning("the connection to Slack is broken and is made anew")
            session.disconnect()

    def is_deaf(self, seconds: float) -> bool:
        """It stands, it is pinged, and no answer is read; or it was never made.

        After a reconnect the SDK's reader may wait for ever for the session before: between the end of that session
        and its closing it takes the old state for its own again. The SDK itself does not look before the first pong.
        """
        session = self.client.current_session
        pong = (id(session), session.last_ping_pong_time if session is not None else None)
        mended_by_the_sdk = session is not None and not session.is_active()
        if pong != self._pong or mended_by_the_sdk:
            self._pong, self._pong_at = pong, time.monotonic()
        return time.monotonic() - self._pong_at > seconds

    def abandon(self) -> None:
        threading.Thread(target=self._close, name="closing", daemon=True).start()

    def _close(self) -> None:
        try:
            self.close()  # type: ignore[no-untyped-call]
        except Exception:  # the SDK's close can fail in the middle of a reconnect (slack.md 3.5)
            log.debug("the connection was closing already", exc_info=True)
