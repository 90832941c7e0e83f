"""What the playground's tests need: a server in a thread, people who act in it, and a small Bolt app of our own."""

import asyncio
import contextlib
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import websockets.sync.client
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed

from playground import manifest as manifests
from playground.server import Playground, Server, address, listen

Json = dict[str, Any]

BOT_TOKEN = "xoxb-playground-bot"
APP_TOKEN = "xapp-playground-app"
MANIFEST = manifests.read(Path(__file__).parent / "manifest.yaml")
CLOSED_WITHIN = 10.0  # seconds; it takes three
PATIENCE = 60.0  # seconds until a test gives up on what should happen at once; the machine may be busy


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(action_id: str = "go", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), **more}


def section(text: str = "Hello", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def text_input(block_id: str = "title", action_id: str = "typed", **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": action_id, **more}
    return {"type": "input", "block_id": block_id, "label": plain("Title"), "element": element}


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "callback_id": "form", "title": plain("A form"), "blocks": list(blocks) or [section()]}
    if any(block["type"] == "input" for block in blocks):
        view["submit"] = plain("Send")
    return view | more


class Local:
    """A server in a thread of this process, and what a test may ask of it over HTTP."""

    def __init__(self, manifest: manifests.Manifest) -> None:
        listener = listen("127.0.0.1", 0)
        self.base = address(listener)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(manifest, listener)), daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    async def _serve(self, manifest: manifests.Manifest, listener: Any) -> None:
        self.server = Server(Playground(manifest, self.base, control=True))
        self._ready.set()
        await self.server.serve(sockets=[listener])

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    # --- the app's side

    def client(self, token: str | None = BOT_TOKEN) -> WebClient:
        return WebClient(token=token, base_url=f"{self.base}/api/", retry_handlers=[])

    def refused(self, method: str, token: str | None = BOT_TOKEN, /, **arguments: Any) -> Any:
        """Call a method as slack_sdk does and expect a refusal: its answer."""
        try:
            getattr(self.client(token), method)(**arguments)
        except SlackApiError as error:
            return error.response
        raise AssertionError(f"{method} was not refused")

    # --- people and control

    def call(self, verb: str, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", **headers}
        request = urllib.request.Request(self.base + path, data, headers, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def control(self, what: str, **body: Any) -> Json:
        status, answer = self.call("POST", f"/_playground/{what}", body)
        assert status == 200, answer
        return answer

    def look(self, what: str) -> Json:
        status, answer = self.call("GET", f"/_playground/{what}")
        assert status == 200, answer
        return answer

    def fault(self, kind: str, **more: Any) -> None:
        self.control("faults", kind=kind, **more)

    def advance(self, seconds: float) -> None:
        self.control("clock", advance_s=seconds)

    def messages(self, channel: str) -> list[Json]:
        found: list[Json] = self.look(f"messages?channel={channel}")["messages"]
        return found

    def until(self, happened: Callable[[], bool]) -> None:
        """Ask until it happened."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, "it did not happen"

    def person(self, user: str) -> "Person":
        return Person(self, user)

    @contextlib.contextmanager
    def limited(self) -> Iterator[None]:
        """Slack's rate limits, for once."""
        self.control("limits", enabled=True)
        try:
            yield
        finally:
            self.control("limits", enabled=False)


class Person:
    """Somebody at the page."""

    def __init__(self, local: Local, user: str) -> None:
        self.local = local
        self.user = user

    def tries(self, action: str, **body: Any) -> tuple[int, Json]:
        return self.local.call("POST", f"/_page/{action}", {"user": self.user, **body})

    def does(self, action: str, **body: Any) -> Json:
        status, answer = self.tries(action, **body)
        assert (status, answer["ok"]) == (200, True), answer
        return answer

    def is_refused(self, action: str, **body: Any) -> Json:
        status, answer = self.tries(action, **body)
        assert (status, answer["ok"]) == (400, False), answer
        return answer

    def says(self, channel: str, text: str, **more: Any) -> str:
        ts: str = self.does("message", channel=channel, text=text, **more)["ts"]
        return ts

    def presses(self, message: Json, action_id: str, **chosen: Any) -> Json:
        """A click on a message as `Local.messages` or a feed gives it."""
        block_id = next(
            block["block_id"]
            for block in message["blocks"]
            for element in [*block.get("elements", []), block.get("accessory", {}), block.get("element", {})]
            if element.get("action_id") == action_id
        )
        kind = "ephemeral" if message.get("ephemeral") else "message"
        container = {"type": kind, "channel": message["channel"], "ts": message["ts"]}
        return self.does("action", container=container, block_id=block_id, action_id=action_id, **chosen)

    def state(self) -> Json:
        with Feed(self) as feed:
            state: Json = feed.state
        return state

    def views(self) -> list[Json]:
        found: list[Json] = self.state()["views"]
        return found

    def whispers(self) -> list[Json]:
        found: list[Json] = self.state()["ephemerals"]
        return found

    def opens_form(self, bot: "Bot", view: Json) -> Json:
        """Have the app open `view` for this person; the view as the page gets it."""
        with bot.answering(
            command=lambda client, body, **_: client.views_open(trigger_id=body["trigger_id"], view=view)
        ):
            self.does("command", channel="C0ITHELP", command="/try", text="")
        return self.views()[-1]


class Feed:
    """One open page."""

    def __init__(self, person: Person) -> None:
        address = person.local.base.replace("http", "ws", 1)
        self._connecting = websockets.sync.client.connect(f"{address}/_page/ws?user={person.user}", proxy=None)

    def __enter__(self) -> Self:
        self._socket = self._connecting.__enter__()
        self.hello = json.loads(self._socket.recv(PATIENCE))
        self.state = json.loads(self._socket.recv(PATIENCE))
        return self

    def __exit__(self, *error: object) -> None:
        self._connecting.__exit__(*error)  # type: ignore[arg-type]

    def next(self, kind: str, **like: Any) -> Json:
        """The next frame of this type with these values; others are passed over."""
        while True:
            frame: Json = json.loads(self._socket.recv(PATIENCE))
            if frame["type"] == kind and all(frame.get(key) == value for key, value in like.items()):
                return frame


class Socket:
    """A bare Socket Mode connection, opened with the address slack_sdk is given."""

    def __init__(self, local: Local) -> None:
        url = local.client(None).apps_connections_open(app_token=APP_TOKEN)["url"]
        self._connecting = websockets.sync.client.connect(url, proxy=None)
        self.frames = self._connecting.__enter__()
        self.hello = self.get()

    def get(self) -> Json:
        frame: Json = json.loads(self.frames.recv(PATIENCE))
        return frame

    def ack(self, envelope: Json, payload: Any = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]}
        self.frames.send(json.dumps(answer | ({"payload": payload} if payload else {})))

    def close(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            self.frames.close()


class Bot:
    """A Bolt app that acks everything, remembers what it got, and answers as a test says."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.seen: list[tuple[str, Json]] = []
        self.headers: list[Any] = []
        self._answers: dict[str, Callable[..., Any]] = {}
        self.news = threading.Condition()
        app = App(client=local.client(), process_before_response=True)
        everything = re.compile(".*")
        app.command(everything)(self._listener("command"))
        app.action(everything)(self._listener("action"))
        app.view_submission(everything)(self._listener("submission"))
        app.view_closed(everything)(self._listener("closed"))
        app.shortcut(everything)(self._listener("shortcut"))
        app.options(everything)(self._listener("options"))
        app.event(everything)(self._listener("event"))
        self._handler: Any = SocketModeHandler(app, APP_TOKEN, concurrency=50)
        self._handler.connect()  # type: ignore[no-untyped-call]  # Bolt's handler has no types
        self.local_connected()

    def local_connected(self) -> None:
        with Feed(self.local.person("U0FAY")) as feed:
            _, overview = self.local.call("GET", "/_page/workspace")
            if not overview["app"]["connected"]:
                feed.next("app", connected=True)

    def _listener(self, kind: str) -> Callable[..., None]:
        def listen(ack: Any, body: Json, client: WebClient, respond: Any, req: Any) -> None:
            answer = self._answers.get(kind)
            try:
                if answer is not None:
                    result = answer(ack=ack, body=body, client=client, respond=respond)
                    if result is NO_ACK:
                        return
                if ack.response is None:
                    ack(options=[]) if kind == "options" else ack()
            finally:
                with self.news:
                    self.seen.append((kind, body))
                    self.headers.append(req.headers)
                    self.news.notify_all()

        return listen

    @contextlib.contextmanager
    def answering(self, **answers: Callable[..., Any]) -> Iterator[None]:
        """For each kind what to do with it; ack() without content follows unless it was called."""
        self._answers = answers
        try:
            yield
        finally:
            self._answers = {}

    def forget(self) -> None:
        with self.news:
            self.seen.clear()
            self.headers.clear()

    def hears(self, kind: str, **like: Any) -> Json:
        """The first payload of this kind whose body, or whose event, has these values; waits for it."""
        found: Json = {}

        def there() -> bool:
            for seen_kind, body in list(self.seen):
                content = body.get("event", body)
                if seen_kind == kind and all(content.get(key) == value for key, value in like.items()):
                    found.update(body)
                    return True
            return False

        with self.news:
            assert self.news.wait_for(there, PATIENCE), f"no {kind} {like} among {self.seen}"
        return found

    def heard(self, kind: str) -> list[Json]:
        with self.news:
            return [body for seen_kind, body in self.seen if seen_kind == kind]

    def close(self) -> None:
        """slack_sdk's close waits for its reader, and on a busy machine that may be for ever; nobody waits with it."""
        closing = threading.Thread(target=self._close, daemon=True)
        closing.start()
        closing.join(CLOSED_WITHIN)

    def _close(self) -> None:
        with contextlib.suppress(AttributeError):  # Bolt's own race when it is closed while it reconnects
            self._handler.close()


NO_ACK = object()
