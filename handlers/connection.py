"""The line to Slack: Socket Mode by slack_sdk, and what it needs so that the bot is never deaf and never hangs."""

import contextlib
import logging
import threading
import time
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import ConnectionState
from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)

BURST = 50  # payloads served at once (slack.md, decision b)
PING_EVERY = 3  # seconds; each that fails makes the connection suspect
DEAF_AFTER = 30.0  # seconds without an answer to our pings; the SDK's own limit is 12, while its reader lives
LOOK_EVERY = 1.0  # seconds
LONGEST_WAIT = 8.0  # seconds between two tries to connect
RETRY_AFTER = 30  # seconds, where Slack limits us and does not say for how long


class Connection:
    """One app's connection, kept by a thread of its own. The SDK reconnects by itself; what it cannot, we do."""

    def __init__(
        self, app: App, app_token: str, *, ping_every: float = PING_EVERY, deaf_after: float = DEAF_AFTER
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._ping_every = ping_every
        self._deaf_after = deaf_after
        self._leaving = threading.Event()
        self._changed = threading.Condition()  # for what is in hand, and for which line it is
        self._in_hand = 0  # payloads, those of lines that were abandoned among them
        self._pong: float | None = None
        self._heard_at = 0.0
        self.line = self._new_line()

    def start(self) -> None:
        """Come back at once, for the SDK takes as long as Slack likes; `is_connected` says when it stands."""
        threading.Thread(target=self._keep, name="connection", daemon=True).start()

    @property
    def is_connected(self) -> bool:
        return self.line.is_connected()

    def finish(self, seconds: float) -> None:
        """Take nothing more in, and give what is in hand these seconds to be acked."""
        with self._changed:
            self._leaving.set()
            self._changed.wait_for(lambda: self._in_hand == 0, seconds)

    def abandon(self) -> None:
        with self._changed:
            self._leaving.set()
            self.line.abandon()

    def _new_line(self) -> "_Line":
        app, every = self._app, self._ping_every
        line = _Line(self._app_token, logger=app.logger, web_client=app.client, concurrency=BURST, ping_interval=every)
        line.socket_mode_request_listeners.append(self._handle)
        return line

    def _handle(self, line: Any, request: SocketModeRequest) -> None:
        with self._changed:
            if self._leaving.is_set():
                return  # not acked: Slack sends it again, or tells the person
            self._in_hand += 1
        try:
            begun = time.time()
            send_response(line, request, run_bolt_app(self._app, request), begun)
        finally:
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()

    def _keep(self) -> None:
        self._connect()
        while not self._leaving.wait(LOOK_EVERY):
            try:
                self.line.drop_if_broken()
                if self._is_deaf():
                    log.error("Slack has not answered for %s s; the connection is made anew", self._deaf_after)
                    self._begin_anew()
            except Exception as error:  # noqa: BLE001  whatever the SDK lets out, nobody else would look tomorrow
                log.error("the connection to Slack could not be looked after: %r", error)

    def _connect(self) -> None:
        """Until the SDK has a session, which need not stand: from here on it tries again by itself."""
        wait = 1.0
        while not self._leaving.is_set():
            try:
                self.line.connect()
                break
            except Exception as error:  # noqa: BLE001  the SDK lets anything out: its own errors, OSError, ValueError
                if not self._leaving.is_set():
                    log.error("no connection to Slack (%s); trying again in %s s", error, wait)
            self._leaving.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        self._heard_at = time.monotonic()

    def _is_deaf(self) -> bool:
        """Only an answer to a ping shows that somebody hears: not a new session, and not one that was lost again."""
        session = self.line.current_session
        pong = session.last_ping_pong_time if session is not None else None
        if pong is not None and pong != self._pong:
            self._pong, self._heard_at = pong, time.monotonic()
        return time.monotonic() - self._heard_at > self._deaf_after

    def _begin_anew(self) -> None:
        with self._changed:
            if self._leaving.is_set():
                return
            self.line.abandon()
            self.line = self._new_line()
        self._connect()


class _Line(SocketModeClient):
    """The SDK's client, mended where it waits for ever, and where it would rise again after its end."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._ended = threading.Event()
        self._read = ConnectionState()  # type: ignore[no-untyped-call]  # what the reader goes by
        super().__init__(*arguments, **settings)

    def abandon(self) -> None:
        """End all of it that can end, and wait for nothing, while the SDK's close waits for its reader first."""
        self.closed = True
        self.auto_reconnect_enabled = False
        self._ended.set()
        for runner in (self.current_session_runner, self.current_app_monitor, self.message_processor):
            runner.event.set()
        self._read.terminated = self.current_session_state.terminated = True
        self.message_workers.shutdown(wait=False)
        threading.Thread(target=self.disconnect, name="disconnecting", daemon=True).start()

    def connect(self) -> None:
        super().connect()
        if self._ended.is_set():
            self.abandon()  # in the middle of connecting, which has switched all of it on again

    def disconnect(self) -> None:
        with contextlib.suppress(AttributeError):  # two at once: the other has closed it (slack.md 3.5)
            super().disconnect()

    def drop_if_broken(self) -> None:
        """A connection that cannot be written to is dead; the SDK alone would try four times more."""
        session = self.current_session
        if session is not None and session.is_active() and session.consecutive_check_state_error_count:
            log.warning("the connection to Slack is broken and is made anew")
            self.disconnect()

    def issue_new_wss_url(self) -> str:
        """Every new connection begins here. The SDK's own sleeps when Slack limits us, and nothing wakes it."""
        while not self._ended.is_set():
            try:
                return str(self.web_client.apps_connections_open(app_token=self.app_token)["url"])
            except SlackApiError as error:
                if error.response["error"] != "ratelimited":
                    raise
                seconds = int(error.response.headers.get("Retry-After", RETRY_AFTER))
            log.warning("Slack lets us connect in %s s, not earlier", seconds)
            self._ended.wait(seconds)
        raise SlackClientNotConnectedError("this line is given up")

    def _run_current_session(self) -> None:
        """The SDK's own may take a state that `connect` has just ended for a fresh one, and wait on it for ever."""
        self._read = self.current_session_state
        if self.current_session is not None and self.current_session.is_active():
            self.current_session.run_until_completion(self._read)
