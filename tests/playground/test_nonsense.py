"""Whatever is sent, the answer is ok or one of Slack's words: nothing breaks, and nothing that was refused is kept."""

import contextlib
import copy
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.webapi import METHODS
from tests.playground.workspace import (
    BOT_TOKEN,
    MANIFEST,
    Bot,
    Json,
    Local,
    Person,
    actions,
    button,
    modal,
    plain,
    section,
    text_input,
)  # fmt: skip

# Hypothesis watches the random numbers of the whole process, and takes those of the Bolt app's threads for a fault.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
)

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


def test_a_page_takes_no_json_that_is_none(local: Local) -> None:
    for body in (b"NaN", b'{"user": "U0ANA", "channel": "C0L1", "text": "\\ud800"}', b"\xff", b""):
        assert raw(local, "/_page/message", body)[0] == 400


# --- what has the wrong shape

OPTIONS = [{"text": plain("High"), "value": "high"}, {"text": plain("Low"), "value": "low"}]
MENU: Json = {"type": "static_select", "action_id": "how", "options": OPTIONS, "initial_option": OPTIONS[0]}
GROUPED = {"type": "static_select", "action_id": "g", "option_groups": [{"label": plain("A"), "options": OPTIONS}]}
BOXES: Json = {"type": "checkboxes", "action_id": "which", "options": OPTIONS, "initial_options": OPTIONS}
CONFIRM = {"title": plain("Sure?"), "text": plain("Really?"), "confirm": plain("Yes"), "deny": plain("No")}
PIECES: list[Json] = [{"type": "text", "text": "Hi", "style": {"bold": True}}, {"type": "emoji", "name": "eyes"}]
LIST = {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "rich_text_section", "elements": PIECES}]}
CARD = {"type": "card", "title": plain("Hi"), "actions": [button("c")]}
ANY_BLOCK: list[Json] = [
    section(block_id="a", fields=[plain("b")], accessory=MENU | {"confirm": CONFIRM}),
    actions(button(value="v", confirm=CONFIRM), GROUPED, BOXES, block_id="b"),
    actions({"type": "overflow", "action_id": "o", "options": OPTIONS}, {"type": "datepicker", "action_id": "d"}),
    text_input("c", min_length=1, max_length=5),
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": PIECES}, LIST]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]], "column_settings": [{"align": "left"}]},
    {"type": "context", "elements": [plain("a"), {"type": "image", "image_url": "https://a.example", "alt_text": "b"}]},
    {"type": "context_actions", "elements": [{"type": "icon_button", "action_id": "i", "icon": "trash",
                                              "text": plain("Delete")}]},
    {"type": "container", "title": plain("Hi"), "child_blocks": [section(), actions(button())]},
    {"type": "carousel", "elements": [CARD]},
    CARD,
    {"type": "data_table", "caption": "a", "rows": [[{"type": "raw_text", "text": "a"}]] * 2},
    {"type": "data_visualization", "title": "a", "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]}},
    {"type": "image", "image_url": "https://a.example", "alt_text": "a", "title": plain("a")},
    {"type": "markdown", "text": "a"},
    {"type": "header", "text": plain("a")},
]  # fmt: skip
SAID: Json = {
    "channel": "C0L1", "text": "Hi", "metadata": {"event_type": "card", "event_payload": {"a": "b", "c": ["d"]}},
    "attachments": [{"text": "a", "fallback": "a", "blocks": [section(block_id="x")]}], "blocks": ANY_BLOCK[:3],
}  # fmt: skip
FORM_VIEW = modal(*ANY_BLOCK[:5], close=plain("No"), private_metadata="", callback_id="a", notify_on_close=True)
ODD: st.SearchStrategy[Any] = st.sampled_from([
    None, True, 0, -1, 1.5, "", "x", [], [None], [[]], [5], {}, {"type": []}, {"type": {}}, {"type": "section"},
    {"": None}, "x" * 4000,
])  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in `value`: the keys that lead there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inside:
        yield (*place, key)
        yield from places(entry, (*place, key))


def mutated(good: Json) -> st.SearchStrategy[Json]:
    """`good` with one or two things in it replaced by something odd."""

    def put(changes: list[tuple[tuple[Any, ...], Any]]) -> Json:
        bad = copy.deepcopy(good)
        for place, odd in changes:
            spot: Any = bad
            with contextlib.suppress(LookupError, TypeError):  # an earlier change took this place away
                for key in place[:-1]:
                    spot = spot[key]
                spot[place[-1]] = copy.deepcopy(odd)
        return bad

    return st.lists(st.tuples(st.sampled_from(list(places(good))), ODD), min_size=1, max_size=2).map(put)


bounded = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@bounded
@given(message=mutated(SAID))
def test_any_message_is_posted_or_refused(local: Local, message: Json) -> None:
    api(local, "chat.postMessage", message)
    api(local, "chat.update", {"ts": "1.000001"} | message)
    assert api(local, "conversations.history", {"channel": "C0L1", "limit": 1, "include_all_metadata": True}) == ""


@bounded
@given(block=st.sampled_from(ANY_BLOCK).flatmap(mutated))
def test_any_block_is_posted_published_or_refused(local: Local, block: Json) -> None:
    api(local, "chat.postMessage", {"channel": "C0L1", "text": "Hi", "blocks": [block]})
    api(local, "views.publish", {"user_id": "U0LENA", "view": {"type": "home", "blocks": [block]}})
    assert local.person("U0LENA").does("home", tab="home")


ARGUMENTS: Json = {
    "channel": "C0L1", "user": "U0ANA", "users": "U0ANA", "user_id": "U0ANA", "types": "im", "limit": 3, "cursor": "",
    "oldest": "1", "latest": "2", "inclusive": True, "ts": "1.000001", "timestamp": "1.000001", "name": "eyes",
    "message_ts": "1.000001", "thread_ts": "1.000001", "text": "Hi", "view_id": "V0", "external_id": "a", "hash": "b",
    "trigger_id": "c", "email": "a@b", "usergroup": "S0", "filename": "a", "length": 3, "alt_txt": "a", "file": "F0",
    "files": [{"id": "F0", "title": "a"}], "channels": ["C0L1"], "bot": "B0", "username": "a", "markdown_text": "",
    "view": {"type": "home", "blocks": []}, "include_all_metadata": True, "return_im": True, "exclude_archived": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def apart() -> Iterator[Local]:
    """A workspace in which an app may leave its channels without harm to other tests."""
    local = Local(MANIFEST)
    local.control("limits", enabled=False)
    yield local
    local.stop()


@bounded
@given(method=st.sampled_from(sorted(METHODS)), arguments=mutated(ARGUMENTS))
def test_any_arguments_are_taken_or_refused(apart: Local, method: str, arguments: Json) -> None:
    assert api(apart, method, arguments) != "internal_error"


@bounded
@given(view=mutated(FORM_VIEW))
def test_any_form_is_checked(local: Local, view: Json) -> None:
    assert api(local, "views.update", {"view_id": "V0", "view": view}) != ""
    assert api(local, "views.open", {"trigger_id": "1", "view": view}) != ""


def asked(block_id: str, **element: Any) -> Json:
    element = {"action_id": "typed", **element}
    return {"type": "input", "block_id": block_id, "label": plain("Label"), "element": element}


EVERY_INPUT: list[tuple[Json, Json]] = [
    ({"type": "plain_text_input"}, {"value": "a"}),
    ({"type": "number_input", "is_decimal_allowed": False, "min_value": "1"}, {"value": "5"}),
    ({"type": "url_text_input"}, {"value": "https://a.example"}),
    ({"type": "email_text_input"}, {"value": "a@b.example"}),
    ({"type": "static_select", "options": OPTIONS}, {"selected_option": OPTIONS[0]}),
    ({"type": "external_select"}, {"selected_option": OPTIONS[0]}),
    ({"type": "checkboxes", "options": OPTIONS}, {"selected_options": OPTIONS}),
    ({"type": "users_select"}, {"selected_user": "U0ANA"}),
    ({"type": "multi_conversations_select", "max_selected_items": 1}, {"selected_conversations": ["C0L1"]}),
    ({"type": "datepicker"}, {"selected_date": "2026-11-26"}),
    ({"type": "timepicker"}, {"selected_time": "12:00"}),
    ({"type": "datetimepicker"}, {"selected_date_time": 1_800_000_000}),
    ({"type": "rich_text_input"}, {"rich_text_value": ANY_BLOCK[4]}),
    ({"type": "file_input"}, {"files": [{"name": "a", "mimetype": "a/b", "content_base64": "YQ=="}]}),
]
FILLED: Json = {
    f"b{n}": {"typed": {"type": element["type"], **value}} for n, (element, value) in enumerate(EVERY_INPUT)
}


@pytest.fixture
def wide_form(bot: Bot, maya: Person) -> Json:
    """A form with every input, and one that is left empty, so that it stays open whatever is sent."""
    inputs = [asked(f"b{n}", **element) for n, (element, _) in enumerate(EVERY_INPUT)]
    return maya.opens_form(bot, modal(*inputs, text_input("empty"), actions(button(), block_id="row")))


@bounded
@given(values=mutated(FILLED))
def test_any_values_are_sent_or_held_back(maya: Person, wide_form: Json, values: Json) -> None:
    status, answer = maya.tries("submit", view_id=wide_form["id"], values=values)
    assert (status, answer["error"] in ("missing_input", "bad_request")) == (400, True), answer

    place = {"container": {"type": "view", "view_id": wide_form["id"]}, "block_id": "row", "action_id": "go"}
    assert maya.tries("action", **place, state={"values": values})[0] in (200, 400)
    assert maya.views()


@pytest.mark.parametrize("view", [
    modal(text_input(min_length=None, max_length=None), section(accessory=None), private_metadata=None),
    modal(section(accessory=MENU | {"initial_option": None, "confirm": None})),
])  # fmt: skip
def test_what_says_null_is_not_there(local: Local, bot: Bot, maya: Person, view: Json) -> None:
    opened = maya.opens_form(bot, view)

    assert None not in opened["blocks"][0].values()
    assert opened["private_metadata"] == ""


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("conversations.members", {"channel": "C0L1", "cursor": "bmFu"}, "invalid_cursor"),
        ("conversations.members", {"channel": "C0L1", "cursor": "aW5m"}, "invalid_cursor"),
        ("conversations.members", {"channel": "C0L1", "cursor": "bmV4dDotNQ=="}, "invalid_cursor"),
        ("conversations.history", {"channel": "C0L1", "oldest": "nan"}, "invalid_ts_oldest"),
        ("conversations.history", {"channel": "C0L1", "latest": "inf"}, "invalid_ts_latest"),
        ("conversations.open", {"users": [["U0MAYA"]]}, "invalid_arguments"),
        ("conversations.list", {"types": [{}]}, "invalid_arguments"),
        ("conversations.list", {"types": {"a": 1}}, "invalid_types"),
        ("conversations.history", {"channel": "C0L1", "limit": [1]}, "invalid_limit"),
        ("files.completeUploadExternal", {"files": [{"id": "F1"}], "channels": [[]]}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": [{"id": []}], "channel_id": {"a": 1}}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0L1", "text": "Hi", "attachments": [{"blocks": 5}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0L1", "text": "Hi", "attachments": [{"blocks": True}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": ["C0L1"], "text": "Hi"}, "channel_not_found"),
    ],
)
def test_odd_arguments_are_refused(local: Local, method: str, arguments: Json, error: str) -> None:
    assert api(local, method, arguments) == error


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("action", {"container": "C0L1", "block_id": "a", "action_id": "b"}),
        ("action", {"container": [], "block_id": "a", "action_id": "b"}),
        ("action", {"container": {"type": "message", "channel": "C0L1"}, "block_id": "a", "action_id": "b"}),
        ("action", {"container": {"type": "view", "view_id": []}, "block_id": "a", "action_id": "b"}),
        ("action", {"container": {}, "state": [], "block_id": "a", "action_id": "b"}),
        ("action", {"container": {}, "state": 5, "block_id": "a", "action_id": "b"}),
        ("action", {"container": {}, "state": {"values": {"a": 5}}, "block_id": "a", "action_id": "b"}),
        ("action", {"container": {}, "state": {"values": {"a": {"b": []}}}, "block_id": "a", "action_id": "b"}),
        ("options", {"container": 5, "block_id": "a", "action_id": "b"}),
        ("submit", {"view_id": "V0", "values": [5]}),
        ("submit", {"view_id": "V0", "values": {"a": "b"}}),
        ("message", {"channel": "C0L1", "files": 5}),
        ("message", {"channel": "C0L1", "files": ["a"]}),
        ("message", {"channel": "C0L1", "files": [{"name": 5, "mimetype": "a", "content_base64": ""}]}),
        ("message", {"channel": "C0L1", "files": [{"name": "a", "mimetype": [], "content_base64": ""}]}),
        ("message", {"channel": "C0L1", "files": [{"name": "a", "mimetype": "a", "content_base64": 5}]}),
        ("message", {"channel": "C0L1", "files": [{"name": "a", "mimetype": "a", "content_base64": "ä"}]}),
        ("message", {"channel": "C0L1", "files": [{"name": "a"}]}),
        ("react", {"channel": [], "ts": {}, "name": 5}),
        ("shortcut", {"callback_id": [], "channel": {}, "ts": 5}),
    ],
)
def test_an_odd_act_is_refused_with_a_sentence(ana: Person, action: str, body: Json) -> None:
    assert ana.is_refused(action, **body)["message"].endswith(".")


def test_a_click_whose_container_has_no_type_is_one_on_a_message(local: Local, bot: Bot, ana: Person) -> None:
    blocks = [actions(button(), block_id="row")]
    ts = local.client().chat_postMessage(channel="C0L1", text="A card", blocks=blocks)["ts"]

    ana.does("action", container={"channel": "C0L1", "ts": ts}, block_id="row", action_id="go")

    assert bot.hears("action")["container"]["message_ts"] == ts


def test_a_response_url_follows_its_channel_to_another_id(local: Local, bot: Bot, ana: Person) -> None:
    ana.does("command", channel="C0L1", command="/try")
    path = bot.hears("command")["response_url"].removeprefix(local.base)
    local.control("channels", channel="C0L1", new_id="C0NEW")
    try:
        assert raw(local, path, b'{"text": "Still here", "response_type": "in_channel"}') == (200, "ok")
        assert local.messages("C0NEW")[-1]["text"] == "Still here"
    finally:
        local.control("channels", channel="C0NEW", new_id="C0L1")


NO_OBJECTS: list[Any] = [[], 5, None, "x"]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        *[(what, body) for what in ("clock", "limits", "users", "channels", "socket") for body in NO_OBJECTS],
        ("clock", {"advance_s": "x"}),
        ("clock", {"advance_s": -1}),
        ("clock", {"advance_s": 1e300}),
        ("clock", {}),
        ("limits", {"enabled": "no"}),
        ("users", {"user": []}),
        ("channels", {"channel": []}),
        ("channels", {"channel": "C0L1", "name": 5}),
        ("channels", {"channel": "C0L1", "new_id": "C0L2"}),
        ("faults", {"kind": "slow", "ms": "x"}),
        ("faults", {"kind": "slow", "count": "x"}),
        ("faults", {"kind": "slow", "count": 0}),
        ("faults", {"kind": "rate_limited", "retry_after": None}),
        ("faults", {"kind": "server_error", "status": 200}),
        ("faults", {"kind": []}),
        ("faults", {"kind": "error", "error": 5}),
        ("faults", {"kind": "error", "channel": ["C0L1"]}),
        ("faults", [[]]),
        ("faults", 5),
    ],
)
def test_odd_orders_are_refused(local: Local, what: str, body: Any) -> None:
    status, answer = local.call("POST", f"/_playground/{what}", json.loads(json.dumps(body)))

    assert (status, answer["error"]) == (400, "bad_request")
    assert answer["message"]
    assert local.look("faults")["faults"] == []


def test_odd_orders_in_no_json_are_refused(local: Local) -> None:
    for what in ("clock", "limits", "users", "channels", "socket", "faults"):
        assert raw(local, f"/_playground/{what}", b"{")[0] == 400
    for wait in ("x", "nan", "-1", "1e9"):
        assert local.call("GET", f"/_playground/acks?wait={wait}")[0] == 400
