"""Whether the bot is alive, for whoever watches it from outside: `GET /health`."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

log = logging.getLogger(__name__)

STALLED = 60.0  # seconds without a tick: the engine does not keep its promises any more (invariant 40)


@dataclass(frozen=True)
class Pulse:
    engine_age: float  # seconds since the last tick
    connected: bool  # to Slack's Socket Mode
    waiting: int  # messages not sent yet
    oldest: float  # seconds that the oldest of them has waited

    @property
    def healthy(self) -> bool:
        return self.connected and self.engine_age < STALLED


class HealthServer:
    """Answers 200 while healthy, else 503; the body says why. No secrets, no issue's words."""

    def __init__(self, host: str, port: int, pulse: Callable[[], Pulse]) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # seconds; a slow client holds a thread no longer

            def do_GET(self) -> None:
                if self.path != "/health":
                    self.send_error(404)
                    return
                try:
                    now = pulse()
                    healthy, facts = now.healthy, {"healthy": now.healthy, **asdict(now)}
                except Exception:
                    log.exception("the pulse cannot be taken")
                    healthy, facts = False, {"healthy": False}
                body = json.dumps(facts).encode()
                self.send_response(200 if healthy else 503)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """A probe every few seconds is no news."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
