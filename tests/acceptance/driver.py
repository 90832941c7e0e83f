"""The real processes, and the people who use them: everything goes over HTTP and WebSockets, as from a browser."""

import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import websockets.sync.client

Json = dict[str, Any]
Found = TypeVar("Found")

HOME = Path(__file__).parent.parent.parent
PATIENCE = 60.0  # seconds until a test gives up on what should come in a moment; the machine may be busy
BOT_TOKEN = "xoxb-playground-bot"
APP_TOKEN = "xapp-playground-app"
BOT = "U0BOT"
CONNECTED = "Escalator is connected"


def until(condition: Callable[[], Found], what: str, within: float = PATIENCE) -> Found:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        pause.wait(0.02)


PORTS = itertools.count(20_000 + os.getpid() % 100 * 100)  # each worker's own, and none that systems hand out


def free_port() -> int:
    """One that nobody listens on, and that nobody gets who asks the system for any."""
    while True:
        port = next(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def at_once(*acts: Callable[[], Any]) -> None:
    """Let several people act in the same moment."""
    gate = threading.Barrier(len(acts))
    faults: list[BaseException] = []

    def act(do: Callable[[], Any]) -> None:
        try:
            gate.wait()
            do()
        except BaseException as fault:  # noqa: BLE001  it is raised again in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=act, args=(do,)) for do in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault


# --- processes -------------------------------------------------------------------------------------------------------


class Process:
    """One process that this test started, and what it wrote."""

    def __init__(self, command: Sequence[str], *, log: Path, cwd: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        with log.open("wb") as to:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=to, stderr=subprocess.STDOUT, cwd=cwd, env=env
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll()

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def says(self, words: str, within: float = PATIENCE) -> str:
        """Wait until it has written these words; the line with them."""

        def line() -> str | None:
            found = next((line for line in self.said.splitlines() if words in line), None)
            assert found or self.code is None, f"exit code {self.code} before {words!r}:\n{self.said}"
            return found

        return until(line, f"{words!r} in the log", within) or ""

    def ends(self, within: float = PATIENCE) -> int:
        """Wait for its end; the exit code."""
        return self._process.wait(within)

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self, within: float = 10.0) -> int:
        """SIGTERM, as a service manager does; the exit code."""
        self.signal(signal.SIGTERM)
        return self.ends(within)

    def kill(self) -> None:
        """SIGKILL: no last words. Nothing, if it has ended."""
        self._process.kill()
        self._process.wait()


class Playground(Process):
    """A local Slack workspace with its control interface open."""

    def __init__(self, log: Path, *, port: int = 0, module: str = "playground") -> None:
        command = [sys.executable, "-m", module, "--port", str(port), "--control"]
        super().__init__(command, log=log, cwd=HOME)
        self.address = self.says("Playground ready at").rpartition(" ")[2]
        self._people: dict[str, Person] = {}

    def person(self, name: str) -> "Person":
        if name not in self._people:
            self._people[name] = Person(self, f"U0{name.upper()}")
        return self._people[name]

    def call(self, verb: str, path: str, body: Any = None) -> Json:
        """Ask the server; an answer that is no success is a Refused."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"content-type": "application/json"}, method=verb)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                answer: Json = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                answer = json.load(error)
        if not answer["ok"]:
            raise Refused(answer)
        return answer

    def control(self, what: str, **body: Any) -> Json:
        return self.call("POST", f"_playground/{what}", body)

    def fault(self, kind: str, method: str, **more: Any) -> None:
        """From now on, a call of `method` goes wrong; see docs/playground.md. count=None: every call."""
        self.control("faults", kind=kind, method=method, **more)

    def mend(self) -> None:
        self.call("DELETE", "_playground/faults")

    def advance(self, seconds: float) -> None:
        self.control("clock", advance_s=seconds)

    def redeliver(self, ack: Json) -> None:
        """Send the envelope of this ack once more, as Slack now and then does, and wait until it is acked again."""

        def acked() -> int:
            same = [again for again in self.acks() if again["envelope_id"] == ack["envelope_id"]]
            return sum(again["latency_ms"] is not None for again in same)

        until(lambda: acked() == 1, "the first delivery acked")
        self.control("redeliver", envelope_id=ack["envelope_id"])
        until(lambda: acked() == 2, "the second delivery acked")

    def calls(self, method: str = "") -> list[Json]:
        """What the bot asked of the Web API so far."""
        calls = self.call("GET", "_playground/calls")["calls"]
        return [call for call in calls if method in ("", call["method"])]

    def acks(self) -> list[Json]:
        acks: list[Json] = self.call("GET", "_playground/acks")["acks"]
        return acks

    def raw(self, channel: str) -> list[Json]:
        """A channel's messages with what no page shows: their metadata."""
        messages: list[Json] = self.call("GET", f"_playground/messages?channel={channel}")["messages"]
        return messages

    def connected(self) -> bool:
        return bool(self.call("GET", "_page/workspace")["app"]["connected"])

    def close(self) -> None:
        for person in self._people.values():
            person.leaves()
        self.kill()


class Bot(Process):
    """`python app.py`, with these settings and no others."""

    def __init__(self, arguments: Sequence[str], settings: dict[str, str], *, log: Path, cwd: Path) -> None:
        self.settings = settings
        super().__init__([sys.executable, str(HOME / "app.py"), *arguments], log=log, cwd=cwd, env=settings)

    def connects(self, within: float = PATIENCE) -> Self:
        self.says(CONNECTED, within)
        return self

    def health(self) -> Json:
        """What GET /health says; only with HTTP_PORT set."""
        address = f"http://127.0.0.1:{self.settings['HTTP_PORT']}/health"
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as response:
                answer: Json = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                answer = json.load(error)
        return answer

    def has_sent_everything(self, within: float = PATIENCE) -> None:
        until(lambda: self.health()["waiting"] == 0, "everything sent", within)


# --- people ----------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """What a person reads when Slack says no."""

    def __init__(self, answer: Json) -> None:
        super().__init__(answer["message"])
        self.error = str(answer["error"])
        self.errors: dict[str, str] = answer.get("errors", {})


@dataclass(frozen=True)
class Message:
    """A message as a person's page showed it at one moment."""

    body: Json

    @property
    def place(self) -> tuple[str, str]:
        return self.body["channel"], self.body["ts"]

    @property
    def is_reply(self) -> bool:
        return bool(self.body.get("thread_ts")) and self.body["thread_ts"] != self.body["ts"]

    @property
    def thread(self) -> str:
        return str(self.body.get("thread_ts") or self.body["ts"])

    @property
    def elements(self) -> list[tuple[str, Json]]:
        """What can be pressed, each with the id of its block."""
        rows = [block for block in self.body.get("blocks") or () if block["type"] == "actions"]
        return [(block["block_id"], element) for block in rows for element in block["elements"]]

    @property
    def buttons(self) -> list[str]:
        """The labels, those inside the menu too."""
        labels = []
        for _, element in self.elements:
            shown = element.get("options") or [element]
            labels += [each["text"]["text"] for each in shown]
        return labels

    @property
    def shown(self) -> str:
        """All that can be read on it: its blocks, or its text where it has none."""
        return "\n".join(_texts(self.body.get("blocks") or [])) or str(self.body["text"])

    @property
    def notification(self) -> str:
        """What a phone or a screen reader gets of it."""
        return str(self.body["text"])

    @property
    def reactions(self) -> list[str]:
        return [reaction["name"] for reaction in self.body.get("reactions") or ()]

    @property
    def calls_me(self) -> bool:
        """Whether Slack would notify the person whose page this is."""
        return bool(self.body["mentions_me"])

    def says(self, words: Sequence[str]) -> bool:
        return all(word in self.shown for word in words)


def _texts(blocks: list[Json]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        texts = [block.get("text"), *(block.get("fields") or ())]
        if block["type"] == "context":
            texts += block["elements"]
        if block["type"] == "rich_text":
            found += _pieces(block)
        found += [text["text"] for text in texts if text and "text" in text]
    return found


def _pieces(rich: Json) -> list[str]:
    """The texts inside rich text, which Slack shows as they are, `<!here>` and all."""
    inside = [piece for element in rich.get("elements") or () for piece in _pieces(element)]
    return inside or [rich["text"]] * ("text" in rich)


@dataclass(frozen=True)
class Form:
    """A modal as its person sees it."""

    view: Json

    @property
    def title(self) -> str:
        return str(self.view["title"]["text"])

    @property
    def shown(self) -> str:
        return "\n".join(_texts(self.view["blocks"]))

    @property
    def errors(self) -> dict[str, str]:
        return dict(self.view.get("errors") or {})

    @property
    def fields(self) -> list[str]:
        return [block["block_id"] for block in self.view["blocks"] if block["type"] == "input"]

    def element(self, name: str) -> Json:
        return next(block["element"] for block in self.view["blocks"] if block["block_id"] == name)

    def answer(self, name: str, given: str) -> Json:
        """What a person typed or chose, as the page sends it."""
        element = self.element(name)
        if element["type"] == "static_select":
            option = next(option for option in element["options"] if option["value"] == given)
            return {"type": element["type"], "selected_option": option}
        if element["type"] == "users_select":
            return {"type": element["type"], "selected_user": given}
        return {"type": element["type"], "value": given}


class Person:
    """Somebody at the page. What they see comes from the live feed; every `sees` waits until it is there."""

    def __init__(self, slack: Playground, user: str) -> None:
        self.slack = slack
        self.user = user
        self.notices: list[str] = []
        self._socket: Any = None
        self._open = ExitStack()

    # --- the page

    def opens_the_page(self) -> None:
        """Anew, so that what is seen next is what is there now."""
        self.leaves()
        address = self.slack.address.replace("http", "ws", 1)
        connecting = websockets.sync.client.connect(f"{address}_page/ws?user={self.user}", proxy=None, max_queue=None)
        self._socket = self._open.enter_context(connecting)
        self._socket.recv(PATIENCE)  # hello
        state: Json = json.loads(self._socket.recv(PATIENCE))
        self.channels = {channel["id"]: channel for channel in state["channels"]}
        self.messages = {
            (message["channel"], message["ts"]): message for each in state["messages"].values() for message in each
        }
        self.ephemerals = {(message["channel"], message["ts"]): message for message in state["ephemerals"]}
        self.views: list[Json] = state["views"]

    def leaves(self) -> None:
        self._open.close()
        self._socket = None

    def _look(self) -> None:
        if self._socket is None:
            self.opens_the_page()

    def _until(self, condition: Callable[[], Found], what: str, within: float) -> Found:
        self._look()
        deadline = time.monotonic() + within
        while not (found := condition()):
            left = deadline - time.monotonic()
            assert left > 0, f"{self.user} sees no {what}, within {within} s.\n{self._screen()}"
            try:
                self._take(json.loads(self._socket.recv(left)))
            except TimeoutError:
                continue
        return found

    def _take(self, frame: Json) -> None:
        match frame["type"]:
            case "message":
                message = frame["message"]
                self.messages[message["channel"], message["ts"]] = message
            case "deleted":
                self.messages.pop((frame["channel"], frame["ts"]), None)
            case "ephemeral":
                message = frame["message"]
                self.ephemerals[message["channel"], message["ts"]] = message
            case "ephemeral_deleted":
                self.ephemerals.pop((frame["channel"], frame["ts"]), None)
            case "views":
                self.views = frame["views"]
            case "channel":
                self.channels[frame["channel"]["id"]] = frame["channel"]
            case "notice":
                self.notices.append(frame["text"])
            case _:
                pass  # unread counts, who else is here

    def _screen(self) -> str:
        """All of it, for a test that failed."""
        names = {key: channel["name"] for key, channel in self.channels.items()}
        shown = [f"#{names[place[0]]}: {Message(body).shown[:300]!r}" for place, body in self.messages.items()]
        whispered = [f"only here: {body['text']!r}" for body in self.ephemerals.values()]
        return "\n".join([*shown, *whispered, *(f"notice: {text!r}" for text in self.notices)])

    # --- seeing

    def channel(self, name: str) -> str | None:
        """The id; "dm" is the conversation with the bot. None: there is none yet."""
        self._look()
        for key, channel in self.channels.items():
            if (channel.get("user") == BOT) if name == "dm" else (channel["name"] == name):
                return str(key)
        return None

    def read(self, where: str, *, under: Message | None = None) -> list[Message]:
        """A channel's messages, oldest first, or those of the thread under one."""
        channel = self.channel(where)
        found = [Message(body) for place, body in sorted(self.messages.items()) if place[0] == channel]
        if under:
            return [message for message in found if message.is_reply and message.thread == under.thread]
        return [message for message in found if not message.is_reply]

    def sees(self, *words: str, where: str, under: Message | None = None, within: float = PATIENCE) -> Message:
        """The newest message with all of these words."""

        def newest() -> Message | None:
            found = [message for message in self.read(where, under=under) if message.says(words)]
            return found[-1] if found else None

        return self._until(newest, f"{words} in {where}", within) or Message({})

    def sees_it_become(self, message: Message, *words: str, within: float = PATIENCE) -> Message:
        """The same message, once it has all of these words."""

        def changed() -> Message | None:
            now = self.messages.get(message.place)
            return Message(now) if now and Message(now).says(words) else None

        return self._until(changed, f"{words} on {message.shown!r}", within) or message

    def sees_it_go(self, message: Message) -> None:
        self._until(lambda: message.place not in self.messages, f"end of {message.shown!r}", PATIENCE)

    def sees_reaction(self, name: str, on: Message) -> None:
        self._until(lambda: name in Message(self.messages[on.place]).reactions, f":{name}: on {on.shown!r}", PATIENCE)

    def is_told(self, *words: str) -> str:
        """Something that only this person sees."""

        def newest() -> str | None:
            texts = [Message(body).shown for _, body in sorted(self.ephemerals.items())]
            return next((text for text in reversed(texts) if all(word in text for word in words)), None)

        return self._until(newest, f"{words} whispered", PATIENCE) or ""

    def sees_form(self, title: str) -> Form:
        def top() -> Form | None:
            form = Form(self.views[-1]) if self.views else None
            return form if form and title in form.title else None

        return self._until(top, f"form {title!r}", PATIENCE) or Form({})

    @property
    def form(self) -> Form:
        return self._until(lambda: Form(self.views[-1]) if self.views else None, "form", PATIENCE) or Form({})

    def sees_no_form(self) -> None:
        self._until(lambda: not self.views, "closed form", PATIENCE)

    # --- doing

    def does(self, action: str, **body: Any) -> Json:
        """What they see next is not older than this: the feed and the answer come on ways of their own."""
        try:
            return self.slack.call("POST", f"_page/{action}", {"user": self.user, **body})
        finally:
            self.leaves()

    def types(self, line: str, where: str = "it-help") -> None:
        """A slash command, or a message."""
        command, _, text = line.partition(" ")
        if command.startswith("/"):
            self.does("command", channel=self.channel(where), command=command, text=text)
        else:
            self.does("message", channel=self.channel(where), text=line)

    def chooses(self, name: str, value: str) -> None:
        """Change a select in the form that is open, which the app hears of at once."""
        form = self.form
        container = {"type": "view", "view_id": form.view["id"]}
        action_id = form.element(name)["action_id"]
        self.does("action", container=container, block_id=name, action_id=action_id, **form.answer(name, value))

    def fills(self, **answers: str) -> None:
        """Fill in the form that is open, and send it."""
        form = self.form
        values = {name: {form.element(name)["action_id"]: form.answer(name, given)} for name, given in answers.items()}
        self.does("submit", view_id=form.view["id"], values=values)

    def reports(self, title: str, *, impact: str = "medium", urgency: str = "medium", details: str = "") -> str:
        """Through the form; the issue's name, from the receipt. The default is a P3."""
        self.submits_report(title, impact=impact, urgency=urgency, details=details)
        return str(re.findall(r"ISS-\d+", self.sees(title, where="dm").shown)[0])

    def submits_report(self, title: str, *, impact: str = "medium", urgency: str = "medium", details: str = "") -> None:
        self.types("/issue")
        self.fills(title=title, impact=impact, urgency=urgency, **({"details": details} if details else {}))

    def card(self, issue: str, where: str, *words: str, within: float = PATIENCE) -> Message:
        """The issue's newest card in a tier's channel, once it has these words."""
        return self.sees(f"{issue} ", "Status", *words, where=where, within=within)

    def receipt(self, issue: str, *words: str, within: float = PATIENCE) -> Message:
        return self.sees(f"{issue} ", *words, where="dm", within=within)

    def presses(self, label: str, on: Message) -> None:
        """A button, or an entry of its menu, as it was on the message when it was last looked at."""
        channel, ts = on.place
        container = {"type": "ephemeral" if on.body.get("ephemeral") else "message", "channel": channel, "ts": ts}
        for block_id, element in on.elements:
            chosen: Json = {}
            if element["type"] == "overflow":
                option = next((each for each in element["options"] if each["text"]["text"] == label), None)
                chosen = {"selected_option": option}
                label_here = option is not None
            else:
                label_here = element["text"]["text"] == label
            if label_here:
                where = {"container": container, "block_id": block_id, "action_id": element["action_id"]}
                self.does("action", **where, **chosen)
                return
        raise AssertionError(f"there is no {label!r}, only {on.buttons}")

    def replies(self, under: Message, text: str) -> Message:
        """In the thread under a card or receipt; the reply as it now stands there."""
        channel, _ = under.place
        ts = self.does("message", channel=channel, text=text, thread_ts=under.thread)["ts"]
        return self._until(lambda: self._message(channel, ts), "own reply", PATIENCE) or under

    def _message(self, channel: str, ts: str) -> Message | None:
        body = self.messages.get((channel, ts))
        return Message(body) if body else None

    def presses_in_form(self, act: str) -> None:
        """A button inside the form that is open, by the word its action ends with."""
        view = self.form.view
        block = next(block for block in view["blocks"] if block.get("accessory", {}).get("action_id", "").endswith(act))
        action_id = block["accessory"]["action_id"]
        container = {"type": "view", "view_id": view["id"]}
        self.does("action", container=container, block_id=block["block_id"], action_id=action_id)

    def edits(self, message: Message, text: str) -> None:
        channel, ts = message.place
        self.does("edit", channel=channel, ts=ts, text=text)

    def deletes(self, message: Message) -> None:
        channel, ts = message.place
        self.does("delete", channel=channel, ts=ts)
