"""A Web API on 127.0.0.1 that answers as it is told: with words, with trouble, or not at all."""

import json
import socket
import struct
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Asked:
    method: str
    arguments: dict[str, Any]
    token: str


@dataclass
class Reply:
    body: Any = field(default_factory=lambda: {"ok": True})
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Reset:
    """The connection is reset after the request has been read."""


class Silence:
    """No answer until the test is over."""


@dataclass
class HalfAnAnswer:
    body: bytes = b'{"ok": true, "ch'


Trouble = Reply | Reset | Silence | HalfAnAnswer


def ok(**more: Any) -> Reply:
    return Reply({"ok": True, **more})


def no(error: str, **more: Any) -> Reply:
    return Reply({"ok": False, "error": error, **more})


def named(trouble: Trouble) -> str:
    """For the names of tests."""
    if not isinstance(trouble, Reply):
        return type(trouble).__name__
    word = trouble.body.get("error", "ok") if isinstance(trouble.body, dict) else "no JSON"
    return f"{trouble.status} {word}"


class ScriptedSlack:
    """`says` answers in turn and then goes on with the last; what nobody scripted is answered with ok."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.headers: dict[str, str] = {}
        self._script: defaultdict[str, deque[Trouble]] = defaultdict(deque)
        self._over = threading.Event()
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                method = self.path.partition("?")[0].removeprefix("/api/")
                kind = self.headers.get("Content-Type") or ""
                arguments = json.loads(body) if body and "json" in kind else dict(parse_qsl(body.decode()))
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                scripted.asked.append(Asked(method, arguments, token))
                match scripted._next(method):
                    case Reply() as reply:
                        self._send(reply)
                    case HalfAnAnswer(body=half):
                        self.send_response(200)
                        self.send_header("Content-Length", str(len(half) + 100))
                        self.end_headers()
                        self.wfile.write(half)
                    case Reset():
                        linger = struct.pack("ii", 1, 0)
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    case Silence():
                        scripted._over.wait(30)

            def _send(self, reply: Reply) -> None:
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in {**scripted.headers, **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return scripted.headers.get("Date") or super().date_time_string(timestamp)

            def send_response(self, code: int, message: str | None = None) -> None:
                self.send_response_only(code, message)  # the Date header is a matter of the script

            def log_message(self, *_: object) -> None:
                """The tests read `asked`."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that has gone is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/"

    def says(self, method: str, *replies: Trouble) -> None:
        self._script[method] = deque(replies)

    def calls(self, method: str) -> list[Asked]:
        return [each for each in self.asked if each.method == method]

    def _next(self, method: str) -> Trouble:
        replies = self._script[method]
        if not replies:
            return ok()
        return replies.popleft() if len(replies) > 1 else replies[0]

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
