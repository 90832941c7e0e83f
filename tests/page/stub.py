"""A server that keeps the page's contract: canned people, scripted answers, and a note of all that the page asks."""

import asyncio
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from playground.server import CONTENT_SECURITY_POLICY, STATIC

Json = dict[str, Any]
Answer = Callable[[Json], Json | None]

HERE = Path(__file__).parent
MAYA, ANA, CHEN, BOT = "U0MAYA", "U0ANA", "U0CHEN", "U0BOT"
BEGUN = 1_763_900_000  # 2025-11-23 12:13:20 UTC


USERS = [
    {"id": MAYA, "name": "maya", "real_name": "Maya Lindqvist", "title": "Accounting", "tz": "Europe/Berlin",
     "tz_offset": 3600, "is_bot": False, "deleted": False, "color": "#b5446e"},
    {"id": ANA, "name": "ana", "real_name": "Ana Souza", "title": "Support L1", "tz": "Europe/Lisbon",
     "tz_offset": 0, "is_bot": False, "deleted": False, "color": "#c05621"},
    {"id": CHEN, "name": "chen", "real_name": "Chen Wei", "title": "Support L2", "tz": "Asia/Singapore",
     "tz_offset": 28800, "is_bot": False, "deleted": False, "color": "#00707a"},
    {"id": BOT, "name": "escalator", "real_name": "Escalator", "title": "App", "tz": "UTC",
     "tz_offset": 0, "is_bot": True, "deleted": False, "color": "#1d3557"},
]  # fmt: skip


def channel(channel_id: str, name: str, members: list[str], **rest: Any) -> Json:
    return {
        "id": channel_id, "name": name, "is_private": False, "is_archived": False, "is_im": False,
        "members": members, "topic": "", **rest,
    }  # fmt: skip


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text, "emoji": True}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


def card(blocks: list[Json], ts: float, channel_id: str = "C0L1", text: str = "A card", **rest: Any) -> Json:
    """A message of the app."""
    message = {
        "channel": channel_id, "ts": f"{ts:.6f}", "user": BOT, "bot_id": "B0BOT", "app_id": "A0PLAY", "text": text,
    }  # fmt: skip
    return message | ({"blocks": blocks} if blocks else {}) | rest


def said(who: str, text: str, ts: float, channel_id: str = "C0L1", **rest: Any) -> Json:
    return {"channel": channel_id, "ts": f"{ts:.6f}", "user": who, "text": text, **rest}


def modal(blocks: list[Json], **rest: Any) -> Json:
    return {
        "id": "V1", "type": "modal", "callback_id": "form", "title": plain("Report an issue"),
        "submit": plain("Report"), "close": plain("Cancel"), "blocks": blocks, "private_metadata": "", "hash": "1",
        "notify_on_close": False, "state": {"values": {}}, **rest,
    }  # fmt: skip


class Stub:
    """`calls` are the (path, body) pairs received; `answers[path]` answers one, None meaning `{"ok": true}`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.reset()

    def reset(self) -> None:
        everybody = [MAYA, ANA, CHEN]
        self.connected = True
        self.app_seen = False
        self.home_tab = True
        self.ahead_s = 0  # of this machine's clock
        self.may_answer = threading.Event()  # cleared, it holds back who and what is here
        self.may_answer.set()
        self.calls: list[tuple[str, Json]] = []
        self.answers: dict[str, Answer] = {}
        self.queues: defaultdict[str, list[asyncio.Queue[Json | None]]] = defaultdict(list)
        self.channels = {
            one["id"]: one
            for one in [
                channel("C0GENERAL", "general", [*everybody]),
                channel("C0ITHELP", "it-help", [*everybody, BOT], topic="Something broken? Type /issue"),
                channel("C0L1", "support-l1", [ANA, BOT], topic="First line"),
                channel("C0L2", "support-l2", [CHEN, BOT]),
                channel("C0MGMT", "it-managers", [ANA, BOT], is_private=True),
                channel("D0MAYA", "", [MAYA, BOT], is_im=True),
                channel("D0TALK", "", [MAYA, ANA], is_im=True),
            ]
        }
        self.messages: defaultdict[str, list[Json]] = defaultdict(list)
        self.ephemerals: list[Json] = []
        self.views: dict[str, list[Json]] = {}
        self.homes: dict[str, Json] = {}
        self.unread: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.commands = [
            {"command": "/issue", "description": "Report an issue to IT", "usage_hint": "[what is wrong]"},
            {"command": "/isotope", "description": "Something else", "usage_hint": ""},
        ]

    # --- what a test does

    def put(self, *messages: Json) -> None:
        """Lays messages there before the page opens, or shows them to everybody who looks."""
        for message in messages:
            place = self.messages[message["channel"]]
            place[:] = sorted([one for one in place if one["ts"] != message["ts"]] + [message], key=lambda m: m["ts"])
            self.tell_all({"type": "message", "message": message})

    def show(self, user_id: str, *views: Json) -> None:
        self.views[user_id] = list(views)
        self.tell(user_id, {"type": "views", "views": list(views)})

    def tell(self, user_id: str, frame: Json) -> None:
        for queue in list(self.queues[user_id]):
            self.loop.call_soon_threadsafe(queue.put_nowait, frame)

    def tell_all(self, frame: Json) -> None:
        for user_id in list(self.queues):
            self.tell(user_id, frame)

    def cut(self) -> None:
        """Closes every page's feed."""
        for queues in self.queues.values():
            for queue in list(queues):
                self.loop.call_soon_threadsafe(queue.put_nowait, None)

    def asked(self, path: str) -> list[Json]:
        return [body for name, body in self.calls if name == path]

    # --- the server

    def visible(self, user_id: str) -> list[Json]:
        return [self.seen(one, user_id) for one in self.channels.values() if self.may_see(one, user_id)]

    def may_see(self, one: Json, user_id: str) -> bool:
        return user_id in one["members"] or not (one["is_im"] or one["is_private"])

    def seen(self, one: Json, user_id: str) -> Json:
        return one | ({"user": next(m for m in one["members"] if m != user_id)} if one["is_im"] else {})

    async def overview(self, request: Request) -> Response:
        user_id = request.query_params.get("user", "")
        found = {
            "ok": True,
            "team": {"id": "T0PLAY", "name": "Northwind", "domain": "northwind"},
            "app": {"id": "A0PLAY", "name": "Escalator", "bot_user_id": BOT, "connected": self.connected,
                    "seen": self.app_seen, "home_tab": self.home_tab},
            "users": USERS,
            "channels": self.visible(user_id),
            "usergroups": [{"id": "S0ONCALL", "handle": "it-oncall", "name": "IT on call", "users": [CHEN]}],
            "commands": self.commands,
            "shortcuts": [
                {"name": "Report an issue", "type": "global", "callback_id": "report", "description": "Opens the form"},
                {"name": "Make an issue", "type": "message", "callback_id": "from_message", "description": "Of this"},
            ],
        }  # fmt: skip
        await asyncio.to_thread(self.may_answer.wait, 60)
        return JSONResponse(found)

    async def live(self, websocket: WebSocket) -> None:
        user_id = websocket.query_params["user"]
        await websocket.accept()
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        queues = self.queues[user_id]
        queues.append(queue)
        visible = self.visible(user_id)
        await websocket.send_json({"type": "hello", "user": user_id, "now": time.time() + self.ahead_s})
        await websocket.send_json({
            "type": "state",
            "channels": visible,
            "messages": {one["id"]: self.messages[one["id"]] for one in visible},
            "ephemerals": self.ephemerals,
            "views": self.views.get(user_id, []),
            "home": self.homes.get(user_id),
            "unread": self.unread[user_id],
        })  # fmt: skip
        forward = asyncio.create_task(self.forward(queue, websocket))
        try:
            while True:
                await websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            queues.remove(queue)
            forward.cancel()

    async def forward(self, queue: asyncio.Queue[Json | None], websocket: WebSocket) -> None:
        while (frame := await queue.get()) is not None:
            await websocket.send_json(frame)
        await websocket.close()

    async def act(self, request: Request) -> Response:
        path, body = request.path_params["path"], await request.json()
        self.calls.append((path, body))
        answer = self.answers.get(path, self.usual)
        found = await asyncio.to_thread(answer, body | {"path": path})
        found = {"ok": True} if found is None else found
        return JSONResponse(found, status_code=200 if found.get("ok", True) else 400)

    def usual(self, body: Json) -> Json | None:
        if body["path"] == "message":
            message = said(body["user"], body["text"], time.time(), body["channel"])
            if "thread_ts" in body:
                message["thread_ts"] = body["thread_ts"]
            self.put(message)
            return {"ok": True, "channel": body["channel"], "ts": message["ts"]}
        if body["path"] == "read":
            self.unread[body["user"]][body["channel"]] = 0
            self.tell(body["user"], {"type": "unread", "channel": body["channel"], "count": 0})
        return None

    def app(self) -> Starlette:
        headers = {"content-security-policy": CONTENT_SECURITY_POLICY}
        return Starlette(routes=[
            Route("/", lambda _: FileResponse(STATIC / "index.html", headers=headers)),
            Route("/_page/workspace", self.overview),
            WebSocketRoute("/_page/ws", self.live),
            Route("/_page/{path}", self.act, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ])  # fmt: skip


class Running:
    """A stub served on a free port of this machine by a thread of its own."""

    def __init__(self) -> None:
        self.stub = Stub()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(self.stub.app(), log_level="error", ws="websockets-sansio", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        asyncio.set_event_loop(self.stub.loop)
        self.stub.loop.run_until_complete(self.serve_and_tidy())
        self.stub.loop.close()

    async def serve_and_tidy(self) -> None:
        await self.server.serve(sockets=[self.socket])
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def stop(self) -> None:
        self.server.should_exit = True
        self.server.force_exit = True
        self.thread.join()
        self.socket.close()


def every_block() -> list[Json]:
    """One of each block and element that the page draws."""
    blocks: list[Json] = json.loads((HERE / "every_block.json").read_text("utf-8"))
    return blocks


def form(**rest: Any) -> Json:
    """A modal with the inputs a form may have."""
    view: Json = json.loads((HERE / "form.json").read_text("utf-8"))
    return view | rest
