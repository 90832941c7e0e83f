"""The control interface under /_playground/: faults on demand, what was called and said, the sockets, the clock."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from playground.people import BOT_USER
from playground.refusal import Refused
from playground.strict_json import parse_json
from playground.webapi import WebApi
from playground.workspace import Json

FAULTS = ("slow", "lost", "dropped", "rate_limited", "server_error", "error", "cut_socket")
CALLS_KEPT = 20_000
LONGEST_WAIT = 600.0
LONGEST_ADVANCE = 1_000_000_000.0  # thirty years; beyond that clocks and time zones end


@dataclass
class Fault:
    """What to do to the next `count` calls (None: to all) of a method ("" any) on a channel ("" any)."""

    kind: str
    method: str = ""
    channel: str = ""
    count: int | None = 1
    ms: int = 0
    retry_after: int = 1
    status: int = 503
    error: str = "internal_error"

    def __post_init__(self) -> None:
        if not all(isinstance(word, str) for word in (self.kind, self.method, self.channel, self.error)):
            raise TypeError("kind, method, channel and error are strings")
        if not all(_whole(number, least=0) for number in (self.ms, self.retry_after)):
            raise TypeError("ms and retry_after are whole numbers")
        if not (self.count is None or _whole(self.count, least=1)):
            raise TypeError("count is a whole number, or null for all calls")
        if not (_whole(self.status, least=400) and self.status < 600):  # noqa: PLR2004  where HTTP's errors are
            raise TypeError("status is an HTTP error, 400 to 599")

    def matches(self, method: str, channel: str) -> bool:
        return self.method in ("", method) and self.channel in ("", channel)


def _whole(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, method: str, channel: str) -> Fault | None:
        """The first fault meant for this call; one with a count is used up."""
        for fault in self.waiting:
            if fault.matches(method, channel):
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count == 0:
                        self.waiting.remove(fault)
                return fault
        return None


class Control:
    """What tests and a curious person may do to the workspace from outside."""

    def __init__(self, api: WebApi, faults: Faults, calls: deque[Json]) -> None:
        self.workspace = api.workspace
        self.socket_mode = api.socket_mode
        self.limits = api.limits
        self.faults = faults
        self.calls = calls

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_playground/faults", self.change_faults, methods=["GET", "POST", "DELETE"]),
            Route("/_playground/calls", self.show_calls, methods=["GET", "DELETE"]),
            Route("/_playground/messages", self.show_messages, methods=["GET"]),
            Route("/_playground/socket", self.end_sockets, methods=["POST"]),
            Route("/_playground/redeliver", self.redeliver, methods=["POST"]),
            Route("/_playground/acks", self.show_acks, methods=["GET"]),
            Route("/_playground/limits", self.change_limits, methods=["POST"]),
            Route("/_playground/clock", self.advance, methods=["POST"]),
            Route("/_playground/users", self.change_user, methods=["POST"]),
            Route("/_playground/channels", self.change_channel, methods=["POST"]),
        ]

    async def change_faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.waiting.clear()
        if request.method == "POST":
            body = await _json(request)
            wanted = body if isinstance(body, list) else [body]
            try:
                new = [Fault(**fault) for fault in wanted]
            except TypeError as error:
                return _bad(f"A fault is an object with kind, method, channel, count and so on: {error}.")
            if unknown := [fault.kind for fault in new if fault.kind not in FAULTS]:
                return _bad(f"There is no fault {unknown[0]!r}; there are {', '.join(FAULTS)}.")
            self.faults.waiting += new
        return JSONResponse({"ok": True, "faults": [vars(fault) for fault in self.faults.waiting]})

    async def show_calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.calls.clear()
        return JSONResponse({"ok": True, "calls": list(self.calls)})

    async def show_messages(self, request: Request) -> Response:
        channel = self.workspace.channels.get(request.query_params.get("channel", ""))
        if channel is None:
            return _bad("There is no such channel.")
        return JSONResponse({"ok": True, "messages": list(channel.messages.values())})

    async def end_sockets(self, request: Request) -> Response:
        match (await _object(request)).get("do"):
            case "disconnect":
                self.socket_mode.refresh()
            case "cut":
                await self.socket_mode.cut()
            case "kill":
                self.socket_mode.kill()
            case other:
                return _bad(f"A socket can disconnect, be cut or be killed, not {other!r}.")
        return JSONResponse({"ok": True})

    async def redeliver(self, request: Request) -> Response:
        envelope_id = self.socket_mode.redeliver(str((await _object(request)).get("envelope_id", "")))
        if envelope_id is None:
            return _bad("There is no envelope to send again, or nobody to send it to.")
        return JSONResponse({"ok": True, "envelope_id": envelope_id})

    async def show_acks(self, request: Request) -> Response:
        """All deliveries; with `?wait=SECONDS` only when none is on its way any more, or after that time."""
        wait = _seconds(request.query_params.get("wait") or 0, LONGEST_WAIT)
        settled = await self.socket_mode.settled(wait)
        acks = [delivery.report() for delivery in self.socket_mode.deliveries]
        return JSONResponse({"ok": True, "settled": settled, "acks": acks})

    async def change_limits(self, request: Request) -> Response:
        enabled = (await _object(request)).get("enabled")
        if not isinstance(enabled, bool):
            return _bad("enabled is true or false.")
        self.limits.enabled = enabled
        return JSONResponse({"ok": True, "enabled": self.limits.enabled})

    async def advance(self, request: Request) -> Response:
        self.workspace.clock.advance(_seconds((await _object(request)).get("advance_s"), LONGEST_ADVANCE))
        now = self.workspace.clock.now()
        self.workspace.feed.tell_all({"type": "clock", "now": now})
        return JSONResponse({"ok": True, "now": now})

    async def change_user(self, request: Request) -> Response:
        body = await _object(request)
        user = self.workspace.user(str(body.get("user")))
        if user.id == BOT_USER:
            return _bad("The app's own user stays.")
        self.workspace.deactivate(user, deleted=bool(body.get("deleted")))
        return JSONResponse({"ok": True})

    async def change_channel(self, request: Request) -> Response:
        body = await _object(request)
        channel = self.workspace.channels.get(str(body.get("channel")))
        if channel is None:
            return _bad("There is no such channel.")
        name, new_id = body.get("name") or "", body.get("new_id") or ""
        if not isinstance(name, str) or not isinstance(new_id, str) or new_id in self.workspace.channels:
            return _bad("A name and a new id are strings, and no other channel has that id.")
        if name:
            self.workspace.rename(channel, name)
        if new_id:
            self.workspace.change_id(channel, new_id)
        return JSONResponse({"ok": True})


async def _json(request: Request) -> Any:
    try:
        return parse_json(await request.body())
    except ValueError as error:
        raise Refused("bad_request", "JSON is expected.") from error


async def _object(request: Request) -> Json:
    body = await _json(request)
    if not isinstance(body, dict):
        raise Refused("bad_request", "A JSON object is expected.")
    return body


def _seconds(value: Any, most: float) -> float:
    """Seconds from 0 to `most`, as a number or in digits."""
    try:
        seconds = float(value)
    except (TypeError, ValueError) as error:
        raise Refused("bad_request", f"{value!r} is no number of seconds.") from error
    if not 0 <= seconds <= most:
        raise Refused("bad_request", f"From 0 to {most:.0f} seconds, not {value!r}.")
    return seconds


async def refuse(_request: Request, refusal: Exception) -> Response:
    """What a refusal becomes here: Starlette calls it for every route."""
    return _bad(refusal.message if isinstance(refusal, Refused) else str(refusal))


def _bad(message: str) -> Response:
    return JSONResponse({"ok": False, "error": "bad_request", "message": message}, status_code=400)
