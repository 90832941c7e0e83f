"""`GET /health`, asked over HTTP as a watcher would."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.services.health import HealthServer, Pulse

WELL = Pulse(engine_age=0.5, connected=True, waiting=3, oldest=1.5)


class Ward:
    """A server whose pulse the test sets."""

    def __init__(self) -> None:
        self.pulse: Callable[[], Pulse] = lambda: WELL
        self.server = HealthServer("127.0.0.1", 0, self._taken)
        self.server.start()

    def _taken(self) -> Pulse:
        return self.pulse()

    def get(self, path: str = "/health", method: str = "GET") -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.server.port}{path}"
        request = urllib.request.Request(url, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
            return error.code, json.loads(body) if body.startswith(b"{") else None


@pytest.fixture(scope="module")
def shared() -> Iterator[Ward]:
    """One for all: its server takes half a second to stop."""
    made = Ward()
    yield made
    made.server.stop()


@pytest.fixture
def ward(shared: Ward) -> Ward:
    shared.pulse = lambda: WELL
    return shared


def test_a_bot_that_works_is_healthy_and_says_how_it_is(ward: Ward) -> None:
    assert ward.get() == (200, {"healthy": True, "engine_age": 0.5, "connected": True, "waiting": 3, "oldest": 1.5})


@pytest.mark.parametrize(
    ("pulse", "healthy"),
    [
        (replace(WELL, engine_age=59.9), True),
        (replace(WELL, engine_age=60.0), False),
        (replace(WELL, connected=False), False),
        (replace(WELL, waiting=100_000), True),
    ],
)
def test_it_is_not_when_the_clock_stands_or_slack_is_away(ward: Ward, pulse: Pulse, *, healthy: bool) -> None:
    ward.pulse = lambda: pulse
    status, body = ward.get()
    assert status == (200 if healthy else 503)
    assert body["healthy"] is healthy


def test_a_pulse_that_cannot_be_taken_is_no_health(ward: Ward) -> None:
    """The database is away: a watcher must read 503, not a broken connection."""

    def away() -> Pulse:
        raise OSError("the disk is gone")

    ward.pulse = away
    status, body = ward.get()
    assert status == 503
    assert body is None or body["healthy"] is False
    ward.pulse = lambda: WELL
    assert ward.get()[0] == 200


@pytest.mark.parametrize("path", ["/", "/healthy", "/health/", "/metrics", "/health/../etc/passwd"])
def test_there_is_nothing_else_to_see(ward: Ward, path: str) -> None:
    assert ward.get(path) == (404, None)


def test_it_takes_no_orders(ward: Ward) -> None:
    assert ward.get(method="POST")[0] == 501


def test_it_is_gone_when_it_is_stopped() -> None:
    ward = Ward()
    ward.server.stop()
    with pytest.raises(urllib.error.URLError):
        ward.get()
