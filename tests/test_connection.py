"""The connection to Slack where slack_sdk would be deaf, hang, or leave something behind."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from handlers.connection import Connection
from tests.playground.workspace import APP_TOKEN, MANIFEST, PATIENCE, Local

DEAF_AFTER = 3.0  # seconds; a busy machine must not take so long for a reconnect
MADE_ANEW = "Slack has not answered"


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local(MANIFEST)
    yield local
    local.stop()


@pytest.fixture
def heard() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def hold() -> threading.Event:
    """While it is clear, listeners are in the middle of their work."""
    hold = threading.Event()
    hold.set()
    return hold


@pytest.fixture
def connection(local: Local, heard: threading.Semaphore, hold: threading.Event) -> Iterator[Connection]:
    app = App(client=local.client(), process_before_response=True)

    @app.event("message")
    def message(body: Any) -> None:
        heard.release()
        hold.wait(PATIENCE)

    connection = Connection(app, APP_TOKEN, ping_every=0.1, deaf_after=DEAF_AFTER)
    connection.start()
    local.until(lambda: said_and_heard(local, heard))
    hurry(local, connection)
    yield connection
    hold.set()
    connection.abandon()
    local.until(gone(threads_of(connection)))


def said_and_heard(local: Local, heard: threading.Semaphore) -> bool:
    local.person("U0MAYA").says("C0ITHELP", "VPN is down")
    return heard.acquire(timeout=0.5)


def hurry(local: Local, connection: Connection) -> None:
    """Have the SDK wait a moment for its reader when it closes this session, and not three seconds."""
    session = connection.line.current_session
    assert session
    assert session.sock
    session.sock.settimeout(0.1)
    pong = session.last_ping_pong_time
    local.until(lambda: session.last_ping_pong_time != pong)


def deafen(connection: Connection) -> None:
    """As a reconnect of the SDK's leaves it whose end of the old session was taken back in between."""
    line = connection.line
    line.current_session_state = ConnectionState()  # type: ignore[no-untyped-call]  # the reader's is nobody's now
    line.connect_to_new_endpoint(force=True)


def threads_of(connection: Connection) -> list[threading.Thread]:
    line = connection.line
    runners = [line.current_session_runner, line.current_app_monitor, line.message_processor]
    return [*(runner.thread for runner in runners), *line.message_workers._threads]


def gone(threads: list[threading.Thread]) -> Callable[[], bool]:
    return lambda: not any(thread.is_alive() for thread in threads)


def opened(local: Local) -> int:
    return sum(call["method"] == "apps.connections.open" for call in local.look("calls")["calls"])


def is_there(local: Local) -> bool:
    _, overview = local.call("GET", "/_page/workspace")
    return bool(overview["app"]["connected"])


def test_a_connection_that_stands_and_brings_nothing_is_made_anew(
    local: Local, connection: Connection, heard: threading.Semaphore
) -> None:
    deafen(connection)
    assert connection.is_connected
    assert not said_and_heard(local, heard)

    local.until(lambda: said_and_heard(local, heard))


def test_it_is_tried_again_until_slack_is_back(
    local: Local, connection: Connection, heard: threading.Semaphore
) -> None:
    deafen(connection)
    local.fault("server_error", method="apps.connections.open", count=2)

    local.until(lambda: said_and_heard(local, heard))
    assert not local.look("faults")["faults"]


def test_one_that_slack_ends_again_and_again_because_it_answers_no_ping_is_made_anew(
    local: Local, connection: Connection
) -> None:
    line = connection.line
    deafen(connection)

    def made_anew() -> bool:
        local.control("socket", do="cut")
        return threading.Event().wait(DEAF_AFTER / 4) or connection.line is not line

    local.until(made_anew)


def test_one_that_answers_is_left_alone(connection: Connection) -> None:
    line = connection.line
    threading.Event().wait(2 * DEAF_AFTER)
    assert connection.line is line


class DeadEnd(WebClient):
    """Slack, when it says where to connect and nobody is there."""

    def apps_connections_open(self, **_: Any) -> Any:
        return {"url": "ws://127.0.0.1:9/"}


def test_while_slack_is_away_it_is_made_anew_no_more_often_than_it_takes_to_be_deaf(
    local: Local, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(client=DeadEnd(token="xoxb-1", base_url=f"{local.base}/api/"), token_verification_enabled=False)
    begun = time.monotonic()
    connection = Connection(app, APP_TOKEN, ping_every=0.1, deaf_after=DEAF_AFTER)
    connection.start()

    local.until(lambda: caplog.text.count(MADE_ANEW) >= 2)
    connection.abandon()

    assert caplog.text.count(MADE_ANEW) <= (time.monotonic() - begun) / DEAF_AFTER
    assert not connection.is_connected


@pytest.mark.parametrize("error", [OSError(9, "Bad file descriptor"), AttributeError("no attribute 'close'")])
def test_it_is_looked_after_whatever_comes_out_of_the_sdk(
    local: Local,
    connection: Connection,
    heard: threading.Semaphore,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, tried = connection.line.current_session, threading.Event()

    def disconnect() -> None:
        tried.set()
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(session, "disconnect", disconnect)
        broken.setattr(session, "check_state", lambda: None)
        broken.setattr(session, "consecutive_check_state_error_count", 1)
        assert tried.wait(PATIENCE)

    hurry(local, connection)  # it is pinged again
    deafen(connection)
    local.until(lambda: said_and_heard(local, heard))


def test_leaving_waits_for_no_reader(connection: Connection) -> None:
    session = connection.line.current_session
    assert session
    with session.sock_receive_lock:  # as the reader has it, for as long as nothing comes in
        leaving = threading.Thread(target=connection.abandon, daemon=True)
        leaving.start()
        leaving.join(PATIENCE)
        assert not leaving.is_alive()


def test_nothing_is_left_of_a_line_that_was_deaf(local: Local, connection: Connection) -> None:
    line, threads = connection.line, threads_of(connection)
    deafen(connection)

    local.until(lambda: connection.line is not line)
    local.until(gone(threads))


def test_two_may_close_at_once(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK has no lock for it, and whoever comes second finds no socket any more."""
    session, tried = connection.line.current_session, threading.Event()
    assert session
    close = session.disconnect

    def disconnect() -> None:
        close()
        tried.set()
        raise AttributeError("'NoneType' object has no attribute 'close'")

    monkeypatch.setattr(session, "disconnect", disconnect)
    connection.abandon()
    assert tried.wait(PATIENCE)


def test_one_that_slack_lets_wait_waits_no_longer_when_it_is_abandoned(local: Local, connection: Connection) -> None:
    threads, before = threads_of(connection), opened(local)
    local.fault("rate_limited", method="apps.connections.open", retry_after=600)
    local.control("socket", do="disconnect")
    local.until(lambda: opened(local) > before)

    connection.abandon()

    local.until(gone(threads))
    assert opened(local) == before + 1


def test_one_that_is_abandoned_while_it_connects_stays_away(local: Local, connection: Connection) -> None:
    threads, before = threads_of(connection), opened(local)
    local.fault("slow", method="apps.connections.open", ms=9_000)
    local.control("socket", do="disconnect")
    local.until(lambda: opened(local) > before)

    connection.abandon()
    local.advance(9)

    local.until(gone(threads))
    local.until(lambda: not is_there(local))
    assert opened(local) == before + 1


def test_what_is_in_hand_on_a_line_that_was_abandoned_is_finished(
    local: Local, connection: Connection, heard: threading.Semaphore, hold: threading.Event
) -> None:
    line = connection.line
    hold.clear()
    assert said_and_heard(local, heard)
    deafen(connection)
    local.until(lambda: connection.line is not line)
    threading.Timer(0.5, hold.set).start()

    connection.finish(PATIENCE)

    assert hold.is_set()
