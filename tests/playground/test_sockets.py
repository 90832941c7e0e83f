"""Connections: several at once, asked to leave, cut, killed, refused; nobody connected."""

from collections.abc import Iterator
from typing import Any

import pytest
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.playground.workspace import APP_TOKEN, MANIFEST, PATIENCE, Bot, Local, Socket


@pytest.fixture(scope="module")
def quiet() -> Iterator[Local]:
    """A workspace of its own, with nobody connected but by the tests."""
    local = Local(MANIFEST)
    local.control("limits", enabled=False)
    yield local
    local.stop()


@pytest.fixture
def sockets(quiet: Local) -> Iterator[Any]:
    """Opens connections, and closes them after the test."""
    opened: list[Socket] = []

    def connect() -> Socket:
        opened.append(Socket(quiet))
        return opened[-1]

    yield connect
    for socket in opened:
        socket.close()
    quiet.control("socket", do="cut")


def test_hello_says_how_many_are_connected(sockets: Any) -> None:
    assert [sockets().hello["num_connections"] for _ in range(3)] == [1, 2, 3]


def test_an_envelope_goes_to_one_connection_each_in_its_turn(quiet: Local, sockets: Any) -> None:
    first, second = sockets(), sockets()
    for number in range(4):
        quiet.person("U0ANA").says("C0L1", f"Message {number}")

    texts = []
    for socket in (first, second, first, second):
        envelope = socket.get()
        socket.ack(envelope)
        texts.append(envelope["payload"]["event"]["text"])

    assert sorted(texts) == ["Message 0", "Message 1", "Message 2", "Message 3"]


def test_an_ack_may_come_over_another_connection(quiet: Local, sockets: Any) -> None:
    first, second = sockets(), sockets()
    quiet.person("U0ANA").says("C0L1", "One")
    quiet.person("U0ANA").says("C0L1", "Two")
    envelopes = [first.get(), second.get()]
    first.ack(envelopes[1])
    second.ack(envelopes[0])

    acks = quiet.look(f"acks?wait={PATIENCE}")["acks"]
    latencies = {ack["envelope_id"]: ack["latency_ms"] for ack in acks}
    assert all(latencies[envelope["envelope_id"]] is not None for envelope in envelopes)


def test_envelopes_have_slacks_keys(quiet: Local, sockets: Any) -> None:
    socket = sockets()
    quiet.person("U0ANA").says("C0L1", "Hi")

    envelope = socket.get()
    socket.ack(envelope)
    assert set(envelope) == {
        "envelope_id", "type", "payload", "accepts_response_payload", "retry_attempt", "retry_reason",
    }  # fmt: skip
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)


def test_nonsense_from_the_app_changes_nothing(quiet: Local, sockets: Any) -> None:
    socket = sockets()
    for nonsense in ("no json", "[]", '{"envelope_id": "unknown"}', '{"envelope_id": null}'):
        socket.frames.send(nonsense)
    quiet.person("U0ANA").says("C0L1", "Hi")

    envelope = socket.get()
    socket.ack(envelope)
    last = quiet.look(f"acks?wait={PATIENCE}")["acks"][-1]
    assert (last["envelope_id"], last["latency_ms"] is None) == (envelope["envelope_id"], False)


def test_the_eleventh_connection_is_sent_away(quiet: Local, sockets: Any) -> None:
    for _ in range(10):
        assert sockets().hello["type"] == "hello"

    eleventh = sockets().hello
    assert (eleventh["type"], eleventh["reason"]) == ("disconnect", "too_many_websockets")


def test_a_ticket_is_good_for_one_connection(quiet: Local) -> None:
    url = quiet.client(None).apps_connections_open(app_token=APP_TOKEN)["url"]
    with websockets.sync.client.connect(url, proxy=None) as socket:
        socket.recv(PATIENCE)

    with pytest.raises(InvalidStatus), websockets.sync.client.connect(url, proxy=None):
        pass
    quiet.control("socket", do="cut")


def test_asked_to_leave_a_connection_serves_until_there_is_another(quiet: Local, sockets: Any) -> None:
    old = sockets()
    quiet.control("socket", do="disconnect")
    leave = old.get()
    assert (leave["type"], leave["reason"]) == ("disconnect", "refresh_requested")

    quiet.person("U0ANA").says("C0L1", "In between")
    old.ack(old.get())

    new = sockets()
    quiet.person("U0ANA").says("C0L1", "Afterwards")
    envelope = new.get()
    new.ack(envelope)
    assert envelope["payload"]["event"]["text"] == "Afterwards"
    quiet.advance(11)
    with pytest.raises(ConnectionClosed):
        old.frames.recv(PATIENCE)


@pytest.mark.parametrize("how", ["cut", "kill"])
def test_a_connection_can_be_cut_and_killed(quiet: Local, sockets: Any, how: str) -> None:
    socket = sockets()

    quiet.control("socket", do=how)

    with pytest.raises(ConnectionClosed) as end:
        socket.frames.recv(PATIENCE)
    assert (end.value.rcvd is None) == (how == "kill"), "killed means without a word"
    app = quiet.call("GET", "/_page/workspace")[1]["app"]
    assert (app["connected"], app["seen"]) == (False, True)


def test_bolt_comes_back_when_asked_to_leave(quiet: Local) -> None:
    bot = Bot(quiet)
    try:
        quiet.control("socket", do="disconnect")
        ts = quiet.person("U0ANA").says("C0L1", "Still there?")  # a command would be lost in Bolt's blackout of 3 s
        assert bot.hears("event", ts=ts)["event"]["text"] == "Still there?"
    finally:
        quiet.control("socket", do="cut")
        bot.close()
        quiet.control("socket", do="cut")


def test_with_nobody_connected_the_person_is_told_at_once(quiet: Local) -> None:
    maya = quiet.person("U0MAYA")

    refusal = maya.is_refused("command", channel="C0ITHELP", command="/try")
    assert refusal["message"] == '/try failed with the error "dispatch_failed"'
    assert maya.is_refused("shortcut", callback_id="try_global")["error"] == "dispatch_failed"


def test_an_event_nobody_was_there_to_hear_comes_when_somebody_is(quiet: Local, sockets: Any) -> None:
    quiet.person("U0ANA").says("C0L1", "Too early")
    socket = sockets()
    quiet.advance(3.1)

    envelope = socket.get()
    socket.ack(envelope)
    assert (envelope["payload"]["event"]["text"], envelope["retry_attempt"]) == ("Too early", 1)
    assert envelope["retry_reason"] == "timeout"


def test_nothing_can_be_redelivered_to_nobody(quiet: Local) -> None:
    assert quiet.call("POST", "/_playground/redeliver", {})[0] == 400
    assert quiet.call("POST", "/_playground/socket", {"do": "explode"})[0] == 400


def test_stopping_says_goodbye(sockets: Any) -> None:
    local = Local(MANIFEST)
    socket = Socket(local)

    local.stop()

    goodbye = socket.get()
    assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "warning")
    with pytest.raises(ConnectionClosed):
        socket.frames.recv(PATIENCE)
    socket.close()
