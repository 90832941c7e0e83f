"""The connection to Slack when slack_sdk's reader waits for a session that is gone: nobody hears, nothing says so."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.socket_mode.builtin.connection import ConnectionState

from handlers.connection import Connection
from tests.playground.workspace import APP_TOKEN, MANIFEST, PATIENCE, Local

DEAF_AFTER = 1.0  # seconds


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local(MANIFEST)
    yield local
    local.stop()


@pytest.fixture
def heard() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def connection(local: Local, heard: threading.Semaphore) -> Iterator[Connection]:
    app = App(client=local.client(), process_before_response=True)

    @app.event("message")
    def message(body: Any) -> None:
        heard.release()

    connection = Connection(app, APP_TOKEN, ping_every=0.1, deaf_after=DEAF_AFTER)
    connection.connect()
    local.until(lambda: said_and_heard(local, heard))
    yield connection
    connection.abandon()


def said_and_heard(local: Local, heard: threading.Semaphore) -> bool:
    local.person("U0MAYA").says("C0ITHELP", "VPN is down")
    return heard.acquire(timeout=0.5)


def deafen(connection: Connection) -> None:
    """As a reconnect leaves it whose end of the old session was taken back in between."""
    client = connection.line.client
    client.current_session_state = ConnectionState()  # type: ignore[no-untyped-call]  # what the reader waits for is nobody's any more
    client.connect_to_new_endpoint(force=True)


def test_a_connection_that_stands_and_brings_nothing_is_made_anew(
    local: Local, connection: Connection, heard: threading.Semaphore
) -> None:
    deafen(connection)
    assert connection.is_connected
    assert not said_and_heard(local, heard)

    def hears_again() -> bool:
        connection.watch()
        return said_and_heard(local, heard)

    local.until(hears_again)


def test_it_is_tried_again_until_slack_is_back(
    local: Local, connection: Connection, heard: threading.Semaphore
) -> None:
    deafen(connection)
    local.fault("server_error", method="apps.connections.open", count=2)

    def hears_again() -> bool:
        connection.watch()
        return said_and_heard(local, heard)

    local.until(hears_again)
    assert not local.look("faults")["faults"]


def test_one_that_answers_is_left_alone(local: Local, connection: Connection) -> None:
    line = connection.line
    quiet = threading.Event()
    for _ in range(30):
        connection.watch()
        quiet.wait(DEAF_AFTER / 10)

    assert connection.line is line


def test_leaving_waits_for_no_reader(connection: Connection) -> None:
    deafen(connection)
    leaving = threading.Thread(target=connection.abandon, daemon=True)
    leaving.start()
    leaving.join(PATIENCE)
    assert not leaving.is_alive()
