"""Whatever is sent, the answer is ok or one of Slack's words: nothing breaks, and nothing that was refused is kept."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.playground.workspace import BOT_TOKEN, Bot, Json, Local, Person

pytestmark = pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing:UserWarning")

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def raw(local: Local, path: str, body: bytes, kind: str = JSON) -> tuple[int, str]:
    """POST these bytes; status and body of the answer."""
    headers = {"content-type": kind, "authorization": f"Bearer {BOT_TOKEN}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(local.base + path, body, headers), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def api(local: Local, method: str, body: bytes | Json, kind: str = JSON) -> str:
    """The error word of a call; "" when it was done."""
    status, answer = raw(local, f"/api/{method}", body if isinstance(body, bytes) else json.dumps(body).encode(), kind)
    assert status == 200, answer
    return str(json.loads(answer).get("error", ""))


# --- what is no JSON

METADATA = '{"event_type": "card", "event_payload": {"a": %s}}'
UNREADABLE = ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"', "[" * 60 + "]" * 60, "[" * 100_000]


@pytest.mark.parametrize("value", UNREADABLE, ids=lambda value: f"{len(value)} {value[:9]}")
def test_what_cannot_be_sent_on_as_json_is_refused_and_not_kept(local: Local, value: str) -> None:
    before = local.messages("C0L1")
    metadata = METADATA % value
    message = f'{{"channel": "C0L1", "text": "Hi", "metadata": {metadata}}}'
    form = urllib.parse.urlencode({"channel": "C0L1", "text": "Hi", "metadata": metadata})

    assert api(local, "chat.postMessage", message.encode()) == "invalid_json"
    assert api(local, "chat.postMessage", form.encode(), FORM) == "invalid_arguments"
    assert local.messages("C0L1") == before


def test_a_float_that_is_no_number_is_refused_as_the_sdk_sends_it(local: Local) -> None:
    metadata = {"event_type": "card", "event_payload": {"a": float("nan")}}

    assert local.refused("chat_postMessage", channel="C0L1", text="Hi", metadata=metadata)["error"] == "invalid_json"
    assert local.client().conversations_history(channel="C0L1")["ok"]


def test_a_body_that_is_no_object_is_refused(local: Local) -> None:
    assert api(local, "chat.postMessage", b"[]") == "json_not_object"
    assert api(local, "chat.postMessage", b'"text"') == "json_not_object"


def test_a_response_url_takes_no_json_that_is_none(local: Local, bot: Bot, maya: Person) -> None:
    maya.does("command", channel="C0ITHELP", command="/try")
    path = bot.hears("command")["response_url"].removeprefix(local.base)

    for body in (b'{"text": NaN}', b'{"text": "\\ud800"}', b"[]", b"{", b""):
        assert raw(local, path, body) == (400, "invalid_payload")
    assert maya.whispers() == [] or maya.whispers()[-1]["text"] != "NaN"


def test_the_page_takes_no_json_that_is_none(local: Local) -> None:
    for body in (b"NaN", b'{"user": "U0ANA", "channel": "C0L1", "text": "\\ud800"}', b"\xff", b""):
        assert raw(local, "/_page/message", body)[0] == 400
