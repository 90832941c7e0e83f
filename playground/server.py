"""Compose the workspace and serve it: Web API, Socket Mode, response_url, files, the page, the control interface."""

import asyncio
import contextlib
import socket
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from playground import people
from playground.clock import Clock
from playground.control import CALLS_KEPT, Control, Fault, Faults, refuse
from playground.events import Events
from playground.feed import Feed
from playground.interaction import Interactions
from playground.limits import Limits
from playground.manifest import Manifest
from playground.page import Page
from playground.refusal import RateLimited, Refused
from playground.socket_mode import SocketMode
from playground.strict_json import parse_json
from playground.webapi import WebApi
from playground.workspace import Json, Workspace

STATIC = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STOP_SECONDS = 1
LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


Work = Callable[[], Json]


@dataclass(frozen=True)
class Call:
    """A call as the log names it, what it does, and what its answer (body, status, headers) looks like."""

    method: str
    args: Json
    channel: str
    work: Work
    shown: Callable[[Json, int, dict[str, str]], Response]


class Playground:
    """One workspace with everything that reaches it. `base_url` is the address people and the app use.

    `local_only`: it is reached by this machine alone, so it answers to this machine's names alone (see Gate).
    """

    def __init__(self, manifest: Manifest, base_url: str, *, control: bool = False, local_only: bool = True) -> None:
        self.clock = Clock()
        feed = Feed()
        self.manifest = manifest
        self.workspace = Workspace(self.clock, feed, manifest.bot_name, base_url)
        self.socket_mode = SocketMode(self.clock)
        self.socket_mode.on_change = self._tell_connected
        self.limits = Limits(self.clock)
        self.api = WebApi(self.workspace, self.socket_mode, manifest, self.limits)
        self.workspace.emit = Events(self.clock, manifest, self.socket_mode).emit
        self.page = Page(self.workspace, Interactions(self.api))
        self.faults = Faults()
        self.calls: deque[Json] = deque(maxlen=CALLS_KEPT)
        self.control = control
        self.local_only = local_only

    def app(self) -> ASGIApp:
        routes: list[BaseRoute] = [
            Route("/api/{method:path}", self.web_api, methods=["GET", "POST"]),
            WebSocketRoute("/link/", self.socket_mode.serve),
            Route("/hooks/{path:path}", self.respond, methods=["POST"]),
            Route("/upload/v1/{file_id}", self.upload, methods=["POST"]),
            Route("/files/{address:path}", self.download, methods=["GET"]),
            Route("/archives/{channel}/{message}", self.permalink, methods=["GET"]),
            Route("/", self.start_page, methods=["GET"]),
            *self.page.routes(),
        ]
        if self.control:
            routes += Control(self.api, self.faults, self.calls).routes()
        gate = Middleware(Gate, local_only=self.local_only)
        app = Starlette(routes=routes, middleware=[gate], exception_handlers={Refused: refuse})
        app.mount("/static", StaticFiles(directory=STATIC, check_dir=False))
        return app

    # --- the Web API

    async def web_api(self, request: Request) -> Response:
        """One call of a method: faults, then token, limits and scopes, then the method itself."""
        method = request.path_params["method"]
        try:
            values = await _arguments(request)
        except Refused as refusal:
            return await self._meet(request, Call(method, {}, "", _refusing(refusal), self._as_json))
        token = _token(request, values)
        if method == "apps.connections.open":
            token = _token(request, {})  # an app-level token comes in the header, and nowhere else
        channel = str(values.get("channel") or values.get("channel_id") or "")
        call = Call(method, values, channel, lambda: self.api.call(method, token, values), self._as_json)
        return await self._meet(request, call)

    async def _meet(self, request: Request, call: Call) -> Response:
        """Meet the fault that waits for this call, do its work, write one line in the log, and answer."""
        fault = self.faults.take(call.method, call.channel)
        line: Json = {"method": call.method, "args": call.args, "at": self.clock.now(), "error": None}
        self.calls.append(line)
        if fault is not None:
            line["fault"] = fault.kind
            if fault.kind == "dropped":
                return await _drop(request)
            if fault.kind == "cut_socket":
                await self.socket_mode.cut()
        answer, status, headers = _answer(call.work, fault)
        line["error"] = answer.get("error")
        if fault is not None and fault.kind == "slow":
            await self.clock.sleep_until(self.clock.now() + fault.ms / 1000)
        line["ms"] = round((self.clock.now() - line["at"]) * 1000, 1)
        if fault is not None and fault.kind == "lost":
            return await _drop(request)
        return call.shown(answer, status, headers)

    def _as_json(self, answer: Json, status: int, headers: dict[str, str]) -> Response:
        headers = headers | {"x-oauth-scopes": ",".join(sorted(self.manifest.scopes))}
        return JSONResponse(answer, status_code=status, headers=headers)

    # --- response_url and files, whose answers are words

    async def respond(self, request: Request) -> Response:
        path = request.path_params["path"]
        target = self.api.tickets.look(path)
        channel = target.channel.id if target else ""
        try:
            body = parse_json(await request.body())
        except ValueError:
            body = None
        if isinstance(body, dict):
            call = Call("response_url", body, channel, lambda: self.api.respond(path, body), _as_words)
        else:
            call = Call("response_url", {}, channel, _refusing(Refused("invalid_payload")), _as_words)
        return await self._meet(request, call)

    async def upload(self, request: Request) -> Response:
        file_id, content = request.path_params["file_id"], await request.body()
        args = {"file": file_id, "length": len(content)}
        call = Call("upload", args, "", lambda: self.api.receive_upload(file_id, content), _as_words)
        return await self._meet(request, call)

    async def download(self, request: Request) -> Response:
        """A file's bytes, for the page and for an app with files:read; Slack's sign-in page for anybody else."""
        file_id = request.path_params["address"].partition("/")[0].rpartition("-")[2]
        file = self.workspace.files.get(file_id)
        if file is None:
            return PlainTextResponse("not found", status_code=404)
        app_may = _token(request, {}) == people.BOT_TOKEN and "files:read" in self.manifest.scopes
        if not app_may and request.headers.get("sec-fetch-site") not in ("same-origin", "none"):
            return HTMLResponse("<!doctype html><title>Sign in</title><p>Sign in to Northwind to see this file.</p>")
        disposition = f"attachment; filename*=utf-8''{urllib.parse.quote(file.name)}"
        shown = "inline" if file.mimetype.startswith("image/") and file.mimetype != "image/svg+xml" else disposition
        return Response(file.content, media_type=file.mimetype, headers={"content-disposition": shown})

    # --- the page

    async def start_page(self, _request: Request) -> Response:
        index = STATIC / "index.html"
        if not index.exists():
            return PlainTextResponse("The playground runs; its page is not installed.", status_code=404)
        return FileResponse(index)

    async def permalink(self, request: Request) -> Response:
        """A message's link opens the page at that message: /#/CHANNEL/TS, with /THREAD_TS when it is a reply."""
        digits = request.path_params["message"].removeprefix("p")
        place = f"/#/{request.path_params['channel']}/{digits[:-6]}.{digits[-6:]}"
        thread = request.query_params.get("thread_ts")
        return RedirectResponse(f"{place}/{thread}" if thread else place)

    def _tell_connected(self) -> None:
        connected, name = self.socket_mode.connected, self.manifest.bot_name
        self.workspace.feed.tell_all({"type": "app", "connected": connected, "name": name})


class Gate:
    """Keeps other sites' pages out, whom a browser on this machine would carry in, and tells the browser the rules."""

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self.app = app
        self.local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                    (b"cache-control", b"no-store"),
                ]
            await send(message)

        if self.admits(HTTPConnection(scope)):
            await self.app(scope, receive, send_with_headers)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008)(scope, receive, send)
        else:
            await PlainTextResponse("Not from here.", status_code=403)(scope, receive, send)

    def admits(self, connection: HTTPConnection) -> bool:
        """Browsers name the page a request comes from; programs name none. The Host tells a name made to lead here."""
        host = connection.headers.get("host", "")
        if self.local_only and urllib.parse.urlsplit(f"//{host}").hostname not in LOCAL_NAMES:
            return False
        origin = connection.headers.get("origin")
        return origin is None or origin.partition("://")[2] == host


async def _arguments(request: Request) -> Json:
    """The arguments of a call: query, form and JSON body together."""
    values: Json = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0]
    if not body:
        return values
    if kind == "application/json":
        try:
            given = parse_json(body)
        except ValueError as error:
            raise Refused("invalid_json") from error
        if not isinstance(given, dict):
            raise Refused("json_not_object")
        return values | given
    with contextlib.suppress(UnicodeDecodeError):
        values |= dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    return values


def _token(request: Request, values: Json) -> str:
    """The caller's token, taken out of the arguments so that it is never kept."""
    given = str(values.pop("token", ""))
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else given


def _refusing(refusal: Refused) -> Work:
    def refuse_it() -> Json:
        raise refusal

    return refuse_it


def _answer(work: Work, fault: Fault | None) -> tuple[Json, int, dict[str, str]]:
    """(body, status, headers) of a call: the fault's, if it is one that answers, or what the work comes to."""
    match fault:
        case Fault(kind="rate_limited"):
            return _rate_limited(fault.retry_after)
        case Fault(kind="server_error"):
            return {"ok": False, "error": "internal_error"}, fault.status, {}
        case Fault(kind="error"):
            return {"ok": False, "error": fault.error}, 200, {}
        case _:
            pass
    try:
        return {"ok": True, **work()}, 200, {}
    except RateLimited as limited:
        return _rate_limited(limited.seconds)
    except Refused as refusal:
        return {"ok": False, "error": refusal.error, **refusal.extra}, 200, {}


def _as_words(answer: Json, status: int, headers: dict[str, str]) -> Response:
    """An answer of one word, whose status says whether it is a good one."""
    word = answer.get("error")
    if word and status == 200:  # noqa: PLR2004  a refusal, which has a status of its own here
        status = 404 if word in ("no_such_url", "used_url", "expired_url") else 400
    return PlainTextResponse(word or answer["said"], status_code=status, headers=headers)


def _rate_limited(seconds: int) -> tuple[Json, int, dict[str, str]]:
    return {"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)}


async def _drop(request: Request) -> Response:
    """End the connection without an answer."""
    request.scope["playground.transport"].close()
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return Response()


# --- serving


class _Http(H11Protocol):
    """Lets a route reach its connection, so that a fault can drop it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = _with_transport(self.app, transport)


class _WebSocket(WebSocketsSansIOProtocol):
    """The same for the connections of Socket Mode."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app = _with_transport(self.app, transport)


def _with_transport(app: Any, transport: asyncio.Transport) -> Any:
    async def reaching(scope: Any, receive: Any, send: Any) -> None:
        scope["playground.transport"] = transport
        await app(scope, receive, send)

    return reaching


class Server(uvicorn.Server):
    """Says goodbye to the app before it stops; leaves signals to its caller."""

    def __init__(self, playground: Playground) -> None:
        super().__init__(
            uvicorn.Config(
                playground.app(),
                http=_Http,
                ws=_WebSocket,
                lifespan="off",
                log_level="warning",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self.playground = playground

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.playground.socket_mode.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 means any free one. OSError when it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003  the socket module's own signature
    return listener


def address(listener: socket.socket) -> str:
    """The address to open; one that listens everywhere is reached on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
