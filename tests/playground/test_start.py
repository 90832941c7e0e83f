"""Starting: tokens, the handshake, the command line."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError
from starlette.routing import Route

from playground.control import Control, Faults
from playground.server import Playground
from tests.playground.workspace import APP_TOKEN, MANIFEST, PATIENCE, Bot, Local, Person

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def test_a_bolt_app_starts_against_it_and_hears_a_command(bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/try", text="now")

    assert bot.hears("command")["text"] == "now"


def test_auth_test_says_who_the_app_is_and_what_it_may_do(local: Local) -> None:
    answer = local.client().auth_test()

    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0BOT", "B0BOT", "T0PLAY")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"),
    [(None, "not_authed"), ("xoxb-stolen", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
def test_a_missing_wrong_or_foreign_token_is_refused(local: Local, token: str | None, error: str) -> None:
    assert local.refused("chat_postMessage", token, channel="C0L1", text="Hi")["error"] == error


def test_a_bot_token_opens_no_socket(local: Local) -> None:
    with pytest.raises(SlackApiError) as refusal:
        local.client().api_call("apps.connections.open")

    assert refusal.value.response["error"] == "not_allowed_token_type"


def test_an_app_token_comes_in_the_header(local: Local) -> None:
    token = f"token={APP_TOKEN}".encode()  # slack_sdk would move it into the header
    with urllib.request.urlopen(f"{local.base}/api/apps.connections.open", token) as response:
        assert json.load(response)["error"] == "not_authed"


def test_a_method_may_be_called_by_get_with_arguments_in_the_query(local: Local) -> None:
    query = "token=xoxb-playground-bot&channel=C0L1&limit=1"
    with urllib.request.urlopen(f"{local.base}/api/conversations.members?{query}") as response:
        assert json.load(response)["members"] == ["U0ANA"]


def test_an_unknown_method_is_refused(local: Local) -> None:
    with pytest.raises(SlackApiError) as refusal:
        local.client().api_call("chat.shout", json={"channel": "C0L1"})

    assert refusal.value.response["error"] == "unknown_method"


def test_a_body_that_is_no_json_is_refused(local: Local) -> None:
    headers = {"content-type": "application/json", "authorization": "Bearer xoxb-playground-bot"}
    request = urllib.request.Request(f"{local.base}/api/chat.postMessage", b"{", headers)
    with urllib.request.urlopen(request) as response:
        assert json.load(response) == {"ok": False, "error": "invalid_json"}


class Process:
    """The playground as people start it."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "playground", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("Playground ready at http://127.0.0.1:"), line
        return line.split()[-1]

    def ends(self) -> tuple[int, str]:
        _, said = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, said

    def gets(self, number: int) -> None:
        self._process.send_signal(number)


MANIFEST_FILE = str(HERE / "manifest.yaml")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_its_address_and_stops_within_a_second_when_told(number: int) -> None:
    process = Process("--port", "0", "--manifest", MANIFEST_FILE)
    with urllib.request.urlopen(f"{process.ready()}_page/workspace") as response:
        assert json.load(response)["team"]["name"] == "Northwind"

    told = time.monotonic()
    process.gets(number)

    assert process.ends() == (0, "")
    assert time.monotonic() - told < 2  # the second, and what a busy machine takes to end a process


def test_no_route_of_the_control_interface_is_there_unless_asked_for() -> None:
    api = Playground(MANIFEST, "http://127.0.0.1:1").api
    routes = [route for route in Control(api, Faults(), deque()).routes() if isinstance(route, Route)]
    assert len(routes) == 10
    process = Process("--port", "0", "--manifest", MANIFEST_FILE)
    base = process.ready().rstrip("/")

    for route in routes:
        for method in route.methods or ():
            request = urllib.request.Request(f"{base}{route.path}", method=method)
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(request)
            error.value.close()
            assert error.value.code in (404, 405), route.path
    process.gets(signal.SIGTERM)
    process.ends()


def test_it_listens_on_this_machine_only_unless_told_otherwise() -> None:
    process = Process("--port", "0", "--manifest", MANIFEST_FILE)
    port = int(process.ready().rstrip("/").rpartition(":")[2])
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(OSError):  # noqa: PT011  whichever the system has for an address nobody listens at
            socket.create_connection(("127.0.0.2", port), timeout=5)
    finally:
        process.gets(signal.SIGTERM)
        process.ends()


def test_a_taken_port_is_one_sentence_and_exit_code_1() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said = Process("--port", str(port), "--manifest", MANIFEST_FILE).ends()

    assert code == 1
    assert (
        said
        == f"Cannot listen on 127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}. Choose another port with --port.\n"
    )


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_cannot_be_is_one_sentence_and_exit_code_2(port: str) -> None:
    code, said = Process("--port", port, "--manifest", MANIFEST_FILE).ends()

    assert (code, said) == (2, f"There is no port {port}; choose one from 0 to 65535.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "Cannot read the manifest {path}: No such file or directory."),
        (b"a: \xff", "The manifest {path} is not UTF-8 text."),
        (b"a: [", "The manifest {path} is not YAML: "),
        (b"[]", "The manifest {path} is not a Slack app manifest: "),
        (b"features: {}", "The manifest {path} is not a Slack app manifest: KeyError('display_information')."),
    ],
)
def test_an_unusable_manifest_is_one_sentence_and_exit_code_2(tmp_path: Path, text: bytes | None, said: str) -> None:
    path = tmp_path / "manifest.yaml"
    if text is not None:
        path.write_bytes(text)
    code, printed = Process("--port", "0", "--manifest", str(path)).ends()

    assert code == 2
    assert printed.startswith(said.format(path=path))
    assert printed.count("\n") == 1
